"""What the group level wrote, read back for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, find_results, read_matrix
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.rows import read_rows
from gradshift.core.cortex.regions import Regions
from gradshift.group.contrasts import Contrast, family_sizes
from gradshift.group.edges import ComponentRow
from gradshift.group.pairs import Coupling
from gradshift.group.percent import PercentChange
from gradshift.group.planted import Recovery
from gradshift.group.recipes import RecipeDifference
from gradshift.group.reliability import Reliability
from gradshift.group.subsets import EVEN, LOW, PLAIN
from gradshift.group.variants import Variant
from gradshift.report.direction import Tested, both_ways, tested
from gradshift.report.limits import Limits
from gradshift.report.questions import QUESTIONS, Asked
from gradshift.report.results import (
    PairedValues,
    find_row,
    read_regions,
    read_values,
)
from gradshift.study.compared import OVER_TIME, Compared
from gradshift.study.participation import Participation

IDENTITY = (
    *("contrast", "effect", "modality", "task", "atlas", "recipe"),
    *("measure", "level", "label"),
)
"""Columns of the table of contrasts that say which result a row is of."""


@dataclass(frozen=True)
class GroupResults:
    """What the group level wrote.

    Parameters
    ----------
    folder : Path
        The folder of the group level, finished or being made.
    output_dir : Path
    """

    folder: Path
    output_dir: Path

    @cached_property
    def rows(self) -> list[Contrast]:
        """All results."""
        rows = read_rows(self.folder / "contrasts.tsv", Contrast)
        known = {
            contrast: Compared(**held) for contrast, held in self.about.get("Compared", {}).items()
        }
        return [
            replace(row, compared=known[row.contrast]) if row.contrast in known else row
            for row in rows
        ]

    @cached_property
    def family_sizes(self) -> Mapping[tuple[str | None, ...], int]:
        """Tests that results were corrected with, by what these share."""
        return family_sizes(self.rows)

    @cached_property
    def variants(self) -> list[Variant]:
        """Results of all variants of the analysis."""
        return read_rows(self.folder / "variants.tsv", Variant)

    @cached_property
    def couplings(self) -> list[Coupling]:
        """Correlations of changes."""
        return read_rows(self.folder / "coupling.tsv", Coupling)

    @cached_property
    def components(self) -> list[ComponentRow]:
        """Components of connections."""
        return read_rows(self.folder / "nbs.tsv", ComponentRow)

    @cached_property
    def percent(self) -> list[PercentChange]:
        """Changes of PET and spectroscopy in per cent."""
        return read_rows(self.folder / "percentchange.tsv", PercentChange)

    @cached_property
    def planted(self) -> list[Recovery]:
        """What became of planted changes; nothing for a study of real people."""
        return read_rows(self.folder / "planted.tsv", Recovery)

    @cached_property
    def reliability(self) -> list[Reliability]:
        """Reliability within sessions."""
        return read_rows(self.folder / "reliability.tsv", Reliability)

    @cached_property
    def about(self) -> Sidecar:
        """What the sidecar of the results says."""
        return read_json(self.folder / "contrasts.json")

    @cached_property
    def people(self) -> list[Participation]:
        """Who is in, who is not and why."""
        return read_rows(self.folder / "participants.tsv", Participation)

    @cached_property
    def sources(self) -> list[SessionResult]:
        """The results of the participants."""
        return find_results(self.output_dir)

    @property
    def alpha(self) -> float:
        """Significance level."""
        return float(self.about.get("Alpha", 0.05))

    @property
    def atlas(self) -> str:
        """The primary atlas."""
        return str(self.about.get("PrimaryAtlas") or self.rows[0].atlas)

    @property
    def recipe(self) -> str:
        """The primary recipe."""
        return str(self.about.get("PrimaryRecipe") or self.rows[0].recipe)

    @property
    def sessions(self) -> tuple[str, str]:
        """Baseline and follow-up."""
        return str(self.about.get("Baseline", "n/a")), str(self.about.get("Followup", "n/a"))

    @property
    def tasks(self) -> list[str]:
        """Tasks with results of BOLD, each once; ``n/a`` where there are none."""
        bold = dict.fromkeys(row.task for row in self.rows if row.modality == "func")
        return list(bold) or ["n/a"]

    @cached_property
    def recipes(self) -> list[str]:
        """Recipes of BOLD with the primary atlas, the primary one first."""
        names = dict.fromkeys(
            row.recipe for row in self.rows if row.atlas == self.atlas and row.modality == "func"
        )
        return [self.recipe, *(name for name in names if name != self.recipe)]

    @cached_property
    def limits(self) -> Limits:
        """What the group level says of how much can be claimed."""
        path = self.folder / "limits.json"
        return Limits(read_json(path) if path.exists() else {})

    @cached_property
    def effect(self) -> tuple[str, str]:
        """Contrast and effect of the headlines: those of the first row."""
        return (self.rows[0].contrast, self.rows[0].effect) if self.rows else ("", "")

    @property
    def compared(self) -> Compared:
        """What the change of the headlines is one between."""
        return self.rows[0].compared if self.rows else OVER_TIME

    @property
    def directions(self) -> tuple[str, str]:
        """Up and down, in the words of what is compared."""
        return both_ways(self.effect, self.compared)

    @property
    def tested(self) -> Tested:
        """What the headlines are of, in words."""
        return tested(self.effect, self.compared)

    @cached_property
    def regions(self) -> Regions | None:
        """Regions of the primary atlas."""
        return read_regions(self.output_dir, self.sources, self.atlas)

    def included(self, task: str) -> list[str]:
        """Name the people who are compared in a task."""
        return [row.participant_id for row in self.people if row.included and row.task == task]

    @cached_property
    def covariates(self) -> str | None:
        """What the headline results hold constant: what a model says."""
        return " ".join(self.about.get("Covariates", ())) or None

    @property
    def smallest(self) -> float:
        """Smallest effect of interest, in standard deviations."""
        return float(self.about.get("SmallestEffect", 0.5))

    @cached_property
    def recipe_differences(self) -> list[RecipeDifference]:
        """How the changes differ between recipes."""
        return read_rows(self.folder / "recipes.tsv", RecipeDifference)

    def with_motion(self, row: Contrast) -> Contrast | None:
        """Find the result with motion held constant beside a headline result."""
        others = (
            other
            for other in self.rows
            if other.covariates
            and "deltafd" in other.covariates.split()
            and other.covariates != row.covariates
            and all(getattr(other, name) == getattr(row, name) for name in (*IDENTITY, "family"))
        )
        return next(others, None)

    def subsets(self, row: Contrast) -> list[Variant]:
        """Find a headline result in fewer people or values, see `gradshift.group.subsets`."""
        return [
            variant
            for variant in self.variants
            if variant.choice in (LOW, EVEN, PLAIN)
            and all(getattr(variant, name) == getattr(row, name) for name in IDENTITY)
        ]

    def find(self, key: tuple[str, str, str], task: str, recipe: str) -> Contrast | None:
        """Find the headline result of a value."""
        contrast, effect = self.effect
        return find_row(
            self.rows,
            key,
            task=task,
            recipe=recipe,
            atlas=self.atlas,
            contrast=contrast,
            effect=effect,
            covariates=self.covariates,
        )

    def is_headline(self, row: Contrast) -> bool:
        """Tell whether a result is of the primary atlas, recipe, contrast and effect."""
        primary = (row.atlas, row.recipe) == (self.atlas, self.recipe)
        return primary and self._is_headline(row)

    def is_primary(self, row: Contrast) -> bool:
        """Tell whether a result is of the primary atlas and recipe, or of no BOLD."""
        primary = (row.atlas, row.recipe) == (self.atlas, self.recipe)
        return primary or row.modality != "func"

    def is_main(self, row: Contrast) -> bool:
        """Tell whether a primary result, of any modality, is of the main question."""
        return self.is_primary(row) and self._is_headline(row)

    def _is_headline(self, row: Contrast) -> bool:
        headline = (row.contrast, row.effect, row.covariates)
        return headline == (*self.effect, self.covariates)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All values of the primary atlas and recipe, and those of PET and MRS."""
        return read_values(self.folder / "measures.npz", self.atlas, self.recipe)

    def values(self, task: str) -> PairedValues:
        """Return the values of BOLD of a task."""
        values = self.table[(self.table["modality"] == "func") & (self.table["task"] == task)]
        if of_person := self.about.get("SessionsOf"):
            values = values.assign(session_id=self._conditions(values, of_person))
        return PairedValues(table=values, people=self.included(task), sessions=self.sessions)

    def _conditions(
        self, values: pd.DataFrame, of_person: Mapping[str, Sequence[str]]
    ) -> list[str]:
        """Name the condition of each value, where its session is another in every person."""
        named = {
            (person, session): condition
            for person, sessions in of_person.items()
            for session, condition in zip(sessions, self.sessions, strict=True)
        }
        keys = zip(values["participant_id"], values["session_id"], strict=True)
        return [named.get(key, "n/a") for key in keys]

    def matrix(self, task: str, stat: str, recipe: str) -> NDArray[np.float64] | None:
        """Read a matrix of the group of the primary atlas; None where there is none."""
        name = self.matrix_name(task, stat, recipe)
        return read_matrix(self.folder / name)[1] if name else None

    def matrix_name(self, task: str, stat: str, recipe: str | None = None) -> str:
        """Name a matrix of the group of the primary atlas; empty where there is none."""
        first = self._first(task)
        if first is None:
            return ""
        name = outputs.group_matrix_name(task, first.atlas_entities, stat, recipe or self.recipe)
        return name if (self.folder / name).exists() else ""

    def map_path(self, task: str, stat: str) -> Path | None:
        """Find a voxel map of the group of the primary atlas and recipe; None without one."""
        first = self._first(task)
        path = self.folder / outputs.group_map_name(first.target, stat) if first else None
        return path if path and path.exists() else None

    def _first(self, task: str) -> SessionResult | None:
        """Return a result of the primary atlas and recipe that others share their names with.

        Where tasks are conditions none has the name of the task that is compared.
        """
        wanted = ("func", self.atlas, self.recipe)
        primary = [
            result
            for result in self.sources
            if (result.modality, result.atlas, result.recipe) == wanted
        ]
        of_task = [result for result in primary if result.task == task]
        return next(iter(of_task or primary), None)

    def asked(self, task: str) -> list[Asked]:
        """Return the headline values that there are results of."""
        headline = [asked for question in QUESTIONS for asked in question.asked]
        return [asked for asked in headline if self.find(asked.key, task, self.recipe)]
