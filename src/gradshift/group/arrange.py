"""Values of a table as people x conditions x columns."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.tables import KEYS
from gradshift.study.design import Design

Column = tuple[str, str, str]
"""Measure, level and label."""

NAMES = ["measure", "level", "label"]


def arrange(
    values: pd.DataFrame, design: Design
) -> tuple[list[str], NDArray[np.float64], list[Column]]:
    """Arrange values as people x conditions x columns; runs are averaged.

    Parameters
    ----------
    values : DataFrame
        Rows of one modality, task, atlas and recipe.
    design : Design

    Returns
    -------
    people : list of str, length n
        In the order of their identifiers.
    values : (n, S, m) array
        Sessions in the order of the conditions.
    columns : list of (measure, level, label), length m
    """
    if values.empty:
        return [], np.empty((0, len(design.conditions), 0)), []
    place, columns = _columns(values)
    person, session = (values[name].astype("category").cat for name in KEYS)
    number = np.unique(person.codes)
    people = person.categories[number].tolist()
    shape = len(people), len(session.categories), len(columns)
    cell = np.searchsorted(number, person.codes) * shape[1] + session.codes.to_numpy(np.intp)
    means = _means(cell * shape[2] + place, values["value"].to_numpy(np.float64), shape)
    taken = session.categories.get_indexer(
        [name for one in people for name in design.sessions_of(one)]
    ).reshape(len(people), len(design.conditions))
    array = np.take_along_axis(means, taken[:, :, None], axis=1)
    array[taken < 0] = np.nan
    return people, array, columns


def _columns(values: pd.DataFrame) -> tuple[NDArray[np.intp], list[Column]]:
    """Find which column each row is of, and the names of columns in the order of their rows."""
    parts = [values[name].astype("category").cat for name in NAMES]
    number = np.zeros(len(values), dtype=np.int64)
    for part in parts:
        number = number * len(part.categories) + part.codes.to_numpy()
    place, first = pd.factorize(number)
    names = np.unravel_index(first, [len(part.categories) for part in parts])
    texts = [part.categories[of].tolist() for part, of in zip(parts, names, strict=True)]
    return place, list(zip(*texts, strict=True))


def _means(
    cell: NDArray[np.intp], value: NDArray[np.float64], shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Average the values of every cell; NaN where it has none."""
    known = ~np.isnan(value)
    if not known.all():
        cell, value = cell[known], value[known]
    total = np.bincount(cell, value, minlength=math.prod(shape))
    n = np.bincount(cell, minlength=math.prod(shape))
    with np.errstate(invalid="ignore"):
        return (total / n).reshape(shape)


def counted(values: pd.DataFrame, design: Design) -> NDArray[np.bool_]:
    """Tell which rows are of sessions that count."""
    person, session = (values[name].astype("category").cat for name in KEYS)
    counts = np.zeros((len(person.categories), len(session.categories)), dtype=bool)
    for of, name in zip(counts, person.categories, strict=True):
        of[session.categories.isin(design.sessions_of(name))] = True
    of_row: NDArray[np.bool_] = counts[person.codes, session.codes]
    return of_row


def weighted(values: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """Add the conditions of people up by weight; conditions of weight 0 may be missing.

    Parameters
    ----------
    values : (n, S, m) array
    weights : sequence of float, length S

    Returns
    -------
    (n, m) array
    """
    total = np.zeros((len(values), values.shape[2]))
    for condition, weight in enumerate(weights):
        if weight:
            total += weight * values[:, condition]
    return total
