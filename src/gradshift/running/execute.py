"""Running a nipype graph: plugin, memory, crashes."""

import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext, suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nipype

from gradshift.bids.opener import missing
from gradshift.bids.writetable import write_table
from gradshift.errors import GradshiftError, MissingInputError, SettingsError, StorageError
from gradshift.running.cluster import RefusedError, going_on
from gradshift.running.crashes import Crashed, is_disk_full, noting
from gradshift.running.memory import available
from gradshift.running.number import processes
from gradshift.running.pickles import guard_nipype
from gradshift.running.progress import progress
from gradshift.settings import Running, read_small

logger = logging.getLogger("gradshift")

RESOURCES = ("step", "memory_peak_gb", "processor_percent", "seconds")
"""Columns of the table of `resource_monitor`."""

SHARE_OF_FREE = 0.9
"""Of the memory that is free, what may be used if nothing else is said."""

RECORDS = ("_node.pklz", "_inputs.pklz")
"""Files of nipype in the folder of a step that say how it was run: nothing reads them again."""

JOB_FINISHED_TIMEOUT = 30
"""Seconds to wait for the result of a job that is done: a shared folder may show it late."""


def execute(
    workflow: Any,
    running: Running,
    crash_dir: Path,
    finished: Callable[[str], object] = lambda person: None,
) -> Crashed:
    """Run a workflow to its end, whatever some of its nodes do.

    Parameters
    ----------
    workflow : nipype Workflow
        Of parts named ``sub_<label>_...``; nothing crosses from one person to another.
    running : Running
    crash_dir : Path
        Where nipype keeps crash files.
    finished : callable
        Called with every person, such as ``sub_01``, as soon as all of its steps are done.

    Returns
    -------
    Crashed
        Full names of the nodes that crashed, and why.

    Raises
    ------
    StorageError
        If a node failed because the disk is full.
    SettingsError
        If a plugin of the user's choice cannot be had, or stops before the end.
    """
    plugin, arguments = _plugin(running)
    _configure(workflow, running, crash_dir)
    if running.use_plugin is None:
        _check_memory(workflow, running)
    used: list[tuple[Any, ...]] = []
    crash_dir.mkdir(parents=True, exist_ok=True)
    crashed = Crashed()
    guard_nipype()
    nodes = workflow._get_all_nodes()
    left = _steps(workflow)
    with progress([_weight(node) for node in nodes], quiet=running.quiet) as advance:

        def note(node: Any, status: str) -> None:
            if status == "exception":
                crashed.append(node.fullname)
            if status in ("end", "exception"):
                advance(_weight(node))
            if status == "end":
                if running.resource_monitor:
                    used.append((node.fullname, *_used(node.result.runtime)))
                _forget(node)
                left[_person(node)] -= 1
                if not left[_person(node)]:
                    finished(_person(node))

        arguments["status_callback"] = note
        try:
            with _folder(workflow, running), noting(crashed):
                _run_all(workflow, plugin(plugin_args=arguments), running, crashed)
        finally:
            if running.resource_monitor:
                name = f"{time.strftime('%Y%m%d-%H%M%S')}_{secrets.token_hex(4)}_resources.tsv"
                write_table(crash_dir.with_name(name), RESOURCES, used)
    return crashed


def _steps(workflow: Any) -> Counter[str]:
    """Return the number of steps of each person."""
    steps: Counter[str] = Counter()
    for part in workflow._graph.nodes:
        is_workflow = isinstance(part, type(workflow))
        steps[_whose(part.name)] += len(part.list_node_names()) if is_workflow else 1
    return steps


def _person(node: Any) -> str:
    """Return whose step a node is that runs, such as ``sub_01``."""
    return _whose(node.fullname.split(".")[1])


def _whose(part: str) -> str:
    """Return whose a part of a graph is, by its name."""
    return "_".join(part.split("_")[:2])


def _forget(node: Any) -> None:
    """Remove what nipype keeps of how a step was run: two files of five a step."""
    for name in RECORDS:
        with suppress(FileNotFoundError):
            os.remove(Path(node.output_dir()) / name)


