"""What the kinds of input share when they say how it went."""

import shutil
from collections.abc import Collection, Iterable, Sequence

from gradshift.errors import InputError
from gradshift.participant.asked import Asked


def exit_code(failed: int, n: int, *, trouble: bool) -> int:
    """Return the exit code of n inputs of which some failed."""
    return InputError.exit_code if failed == n else int(trouble)


def in_person(workflow: str, crashed: Sequence[str]) -> bool:
    """Tell whether a node crashed in the part of the graph of this name."""
    return any(f".{workflow}." in f"{name}." for name in crashed)


def clean(asked: Asked, people: Collection[str], problems: Iterable[str], parts: str) -> None:
    """Remove the intermediate results of people without a problem, where that is wished.

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
