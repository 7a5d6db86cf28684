"""Hold the change of one person against the noise of the own sessions, and against other days.

Two halves of a session give its noise, but few degrees of freedom; the noise of one person is
therefore moved towards that of all, the more so the more alike people are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from gradshift.core.inference.statistic import Statistic

Array = NDArray[np.float64]

FEWEST = 4
"""From so many people on their variances are moved towards each other."""

LOST = 3
"""So many people's worth of degrees of freedom goes into finding out what is usual."""


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Variances of n people and how well they are known.

    Parameters
    ----------
    variance, df : (n,) array
        NaN for people without any.
    """

    variance: Array
    df: Array


def noise_of_halves(first: Array, second: Array, weights: Array) -> Noise:
    """Estimate the variance of a weighted sum of sessions from two halves of each.

    Parameters
    ----------
    first, second : (n, S) array
        Values of either half by person and session.
    weights : (S,) array
        Of the sessions.

    Returns
    -------
    Noise
        Of the values of whole sessions, a quarter of the squared difference of their halves; the
        degrees of freedom are Satterthwaite's, one for a session.
    """
    parts = weights**2 * np.where(weights != 0, (first - second) ** 2, 0.0) / 4
    squares = float((weights**2).sum()) ** 2 / float((weights**4).sum())
    variance = parts.sum(axis=1)
    return Noise(variance=variance, df=np.where(np.isfinite(variance), squares, np.nan))


def moderated(noise: Noise) -> Noise:
    """Move the variances of people towards what is usual, by empirical Bayes.

    Parameters
    ----------
    noise : Noise
        Of single people.

    Returns
    -------
    Noise
        As it was with fewer than four people. Where people do not differ by more than chance,
        all have the same variance. The prior adds fewer degrees of freedom than its own, by three
        people of all: it is itself estimated, and few people take it for better known than it is.

    References
    ----------
    Smyth (2004), Stat Appl Genet Mol Biol 3:3.
    """
    known = np.isfinite(noise.variance) & (noise.variance > 0)
    if known.sum() < FEWEST:
        return noise
    half = noise.df[known] / 2
    logs = np.log(noise.variance[known]) - special.digamma(half) + np.log(half)
    spread = logs.var(ddof=1) - float(np.mean(special.polygamma(1, half)))
    if spread <= 0:
        usual, prior = float(np.exp(logs.mean())), np.inf
    else:
        prior = 2 * _inverse_trigamma(spread)
        usual = float(np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2)))
    if np.isinf(prior):
        variance = np.where(np.isfinite(noise.variance), usual, np.nan)
    else:
        variance = (prior * usual + noise.df * noise.variance) / (prior + noise.df)
    gained = np.minimum(prior * (1 - LOST / known.sum()), np.nansum(noise.df) - LOST * noise.df)
    return Noise(variance=variance, df=noise.df + np.maximum(gained, 0.0))


def _inverse_trigamma(value: float) -> float:
    """Return the number whose trigamma function is a value, by Newton's method on 1 / trigamma."""
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x


def day_to_day(values: Array, repeats: NDArray[np.bool_]) -> tuple[float, int]:
    """Pool how values of a person differ between days without a drug.

    Parameters
    ----------
    values : (n, S) array
        By person and session.
    repeats : (n, S) array
        Which sessions are without a drug.

    Returns
    -------
    variance : float
        Of one session around the mean of the person; NaN where nobody has two such sessions.
    df : int
    """
    counts = repeats & np.isfinite(values)
    n = counts.sum(axis=1)
    plain = np.where(counts, values, 0.0)
    mean = plain.sum(axis=1) / np.maximum(n, 1)
    squares = (np.where(counts, values - mean[:, None], 0.0) ** 2).sum()
    df = int(np.maximum(n - 1, 0).sum())
    return (float(squares / df), df) if df else (np.nan, 0)


def beyond(change: Array, noise: Noise) -> tuple[Array, Array]:
    """Test changes of single people against their noise.

    Returns
    -------
    t, p : (n,) array
        Two-sided, by Student's t.
    """
    se = np.sqrt(np.where(noise.variance > 0, noise.variance, np.nan))
    t = change / se
    return t, 2 * special.stdtr(noise.df, -np.abs(t))


STATISTIC = Statistic(
    name="ownnoise",
    formula=(
        r"s_i^2 = \sum_j w_j^2 \frac{(h_{ij1} - h_{ij2})^2}{4}, \quad "
        r"\tilde{s}_i^2 = \frac{d_0 s_0^2 + d_i s_i^2}{d_0 + d_i}, \quad "
        r"t_i = \frac{c_i}{\tilde{s}_i}"
    ),
    high="p near 1: the change of the person is no larger than the own noise",
    low="p near 0: the person changed by more than the own noise",
    methods=(
        "The change of every person was held against the person's own noise: the halves of each "
        "session gave its variance, which was moderated by empirical Bayes over people. Where "
        "people had several sessions without the drug, it was also held against the differences "
        "between such days, pooled over people (reliable change), and the distance between "
        "connectivity matrices was divided by that between such days."
    ),
    cite=("Smyth2004", "Jacobson1991", "Siegel2024"),
    caveat=(
        "Noise within a session is less than what days differ by: a change beyond it is not yet a "
        "change by the drug. Results of single people are not corrected for their number."
    ),
)
