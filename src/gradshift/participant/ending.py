"""What the kinds of input share when they say how it went."""

import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.errors import InputError, reason
from gradshift.participant.asked import Asked
from gradshift.running.crashes import Crashed


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


def clean(asked: Asked, people: Collection[str], problems: Iterable[str], parts: str) -> None:
    """Remove the intermediate results of people without a problem, where that is asked for.

    Parameters
    ----------
    asked : Asked
    people : collection of str
        With prefix.
    problems : iterable of str
        Labels of the inputs with a problem; the first word is the participant.
    parts : str
        Pattern of the parts of the graph, without the participant.
    """
    if not asked.settings.running.clean_workdir:
        return
    troubled = {label.split()[0] for label in problems}
    for person in set(people) - troubled:
        name = person.replace("sub-", "sub_", 1)
        for folder in asked.steps_dir.glob(f"gradshift_*/{name}_{parts}"):
            shutil.rmtree(folder)
