"""Nipype's plugin that runs steps, person after person, here or in several processes."""

import heapq
import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from traceback import format_exception
from typing import Any

from nipype.pipeline.engine.utils import topological_sort
from nipype.pipeline.plugins import base

from gradshift.running.crashes import is_disk_full
from gradshift.running.slots import Here, Slots, is_killed, start_worker

KILLED = (
    "its process was killed twice, the second time with nothing beside it, most often for lack of "
    "memory: give more memory"
)


class KilledError(Exception):
    """A step whose process was killed twice."""


@dataclass(order=True)
class _Job:
    """A step that has what it needs; those of people begun first come first."""

    turn: tuple[int, int]
    node: Any = field(compare=False)
    graph: Any = field(compare=False)
    is_alone: bool = field(default=False, compare=False)


class ParallelPlugin(base.PluginBase):
    """Run the steps of several graphs, each as soon as what it needs is there.

    Graphs are taken up one after the other, a person each: `run` returns as soon as fewer steps
    wait than there are processes, so that the next one can be made ready meanwhile, and
    `finish` does what is left. So at any time few people are in work, whose steps share the
    processes, and what is done for a step does not depend on how many people there are. In
    nipype's own plugin it does, which goes through the whole graph at each step. Nipype polls,
    besides, and of a process that was killed it never learns, and waits for ever; here that
    costs one retry of its step, alone.

    Parameters
    ----------
    plugin_args : dict
        ``n_procs``, the steps that run at once: a single one runs in this process. ``memory_gb``
        that they may use together; a step that needs more has it for itself.
    """

    def __init__(self, plugin_args: Any = None) -> None:
        super().__init__(plugin_args=plugin_args)
        self._n = int(self.plugin_args.get("n_procs", os.cpu_count() or 1))
        self._memory = float(self.plugin_args.get("memory_gb", "inf"))
        self._pool = Here() if self._n == 1 else Slots(self._n, start_worker, (os.getcwd(),))
        self._graphs = 0
        self._needs: dict[Any, int] = {}
        self._ready: list[_Job] = []
        self._running: dict[Future[Any], _Job] = {}
        self._killed: list[_Job] = []
        self._stops = False
        self._failure = ""

    def run(self, graph: Any, config: Any, updatehash: bool = False) -> None:
        """Take up the steps of a graph, and work until processes would be idle without another.

        Parameters
        ----------
        graph : networkx DiGraph
            Of nodes.
        config : dict
            Nipype's, for this graph.
        updatehash : bool
            Not used here.
        """
        self._stops = base.str2bool(config["execution"]["stop_on_first_crash"])
        nodes, _ = topological_sort(graph)
        for number, node in enumerate(nodes):
            self._needs[node] = graph.in_degree(node)
            if not self._needs[node]:
                heapq.heappush(self._ready, _Job((self._graphs, number), node, graph))
        self._graphs += 1
        self._work(self._n)

    def finish(self) -> None:
        """Do what is left.

        Raises
        ------
        RuntimeError
            With the traceback of the first step that crashed.
        """
        self._work(0)
        self._pool.shutdown()
        if self._failure:
            raise RuntimeError(self._failure)

    def stop(self) -> None:
        """Leave no process behind, whatever it does."""
        self._pool.shutdown(kill=True)

    def _work(self, enough: int) -> None:
        """Work until fewer than so many steps wait, or nothing is left."""
        while True:
            self._hand_out()
            if not self._running or len(self._ready) < enough:
                return
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                self._end(self._running.pop(future), future)

    def _hand_out(self) -> None:
        """Let processes that are free do what fits in memory."""
        if any(job.is_alone for job in self._running.values()):
            return
        if self._killed:
            if not self._running:
                job = self._killed.pop(0)
                job.is_alone = True
                self._submit(job)
            return
        waiting = []
        while self._ready and len(self._running) < self._n:
            job = heapq.heappop(self._ready)
            if _is_done(job.node):
                self._succeed(job)
            elif self._fits(job.node):
                self._submit(job)
            else:
                waiting.append(job)
        for job in waiting:
            heapq.heappush(self._ready, job)

    def _fits(self, node: Any) -> bool:
        used = sum(job.node.mem_gb for job in self._running.values())
        return not self._running or used + node.mem_gb <= self._memory

    def _submit(self, job: _Job) -> None:
        if self._status_callback:
            self._status_callback(job.node, "start")
        self._running[self._pool.submit(_run, job.node)] = job

    def _end(self, job: _Job, future: Future[Any]) -> None:
        """Do what follows from the end of a step."""
        error = future.exception()
        if is_killed(error):
            if not job.is_alone:
                self._killed.append(job)
                return
            error = KilledError(KILLED)
        traceback = future.result() if error is None else format_exception(error)
        if traceback is None:
            self._succeed(job)
        else:
            self._fail(job, traceback)

    def _succeed(self, job: _Job) -> None:
        """Let the steps go on that needed this one."""
        if self._status_callback:
            self._status_callback(job.node, "end")
        del self._needs[job.node]
        for node in job.graph.successors(job.node):
            self._needs[node] -= 1
            if not self._needs[node]:
                turn = (job.turn[0], job.turn[1] + 1)
                heapq.heappush(self._ready, _Job(turn, node, job.graph))

    def _fail(self, job: _Job, traceback: list[str]) -> None:
        """Keep a crash; what needs the step is not done."""
        if self._status_callback:
            self._status_callback(job.node, "exception")
        base.report_crash(job.node, traceback=traceback)
        text = "".join(traceback)
        if self._stops or is_disk_full(text):
            raise RuntimeError(text)
        self._failure = self._failure or text


def _is_done(node: Any) -> bool:
    """Tell whether the result of a step is there and as its inputs ask for."""
    if node.overwrite or (node.overwrite is None and node.interface.always_run):
        return False
    return all(node.is_cached())


def _run(node: Any) -> list[str] | None:
    """Run a step; return the traceback of its failure."""
    try:
        node.run()
    except Exception as error:  # of any kind: it fails this step alone
        return format_exception(error)
    return None
