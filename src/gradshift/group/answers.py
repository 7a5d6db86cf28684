"""Questions and families: what is tested together, and what is corrected together.

The confirmatory family holds all follow-ups, tasks and groups that are asked at once; every other
family is one question in one modality, task, atlas and recipe.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.core.contrasts import Comparison
from gradshift.core.inference.families import FIRST, families
from gradshift.group.arrange import Column, arrange
from gradshift.group.pieces import piece
from gradshift.group.primary import is_primary, tested_values
from gradshift.group.study import Place, Study, once
from gradshift.group.testing import answer, compare_sides, sides, split
from gradshift.study.effect import MOTION, Effect
from gradshift.study.model import read_families
from gradshift.study.outcomes import is_its_own
from gradshift.study.participation import change_of_motion
from gradshift.study.questions import asked_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One question put to one family of values of one place.

    Parameters
    ----------
    place : Place
    effect : Effect
    family : str
    names : list of str, length n
        People, sorted.
    values : (n, S, m) array
        By condition.
    columns : list of Column, length m
    covariates : (n, k) array, optional
    """

    place: Place
    effect: Effect
    family: str
    names: list[str]
    values: Array
    columns: list[Column]
    covariates: Array | None

    @property
    def together(self) -> tuple[object, ...]:
        """What blocks must share to be corrected together."""
        effect = self.effect
        place = (self.place.atlas, self.place.recipe)
        if self.family == "confirmatory" and not effect.covariates:
            if effect.effect != "change":
                return (*place, *effect.name)
            ordered = sorted(effect.predictor.items()) if effect.kind == "crossover" else []
            return (*place, "change", effect.family, *ordered)
        return (id(self),)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question for one family."""

    block: Block
    comparison: Comparison


@once
def answers(study: Study) -> list[Answer]:
    """Put every question to every family of every modality, task, atlas and recipe."""
    return [
        Answer(block, comparison)
        for key, blocks in _blocks(study).items()
        for block, comparison in zip(blocks, comparisons(study, *key), strict=True)
    ]


@once
def _blocks(study: Study) -> dict[tuple[str, str], list[Block]]:
    """Arrange the values by atlas and recipe: nothing connects two of these."""
    every: dict[tuple[str, str], list[Block]] = {}
    for place, values in study.places():
        if is_primary(study, place):
            tested = tested_values(study, place, values)
            blocks = blocks_of(study, place, tested, study.effects)
            every.setdefault((place.atlas, place.recipe), []).extend(blocks)
    return every


@piece(_blocks, seconds=10)
def comparisons(study: Study, atlas: str, recipe: str) -> list[Comparison]:
    """Put every question to every family of one atlas and recipe."""
    return compare_blocks(_blocks(study)[atlas, recipe], study)


def blocks_of(
    study: Study, place: Place, values: pd.DataFrame, effects: Sequence[Effect]
) -> list[Block]:
    """Arrange the values of one place by question and family.

    Parameters
    ----------
    study : Study
    place : Place
    values : DataFrame
        Of people and sessions.
    effects : sequence of Effect
    """
    names, array, columns = arrange(values, study.design)
    declared = read_families(Path(study.group.families)) if study.group.families else {}
    members: dict[str, list[int]] = {}
    for position, key in enumerate(columns):
        for family in families(place.modality, *key, declared):
            members.setdefault(family, []).append(position)
    first = [family for family in (*declared, *FIRST) if family in members]
    people = study.of_kind(place.modality, place.task)
    return [
        Block(
            place=place,
            effect=effect,
            family=family,
            names=names,
            values=array[:, :, positions],
            columns=[columns[position] for position in positions],
            covariates=_covariates(study, effect, names, place),
        )
        for effect in asked_of(effects, people)
        for family in dict.fromkeys([*first, *members])
        if effect.everywhere or family in first or place.modality != "func"
        if (positions := _asked(study, effect, columns, members[family]))
    ]


def _asked(
    study: Study, effect: Effect, columns: Sequence[Column], positions: Sequence[int]
) -> list[int]:
    """Return the columns that a question is put to: an outcome does not go with itself."""
    return [i for i in positions if not is_its_own(study.design, effect, columns[i][0])]


def _covariates(study: Study, effect: Effect, names: Sequence[str], place: Place) -> Array | None:
    """Return the (n, k) covariates of an effect, None if it has none."""
    if not effect.covariates:
        return None
    people = study.of_kind(place.modality, place.task)
    return np.column_stack(
        [
            change_of_motion(people, names, place.task, effect.weights)
            if name == MOTION
            else np.array([study.design.covariates[name].get(person, np.nan) for person in names])
            for name in effect.covariates
        ]
    )


def compare_blocks(blocks: Sequence[Block], study: Study) -> list[Comparison]:
    """Compare blocks in their order; those that belong together are corrected together."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, block in enumerate(blocks):
        groups.setdefault(block.together, []).append(i)
    found = {
        i: comparison
        for members in groups.values()
        for i, comparison in _compared([(i, blocks[i]) for i in members], study)
    }
    return [found[i] for i in range(len(blocks))]


def _compared(numbered: list[tuple[int, Block]], study: Study) -> Iterable[tuple[int, Comparison]]:
    """Compare blocks that belong together, and those that are only described each by itself."""
    small = [(i, block) for i, block in numbered if _is_small(block)]
    rest = [(i, block) for i, block in numbered if not _is_small(block)]
    alone = small if len(rest) != 1 else numbered
    for i, block in alone:
        yield i, answer(block.effect, block.names, block.values, block.covariates, study.group)
    if len(rest) > 1:
        yield from zip(
            [i for i, _ in rest], _side_by_side([block for _, block in rest], study), strict=True
        )


def _is_small(block: Block) -> bool:
    """Tell whether a subgroup has too few people to be tested."""
    effect = block.effect
    return effect.people is not None and len(effect.people) < effect.least


def _side_by_side(blocks: Sequence[Block], study: Study) -> list[Comparison]:
    """Compare the columns of several questions or tasks over the same rearrangements."""
    names = sorted({name for block in blocks for name in block.names})
    before, after = (
        np.full((len(names), sum(len(block.columns) for block in blocks)), np.nan)
        for _ in range(2)
    )
    start = 0
    for block in blocks:
        rows = [names.index(name) for name in block.names]
        columns = slice(start, start + len(block.columns))
        before[rows, columns], after[rows, columns] = sides(
            block.effect, block.names, block.values
        )
        start = columns.stop
    comparison = compare_sides(blocks[0].effect, names, before, after, None, study.group)
    return split(comparison, [len(block.columns) for block in blocks])
