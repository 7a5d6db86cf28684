"""Nipype's plugin for several processes, woken by their results."""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from traceback import format_exception
from typing import Any

from nipype.pipeline.plugins import MultiProcPlugin


class ParallelPlugin(MultiProcPlugin):
    """Go on as soon as a node is done; a process that was killed is a crash of its node.

    Nipype polls instead. Polling seldom leaves processes idle, polling often takes a good part
    of a processor, since it goes through the whole graph each time; and of a process that was
    killed, for lack of memory for instance, it never learns, and waits for ever.
    """

    def run(self, graph: Any, config: Any, updatehash: bool = False) -> None:
        """Run the graph to its end."""
        config["execution"]["poll_sleep_duration"] = 0
        super().run(graph, config, updatehash=updatehash)

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
