"""Running a nipype graph: plugin, progress, crashes."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import missing
from gradshift.errors import MissingInputError, SettingsError, StorageError
from gradshift.settings import Running

POLL_SECONDS = 0.02
"""How often nipype looks for finished nodes; its own default costs a second per node."""

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
            "poll_sleep_duration": POLL_SECONDS,
            "remove_unnecessary_outputs": False,
            "stop_on_first_crash": running.stop_on_first_crash,
        }
    )
    for name in ("nipype", "nipype.workflow", "nipype.interface", "nipype.utils"):
        logging.getLogger(name).setLevel(logging.DEBUG if running.verbose else logging.CRITICAL)
    crash_dir.mkdir(parents=True, exist_ok=True)
    crashed: list[str] = []
    plugin, arguments = _plugin(running)
    with _progress(len(workflow._get_all_nodes())) as advance:

        def told(node: Any, status: str) -> None:
            if status == "exception":
                crashed.append(node.fullname)
            if status in ("end", "exception"):
                advance()

        arguments["status_callback"] = told
        try:
            workflow.run(plugin=plugin, plugin_args=arguments)
        except Exception as error:  # nipype re-raises what a node raised, as any type
            logger.debug("nipype: %s", error)
            if not crashed:
                raise
            _check_storage(error)
    return crashed


def _check_storage(error: Exception) -> None:
    if "No space left on device" in str(error) or "Disk quota exceeded" in str(error):
        raise StorageError(
            "The disk is full: make room and run the same command again; what is finished is kept."
        ) from error


def _plugin(running: Running) -> tuple[str, dict[str, Any]]:
    """Choose nipype's plugin and its arguments."""
    if running.use_plugin is not None:
        return _read_plugin(Path(running.use_plugin))
    if running.nprocs == 1:
        return "Linear", {}
    arguments: dict[str, Any] = {"n_procs": running.nprocs, "raise_insufficient": False}
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
