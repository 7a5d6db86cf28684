"""BIDS names: the entities in their order, and the one function that joins them."""

from collections.abc import Mapping

ENTITIES: Mapping[str, str] = {
    "sub": "subject",
    "ses": "session",
    "task": "task",
    "acq": "acquisition",
    "ce": "ceagent",
    "trc": "tracer",
    "rec": "reconstruction",
    "dir": "direction",
    "run": "run",
    "echo": "echo",
    "part": "part",
    "recording": "recording",
    "space": "space",
    "cohort": "cohort",
    "atlas": "atlas",
    "seg": "seg",
    "scale": "scale",
    "res": "res",
    "den": "den",
    "label": "label",
    "ref": "ref",
    "stat": "stat",
    "desc": "desc",
    "pvc": "pvc",
    "model": "model",
    "meas": "meas",
}
"""Every entity a name may have, with its long name in pybids, in the order of file names."""

FOREIGN: Mapping[str, str] = {key: key for key in ("feature", "setting", "reg", "filt")}
"""What HALFpipe and C-PAC tell tables of one acquisition apart by, and BIDS does not know."""

READ: Mapping[str, str] = {**ENTITIES, **FOREIGN}
"""What is looked for in a name that is read."""


def file_name(entities: Mapping[str, str], suffix: str) -> str:
    """Join entities and a suffix into a file name.

    Parameters
    ----------
    entities : mapping of str to str
        Values by short name, in any order.
    suffix : str
        Suffix with extension, such as ``bold.nii.gz``.

    Raises
    ------
    ValueError
        For an entity without a place in the order, or a value that is no label.
    """
    if unknown := sorted(set(entities) - set(ENTITIES)):
        raise ValueError(f"Unknown BIDS entities: {', '.join(unknown)}.")
    for key, value in entities.items():
        if not is_label(value):
            raise ValueError(f"{key}-{value} is not a BIDS label.")
    parts = [f"{key}-{entities[key]}" for key in ENTITIES if key in entities]
    return "_".join([*parts, suffix])


def is_label(value: str) -> bool:
    """Tell whether a value may stand in a name: letters and digits, and ``+`` of atlases."""
    return value.isascii() and value.replace("+", "").isalnum()


def folder(entities: Mapping[str, str], datatype: str) -> str:
    """Return the folder of a file below the dataset, such as ``sub-01/ses-pre/func``."""
    parts = [f"{key}-{entities[key]}" for key in ("sub", "ses") if key in entities]
    return "/".join([*parts, datatype])
