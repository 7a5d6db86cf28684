"""Which runs are left out by name."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from gradshift.bids.filters import read_filters
from gradshift.bids.opener import read_bytes, shown
from gradshift.errors import InputError
from gradshift.settings import Inputs


def names_bold(inputs: Inputs) -> bool:
    """Tell whether the user named any BOLD: what is named and yields nothing is an error."""
    return bool(
        any(word.startswith(("fmriprep=", "denoised=")) for word in inputs.derivatives)
        or inputs.task_id
        or inputs.space
        or inputs.exclude
        or read_filters(inputs.bids_filter_file, "bold")
    )


def excluded(names: Mapping[str, str], path: str | None, others: Collection[str]) -> set[str]:
    """Return the files that the user's list leaves out.

    Parameters
    ----------
    names : mapping of str to str
        Labels of participants by the names of all BOLD files there are.
    path : str or None
        Text file with a name, or the start of one, per line.
    others : collection of str
        Participants of the study that are not looked at; their lines are not for this run.

    Raises
    ------
    MissingInputError, InputError
        If there is no such file, it cannot be read, or a line names nothing.
    """
    if path is None:
        return set()
    try:
        lines = read_bytes(Path(path)).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            f"The list of runs to leave out, {path}, is not text in UTF-8."
        ) from error
    out: set[str] = set()
    for start in filter(None, (line.split("#")[0].strip() for line in lines)):
        pattern = re.compile(re.escape(start) + r"(?![a-zA-Z0-9])")
        matching = {name for name in names if pattern.match(name)}
        if not matching and start.partition("_")[0].removeprefix("sub-") not in others:
            raise InputError(
                f"{path} names {shown(start)}, which is no run here; the runs are named as "
                f"{min(names, default='sub-01_task-rest')}, or by the start of such a name."
            )
        out |= matching
    return out
