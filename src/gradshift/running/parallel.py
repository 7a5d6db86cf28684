"""Nipype's plugin for several processes, woken by their results."""

import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from traceback import format_exception
from typing import Any

from nipype.pipeline.plugins.multiproc import MultiProcPlugin, run_node

from gradshift.running.slots import Slots, is_killed, start_worker


class KilledError(Exception):
    """A step whose process was killed twice."""


KILLED = (
    "its process was killed twice, the second time with nothing beside it, most often for lack of "
    "memory: give more memory"
)


class ParallelPlugin(MultiProcPlugin):
    """Go on as soon as a node is done; a process that was killed costs one retry of its node.

    Nipype polls instead. Polling seldom leaves processes idle, polling often takes a good part
    of a processor, since it goes through the whole graph each time; and of a process that was
    killed, for lack of memory for instance, it never learns, and waits for ever. Its processes
    go on when the one that started them is stopped or killed; these do not.
    """

    def __init__(self, plugin_args: Any = None) -> None:
        super().__init__(plugin_args=plugin_args)
        # The pool that nipype has made has not started a process yet.
        self.pool: Slots = Slots(self.processors, start_worker, (os.getcwd(),))
        self._sent: dict[int, tuple[Any, bool]] = {}
        self._killed: list[int] = []
        self._alone: set[int] = set()

    def run(self, graph: Any, config: Any, updatehash: bool = False) -> None:
        """Run the graph to its end, and leave no process behind however it ends."""
        config["execution"]["poll_sleep_duration"] = 0
        try:
            super().run(graph, config, updatehash=updatehash)
        except BaseException:  # handed on: only no process may stay behind
            self.pool.shutdown(kill=True)
            raise

    def _submit_job(self, node: Any, updatehash: bool = False) -> Any:
        taskid = super()._submit_job(node, updatehash=updatehash)
        self._sent[taskid] = (node, updatehash)
        return taskid

    def _send_procs_to_workers(self, *args: Any, **kwargs: Any) -> None:
        if self._killed:
            self._send_again()
            return
        before = self.proc_done.sum()
        super()._send_procs_to_workers(*args, **kwargs)
        if self.pending_tasks and self.proc_done.sum() == before:
            running = [self._task_obj[taskid] for taskid, _ in self.pending_tasks]
            wait(running, return_when=FIRST_COMPLETED)

    def _send_again(self) -> None:
        """Wait until nothing runs, then do the work of a killed process alone."""
        running = [
            self._task_obj[taskid]
            for taskid, _ in self.pending_tasks
            if taskid not in self._killed
        ]
        if running:
            wait(running)
            return
        taskid = self._killed.pop(0)
        node, updatehash = self._sent[taskid]
        self._alone.add(taskid)
        self._task_obj[taskid] = self.pool.submit(run_node, node, updatehash, taskid)
        wait([self._task_obj[taskid]])

    def _get_result(self, taskid: int) -> Any:
        task = self._task_obj[taskid]
        if taskid in self._killed or not task.done():
            return None
        error = task.exception()
        if is_killed(error):
            if taskid not in self._alone:
                self._killed.append(taskid)
                return None
            error = KilledError(KILLED)
        return {"result": None, "traceback": format_exception(error)} if error else task.result()

    def _clear_task(self, taskid: int) -> None:
        super()._clear_task(taskid)
        del self._sent[taskid]

    def _async_callback(self, args: Future[Any]) -> None:
        """Do nothing: `_get_result` asks for the result."""
