"""One comparison of the group level: everything that its tables are computed from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import wraps
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult
from gradshift.core.cortex.options import Options
from gradshift.core.inference.resampling import Workers
from gradshift.settings import Group, Settings
from gradshift.study.design import Design
from gradshift.study.effect import Effect
from gradshift.study.observations import StudyTables
from gradshift.study.participation import Participation


@dataclass(frozen=True, slots=True)
class Place:
    """What the values that are tested together share."""

    modality: str
    task: str
    atlas: str
    recipe: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """A comparison: values, people, design and questions.

    Parameters
    ----------
    table : DataFrame
        All values of people and sessions, see `gradshift.group.alignment.align`.
    results : sequence of SessionResult
        What the participant level wrote.
    people : sequence of Participation
        Who is compared.
    tables : StudyTables
        What the study says of them.
    design : Design
    effects : sequence of Effect
        What is asked, the main question first.
    options : Options
        Choices that the participant level measured with.
    settings : Settings
    workers : callable
        Applies a function to many items, in several processes where there are some.
    computed : dict
        Results by function and key, see `once`.
    """

    table: pd.DataFrame
    results: Sequence[SessionResult]
    people: Sequence[Participation]
    tables: StudyTables
    design: Design
    effects: Sequence[Effect]
    options: Options
    settings: Settings
    workers: Workers = map
    computed: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def main(self) -> Effect:
        """The main question."""
        return self.effects[0]

    @property
    def group(self) -> Group:
        """Settings of the group level."""
        return self.settings.group

    @property
    def output_dir(self) -> Path:
        """Top folder of the results."""
        return self.settings.output_dir

    @property
    def primary(self) -> tuple[str, str]:
        """The primary atlas and recipe."""
        return self.design.atlases[0], self.design.recipes[0]

    def of_primary_atlas(self) -> SessionResult:
        """Return a result of the primary atlas, for what all of them have in common."""
        return next(result for result in self.results if result.atlas == self.primary[0])

    @property
    def covariates(self) -> str | None:
        """What the headline results hold constant, as in the tables: what a model says."""
        return " ".join(self.design.covariates) or None

    @property
    def compared(self) -> list[Participation]:
        """Those who are compared, by modality and task."""
        return [person for person in self.people if person.included]

    def of_kind(self, modality: str, task: str) -> list[Participation]:
        """Return everybody's participation in the comparison of one modality and task."""
        kind = (modality, task)
        return [person for person in self.people if (person.modality, person.task) == kind]

    def places(self) -> Iterator[tuple[Place, pd.DataFrame]]:
        """Yield the values that are tested together, the primary atlas and recipe first."""
        groups = dict(self._rows_by_place())
        tasks = sorted({place.task for place in groups})
        modalities = sorted({place.modality for place in groups})
        for atlas, recipe, task in product(self.design.atlases, self.design.recipes, tasks):
            for modality in modalities:
                place = Place(modality, task, atlas, recipe)
                if place in groups:
                    yield place, self.table.take(groups[place])

    def _rows_by_place(self) -> Iterator[tuple[Place, NDArray[np.intp]]]:
        """Yield the rows of each place; one small number is held for each row."""
        keys = [self.table[one.name].astype("category") for one in fields(Place)]
        number = np.zeros(len(self.table), dtype=np.int32)
        for key in keys:
            number *= len(key.cat.categories)
            number += key.cat.codes.to_numpy()
        for i in np.unique(number):
            rows = np.flatnonzero(number == i)
            yield Place(*(str(key.iloc[rows[0]]) for key in keys)), rows

    def bold_at(self, task: str, atlas: str, recipe: str) -> list[SessionResult]:
        """Return the results of BOLD of one task, atlas and recipe."""
        asked = (task, atlas, recipe)
        return next(found for found in self.bold() if _key(found[0]) == asked)

    def bold_keys(self) -> list[tuple[str, str, str]]:
        """Return the tasks, atlases and recipes of BOLD together, the primary ones first."""
        return [_key(found[0]) for found in self.bold()]

    def bold(self) -> Iterator[list[SessionResult]]:
        """Yield the results of BOLD that share task, atlas and recipe, the primary ones first."""
        by_place: dict[tuple[str, str, str], list[SessionResult]] = {}
        for result in self.results:
            if result.modality == "func":
                key = (result.atlas, result.recipe, result.task)
                by_place.setdefault(key, []).append(result)
        tasks = sorted({result.task for result in self.results})
        for key in product(self.design.atlases, self.design.recipes, tasks):
            if key in by_place:
                yield by_place[key]


def _key(result: SessionResult) -> tuple[str, str, str]:
    return result.task, result.atlas, result.recipe


T = TypeVar("T")


def once(compute: Callable[..., T]) -> Callable[..., T]:
    """Make a function of a study, and words, compute each result a single time, whoever asks."""

    @wraps(compute)
    def ask(study: Study, *key: str) -> T:
        if (compute, *key) not in study.computed:
            study.computed[compute, *key] = compute(study, *key)
        result: T = study.computed[compute, *key]
        return result

    return ask
