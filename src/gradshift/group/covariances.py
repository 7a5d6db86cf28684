"""How the mean changes of a study go together: what a pooled analysis needs beside its tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics.crossover import period_differences, sequences_known
from gradshift.group.answers import Block, answers
from gradshift.group.study import Study
from gradshift.group.table import Files
from gradshift.group.testing import sides

Array = NDArray[np.float64]

FAMILIES = ("confirmatory", "network")
"""Families of the main question whose values a pooled analysis corrects together."""


def write(study: Study, folder: Path) -> None:
    """Write the covariances of the mean changes, by task and family; no row of a person."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for answer in answers(study):
        block = answer.block
        place = (block.place.atlas, block.place.recipe)
        main = block.effect.name == study.main.name and not block.effect.covariates
        if main and place == study.primary and block.family in FAMILIES:
            name = f"{block.place.task}/{block.family}"
            labels = ["|".join(column) for column in block.columns]
            arrays[f"{name}/values"] = np.array(labels, dtype=np.str_)
            arrays[f"{name}/covariance"] = covariance(block)
    np.savez(folder / "covariances.npz", **arrays)  # type: ignore[arg-type]


def covariance(block: Block) -> Array:
    """Return the (m, m) covariance of what is tested: mean changes, or their differences."""
    before, after = sides(block.effect, block.names, block.values)
    changes = after - before
    number = block.effect.number(block.names)
    if block.effect.kind == "groups":
        return _of_mean(changes[number == 0]) + _of_mean(changes[number == 1])
    if block.effect.kind == "crossover" and sequences_known(changes, number):
        periods = period_differences(changes, number)
        return (_of_mean(periods[number == 0]) + _of_mean(periods[number == 1])) / 4
    return _of_mean(changes)


def _of_mean(changes: Array) -> Array:
    """Return the covariance of the means of columns, over the people who have both."""
    known = np.isfinite(changes)
    n = known.sum(axis=0)
    away = np.where(known, changes - _mean(changes, n), 0.0)
    both = known.T.astype(float) @ known
    shared = away.T @ away / np.maximum(both - 1, 1)
    result: Array = np.where(both > 1, shared * both / np.maximum(np.outer(n, n), 1), np.nan)
    return result


def _mean(changes: Array, n: Sequence[int] | NDArray[np.intp]) -> Array:
    total: Array = np.nansum(changes, axis=0)
    return total / np.maximum(n, 1)


FILES = Files(name="covariances", rank=95, write=write)