def _run_all(workflow: Any, plugin: Any, running: Running, crashed: Sequence[str]) -> None:
    """Run all parts of a graph; a cluster gets them at once, so that nothing waits."""
    from gradshift.running.parallel import ParallelPlugin

    if not isinstance(plugin, ParallelPlugin):
        _run(partial(workflow.run, plugin=plugin), running, crashed)
        return
    try:
        for part in _parts(workflow):
            _run(partial(part.run, plugin=plugin), running, crashed)
            if crashed and running.stop_on_first_crash:
                return
        _run(plugin.finish, running, crashed)
    finally:
        plugin.stop()


def _parts(workflow: Any) -> Iterator[Any]:
    """Cut the graph of many people, whom nothing connects, into one for each.

    Whatever nipype does to make a graph ready, it does it to the whole: with a thousand people
    that takes longer than the steps.
    """
    if workflow._graph.number_of_edges():
        yield workflow
        return
    parts = sorted(workflow._graph.nodes, key=lambda part: _whose(part.name))
    for _, of_person in groupby(parts, key=lambda part: _whose(part.name)):
        person = type(workflow)(name=workflow.name, base_dir=workflow.base_dir)
        person.config = workflow.config
        person.add_nodes(list(of_person))
        yield person


def _run(work: Callable[[], object], running: Running, crashed: Sequence[str]) -> None:
    """Run a graph, whatever some of its nodes do."""
    try:
        work()
    except GradshiftError:
        raise
    except RefusedError as error:
        raise SettingsError(_refused(running, error)) from error
    except Exception as error:  # nipype re-raises what a node raised, as any type
        logger.debug("nipype: %s", error)
        if crashed:
            _check_cause(error)
        elif running.use_plugin is not None:
            raise SettingsError(
                f"nipype's plugin of {running.use_plugin} cannot do its work here: "
                f"{_reason(error)}"
            ) from error
        else:
            raise


def _weight(node: Any) -> float:
    """Return about how many seconds a node takes; what only passes files on takes none."""
    return float(getattr(node.interface, "seconds", 0.0))


def _configure(workflow: Any, running: Running, crash_dir: Path) -> None:
    """Set nipype's options, for a workflow and for whatever else it runs."""
    options = {
        "crashdump_dir": str(crash_dir),
        "crashfile_format": "txt",
        "create_report": False,
        "remove_unnecessary_outputs": False,
        "stop_on_first_crash": running.stop_on_first_crash,
        "job_finished_timeout": JOB_FINISHED_TIMEOUT,
    }
    # Nodes take their settings from the workflow, and whatever else nipype runs from its
    # global ones, which name the folder that it was first imported in.
    workflow.config["execution"].update(options)
    for name, value in options.items():
        nipype.config.set("execution", name, str(value).replace("%", "%%"))
    nipype.config.resource_monitor = running.resource_monitor
    # Nipype sums up a graph that may not be done yet; what steps used is told as they end.
    nipype.config.set("monitoring", "summary_file", os.devnull)
    for name in ("nipype", "nipype.workflow", "nipype.interface", "nipype.utils"):
        logging.getLogger(name).setLevel(logging.DEBUG if running.verbose else logging.CRITICAL)


def _folder(workflow: Any, running: Running) -> AbstractContextManager[None]:
    """Choose where the process is while the graph runs."""
    return _away(workflow.base_dir) if running.resource_monitor else nullcontext()


@contextmanager
def _away(base_dir: str) -> Iterator[None]:
    """Work in a folder that is removed: nipype's monitor fills the one it is started in."""
    with TemporaryDirectory(dir=base_dir) as folder, chdir(folder):
        yield


def _used(runtime: Any) -> list[float | None]:
    """Return what nipype measured of a step; nothing where it was too short."""
    return [getattr(runtime, name, None) for name in ("mem_peak_gb", "cpu_percent", "duration")]


def _check_cause(error: Exception) -> None:
    """Say so when it was the machine's fault; the first of several errors is a cause."""
    if is_disk_full(repr((error, error.__cause__))):
        raise StorageError(
            "The disk is full: make room and run the same command again; what is finished is kept."
        ) from error


