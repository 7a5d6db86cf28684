"""Tables of metabolites: one row for each value, or columns of sessions.tsv."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from gradshift.bids.dataset import read_json
from gradshift.bids.names import is_label
from gradshift.bids.outputs import sidecar
from gradshift.bids.tables import read_table
from gradshift.errors import InputError

COLUMNS = (
    "participant_id", "session_id", "voi", "metabolite", "value", "units", "reference", "crlb_pct",
    "fwhm_hz", "snr", "fGM", "fWM", "fCSF", "tissue_corrected", "sequence", "te_ms",
)  # fmt: skip
NEEDED = ("participant_id", "session_id", "voi", "metabolite", "value")
NONE = ("", "n/a", "nan", "NaN")

WIDE = re.compile(r"mrs_([A-Za-z0-9]+)_([A-Za-z0-9+]+)")
"""A column of sessions.tsv with a metabolite."""


def label_of(text: str, source: str, prefix: str) -> str:
    """Return a participant or session with its prefix.

    Raises
    ------
    InputError
        If it is no BIDS label.
    """
    bare = text.strip().removeprefix(prefix)
    if not is_label(bare):
        what = {"sub-": "participant_id", "ses-": "session_id"}[prefix]
        raise InputError(
            f"{source} has {text!r} as {what}; it must be letters and digits, with or without "
            f"{prefix}, as in the names of the folders."
        )
    return prefix + bare


def read_long(path: Path, names: Mapping[str, str]) -> pd.DataFrame:
    """Read a table with a row per value."""
    if unknown := sorted(set(names) - set(COLUMNS)):
        raise InputError(
            f"--mrs-columns names {', '.join(unknown)}, which is no column of ours: "
            f"{', '.join(COLUMNS)}."
        )
    table = read_table(path)
    wanted = dict.fromkeys(names.get(name, name) for name in (*NEEDED, *names))
    if absent := [name for name in wanted if name not in table.columns]:
        raise InputError(
            f"{path} has no column {', '.join(absent)}; it has {', '.join(table.columns)}. Say "
            "which is which with --mrs-columns, such as value=concentration."
        )
    table = table.assign(**{ours: table[theirs] for ours, theirs in names.items()})
    described = read_json(sidecar(path)) if sidecar(path).exists() else {}
    for name in COLUMNS:
        if name not in table:
            table[name] = _units(described, "value") if name == "units" else ""
    return table[list(COLUMNS)].assign(source=path.name)


def read_wide(path: Path) -> pd.DataFrame:
    """Read the columns ``mrs_<voxel>_<metabolite>`` of the sessions of a person."""
    table = read_table(path)
    described = read_json(sidecar(path)) if sidecar(path).exists() else {}
    person = path.name.removesuffix("_sessions.tsv")
    rows = []
    for column in table.columns:
        if (named := WIDE.fullmatch(str(column))) and "session_id" in table.columns:
            for session, value in zip(table["session_id"], table[column], strict=True):
                rows.append(
                    dict.fromkeys(COLUMNS, "")
                    | {
                        "participant_id": person,
                        "session_id": session,
                        "voi": named[1],
                        "metabolite": named[2],
                        "value": value,
                        "units": _units(described, str(column)),
                        "source": path.name,
                    }
                )
    return pd.DataFrame(rows, columns=[*COLUMNS, "source"])


def _units(descriptions: Mapping[str, object], column: str) -> str:
    entry = descriptions.get(column)
    return str(entry.get("Units", "")) if isinstance(entry, dict) else ""
