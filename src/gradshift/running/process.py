"""The process itself: signals, threads, a home."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that end a run in good order; Windows, which is told so, has fewer."""


class _Stopped(KeyboardInterrupt):
    """A signal asked for the end.

    Python remembers a plain KeyboardInterrupt that passed through ``exec``, such as that of a
    dataclass being made, and would end by SIGINT in the end, whatever the exit code.
    """


def limit_threads(n: int) -> None:
    """Bound the threads of the numerical libraries, which read this when they are loaded.

    Small matrices are slower with many threads, and processes times threads must not exceed
    what was asked for. Nipype is kept from asking the network for its latest version.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(n)
    os.environ["NO_ET"] = "1"


MEMORY = Path("/dev/shm")
"""Where even a container without a writable file system may write, on Linux."""


def give_a_home() -> None:
    """Name a home, and a folder for small files, for libraries that look for them.

    In a container the user may be unknown to the system, and all of it read-only.
    """
    try:
        scratch = tempfile.gettempdir()
    except FileNotFoundError:
        if not os.access(MEMORY, os.W_OK):
            return
        scratch = os.environ["TMPDIR"] = str(MEMORY)
        os.environ["MPLCONFIGDIR"] = str(MEMORY / "matplotlib")
    try:
        usable = os.access(Path.home(), os.R_OK | os.W_OK | os.X_OK)
    except RuntimeError:
        os.environ["HOME"] = scratch
        return
    if not usable and "MPLCONFIGDIR" not in os.environ:
        # A home of somebody else. matplotlib would say so, and where it keeps its fonts instead.
        folder = tempfile.mkdtemp(prefix="gradshift-")
        os.environ["MPLCONFIGDIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Take the signals of a scheduler, or of a terminal that is closed, like Ctrl-C.

    What was ignored when gradshift was started, by ``nohup`` or ``&`` of a shell, stays ignored.
    A library may catch the exception; the end of the run still counts as a stop then.
    Where it is raised in a destructor or the like, Python only tells of it and goes on.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> NoReturn:
        for later in STOPPING:  # the first is enough: locks are given back meanwhile
            signal.signal(later, signal.SIG_IGN)
        received.append(number)
        raise _Stopped(received[0])

    def lost(unraisable: Any) -> None:
        """Stop a moment later if the signal met what Python lets no exception out of."""
        if isinstance(unraisable.exc_value, _Stopped):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
        else:
            hook(unraisable)

    heard = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in (*heard, signal.SIGALRM)}
    hook, sys.unraisablehook = sys.unraisablehook, lost
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            raise _Stopped(received[0])


def leave_nipype() -> None:
    """Spare a nipype whose import was cut short its own farewell, which would import it again."""
    config = sys.modules.get("nipype.utils.config")
    if (farewell := getattr(config, "free_display", None)) is not None:
        atexit.unregister(farewell)
