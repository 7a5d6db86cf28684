"""The repetition time of a run, of its JSON sidecar before its header."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

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
