"""One scale for t of different degrees of freedom."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def runs_of_df(df: NDArray[np.intp]) -> list[tuple[slice, int]]:
    """Cut sorted degrees of freedom into runs of the same number."""
    edges = [0, *(np.flatnonzero(np.diff(df)) + 1).tolist(), len(df)]
    return [
        (slice(start, stop), int(df[start])) for start, stop in pairwise(edges) if stop > start
    ]


def s_of_t(t: NDArray[np.float64], df: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Turn t into ``t / sqrt(t^2 + df)``."""
    with np.errstate(invalid="ignore"):
        s = t / np.hypot(t, np.sqrt(df))
    return np.where(np.isinf(t), np.sign(t), s)


def t_of_s(s: NDArray[np.float64], df: NDArray[np.intp] | int) -> NDArray[np.float64]:
    """Turn s back into t, infinite at 1."""
    left = np.square(s)
    np.subtract(1, left, out=left)
    np.sqrt(np.maximum(left, 0, out=left), out=left)
    t = np.multiply(s, np.sqrt(df))
    with np.errstate(divide="ignore", invalid="ignore"):
        t /= left
    t += 0.0  # no -0
    return t
