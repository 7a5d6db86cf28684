"""Running a nipype graph: plugin, progress, crashes."""

import gc
import logging
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import missing
from gradshift.errors import MissingInputError, SettingsError, StorageError
from gradshift.settings import Running

logger = logging.getLogger("gradshift")


def execute(workflow: Any, running: Running, crash_dir: Path) -> list[str]:
    """Run a workflow to its end, whatever some of its nodes do.

    Parameters
    ----------
    workflow : nipype Workflow
    running : Running
    crash_dir : Path
        Where nipype keeps crash files.

    Returns
    -------
    list of str
        Full names of the nodes that crashed.

    Raises
    ------
    StorageError
        If a node failed because the disk is full.
    """
    # Nodes take their settings from the workflow; nipype's global ones came before it.
    workflow.config["execution"].update(
        {
            "crashdump_dir": str(crash_dir),
            "crashfile_format": "txt",
            "create_report": False,
            "remove_unnecessary_outputs": False,
            "stop_on_first_crash": running.stop_on_first_crash,
        }
    )
    for name in ("nipype", "nipype.workflow", "nipype.interface", "nipype.utils"):
        logging.getLogger(name).setLevel(logging.DEBUG if running.verbose else logging.CRITICAL)
    crash_dir.mkdir(parents=True, exist_ok=True)
    from gradshift.workflows.parallel import ParallelPlugin

    crashed: list[str] = []
    plugin: Any
    plugin, arguments = _plugin(running)
    with _progress(len(workflow._get_all_nodes())) as advance:

        def told(node: Any, status: str) -> None:
            if status == "exception":
                crashed.append(node.fullname)
            if status in ("end", "exception"):
                advance()

        arguments["status_callback"] = told
        if plugin == "MultiProc":
            plugin = ParallelPlugin(plugin_args=arguments)
        # nipype collects garbage for every node it hands out: spare it all that is loaded now.
        gc.freeze()
        try:
            workflow.run(plugin=plugin, plugin_args=arguments)
        except Exception as error:  # nipype re-raises what a node raised, as any type
            logger.debug("nipype: %s", error)
            if not crashed and not isinstance(error, BrokenProcessPool):
                raise
            _check_cause(error)
        finally:
            gc.unfreeze()
    return crashed


def _check_cause(error: Exception) -> None:
    """Say so when it was the machine's fault; the first of several errors is a cause."""
    told = repr((error, error.__cause__))
    if "No space left on device" in told or "Disk quota exceeded" in told:
        raise StorageError(
            "The disk is full: make room and run the same command again; what is finished is kept."
        ) from error
    if "BrokenProcessPool" in told:
        logger.error("A process was killed, most often for lack of memory: give fewer --nprocs.")


def _plugin(running: Running) -> tuple[str, dict[str, Any]]:
    """Choose nipype's plugin and its arguments."""
    if running.use_plugin is not None:
        return _read_plugin(Path(running.use_plugin))
    # Processes times threads of each never exceed what was asked for.
    processes = running.nprocs // running.omp_nthreads
    if processes == 1:
        return "Linear", {}
    arguments: dict[str, Any] = {"n_procs": processes, "raise_insufficient": False}
    if running.mem is not None:
        arguments["memory_gb"] = running.mem
    return "MultiProc", arguments


def _read_plugin(path: Path) -> tuple[str, dict[str, Any]]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise MissingInputError(missing(path)) from error
    except yaml.YAMLError as error:
        raise SettingsError(f"The plugin file {path} is not YAML: {error}.") from error
    if not isinstance(found, dict) or "plugin" not in found:
        raise SettingsError(
            f"The plugin file {path} needs the key 'plugin' (such as SLURM), and may have "
            "'plugin_args'."
        )
    return str(found["plugin"]), dict(found.get("plugin_args") or {})


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """Show a bar on a terminal, and a line every tenth of the way elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("steps", total=total)
            yield lambda: bar.advance(task)
        return
    done, shown = 0, 0

    def advance() -> None:
        nonlocal done, shown
        done += 1
        if done * 10 // max(total, 1) > shown:
            shown = done * 10 // total
            logger.info("%d of %d steps done.", done, total)

    yield advance
