"""Put the effects of several studies together: random effects, and flips within studies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]

MOST_EXACT = 14
"""Up to so many people over all studies, all sign patterns are used."""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """Effects of m values over studies; NaN where no study has a value.

    Parameters
    ----------
    k : (m,) array of int
        Studies with a value.
    mean, se, low, high : (m,) array
        Pooled effect, its standard error (Hartung and Knapp) and interval.
    t, df, p : (m,) array
    tau2, i2, q, p_q : (m,) array
        Variance between studies (DerSimonian and Laird), share of the variance that is between
        studies, Cochran's Q and its p.
    predict_low, predict_high : (m,) array
        Interval of the effect in a further study; NaN with fewer than three.
    weights : (k, m) array
        Of the studies; their sum is 1.
    """

    k: NDArray[np.intp]
    mean: Array
    se: Array
    low: Array
    high: Array
    t: Array
    df: Array
    p: Array
    tau2: Array
    i2: Array
    q: Array
    p_q: Array
    predict_low: Array
    predict_high: Array
    weights: Array


def random_effects(effects: Array, variances: Array, df: Array, *, alpha: float = 0.05) -> Pooled:
    """Pool effects of studies.

    Parameters
    ----------
    effects, variances : (K, m) array
        Of studies x values; NaN where a study has none.
    df : (K, m) array
        Degrees of freedom of the variances: with a single study they are those of the result, and
        the result is that of the study.
    alpha : float
        The intervals cover 1 - alpha.

    References
    ----------
    DerSimonian and Laird (1986), Control Clin Trials 7:177. Hartung and Knapp (2001), Stat Med
    20:3875.
    """
    known = np.isfinite(effects) & (variances > 0)
    y = np.where(known, effects, 0.0)
    fixed = np.where(known, 1 / np.where(known, variances, 1.0), 0.0)
    k = known.sum(axis=0)
    some, several = k > 0, k > 1
    q, between = _heterogeneity(y, fixed, k)
    spread = 1 / np.where(known, np.where(known, variances, 1.0) + between, np.inf)
    total = np.where(some, spread.sum(axis=0), np.nan)
    weights = spread / total
    mean = (weights * y).sum(axis=0) + np.where(some, 0.0, np.nan)
    misfit = (spread * np.where(known, y - mean, 0.0) ** 2).sum(axis=0)
    scale = np.where(several, misfit / np.maximum(k - 1, 1), 1.0)
    se = np.sqrt(scale / total)
    own = np.where(known, df, 0.0).sum(axis=0)
    freedom = np.where(several, k - 1.0, np.where(some, own, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / se
        i2 = np.where(several, np.maximum(0.0, 1 - (k - 1) / np.where(q > 0, q, np.inf)), np.nan)
        i2 = np.where(several & (q <= 0), 0.0, i2)
    width = special.stdtrit(freedom, 1 - alpha / 2) * se
    apart = np.where(k > 2, special.stdtrit(np.maximum(k - 2.0, 1.0), 1 - alpha / 2), np.nan)
    reach = apart * np.sqrt(between + se**2)
    return Pooled(
        k=k,
        mean=mean,
        se=se,
        low=mean - width,
        high=mean + width,
        t=t,
        df=freedom,
        p=2 * special.stdtr(freedom, -np.abs(t)),
        tau2=np.where(several, between, np.nan),
        i2=i2,
        q=np.where(several, q, np.nan),
        p_q=np.where(several, special.chdtrc(np.maximum(k - 1.0, 1.0), q), np.nan),
        predict_low=mean - reach,
        predict_high=mean + reach,
        weights=weights,
    )


def _heterogeneity(y: Array, fixed: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return Cochran's Q and the variance between studies by the method of moments."""
    total = np.where(k > 0, fixed.sum(axis=0), np.nan)
    mean = (fixed * y).sum(axis=0) / total
    q = (fixed * (y - mean) ** 2).sum(axis=0)
    room = total - (fixed**2).sum(axis=0) / total
    excess = (q - (k - 1)) / np.where(room > 0, room, np.inf)
    return q, np.where(k > 1, np.maximum(0.0, excess), 0.0)


