"""Make one number of several sessions of a person, and test it by flipping signs over people.

Sessions of a person share time and state: follow-ups resemble each other more than they resemble
the baseline, without any drug. Only people are exchangeable, so each person gives one contrast.
"""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]


def slope_weights(number: Array) -> Array:
    """Return the weights that make the slope of a person on a number of the own sessions.

    Parameters
    ----------
    number : (n, S) array
        Such as days since the dose. Of 0 (baseline) and 1 (follow-up) the slope is the mean of
        the follow-ups less the mean of the baselines. NaN for sessions that do not count.

    Returns
    -------
    (n, S) array
        0 for sessions that do not count; NaN for people whose sessions do not differ in the
        number.
    """
    counts = np.isfinite(number)
    n = counts.sum(axis=1, keepdims=True)
    plain = np.where(counts, number, 0.0)
    away = np.where(counts, plain - plain.sum(axis=1, keepdims=True) / np.maximum(n, 1), 0.0)
    spread = (away**2).sum(axis=1, keepdims=True)
    size = (plain**2).sum(axis=1, keepdims=True)
    weights: Array = away / np.where(spread > 1e-12 * size, spread, np.nan)
    return weights


def contrast_of_sessions(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Add the sessions of each person up by weight.

    Parameters
    ----------
    values : (n, S, m) array
        NaN where there is none.
    weights : (n, S) array
        0 or NaN for sessions that do not count.

    Returns
    -------
    before, after : (n, m) array
        Weighted means of the sessions with weights below and above 0; NaN without such
        sessions, or without a value in one of them.
    contrast : (n, m) array
        NaN for people without weights, or who lack a value in a session that counts.

    Raises
    ------
    ValueError
        If the sizes differ.
    """
    if values.ndim != 3 or weights.shape != values.shape[:2]:
        raise ValueError(
            f"Values are people x sessions x columns and weights people x sessions, got "
            f"{values.shape} and {weights.shape}."
        )
    plain = np.nan_to_num(weights)
    sides = [np.maximum(-plain, 0), np.maximum(plain, 0)]
    before, after = (
        _weighted(values, side / np.where(total > 0, total, np.nan))
        for side in sides
        for total in (side.sum(axis=1, keepdims=True),)
    )
    contrast = _weighted(values, plain)
    contrast[~(plain != 0).any(axis=1)] = np.nan
    return before, after, contrast


def _weighted(values: Array, weights: Array) -> Array:
    """Add sessions up; those of weight 0 may be missing."""
    total = np.zeros((len(values), values.shape[2]))
    for session in range(values.shape[1]):
        weight = weights[:, session][:, None]
        total += np.where(weight == 0, 0.0, weight * values[:, session])
    return total


STATISTIC = Statistic(
    name="within",
    formula=(
        r"c_i = \sum_s w_{is} y_{is}, \quad p \text{ of } \bar{c} \text{ by flipping the signs of "
        r"people's } c_i; \; w_{is} = \frac{x_{is} - \bar{x}_i}{\sum_s (x_{is} - \bar{x}_i)^2} "
        r"\text{ for a slope}"
    ),
    high="above 0: higher in sessions of higher weight",
    low="below 0: lower in sessions of higher weight",
    methods=(
        "Several sessions of a person were made into one contrast (the mean of the follow-ups "
        "minus that of the baselines, the slope on days, or the weights of a model), whose sign "
        "was flipped over people; the largest |t| of a family corrects for its tests."
    ),
    cite=("Winkler2014",),
    caveat=(
        "People with fewer sessions count as much as others. Practice, season or drift of the "
        "scanner are taken for the drug."
    ),
)
