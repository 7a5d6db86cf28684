"""Processes that do work for another one, each in a pool of its own."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, parent_process
from threading import Thread
from typing import Any

from gradshift.errors import StorageError


class Slots:
    """Processes of which each may be killed without harm to the others.

    A pool of the standard library is broken, with all that it was asked to do, as soon as one
    of its processes is killed. So each process has a pool of its own here, made anew when it is
    broken.

    Parameters
    ----------
    n : int
        How many may run at once.
    initializer : callable
        Prepares a process.
    arguments : tuple
        Of `initializer`.
    """

    def __init__(
        self, n: int, initializer: Callable[..., object], arguments: tuple[Any, ...] = ()
    ) -> None:
        self._n, self._initializer, self._arguments = n, initializer, arguments
        self._work: dict[ProcessPoolExecutor, Future[Any]] = {}

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Let a process that is free do something; the one asked longest ago if none is."""
        while True:
            pool = self._next()
            try:
                future = pool.submit(function, *arguments)
            except BrokenProcessPool:  # killed while it had nothing to do
                pool.shutdown(wait=False)
                continue
            except (OSError, RuntimeError) as error:  # of a process, or of a thread
                raise StorageError(
                    "No further process or thread can be started here: give --nprocs 1, or raise "
                    "the number that the container, the job or the user may have."
                ) from error
            self._work[pool] = future
            return future

    def _next(self) -> ProcessPoolExecutor:
        """Take the pool that is to work next out of what is kept, or make one."""
        idle = [pool for pool, work in self._work.items() if work.done()]
        if not idle and len(self._work) < self._n:
            return ProcessPoolExecutor(1, initializer=self._initializer, initargs=self._arguments)
        pool = next(iter(idle or self._work))
        del self._work[pool]
        return pool

    def shutdown(self, *, kill: bool = False) -> None:
        """End all processes: when they are done, or at once."""
        for pool in self._work:
            if kill:
                for process in list((pool._processes or {}).values()):
                    process.kill()
            pool.shutdown(cancel_futures=kill)
        self._work.clear()


class Here:
    """The process that asks, in the place of `Slots`: what it asks for is done at once."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Do something; a `BaseException`, such as that of a signal, is handed on."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future

    def shutdown(self, *, kill: bool = False) -> None:
        """Do nothing: nothing runs."""


def is_killed(error: BaseException | None) -> bool:
    """Tell whether an exception says that a process was killed."""
    return isinstance(error, BrokenProcessPool)


def start_worker(folder: str) -> None:
    """Prepare a process.

    It is stopped by the process that started it, not by a key that both hear; and it ends
    with that process, however that was killed. What `nohup` had ignored stays ignored.
    """
    from gradshift.running.libraries import set_apart
    from gradshift.running.pickles import guard_nipype

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    set_apart("nipype", "matplotlib")
    guard_nipype()
    os.chdir(folder)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
