"""Values of a table as people x conditions x columns."""

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
    columns = list(dict.fromkeys(values[NAMES].itertuples(index=False, name=None)))
    means = values.groupby([*KEYS, *NAMES])["value"].mean()
    wide = means.unstack(NAMES).reindex(columns=pd.MultiIndex.from_tuples(columns))
    people = sorted(set(values["participant_id"]))
    keys = [(person, session) for person in people for session in design.sessions_of(person)]
    array = wide.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(dtype=np.float64)
    return people, array.reshape(len(people), len(design.conditions), len(columns)), columns


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