def family_p(
    pooled: Pooled, covariances: Sequence[Array], *, draws: int = 100_000, seed: int = 0
) -> Array:
    """Correct pooled effects for their number, by what studies say of how they go together.

    Parameters
    ----------
    pooled : Pooled
        Of m values.
    covariances : sequence of (m, m) array
        Of the effects of each study.
    draws, seed : int
        Of the multivariate t distribution.

    Returns
    -------
    (m,) array
        Share of draws whose largest |t| reaches that of a value; NaN where there is no t.
    """
    tested = np.isfinite(pooled.t) & (pooled.k == len(covariances))
    p = np.full(len(pooled.t), np.nan)
    if not tested.any():
        return p
    weights = pooled.weights[:, tested]
    together = sum(
        np.outer(weights[i], weights[i]) * covariance[np.ix_(tested, tested)]
        for i, covariance in enumerate(covariances)
    )
    sd = np.sqrt(np.diag(np.asarray(together)))
    correlation = np.asarray(together) / np.outer(sd, sd)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((draws, tested.sum())) @ root.T
    df = float(pooled.df[tested].min())
    largest = np.abs(normal).max(axis=1) / np.sqrt(rng.chisquare(df, size=draws) / df)
    reached = np.sort(largest)
    at = np.searchsorted(reached, np.abs(pooled.t[tested]) * (1 - 1e-8))
    p[tested] = (1 + draws - at) / (1 + draws)
    return p


def within_studies(
    changes: Sequence[Array], *, n_permutations: int = 10_000, seed: int = 0
) -> tuple[Array, Array, Array]:
    """Test changes of people by flipping their signs, studies as blocks.

    The statistic is the mean over all people, over the standard error that the spread within
    studies gives it: a study of another size or scanner adds nothing but its own people.

    Parameters
    ----------
    changes : sequence of (n, m) array
        Of each study; NaN where a person has none.
    n_permutations, seed : int
        Of random sign patterns, where there are too many people for all of them.

    Returns
    -------
    t, p, p_fwe : (m,) array
    """
    n_people = sum(map(len, changes))
    signs = _signs(n_people, n_permutations, seed)
    means, squares = (np.zeros((len(signs), changes[0].shape[1])) for _ in range(2))
    start = 0
    for own in changes:
        known = np.isfinite(own)
        n = known.sum(axis=0)
        values = np.where(known, own, 0.0)
        sums = signs[:, start : start + len(own)] @ values
        start += len(own)
        spread = (values**2).sum(axis=0) - sums**2 / np.maximum(n, 1)
        variance = spread / np.maximum(n - 1, 1)
        means += sums
        squares += np.where(n > 1, n * variance, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = means / np.sqrt(squares)
    size = np.abs(np.nan_to_num(t))
    observed = size[0] * (1 - 1e-8)
    p = (size >= observed).mean(axis=0)
    p_fwe = (size.max(axis=1)[:, None] >= observed).mean(axis=0)
    tested = np.isfinite(t[0])
    return t[0], np.where(tested, p, np.nan), np.where(tested, p_fwe, np.nan)


def _signs(n: int, n_permutations: int, seed: int) -> Array:
    """Return sign patterns, the observed one first."""
    if n <= MOST_EXACT:
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return (1 - 2 * bits).astype(np.float64)
    rng = np.random.default_rng(seed)
    patterns = np.ones((n_permutations + 1, n))
    patterns[1:] = rng.integers(0, 2, size=(n_permutations, n)) * 2.0 - 1.0
    return patterns


STATISTIC = Statistic(
    name="randomeffects",
    formula=(
        r"\hat\mu = \frac{\sum_k w_k y_k}{\sum_k w_k}, \quad "
        r"w_k = \frac{1}{v_k + \hat\tau^2}, \quad "
        r"\mathrm{se}^2 = \frac{\sum_k w_k (y_k - \hat\mu)^2}{(K - 1) \sum_k w_k}"
    ),
    high="above 0: the value rises over studies",
    low="below 0: the value falls over studies",
    methods=(
        "Studies were put together by a random-effects model (DerSimonian and Laird) with "
        "intervals and tests after Hartung and Knapp, from the tables of each study alone; "
        "values of a family were corrected by their largest |t| under the correlation that the "
        "covariances of the studies give them. Beside it the signs of people's changes were "
        "flipped within studies."
    ),
    cite=("DerSimonian1986", "Hartung2001"),
    caveat=(
        "With few studies the variance between them is hardly known, and intervals are wide: two "
        "studies have one degree of freedom."
    ),
)
