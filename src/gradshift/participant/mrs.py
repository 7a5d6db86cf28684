"""MR spectroscopy at the participant level: values of a table become measures."""

import logging
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.mrs import STRICT, Metabolite
from gradshift.bids.write import write_json, write_table

logger = logging.getLogger("gradshift")


def write_values(values: Sequence[Metabolite], root: Path, settings: Mapping[str, object]) -> None:
    """Write the metabolites of every session; again without flagged values, where there are any.

    Parameters
    ----------
    values : sequence of Metabolite
    root : Path
        Top folder of the results.
    settings : mapping
        The options that change numbers, to be kept with them.
    """
    recipes = ["n/a", *([STRICT] if any(value.flagged for value in values) else [])]

    def session(value: Metabolite) -> tuple[str, str]:
        return value.participant, value.session

    n = 0
    for _, found in groupby(sorted(values, key=session), key=session):
        mine = list(found)
        n += 1
        for recipe in recipes:
            _write(mine, recipe, root, settings)
    sources = list(dict.fromkeys(value.source for value in values))
    more = f" and {len(sources) - 1} more files" if len(sources) > 1 else ""
    logger.info("Metabolites of %d sessions read from %s%s.", n, sources[0], more)


def _write(
    values: Sequence[Metabolite], recipe: str, root: Path, settings: Mapping[str, object]
) -> None:
    first = values[0]
    entities = {
        "sub": first.participant.removeprefix("sub-"),
        "ses": first.session.removeprefix("ses-"),
    }
    named = entities if recipe == "n/a" else {**entities, "desc": recipe}
    path = outputs.mrs_measures_path(root, named)
    rows = []
    for value in values:
        left_out = recipe == STRICT and value.flagged
        rows.append(
            (
                "mrs", None, None, None, None, recipe, value.measure, "set", value.voi,
                np.nan if left_out else value.value, value.unit, value.status,
            )
        )  # fmt: skip
    write_table(path, outputs.MEASURE_COLUMNS, rows)
    measures = {
        value.measure: {
            "Description": "Metabolite as the table has it"
            + (", with macromolecules (GABA+)" if value.measure == "gabaplus" else ""),
            "Units": value.unit,
            "Reference": value.reference,
            "TissueCorrection": value.correction,
        }
        for value in values
    }
    write_json(
        outputs.sidecar(path),
        {
            "Modality": "mrs",
            "Sources": sorted({value.source for value in values}),
            "Software": f"gradshift {__version__}",
            "Entities": entities,
            "Atlas": "n/a",
            "AtlasEntities": {},
            "Recipe": recipe,
            "Excluded": None
            if any(np.isfinite(value.value) for value in values)
            else "no metabolite has a value",
            "Settings": settings,
            "Measures": measures,
        },
    )
