"""MR spectroscopy at the participant level: values of a table become measures."""

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.layout import study_root
from gradshift.bids.mrs import STRICT, Metabolite, find_values
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_table
from gradshift.errors import InputError
from gradshift.output import record
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.modality import Modality
from gradshift.participant.origin import provenance

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Mrs(Modality):
    """The metabolite values of a study.

    Parameters
    ----------
    asked : Asked
    values : sequence of Metabolite
    trouble : str
        Why a table that lies in the study cannot be used; other kinds of input go on.
    """

    order: ClassVar[int] = 3
    title: ClassVar[str] = "metabolite value"

    asked: Asked
    values: Sequence[Metabolite]
    trouble: str = ""

    @classmethod
    def find(cls, asked: Asked) -> Self:
        """Find the values."""
        try:
            values = find_values(asked.settings)
        except InputError as error:
            if asked.settings.inputs.mrs_table:  # what the user named must be usable
                raise
            return cls(asked=asked, values=(), trouble=str(error))
        if not values:
            raise NothingFoundError
        return cls(asked=asked, values=values)

    @property
    def problem(self) -> str:
        """Why no value can be used; empty if some can."""
        return self.trouble

    @property
    def people(self) -> set[str]:
        """The participants, with prefix."""
        return {value.participant for value in self.values}

    def describe(self) -> tuple[str, bool]:
        """Say how many values there are, of whom, and which were not measured."""
        if self.trouble:
            return f"metabolites\n  left out   {self.trouble}", False
        tables = ", ".join(sorted({value.source for value in self.values}))
        n_sessions, n_people = len(self._sessions()), len(self.people)
        lines = ["metabolites", f"  tables     {tables}"]
        lines.append(f"  sessions   {n_sessions} of {n_people} people")
        for measure, voi in sorted({(value.measure, value.voi) for value in self.values}):
            of = [v for v in self.values if (v.measure, v.voi) == (measure, voi)]
            absent = [v for v in of if not math.isfinite(v.value)]
            why = f" ({', '.join(sorted({v.status for v in absent}))})"
            lines.append(
                f"  values     {measure} {voi}: {len(of) - len(absent)} of {len(of)}"
                f"{why if absent else ''}"
            )
        return "\n".join(lines), any(math.isfinite(value.value) for value in self.values)

    def build(self, workflow: Any, untouched: Collection[str]) -> None:
        """Write the values of every session; again without flagged ones, where there are any."""
        recipes = ["n/a", *([STRICT] if any(value.flagged for value in self.values) else [])]
        origin = provenance(self, [find_values.__module__])
        settings = record.numbers(self.asked.settings)
        for session in self._sessions():
            for recipe in recipes:
                _write(session, recipe, self.asked, {"Settings": settings, **origin})

    def _sessions(self) -> list[list[Metabolite]]:
        def session(value: Metabolite) -> tuple[str, str]:
            return value.participant, value.session

        return [list(of) for _, of in groupby(sorted(self.values, key=session), key=session)]

    def summary(self, crashed: Sequence[str]) -> int:
        """Say where the values came from."""
        if self.trouble:
            logger.error("No metabolite value is used: %s", self.trouble)
            return 1
        sources = list(dict.fromkeys(value.source for value in self.values))
        more = f" and {len(sources) - 1} more files" if len(sources) > 1 else ""
        n = len(self._sessions())
        logger.info("Metabolites of %d sessions read from %s%s.", n, sources[0], more)
        return 0


MODALITY = Mrs


def _write(
    values: Sequence[Metabolite], recipe: str, asked: Asked, made: Mapping[str, object]
) -> None:
    first, root = values[0], asked.output_dir
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
    any_value = any(np.isfinite(value.value) for value in values)
    write_json(
        outputs.sidecar(path),
        {
            "Modality": "mrs",
            "Sources": sorted({asked.links.uri(_table(value, asked)) for value in values}),
            "Software": f"gradshift {__version__}",
            "Entities": entities,
            "Atlas": "n/a",
            "AtlasEntities": {},
            "Recipe": recipe,
            "Excluded": None if any_value else "no metabolite has a value",
            "Measures": {value.measure: _described(value) for value in values},
            **made,
        },
    )


def _table(value: Metabolite, asked: Asked) -> Path:
    """Return the table that a value was read from."""
    given, root = asked.settings.inputs.mrs_table, asked.settings.bids_dir
    if given:
        return Path(given).absolute()
    wide = value.source.endswith("_sessions.tsv")
    path = f"{value.participant if wide else 'phenotype'}/{value.source}"
    return (study_root(root, path) or root) / path


def _described(value: Metabolite) -> dict[str, str]:
    """Say in a sidecar what a metabolite is."""
    macromolecules = ", with macromolecules (GABA+)" if value.measure == "gabaplus" else ""
    return {
        "Description": f"Metabolite as the table has it{macromolecules}",
        "Units": value.unit,
        "Reference": value.reference,
        "TissueCorrection": value.correction,
    }
