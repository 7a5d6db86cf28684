"""Metabolite values of MR spectroscopy: read from a table, checked, never fitted."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift.bids.layout import study_root
from gradshift.bids.mrstable import COLUMNS, NONE, label_of, read_long, read_wide
from gradshift.bids.opener import missing
from gradshift.bids.tables import people_table
from gradshift.errors import InputError, MissingInputError, SettingsError
from gradshift.settings import Settings, columns

NAMES = {
    "glu": "glutamate",
    "gln": "glutamine",
    "gaba+": "gabaplus",
    "glu+gln": "glx",
}
"""Metabolites whose measure has another name than the letters and digits of their own."""

WORST_CRLB = {"gaba": 30.0, "gabaplus": 30.0}
"""Per cent, by measure; a value fitted worse was not measured."""

OTHER_CRLB = 20.0
"""Per cent, of every other measure."""

WIDEST = 12.8
"""Hz, 0.1 ppm at 3 T; broader lines are flagged."""

ALPHA = 0.5
"""GABA of white matter over that of grey matter."""

GREY = ("gaba", "gabaplus")
"""Metabolites that grey and white matter have in different amounts, as `ALPHA` says."""

MOST_TOLD = 5
"""People that a message names."""

STRICT = "qcpassed"
"""Recipe of the values without those that were flagged."""

logger = logging.getLogger("gradshift")


LONG_TABLE = "phenotype/mrs.tsv"
WIDE_TABLES = "sub-*/sub-*_sessions.tsv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metabolite:
    """One value of one session.

    Parameters
    ----------
    participant, session : str
        With prefix.
    voi : str
        Name of the voxel, such as ``ACC``.
    measure : str
        Such as ``glutamate``; glx and gabaplus are measures of their own.
    value : float
        NaN where there is none.
    unit, reference : str
    correction : str
        For the tissue in the voxel: what was done here, or that the table was corrected.
    status : str
    flagged : bool
        Whether the value failed a check of quality, and is kept nevertheless.
    source : str
        Name of the table.
    """

    participant: str
    session: str
    voi: str
    measure: str
    value: float
    unit: str
    reference: str
    correction: str
    status: str
    flagged: bool
    source: str


def long_table(bids_dir: Path) -> Path | None:
    """Return the table of metabolites of a study, wherever it keeps its tables."""
    place = study_root(bids_dir, LONG_TABLE)
    return None if place is None else place / LONG_TABLE


def find_values(settings: Settings) -> list[Metabolite]:
    """Read the metabolite values of a study; none where there is no table.

    The table given comes first, then ``phenotype/mrs.tsv``, then columns of sessions.tsv; both
    where the study keeps its tables, see `study_root`.

    Raises
    ------
    MissingInputError
        If a table that was given is not there.
    InputError
        If a table cannot be used.
    """
    given, root = settings.inputs.mrs_table, settings.bids_dir
    limits = crlb_limits(settings.inputs.mrs_crlb)
    path = Path(given) if given else long_table(root)
    if path is not None and path.exists():
        table = read_long(path, columns(settings.inputs.mrs_columns))
    elif given:
        raise MissingInputError(missing(Path(given)))
    else:
        place = study_root(root, WIDE_TABLES) or root
        tables = [read_wide(p) for p in sorted(place.glob(WIDE_TABLES))]
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    if table.empty:
        return []
    for name, prefix in (("participant_id", "sub-"), ("session_id", "ses-")):
        table[name] = [
            label_of(*row, prefix) for row in zip(table[name], table["source"], strict=True)
        ]
    _check_people(table, root)
    twice = table.duplicated(["participant_id", "session_id", "voi", "metabolite"])
    if twice.any():
        row = table[twice].iloc[0]
        raise InputError(
            f"{row['source']} has {row['metabolite']} in {row['voi']} of {row['participant_id']} "
            f"{row['session_id']} twice."
        )
    values = _one_scale([_value(row, limits) for row in table.to_dict("records")])
    _warn_of_gaba(values)
    people, sessions = settings.inputs.participant_label, settings.inputs.session_label
    return [
        value
        for value in values
        if (not people or value.participant.removeprefix("sub-") in people)
        and (not sessions or value.session.removeprefix("ses-") in sessions)
    ]


def crlb_limits(given: Sequence[str]) -> dict[str, float]:
    """Return the largest Cramér-Rao bounds (per cent) by measure, as the user says.

    Raises
    ------
    SettingsError
        If a word is not ``NAME=PERCENT``.
    """
    limits = dict(WORST_CRLB)
    for name, text in columns(given).items():
        try:
            limit = float(text)
        except ValueError:
            limit = np.nan
        if not limit > 0 or not measure_of(name):
            raise SettingsError(
                f"--mrs-crlb takes NAME=PERCENT such as GSH=30, got {name}={text}."
            )
        limits[measure_of(name)] = limit
    return limits


def measure_of(metabolite: str) -> str:
    """Return the name of the measure of a metabolite; empty where nothing is left of it."""
    bare = metabolite.strip().lower()
    return NAMES.get(bare) or re.sub(r"[^a-z0-9]", "", bare.replace("+", "plus"))


def _check_people(table: pd.DataFrame, root: Path) -> None:
    """Hold the people of a table against those of the study, where it tells who they are.

    Raises
    ------
    InputError
        If nobody of the table is in the study.
    """
    people = {p.name for p in root.glob("sub-*") if p.is_dir()}
    people |= {f"sub-{str(name).removeprefix('sub-')}" for name in people_table(root).index}
    strangers = [name for name in dict.fromkeys(table["participant_id"]) if name not in people]
    if not people or not strangers:
        return
    listed = []
    for name in strangers[:MOST_TOLD]:
        lower = {other.lower(): other for other in people}
        close = get_close_matches(name.lower(), sorted(lower), n=1)
        listed.append(f"{name} (nearest: {lower[close[0]]})" if close else name)
    more = f" and {len(strangers) - len(listed)} more" if len(strangers) > len(listed) else ""
    source, names = table["source"].iloc[0], ", ".join(listed) + more
    if len(strangers) == table["participant_id"].nunique():
        raise InputError(
            f"{source} matches nobody of {root}: it has {names}; correct participant_id there."
        )
    logger.warning("%s has people who are not in %s: %s.", source, root, names)


def _number(row: Mapping[str, str], name: str) -> float:
    text = row[name]
    if text in NONE:
        return np.nan
    try:
        number = float(text)
    except ValueError:
        number = np.inf
    if np.isinf(number):
        raise InputError(
            f"{row['source']} has {text!r} as {name} of {row['participant_id']} "
            f"{row['session_id']}; it must be a number, or n/a."
        )
    return number


def _value(row: Mapping[str, str], limits: Mapping[str, float]) -> Metabolite:
    """Check one value, correct it for the tissue in its voxel, and flag what is doubtful."""
    if row["units"] in NONE:
        raise InputError(
            f"The unit of {row['metabolite']} in {row['voi']} ({row['source']}) is not known; "
            "give a column units (i.u., mM or ratio), or Units in the JSON beside the table."
        )
    if not re.fullmatch(r"[A-Za-z0-9]+", row["voi"]):
        raise InputError(f"{row['source']} has the voxel {row['voi']!r}; use letters and digits.")
    measure = measure_of(row["metabolite"])
    if not measure:
        raise InputError(f"{row['source']} has a value without the name of its metabolite.")
    value, why_not = _number(row, "value"), _not_measured(row, measure, limits)
    divisor, correction = _tissue(row, measure)
    broad = _number(row, "fwhm_hz") > WIDEST
    status = f"line width above {WIDEST:g} Hz (0.1 ppm at 3 T)" if broad else "ok"
    return Metabolite(
        participant=row["participant_id"],
        session=row["session_id"],
        voi=row["voi"],
        measure=measure,
        value=np.nan if why_not else value / divisor,
        unit=row["units"],
        reference=row["reference"] if row["reference"] not in NONE else "n/a",
        correction=correction,
        status=why_not or status,
        flagged=broad and not why_not,
        source=row["source"],
    )


def _tissue(row: Mapping[str, str], measure: str) -> tuple[float, str]:
    """Say by what a value is divided for the tissue in its voxel, and in words.

    Ratios of two metabolites share the voxel, and are not divided; nor is what the table says
    was corrected.
    """
    if row["tissue_corrected"].strip().lower() in ("true", "1", "yes", "y"):
        return 1.0, "corrected for tissue in the table"
    grey, white, fluid = (_share(row, name) for name in ("fGM", "fWM", "fCSF"))
    if row["units"].lower() == "ratio":
        return 1.0, "none"
    if measure in GREY and np.isfinite(grey) and np.isfinite(white) and grey + white > 0:
        return grey + ALPHA * white, f"divided by fGM + {ALPHA:g} fWM"
    if np.isfinite(fluid):
        return 1 - fluid, "divided by 1 - fCSF"
    return 1.0, "none"


def _share(row: Mapping[str, str], name: str) -> float:
    share = _number(row, name)
    if not (np.isnan(share) or 0 <= share <= 1) or (name == "fCSF" and share == 1):
        raise InputError(
            f"{row['source']} has {name} {share:g} for {row['participant_id']} "
            f"{row['session_id']}; it is a share, from 0 to 1 (fCSF below 1)."
        )
    return share


def _not_measured(row: Mapping[str, str], measure: str, limits: Mapping[str, float]) -> str:
    """Say why a row holds no measurement; empty if it does.

    A peak that could not be fitted is written as 0, or with a Cramér-Rao bound of 999.
    """
    value, crlb = _number(row, "value"), _number(row, "crlb_pct")
    limit = limits.get(measure, OTHER_CRLB)
    if np.isnan(value):
        return "no value in the table"
    if value <= 0:
        return f"not measured: the table has {value:g}"
    if crlb > limit:
        return f"not measured: CRLB of {crlb:g} %, above {limit:g} %"
    return ""


def _one_scale(values: Sequence[Metabolite]) -> list[Metabolite]:
    """Take out what differs in scale between the sessions of a person; refuse it between people.

    Raises
    ------
    InputError
        If people differ in unit, reference or correction: their mean would be of nothing.
    """
    known = [value for value in values if np.isfinite(value.value)]
    scales: dict[tuple[str, str, str], set[tuple[str, str, str]]] = {}
    for value in known:
        key = (value.participant, value.voi, value.measure)
        scales.setdefault(key, set()).add(_scale(value))
    scaled = []
    for value in values:
        used = scales.get((value.participant, value.voi, value.measure), set())
        if len(used) > 1:
            reason = f"reference, unit or correction differs between sessions: {_told(used)}"
            value = replace(value, value=np.nan, status=reason)
        scaled.append(value)
    places: dict[tuple[str, str], list[Metabolite]] = {}
    for value in scaled:
        if np.isfinite(value.value):
            places.setdefault((value.voi, value.measure), []).append(value)
    for (voi, measure), same in places.items():
        if len(used := {_scale(value) for value in same}) > 1:
            raise InputError(
                f"{same[0].source} has {measure} in {voi} on several scales: {_told(used)}; give "
                "all people one unit, reference and correction for tissue."
            )
    return scaled


def _scale(value: Metabolite) -> tuple[str, str, str]:
    return value.unit, value.reference, value.correction


def _told(scales: set[tuple[str, str, str]]) -> str:
    return " and ".join(
        sorted(f"{unit}, reference {ref}, correction {how}" for unit, ref, how in scales)
    )


def _warn_of_gaba(values: Sequence[Metabolite]) -> None:
    """Warn where GABA with and without macromolecules could be taken for one another."""
    where: dict[str, set[str]] = {}
    for value in values:
        if value.measure in GREY:
            where.setdefault(value.voi, set()).add(value.measure)
    for voi, measures in where.items():
        if len(measures) > 1:
            logger.warning(
                "%s has GABA and GABA+ (with macromolecules) in %s: they are kept apart, as gaba "
                "and gabaplus, and a session with one is not compared with one with the other.",
                values[0].source,
                voi,
            )