def _refused(running: Running, error: RefusedError) -> str:
    """Say why a cluster takes no job, and what became of those it took."""
    cause = error.__cause__
    problem = (
        f"nipype's plugin of {running.use_plugin} cannot do its work here: "
        f"{_reason(cause) if isinstance(cause, Exception) else 'no job was taken'}"
    )
    if not error.taken:
        return problem
    return (
        f"{problem.rstrip('.')}; {error.taken} jobs were taken before and go on: when they are "
        "done, run the same command again, with a smaller max_jobs in the plugin_args if their "
        "number is what was refused."
    )


def _reason(error: Exception) -> str:
    """Return in a line why a plugin stopped; before the last line nipype quotes whole programs."""
    if isinstance(
        error, IndexError | AttributeError
    ):  # nipype looks for the number of a job it was not given
        return "the cluster took no job, try its plugin_args by hand to see why."
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


def _plugin(running: Running) -> tuple[type[Any], dict[str, object]]:
    """Choose nipype's plugin and its arguments."""
    from gradshift.running.parallel import ParallelPlugin

    if running.use_plugin is not None:
        return _read_plugin(Path(running.use_plugin))
    arguments: dict[str, object] = {"n_procs": processes(running)}
    if (limit := _memory(running)) is not None:
        arguments["memory_gb"] = limit
    return ParallelPlugin, arguments


def _memory(running: Running) -> float | None:
    """Return how much memory may be used, in GB; None where nobody tells."""
    if running.mem is not None:
        return running.mem
    free = available()
    return None if free is None else SHARE_OF_FREE * free


def _check_memory(workflow: Any, running: Running) -> None:
    """Say which steps may not fit; the plugin runs them alone."""
    limit = _memory(running)
    large = [node for node in workflow._get_all_nodes() if limit and node.mem_gb > limit]
    if large:
        largest = max(large, key=lambda node: node.mem_gb)
        logger.warning(
            "%d steps may need more than the %.2g GB of memory that may be used, such as %s with "
            "%.2g GB: each is run alone, and may be stopped by the system. Give more memory, or "
            "--no-voxelwise.",
            len(large), limit, largest.fullname, largest.mem_gb,
        )  # fmt: skip


def _read_plugin(path: Path) -> tuple[type[Any], dict[str, object]]:
    import yaml

    try:
        content = yaml.safe_load(read_small(path))
    except FileNotFoundError as error:
        raise MissingInputError(missing(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The plugin file {path} cannot be read: {error}.") from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"The plugin file {path} is not YAML: {reason}") from error
    if not isinstance(content, Mapping) or "plugin" not in content:
        raise SettingsError(
            f"The plugin file {path} needs the key 'plugin' (such as SLURM), and may have "
            "'plugin_args'."
        )
    arguments = content.get("plugin_args") or {}
    if not isinstance(arguments, Mapping):
        raise SettingsError(
            f"The 'plugin_args' of the plugin file {path} are names with values, not "
            f"{arguments!r}."
        )
    known = _known_plugins()
    name = str(content["plugin"])
    if name not in known:
        raise SettingsError(
            f"The plugin file {path} names the plugin {name!r}; gradshift can use nipype's "
            f"{', '.join(sorted(known))}."
        )
    # Plugins for clusters name their jobs after the user, whom a container may not know.
    os.environ.setdefault("LOGNAME", os.environ.get("USER", f"uid{os.getuid()}"))
    return known[name], dict(arguments)


def _known_plugins() -> dict[str, type[Any]]:
    """Return nipype's plugins by name, but those that hand over the graph and do not wait."""
    from nipype.pipeline import plugins
    from nipype.pipeline.plugins.base import GraphPluginBase, SGELikeBatchManagerBase

    from gradshift.running.parallel import ParallelPlugin

    known = {
        name.removesuffix("Plugin"): going_on(kind)
        if issubclass(kind, SGELikeBatchManagerBase)
        else kind
        for name, kind in vars(plugins).items()
        if name.endswith("Plugin") and not issubclass(kind, GraphPluginBase)
    }
    return {**known, "MultiProc": ParallelPlugin}
