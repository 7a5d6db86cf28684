"""What a user chooses: the filter file that fMRIPrep takes, and the list of runs to leave out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import read_json
from gradshift.bids.names import READ
from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile
from gradshift.errors import InputError, NothingSelectedError

ANY, NONE, OPTIONAL = "*", "Query.NONE", "Query.OPTIONAL"
"""What a filter may have in place of a label: any label, no such entity, either."""

UNUSED = ("datatype", "suffix", "extension", "scope", "return_type")
"""Keys of a filter that say nothing here: they are those of the raw data."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What an entity must be: one of `labels`; if `absent` it may also not be there."""

    labels: frozenset[str] = frozenset()
    any_label: bool = False
    absent: bool = False

    def holds(self, value: str | None) -> bool:
        """Tell whether a label, or None where there is no such entity, passes."""
        if value is None:
            return self.absent
        numbers = {label.lstrip("0") for label in self.labels if label.isdecimal()}
        return self.any_label or value in self.labels or value.lstrip("0") in numbers


def filtered(files: list[IndexedFile], path: str | None, entry: str) -> list[IndexedFile]:
    """Apply an entry of a filter file, with the entity names of pybids.

    Parameters
    ----------
    files : list of IndexedFile
    path : str or None
        The filter file; None keeps all.
    entry : {'bold', 'pet'}

    Raises
    ------
    InputError
        If the entry is no object, or names an unknown entity.
    NothingSelectedError
        If it leaves nothing.
    """
    conditions = read_filters(path, entry)
    kept = [
        file
        for file in files
        if all(holds.holds(file.entities.get(key)) for key, holds in conditions.items())
    ]
    if files and not kept:
        raise NothingSelectedError(
            f"The filters of {path} leave none of {len(files)} {entry.upper()} files, such as "
            f"{files[0].path.name}."
        )
    return kept


def read_filters(path: str | None, entry: str) -> dict[str, Condition]:
    """Read an entry of a filter file as conditions by short name of the entity.

    Values are a label, a list of labels, ``"*"`` (any, but there), null (not there), or the
    words ``Query.NONE``, ``Query.ANY``, ``Query.OPTIONAL``; lists may mix them.

    Raises
    ------
    InputError
    """
    if path is None:
        return {}
    filters: Any = read_json(Path(path)).get(entry, {})
    if not isinstance(filters, dict):
        raise InputError(f"The filter file {path} should hold an object of filters as {entry!r}.")
    long_names = {name: key for key, name in READ.items()}
    conditions: dict[str, Condition] = {}
    for name, value in filters.items():
        key = long_names.get(str(name), str(name))
        if name in UNUSED:
            continue
        if key not in READ:
            raise InputError(
                f"The filter file {path} has an unknown entity {shown(name)!r}; entities are "
                f"{', '.join(sorted(long_names))}."
            )
        conditions[key] = _condition(value, key)
    return conditions


def _condition(value: Any, key: str) -> Condition:
    words = value if isinstance(value, list) else [value]
    texts = [NONE if word is None else str(word) for word in words]
    texts = ["Query." + text.rpartition(".")[2] if "Query." in text else text for text in texts]
    special = {ANY, NONE, OPTIONAL, "Query.ANY", "Query.REQUIRED"}
    return Condition(
        labels=frozenset(text.removeprefix(f"{key}-") for text in texts if text not in special),
        any_label=bool({ANY, "Query.ANY", "Query.REQUIRED", OPTIONAL} & set(texts)),
        absent=bool({NONE, OPTIONAL} & set(texts)),
    )
