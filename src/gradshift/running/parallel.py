"""Nipype's plugin for several processes, woken by their results."""

import os
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import connection, parent_process
from threading import Thread
from traceback import format_exception
from typing import Any

from nipype.pipeline.plugins.multiproc import MultiProcPlugin, process_initializer


class ParallelPlugin(MultiProcPlugin):
    """Go on as soon as a node is done; a process that was killed is a crash of its node.

    Nipype polls instead. Polling seldom leaves processes idle, polling often takes a good part
    of a processor, since it goes through the whole graph each time; and of a process that was
    killed, for lack of memory for instance, it never learns, and waits for ever. Its processes
    go on when the one that started them is stopped or killed; these do not.
    """

    def __init__(self, plugin_args: Any = None) -> None:
        super().__init__(plugin_args=plugin_args)
        self.pool = ProcessPoolExecutor(
            self.processors, initializer=start_worker, initargs=(os.getcwd(),)
        )

    def run(self, graph: Any, config: Any, updatehash: bool = False) -> None:
        """Run the graph to its end, and leave no process behind however it ends."""
        config["execution"]["poll_sleep_duration"] = 0
        try:
            super().run(graph, config, updatehash=updatehash)
        except BaseException:
            workers = list((self.pool._processes or {}).values())
            for worker in workers:
                worker.kill()
            self.pool.shutdown(cancel_futures=True)
            raise

    def _send_procs_to_workers(self, *args: Any, **kwargs: Any) -> None:
        before = self.proc_done.sum()
        super()._send_procs_to_workers(*args, **kwargs)
        if self.pending_tasks and self.proc_done.sum() == before:
            running = [self._task_obj[taskid] for taskid, _ in self.pending_tasks]
            wait(running, return_when=FIRST_COMPLETED)

    def _get_result(self, taskid: int) -> Any:
        task = self._task_obj[taskid]
        if not task.done():
            return None
        error = task.exception()
        return {"result": None, "traceback": format_exception(error)} if error else task.result()

    def _async_callback(self, args: Future[Any]) -> None:
        """Do nothing: `_get_result` asks for the result."""


def start_worker(folder: str) -> None:
    """Prepare a process of the pool.

    It is stopped by the process that started it, not by a key that both hear; and it ends
    with that process, however that was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    process_initializer(folder)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
