"""Simultaneous intervals, equivalence, Bayes factors, directions, balance, whole pages."""

from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from gradshift.core.contrasts import compare, compare_groups
from gradshift.core.inference.page import chance_families, holm
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.balance import balance_between, balance_within
from gradshift.core.statistics.bayes import bayes_factor
from gradshift.core.statistics.effects import effect_interval, hedges_correction
from gradshift.core.statistics.equivalence import equivalence_p, verdict
from gradshift.core.statistics.signflip import flipped
from gradshift.core.statistics.signtest import directions

SLEEP = np.array([[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
                  [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]])  # fmt: skip
"""Hours of sleep gained with two drugs, the data set ``sleep`` of R (Student 1908)."""

HORSEBEAN = np.array([179.0, 160, 136, 227, 217, 168, 108, 124, 143, 140])
LINSEED = np.array([309.0, 229, 181, 141, 260, 203, 148, 169, 213, 257, 244, 271])
"""Weights of chicks by feed, the data set ``chickwts`` of R."""


def t_of(changes):
    return changes.mean(axis=0) / (changes.std(axis=0, ddof=1) / np.sqrt(len(changes)))


@pytest.mark.parametrize("n", [6, 7, 8])
def test_the_simultaneous_interval_is_what_no_test_of_the_family_rejects(rng, n):
    """Inverted by brute force: which true changes have a family-wise p above alpha?

    All flips one by one give the distribution of the largest |t|; each candidate d is kept if
    at least 5 % of it are as large as ``|t - d sqrt(n)|``.
    """
    changes = rng.normal(0.8, 1, size=(n, 4))
    largest = np.array([
        np.abs(t_of(changes * np.array(s)[:, None])).max() for s in product((1, -1), repeat=n)
    ])  # fmt: skip
    found = compare(np.zeros((n, 4)), changes)
    candidates = np.linspace(-12, 12, 200_001)
    for column, t in enumerate(t_of(changes)):
        away = np.abs(t - candidates * np.sqrt(n))
        reached = len(largest) - np.searchsorted(np.sort(largest), away * (1 - 1e-8))
        kept = candidates[reached / len(largest) > 0.05]
        ends = np.array([kept.min(), kept.max()]) * hedges_correction(n - 1)
        np.testing.assert_allclose(
            [found.ci_low_fwe[column], found.ci_high_fwe[column]], ends, atol=2e-4
        )


@pytest.mark.parametrize("confidence", [0.95, 0.9, 0.5])
def test_the_simultaneous_interval_excludes_no_change_exactly_where_the_family_does(
    rng, confidence
):
    """Paired, with a covariate, of groups; ties, missing values, few people, random flips."""
    motion = rng.normal(0.3, 1, size=(11, 1))
    group = np.repeat([0.0, 1], [4, 7])
    called = 0
    for i in range(60):
        changes = np.round(rng.normal(0.9, 1, size=(11, 6)), 1)
        changes[rng.random(changes.shape) < 0.15] = np.nan
        nothing = np.zeros(changes.shape)
        shared = {"confidence": confidence, "n_permutations": 199, "seed": i}
        for found in (
            compare(nothing, changes, **shared),
            compare(nothing[:5], changes[:5], **shared),
            compare(np.tile(nothing, (2, 1)), np.vstack([changes, changes + 0.1]), **shared),
            compare(nothing, changes, covariates=motion, **shared),
            compare_groups(nothing, changes * (1 + 2 * group[:, None]), group, **shared),
            compare_groups(nothing, changes + group[:, None], group, covariates=motion, **shared),
        ):
            tested = np.isfinite(found.p_fwe) & np.isfinite(found.ci_low_fwe)
            excluded = (found.ci_low_fwe > 0) | (found.ci_high_fwe < 0)
            called += excluded.sum()
            np.testing.assert_array_equal(
                excluded[tested], (found.p_fwe <= 1 - confidence + 1e-12)[tested]
            )
    assert called > 20


def test_simultaneous_intervals_hold_all_true_changes_at_their_rate(rng):
    """600 families of 8 with true changes: the largest |t - true t| stays within c."""
    true, held = np.linspace(-1, 1, 8), 0
    for _ in range(600):
        changes = rng.normal(size=(11, 8)) + rng.normal(size=(11, 1)) + true * np.sqrt(2)
        found = compare(np.zeros((11, 8)), changes)
        sizes = true * np.sqrt(2) / found.sd_change * hedges_correction(10)
        held += ((found.ci_low_fwe <= sizes) & (sizes <= found.ci_high_fwe)).all()
    assert stats.binom.ppf(0.001, 600, 0.95) <= held


def test_equivalence_is_the_interval_within_the_bounds(rng):
    t, n = rng.normal(0, 1.5, size=400), rng.integers(5, 120, size=400)
    p = equivalence_p(t, n, n - 1, smallest=0.4)
    low, high = effect_interval(t, n, confidence=0.9)
    inside = (low >= -0.4) & (high <= 0.4)
    np.testing.assert_array_equal(p <= 0.05, inside)
    assert 20 < inside.sum() < 380
    ends = [stats.nct.cdf(t, n - 1, 0.4 * np.sqrt(n)), stats.nct.sf(t, n - 1, -0.4 * np.sqrt(n))]
    np.testing.assert_allclose(p, np.max(ends, axis=0), rtol=1e-6, atol=1e-12)
    assert np.isnan(
        equivalence_p(np.array([np.inf, np.nan]), np.array([5, 5]), np.array([4, 4]))
    ).all()
    with pytest.raises(ValueError, match="above 0"):
        equivalence_p(t, n, n - 1, smallest=0)


def test_equivalence_and_interval_are_the_published_ones():
    """MBESS for R: ``conf.limits.nct`` of t 2.83 and 126 degrees of freedom (its manual)."""
    t, n = np.array([2.83]), np.array([127])
    low, high = effect_interval(t, n, confidence=0.95)
    assert low[0] * np.sqrt(127) == pytest.approx(0.8337502, rel=1e-6)
    assert high[0] * np.sqrt(127) == pytest.approx(4.815359, rel=1e-6)
    p = equivalence_p(t, n, n - 1, smallest=4.815359 / np.sqrt(127))
    assert p[0] == pytest.approx(0.025, rel=1e-5)


@pytest.mark.parametrize(
    ("p_fwe", "p_equivalence", "expected"),
    [
        (0.05, 0.9, "change"),
        (0.0501, 0.05, "smaller"),
        (0.0501, 0.0501, "undecided"),
        (0.001, 0.001, "change"),
        (np.nan, 0.001, "n/a"),
        (0.3, np.nan, "undecided"),
    ],
)
def test_verdicts(p_fwe, p_equivalence, expected):
    assert verdict(p_fwe, p_equivalence) == expected


def test_bayes_factors_are_the_published_ones():
    """BayesFactor for R: ``ttestBF`` of sleep (17.259 paired, 10.716 for the second drug; its
    documentation), and of horsebean and linseed in chickwts (5.98; its vignette)."""
    for values, expected in ((SLEEP[0] - SLEEP[1], 17.25888), (SLEEP[1], 10.71554)):
        found = bayes_factor(t_of(values)[None], np.array([10]), np.array([9]))
        assert found[0] == pytest.approx(expected, rel=1e-6)
    t = stats.ttest_ind(HORSEBEAN, LINSEED).statistic
    found = bayes_factor(np.array([t]), np.array([10 * 12 / 22]), np.array([20]))
    assert found[0] == pytest.approx(5.98, abs=0.005)
    paired = compare(SLEEP[0][:, None], SLEEP[1][:, None])
    assert paired.bf10[0] == pytest.approx(17.25888, rel=1e-6)
    feeds = np.concatenate([HORSEBEAN, LINSEED])[:, None]
    groups = compare_groups(np.zeros((22, 1)), feeds, np.repeat([0.0, 1], [10, 12]))
    assert groups.bf10[0] == pytest.approx(found[0])


@pytest.mark.parametrize(("t", "n"), [(0.0, 11), (1.0, 3), (6.0, 40), (40.0, 11), (2.0, 5000)])
def test_a_bayes_factor_is_its_integral(t, n):
    """Rouder and others (2009), equation 1 with scale r, by adaptive quadrature over g."""
    nu, r2 = n - 1, 0.5

    def integrand(g):
        wider = 1 + n * g * r2
        return (wider**-0.5 * (1 + t**2 / (wider * nu)) ** (-(nu + 1) / 2)
                * (2 * np.pi) ** -0.5 * g**-1.5 * np.exp(-1 / (2 * g)))  # fmt: skip

    above = sum(integrate.quad(integrand, *ends, epsabs=0)[0] for ends in ((0, 10), (10, np.inf)))
    expected = above / (1 + t**2 / nu) ** (-(nu + 1) / 2)
    found = bayes_factor(np.array([t]), np.array([n]), np.array([nu]))
    assert found[0] == pytest.approx(expected, rel=1e-6)


def test_directions_are_counted_and_tested_exactly():
    changes = np.array([[1, 2, 0, np.nan], [2, -1, 0, np.nan], [3, 5, 0, np.nan],
                        [-1, 0, 0, np.nan], [4, 3, 0, 1], [9, -np.nan, 0, np.nan]])  # fmt: skip
    found = directions(changes)
    assert found.n_direction.tolist() == [5, 3, 0, 1]
    expected = [stats.binomtest(5, 6).pvalue, stats.binomtest(3, 4).pvalue, 1, 1]
    np.testing.assert_allclose(found.p, expected)
    assert found.skewness[0] == pytest.approx(stats.skew(changes[:, 0], bias=False))
    assert found.skewness[1] == pytest.approx(stats.skew(changes[:5, 1], bias=False))
    assert np.isnan(found.skewness[2:]).all()
    falling = directions(-changes)
    assert falling.n_direction.tolist()[:2] == [5, 3]
    np.testing.assert_allclose(falling.skewness[:2], -found.skewness[:2])


def test_marked_sessions_are_tested_for_balance():
    """McNemar's exact test, and Fisher's against scipy and against a published 3 x 2 table."""
    marked = np.array([[0, 1]] * 6 + [[1, 0]] * 1 + [[1, 1]] * 3 + [[0, 0]] * 9, dtype=bool)
    found = balance_within(marked, (-1, 1))
    assert (found.n, found.more, found.fewer) == (19, 6, 1)
    assert found.p == pytest.approx(stats.binomtest(1, 7).pvalue)
    counts = np.ones(marked.shape, dtype=bool)
    counts[0, 0] = False
    assert balance_within(marked, (-1, 1), counts).more == 5
    group = np.repeat(["drug", "placebo"], [10, 9])
    table = [[marked[group == g, 1].sum(), (~marked[group == g, 1]).sum()]
             for g in ("drug", "placebo")]  # fmt: skip
    assert balance_between(marked[:, 1], group) == pytest.approx(stats.fisher_exact(table).pvalue)
    three = np.repeat(["a", "b", "c"], [4, 4, 4])
    all_in_one = np.repeat([True, False], [4, 8])
    assert balance_between(all_in_one, three) == pytest.approx(3 / 495)
    assert balance_between(np.zeros(12, dtype=bool), three) == 1


def plain_holm(p):
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1))
    found = np.empty(len(p))
    found[order] = np.minimum(adjusted, 1)
    return found


