"""JSON metadata of images, by the inheritance principle, and the repetition time."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from gradshift.bids.dataset import read_json
from gradshift.errors import InputError


class RepetitionTime(NamedTuple):
    """A repetition time in seconds, and what there is to say of it."""

    seconds: float
    remark: str = ""


def repetition_time(
    bold: Path, metadata: Mapping[str, object], from_header: float | None
) -> RepetitionTime:
    """Return the repetition time of a run.

    The JSON sidecar wins over the header: some versions of fMRIPrep wrote a wrong one there
    (1 s, 0, or milliseconds called seconds).

    Parameters
    ----------
    bold : Path
    metadata : mapping
        Of the image, as `inherited` gives it.
    from_header : float or None
        Seconds.

    Raises
    ------
    InputError
        If neither tells, or the value makes no sense.
    """
    from_json = metadata.get("RepetitionTime")
    if from_json is None and from_header is None:
        raise InputError(
            f"The repetition time of {bold.name} is not known: no RepetitionTime in its JSON "
            "sidecar, and 0 in its header. Add RepetitionTime, in seconds, to the sidecar."
        )
    where, value = ("header", from_header) if from_json is None else ("JSON sidecar", from_json)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 60:
        raise InputError(
            f"RepetitionTime of {bold.name} is {_short(value)} in its {where}; it must be in "
            "seconds, above 0 and below 60."
        )
    differs = from_json is not None and (
        from_header is None or abs(from_header - value) > 0.01 * value
    )
    return RepetitionTime(float(value), _differing(value, from_header) if differs else "")


def _short(value: object) -> str:
    return repr(value)[:40]


def _differing(seconds: float, from_header: float | None) -> str:
    other = "none" if from_header is None else f"{from_header:g} s"
    return (
        f"The repetition time is {seconds:g} s, as the JSON sidecar says; the header of the image "
        f"says {other}."
    )


def inherited(path: Path, entities: Mapping[str, str], root: Path) -> dict[str, object]:
    """Collect the JSON metadata of a file: nearer files win over those higher up."""
    suffix = path.name.split(".")[0].rsplit("_", 1)[-1]
    metadata: dict[str, object] = {}
    upwards = path.parent.relative_to(root).parents
    folders = [root / folder for folder in reversed([path.parent.relative_to(root), *upwards])]
    for folder in folders:
        matching = [name for name in _json_files(folder) if _applies(name, suffix, entities)]
        for name in sorted(matching, key=lambda name: (name.count("_"), name)):
            metadata.update(read_json(folder / name))
    return metadata


def _json_files(folder: Path) -> tuple[str, ...]:
    try:
        return _listed(str(folder), os.stat(folder).st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=64)
def _listed(folder: str, changed: int) -> tuple[str, ...]:
    """List the JSON files of a folder, again once it has changed."""
    return tuple(name for name in os.listdir(folder) if name.endswith(".json"))


def _applies(name: str, suffix: str, entities: Mapping[str, str]) -> bool:
    """Tell whether every entity of a sidecar's name is one of the file's."""
    *parts, last = name.removesuffix(".json").split("_")
    pairs = (part.partition("-") for part in parts)
    return last == suffix and all(entities.get(key) == value for key, _, value in pairs)
