"""Which code changed since the intermediate results were computed, for the log."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradshift import __version__
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json

logger = logging.getLogger("gradshift")


def tell(workflow: Any, steps_dir: Path) -> None:
    """Say which steps are computed again because their code changed; remember what it is now.

    Parameters
    ----------
    workflow : nipype Workflow
    steps_dir : Path
        Folder of the intermediate results.
    """
    now = dict(sorted(_codes(workflow)))
    path = steps_dir / "finished" / "code.json"
    before = read_json(path) if path.exists() else {}
    changed = [name for name, code in now.items() if before.get(name, code) != code]
    if changed:
        versions = {str(before[name]).split()[0] for name in changed if " " in before[name]}
        if older := sorted(versions - {__version__}):
            reason = f"gradshift {', '.join(older)} became {__version__}"
        else:
            reason = "their code changed"
        logger.info("Computed again, since %s: %s.", reason, ", ".join(changed))
    write_json(path, {**before, **now})


def _codes(workflow: Any) -> Iterator[tuple[str, str]]:
    """Yield every step, measure and model with its code."""
    for node in workflow._get_all_nodes():
        inputs = node.interface.inputs.get()
        if "code" in inputs:
            yield type(node.interface).__name__, inputs["code"]
        for field in ("measures", "models"):
            if isinstance(inputs.get(field), dict):
                yield from inputs[field].items()
