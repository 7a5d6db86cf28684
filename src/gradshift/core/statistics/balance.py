"""Ask whether what is missing or remarked falls evenly on sessions, treatments and groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gradshift.core.inference.statistic import Statistic
from gradshift.core.statistics.signtest import sign_test


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How something falls on two sides within people.

    Parameters
    ----------
    n : int
        People with all the sessions that count.
    more, fewer : int
        People in whom it is more frequent on the side of positive weights, and on the other.
    p : float
        Two-sided, exact; 1 if it is equally frequent in everybody.
    """

    n: int
    more: int
    fewer: int
    p: float


def balance_within(
    marked: NDArray[np.bool_],
    weights: Sequence[float] | NDArray[np.float64],
    counts: NDArray[np.bool_] | None = None,
) -> Balance:
    """Test whether something falls on some sessions of people more than on others.

    Parameters
    ----------
    marked : (n, S) array of bool
        Whether a session is missing, or remarked.
    weights : (S,) or (n, S) array
        Of the sessions, those of the contrast: -1 and 1 for baseline and follow-up give
        McNemar's exact test; 0 for sessions that do not count.
    counts : (n, S) array of bool, optional
        Sessions that were to be had; all if not given. People without one that counts are left
        out.

    References
    ----------
    McNemar (1947), Psychometrika 12:153.
    """
    weight = np.broadcast_to(np.asarray(weights, dtype=np.float64), marked.shape)
    asked = weight != 0
    whole = asked.any(axis=1)
    if counts is not None:
        whole &= (counts | ~asked).all(axis=1)
    side = (weight * marked).sum(axis=1)[whole]
    more, fewer = int((side > 1e-9).sum()), int((side < -1e-9).sum())
    p = float(sign_test(np.array([more]), np.array([fewer]))[0])
    return Balance(n=int(whole.sum()), more=more, fewer=fewer, p=p)


def balance_between(marked: NDArray[np.bool_], group: Sequence[str] | NDArray[np.str_]) -> float:
    """Test whether something falls on some groups of people more than on others.

    Parameters
    ----------
    marked : (n,) array of bool
        Whether it holds for a person.
    group : (n,) array of str
        The group of each person; two groups or more.

    Returns
    -------
    float
        Fisher's exact p; 1 if it holds for all or for none, or for a single group.

    References
    ----------
    Fisher (1922), J R Stat Soc 85:87. Freeman and Halton (1951), Biometrika 38:141.
    """
    names = sorted(set(group))
    labels = np.asarray(group)
    table = np.array([[(marked & (labels == name)).sum(), (~marked & (labels == name)).sum()]
                      for name in names])  # fmt: skip
    if len(names) < 2 or (table.sum(axis=0) == 0).any():
        return 1.0
    return _fisher(table)


def _fisher(table: NDArray[np.intp]) -> float:
    """Sum the chances of all tables of these margins that are no more likely than this one."""
    if len(table) == 2:
        return float(stats.fisher_exact(table).pvalue)
    sizes, total = table.sum(axis=1), int(table[:, 0].sum())
    law = stats.multivariate_hypergeom(m=sizes, n=total)
    every = _splits(sizes.tolist(), total)
    chances = law.pmf(np.array(every))
    own = law.pmf(table[:, 0])
    return float(min(1.0, chances[chances <= own * (1 + 1e-7)].sum()))


def _splits(sizes: list[int], total: int) -> list[tuple[int, ...]]:
    """List the ways to take `total` from groups of these sizes."""
    if len(sizes) == 1:
        return [(total,)] if total <= sizes[0] else []
    return [
        (k, *rest)
        for k in range(min(sizes[0], total) + 1)
        for rest in _splits(sizes[1:], total - k)
    ]


STATISTIC = Statistic(
    name="balance",
    formula=(
        r"p = 2 \sum_{i=0}^{k} \binom{m}{i} 2^{-m} \text{ (McNemar: } m \text{ people in whom "
        r"the sides differ, } k \text{ of them one way)}"
    ),
    high="p near 1: falls evenly",
    low="p near 0: falls on one side more than on the other",
    methods=(
        "Whether missing and remarked values fell unevenly on sessions or treatments was tested "
        "by McNemar's exact test (a sign test over people), on groups by Fisher's exact test."
    ),
    cite=("McNemar1947", "Fisher1922"),
    caveat=(
        "With few marked values an imbalance is easily missed: the results without those that "
        "are remarked stand beside the others (`variants.tsv`)."
    ),
)
