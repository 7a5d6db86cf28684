"""Ids of people and sessions in tables: how they are written, and whom they mean."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from gradshift.bids.opener import shown
from gradshift.errors import InputError


def normalised(ids: Iterable[str], prefix: str, known: Collection[str], path: Path) -> list[str]:
    """Write the ids of a table as folders have them.

    Blanks around an id go, the prefix comes where it is missing, and upper and lower case are
    those of the one known id that is the same but for them.

    Parameters
    ----------
    ids : iterable of str
    prefix : {'sub', 'ses'}
    known : collection of str
        Ids with prefix, such as the names of folders.
    path : Path
        The table, for messages.

    Returns
    -------
    list of str
        With prefix. What can be no label stays as it is, and so matches nobody.

    Raises
    ------
    InputError
        If an id is empty.
    """
    folded: dict[str, list[str]] = {}
    for name in known:
        folded.setdefault(name.casefold(), []).append(name)
    names = []
    for line, text in enumerate(ids, start=2):
        name = f"{prefix}-{_bare(text, prefix)}"
        if name == f"{prefix}-":
            raise InputError(f"Line {line} of {shown(path)} has no {prefix}- label.")
        same = folded.get(name.casefold(), [])
        names.append(same[0] if name not in known and len(same) == 1 else name)
    return names


def _bare(text: str, prefix: str) -> str:
    """Return a label without its prefix, blanks and signs that nobody sees."""
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Zs"))
    return re.sub(f"^{prefix}-", "", seen.strip(), flags=re.IGNORECASE)


def matched(ids: Sequence[str], wanted: Sequence[str], path: Path) -> list[str]:
    """Hold the ids of a table against those that it should have.

    Returns
    -------
    list of str
        A remark, where some are not in it.

    Raises
    ------
    InputError
        If none is.
    """
    absent = [name for name in wanted if name not in ids]
    if not absent or not wanted:
        return []
    listed = ", ".join(_near(name, ids) for name in absent[:6])
    more = f" and {len(absent) - 6} more" if len(absent) > 6 else ""
    if len(absent) == len(wanted):
        raise InputError(
            f"{shown(path)} names none of those with results: it has no {listed}{more}. Write its "
            "ids as the folders have them."
        )
    return [f"{shown(path)} has no row for {listed}{more}: what it says is not known of them."]


def _near(name: str, ids: Sequence[str]) -> str:
    bare = name.partition("-")[2]
    number = [other for other in ids if bare.isdigit() and _number(other) == int(bare)]
    near = number or difflib.get_close_matches(name, ids, n=1, cutoff=0.7)
    return f"{name} (nearest: {shown(near[0])})" if near else name


def _number(name: str) -> int | None:
    digits = name.partition("-")[2]
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 10 else None
