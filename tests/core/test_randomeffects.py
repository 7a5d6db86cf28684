"""Several studies together: published numbers, laws, and the nominal rate."""

import numpy as np
import pytest
from scipy import stats

from gradshift.core.statistics.randomeffects import family_p, random_effects, within_studies

BCG = np.array([
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
    [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
    [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
    [27, 16886, 29, 17825],
], dtype=float)  # fmt: skip
"""Thirteen trials of a vaccine: cases and others, vaccinated and not (Colditz et al. 1994), as
``dat.bcg`` of metafor prints them."""


def vaccine():
    """Log relative risks and their variances."""
    a, b, c, d = BCG.T
    effects = np.log(a / (a + b)) - np.log(c / (c + d))
    return effects[:, None], (1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))[:, None]


def test_the_published_trials_give_the_published_numbers():
    """As of metafor (wviechtb.github.io/meta_analysis_books/borenstein2009.html).

    There ``rma(yi, vi, method="DL", test="knha")`` of log relative risks; the standard error
    without Hartung-Knapp is 0.1787.
    """
    effects, variances = vaccine()
    pooled = random_effects(effects, variances, np.full(effects.shape, np.nan))
    published = {
        "mean": -0.7141, "se": 0.1807, "t": -3.9520, "df": 12, "p": 0.0019, "low": -1.1078,
        "high": -0.3204, "tau2": 0.3088, "q": 152.2330, "i2": 0.9212,
    }  # fmt: skip
    for name, number in published.items():
        assert getattr(pooled, name)[0] == pytest.approx(number, abs=5.1e-5), name
    assert np.sqrt(1 / (1 / (variances + pooled.tau2)).sum()) == pytest.approx(0.1787, abs=5e-5)


def test_one_study_gives_its_own_result_and_an_absent_one_changes_nothing(rng):
    changes = rng.normal(0.4, 1, size=(10, 3))
    mean, variance = changes.mean(axis=0), changes.var(axis=0, ddof=1) / 10
    nothing = np.full(3, np.nan)
    for rows in ([mean], [mean, nothing]):
        spread = [variance, nothing][: len(rows)]
        pooled = random_effects(np.array(rows), np.array(spread), np.full((len(rows), 3), 9.0))
        own = stats.ttest_1samp(changes, 0)
        assert pooled.t == pytest.approx(own.statistic)
        assert pooled.p == pytest.approx(own.pvalue)
        assert np.isnan(pooled.tau2).all()
    flipped = random_effects(-mean[None], variance[None], np.full((1, 3), 9.0))
    assert flipped.mean == pytest.approx(-pooled.mean)
    t, p, _ = within_studies([changes])
    assert t == pytest.approx(own.statistic)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 10)).reshape(10, -1)
    every = np.abs(stats.ttest_1samp(signs.T[:, :, None] * changes, 0, axis=1).statistic)
    assert p == pytest.approx((every >= np.abs(own.statistic) * (1 - 1e-9)).mean(axis=0))


def test_nothing_is_found_where_nothing_is_whatever_the_studies_are_like(rng):
    hits, within, together = [], [], []
    for _ in range(300):
        studies = [
            rng.normal(0, sd, size=(n, 4)) for n, sd in ((8, 1), (12, 3), (20, 0.5), (9, 1))
        ]
        mean = np.array([s.mean(axis=0) for s in studies])
        variance = np.array([s.var(axis=0, ddof=1) / len(s) for s in studies])
        pooled = random_effects(mean, variance, np.full(mean.shape, 9.0))
        covariances = [np.cov(s.T) / len(s) for s in studies]
        hits.append(pooled.p <= 0.05)
        together.append(family_p(pooled, covariances, draws=2000).min() <= 0.05)
        within.append(within_studies(studies, n_permutations=300)[1] <= 0.05)
    assert np.mean(hits) < 0.065
    assert np.mean(within) < 0.065
    assert np.mean(together) < 0.08


def test_values_that_are_one_are_corrected_for_one(rng):
    effects = rng.normal(0.12, 0.2, size=(6, 1)).repeat(5, axis=1)
    pooled = random_effects(effects, np.full((6, 5), 0.04), np.full((6, 5), 9.0))
    same = family_p(pooled, [np.full((5, 5), 0.04)] * 6)
    apart = family_p(pooled, [np.eye(5) * 0.04] * 6)
    assert same == pytest.approx(pooled.p, rel=0.1)
    assert (apart > 1.5 * same).all()