def test_holm_over_families_of_one_is_holm(rng):
    p = rng.uniform(size=9) ** 3
    np.testing.assert_allclose(np.concatenate(holm([np.array([v]) for v in p])), plain_holm(p))


def test_a_family_that_is_not_called_as_a_whole_counts_on():
    found = holm([np.array([0.01, 0.3]), np.array([0.02]), np.array([np.nan, np.nan])])
    np.testing.assert_allclose(found[0], [0.02, 0.3])
    np.testing.assert_allclose(found[1], [0.04])
    assert np.isnan(found[2]).all()
    assert holm([np.array([0.01, 0.015]), np.array([0.02])])[1][0] == 0.02 * 1 + 0.01


def test_what_chance_brings_to_a_page_is_what_null_studies_have(rng):
    """Two families that share people and noise, and one of one column; 400 null studies."""
    counts, told = [], []
    for _ in range(400):
        noise = rng.normal(size=(9, 1))
        families = [rng.normal(size=(9, m)) + 2 * noise for m in (5, 3, 1)]
        tests = [largest_t(flipped(changes)) for changes in families]
        counts.append(sum(test.p_fwe.min() <= 0.05 for test in tests))
        told.append(chance_families(np.column_stack([test.largest for test in tests])))
    expected = np.mean([one.expected for one in told])
    error = np.std(counts) / 20
    assert np.mean(counts) == pytest.approx(expected, abs=3 * error)
    any_hit = np.mean([one.any_hit for one in told])
    assert np.mean(np.array(counts) > 0) == pytest.approx(any_hit, abs=3 * 0.05**0.5 / 20)
    assert expected == pytest.approx(3 * 12 / 256, abs=0.005)


def test_a_group_comparison_is_consistent_in_itself(rng):
    group = np.repeat([0.0, 1], [5, 9])
    changes = rng.normal(size=(14, 3)) * (3 - 2 * group[:, None]) + 2 * group[:, None]
    found = compare_groups(np.zeros(changes.shape), changes, group)
    test = stats.ttest_ind(changes[group == 1], changes[group == 0], equal_var=False)
    np.testing.assert_allclose(found.t, test.statistic)
    np.testing.assert_allclose(found.t, found.mean_change / found.se)
    pooled = np.sqrt(
        (4 * changes[:5].var(axis=0, ddof=1) + 8 * changes[5:].var(axis=0, ddof=1)) / 12
    )
    np.testing.assert_allclose(found.dz, found.mean_change / pooled)
    excluded = (found.ci_low > 0) | (found.ci_high < 0)
    np.testing.assert_array_equal(excluded, test.pvalue < 0.05)
    assert np.isnan(found.p_sign).all()
    assert (found.method, found.status) == ("groups", ("ok",) * 3)
