"""What the kinds of input share when they say how it went."""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.errors import InputError, reason
from gradshift.running.crashes import UNFORESEEN, Crashed


def exit_code(failed: int, n: int, *, trouble: bool) -> int:
    """Return the exit code of n inputs of which some failed."""
    return InputError.exit_code if failed == n else int(trouble)


def crash_in(workflow: str, crashed: Sequence[str], without: Collection[str] = ()) -> str:
    """Say that a node crashed in the part of the graph of this name, and why; empty if none did.

    Parameters
    ----------
    workflow : str
    crashed : sequence of str
        Full names of the nodes that crashed.
    without : collection of str
        Nodes of the part that do not count.
    """
    for name in crashed:
        node = name.rpartition(".")[2]
        if f".{workflow}." in f"{name}." and node not in without:
            why = crashed.reasons.get(name) if isinstance(crashed, Crashed) else None
            return "a step crashed" + (f": {why}" if why else "")
    return ""


def excluded(path: Path) -> str | None:
    """Say why a result has no values, as its sidecar does; None if it has some."""
    if not path.exists():
        return "no result was written"
    try:
        why = read_json(path)["Excluded"]
    except Exception as error:  # of one result, whatever it is
        return reason(error)
    return None if why is None else str(why)


def clean(steps: Path, person: str) -> None:
    """Remove the intermediate results of a person, unless a step met an unforeseen error.

    Parameters
    ----------
    steps : Path
        Folder of the intermediate results.
    person : str
        With prefix.
    """
    name = person.replace("sub-", "sub_", 1)
    folders = list(steps.glob(f"gradshift_*/{name}_*"))
    if any(True for folder in folders for _ in folder.rglob(UNFORESEEN)):
        return
    for folder in folders:
        shutil.rmtree(folder)
