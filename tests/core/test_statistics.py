"""Sign flips, effect sizes and corrections against reference numbers and laws."""

import json
import re
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gradshift.core.contrasts import compare
from gradshift.core.inference.detectable import detectable_change, people_needed
from gradshift.core.inference.power import power_paired
from gradshift.core.statistics import statistics
from gradshift.core.statistics.effects import (
    effect_interval,
    hedges_correction,
    moments,
    standardised_change,
)
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.signflip import MAX_EXACT, signflip, signs

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "stats_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def changes():
    """Changes of 11 people x 28 columns."""
    return np.loadtxt(DATA / "signflip_data.csv", delimiter=",")


def t_of(changes):
    return changes.mean(axis=0) / (changes.std(axis=0, ddof=1) / np.sqrt(len(changes)))


def by_enumeration(changes):
    """All sign patterns one by one, nothing clever."""
    observed = np.abs(t_of(changes))
    every = np.array(
        [
            np.abs(t_of(changes * np.array(s)[:, None]))
            for s in product((1, -1), repeat=len(changes))
        ]
    )
    own = (every >= observed - 1e-10).mean(axis=0)
    family = (every.max(axis=1)[:, None] >= observed - 1e-10).mean(axis=0)
    return own, family


def test_reference_numbers(changes):
    found = signflip(changes)
    expected = REFERENCE["signflip"]
    np.testing.assert_allclose(found.t, expected["t"], atol=5.1e-7)
    np.testing.assert_allclose(found.p, expected["p_exact"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.p_fwe, expected["p_fwe_maxT"], rtol=0, atol=1e-8)
    assert found.exact
    assert found.n_permutations == 2048
    assert (found.p_min == 2 / 2048).all()


@pytest.mark.parametrize("n", [2, 3, 7])
def test_exact_p_is_that_of_all_patterns_counted_one_by_one(rng, n):
    changes = rng.normal(0.5, 1, size=(n, 5))
    own, family = by_enumeration(changes)
    found = signflip(changes)
    np.testing.assert_array_equal(found.p, own)
    np.testing.assert_array_equal(found.p_fwe, family)


def test_tied_values_count_as_ties():
    changes = np.array([[1, 2], [2, 2], [3, -2], [-1, 2], [1, 4], [2, -2.0]]) * 0.1
    own, family = by_enumeration(changes)
    found = signflip(changes)
    np.testing.assert_array_equal(found.p, own)
    np.testing.assert_array_equal(found.p_fwe, family)


@pytest.mark.parametrize("rounding", [1e-12, 2e-9])
def test_patterns_that_rounding_of_the_tables_tells_apart_are_ties(rounding):
    """Tables have ten digits: what differs by less is the same."""
    assert signflip(np.array([[1 + rounding], [-1.0], [3.0]])).p == 0.75
    assert signflip(np.array([[1 + 1e-5], [-1.0], [3.0]])).p == 0.5


def test_more_columns_and_patterns_than_a_block(rng):
    changes = rng.normal(size=(10, 1300))
    found = signflip(changes)
    own, family = by_enumeration(changes)
    np.testing.assert_array_equal(found.p, own)
    np.testing.assert_array_equal(found.p_fwe, family)


def test_one_column_agrees_with_scipy(changes):
    theirs = stats.permutation_test(
        (changes[:, 3],),
        lambda x, axis: np.abs(np.mean(x, axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert signflip(changes[:, [3]]).p[0] == theirs.pvalue


def test_five_people_cannot_be_significant():
    found = signflip(np.array([[1.0], [1.1], [0.9], [1.2], [1.3]]))
    assert found.p == found.p_min == 0.0625
    for n, smallest in REFERENCE["signflip_min_p_two_sided"].items():
        assert signflip(np.arange(1.0, int(n) + 1)[:, None]).p_min == smallest


def test_the_family_wise_error_is_the_nominal_one(rng):
    """28 correlated columns, nothing planted, 1000 families: inside the 99 % binomial band."""
    root = np.linalg.cholesky(0.5 * np.eye(28) + 0.5)
    families = rng.normal(size=(1000, 11, 28)) @ root.T
    called = sum(signflip(changes).p_fwe.min() <= 0.05 for changes in families)
    low, high = stats.binom.ppf([0.005, 0.995], 1000, 0.05)
    assert low <= called <= high


def test_missing_values_give_each_column_its_own_people(rng):
    changes = rng.normal(0.4, 1, size=(9, 4))
    changes[[1, 4], 1] = np.nan
    changes[[0, 2, 3], 2] = np.nan
    found = signflip(changes)
    assert found.n.tolist() == [9, 7, 6, 9]
    np.testing.assert_array_equal(found.p_min, 2.0 ** (1 - found.n))
    for column in range(4):
        there = changes[~np.isnan(changes[:, column]), column]
        assert found.p[column] == by_enumeration(there[:, None])[0]
        assert found.t[column] == pytest.approx(stats.ttest_1samp(there, 0).statistic)
    every = []
    for s in product((1, -1), repeat=9):
        flipped = changes * np.array(s)[:, None]
        every.append(np.abs(stats.ttest_1samp(flipped, 0, nan_policy="omit").statistic).max())
    family = [(np.array(every) >= abs(t) - 1e-10).mean() for t in found.t]
    np.testing.assert_array_equal(found.p_fwe, family)


def test_people_without_any_value_do_not_count(rng):
    changes = rng.normal(size=(30, 3))
    changes[::2] = np.nan
    found, alone = signflip(changes), signflip(changes[1::2])
    assert found.exact
    np.testing.assert_array_equal(found.p, alone.p)


def test_columns_that_cannot_be_tested():
    changes = np.array(
        [[np.nan, 1, 0, 0.1, 1], [np.nan, np.nan, 0, 0.1, 2], [np.nan] * 2 + [0, 0.1, 3]]
    )
    found = signflip(changes)
    assert found.n.tolist() == [0, 1, 3, 3, 3]
    np.testing.assert_array_equal(found.t[:4], [np.nan, np.nan, 0, np.inf])
    np.testing.assert_array_equal(found.p, [np.nan, np.nan, 1, 0.25, 0.25])
    np.testing.assert_array_equal(found.p_fwe, [np.nan, np.nan, 1, 0.25, 0.25])
    np.testing.assert_array_equal(found.p_min, [np.nan, np.nan, 0.25, 0.25, 0.25])


def test_the_order_of_people_changes_no_digit(changes, rng):
    there, shuffled = signflip(changes), signflip(rng.permutation(changes))
    for name in ("t", "p", "p_fwe", "n", "p_min"):
        np.testing.assert_array_equal(getattr(there, name), getattr(shuffled, name))


def test_the_order_of_columns_goes_with_the_results(changes, rng):
    order = rng.permutation(28)
    np.testing.assert_array_equal(
        signflip(changes).p_fwe[order], signflip(changes[:, order]).p_fwe
    )


def test_opposite_changes_have_opposite_t_and_the_same_p(changes):
    there, opposite = signflip(changes), signflip(-changes)
    np.testing.assert_allclose(opposite.t, -there.t, rtol=1e-13)
    np.testing.assert_array_equal(opposite.p, there.p)
    np.testing.assert_array_equal(opposite.p_fwe, there.p_fwe)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e9, 1e150])
def test_the_unit_does_not_matter(changes, scale):
    np.testing.assert_array_equal(signflip(changes * scale).p_fwe, signflip(changes).p_fwe)


def test_changes_are_left_alone(changes):
    before = changes.copy()
    signflip(changes)
    np.testing.assert_array_equal(changes, before)


def test_random_flips_come_close_to_all_of_them(rng):
    """17 people, one more than are enumerated: all 2^17 patterns counted here."""
    changes = rng.normal(0.4, 1, size=(17, 3))
    codes = np.arange(2**16)
    signs = np.ones((2**16, 17))
    signs[:, 1:] -= 2 * (codes[:, None] >> np.arange(16) & 1)
    sums = np.abs(signs @ (changes / np.sqrt((changes**2).sum(axis=0))))
    exact = (sums >= sums[0] - 1e-12).mean(axis=0)
    exact_family = (sums.max(axis=1)[:, None] >= sums[0] - 1e-12).mean(axis=0)
    found = signflip(changes, n_permutations=20_000)
    assert not found.exact
    assert found.n_permutations == 20_000
    for p, truth in zip([*found.p, *found.p_fwe], [*exact, *exact_family], strict=True):
        assert abs(p - truth) < 4 * np.sqrt(truth * (1 - truth) / 20_000) + 1 / 20_000


def test_random_flips_repeat_with_their_seed(rng):
    changes = rng.normal(0.2, 1, size=(MAX_EXACT + 4, 6))
    first = signflip(changes, n_permutations=500, seed=3)
    np.testing.assert_array_equal(first.p, signflip(changes, n_permutations=500, seed=3).p)
    assert (first.p != signflip(changes, n_permutations=500, seed=4).p).any()


def test_random_flips_never_give_p_of_zero(rng):
    changes = rng.normal(5, 1, size=(20, 2))
    changes[3:, 1] = np.nan
    found = signflip(changes, n_permutations=199)
    assert found.p[0] == found.p_fwe[0] == found.p_min[0] == 1 / 200
    assert found.p_min[1] == 0.25


def test_the_last_people_enumerated_need_no_seed(rng):
    changes = rng.normal(0.3, 1, size=(MAX_EXACT, 2))
    found = signflip(changes, seed=1)
    assert found.exact
    assert found.n_permutations == 65536
    np.testing.assert_array_equal(found.p, signflip(changes, seed=2).p)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros(4), r"people x columns, got shape \(4,\)"),
        (np.array([[1.0], [np.inf]]), "must be finite"),
    ],
)
def test_what_cannot_be_flipped_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        signflip(bad)


def test_no_permutations_are_refused():
    with pytest.raises(ValueError, match="at least 1 permutation, got 0"):
        signflip(np.ones((3, 1)), n_permutations=0)


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (0, 0)])
def test_nobody_or_nothing_to_test(shape):
    assert np.isnan(signflip(np.zeros(shape)).p).all()


def test_moments_leave_out_who_is_missing(rng):
    values = rng.normal(100, 3, size=(8, 5000))
    values[rng.random(values.shape) < 0.2] = np.nan
    n, mean, sd = moments(values)
    np.testing.assert_array_equal(n, np.isfinite(values).sum(axis=0))
    np.testing.assert_allclose(mean, np.nanmean(values, axis=0))
    np.testing.assert_allclose(sd, np.nanstd(values, axis=0, ddof=1), rtol=1e-9)


def test_effect_sizes_are_the_reference_numbers(changes):
    n, mean, sd = moments(changes)
    dz = standardised_change(mean, sd)
    np.testing.assert_allclose(dz, REFERENCE["signflip"]["dz"], atol=5.1e-7)
    g = dz * hedges_correction(n - 1)
    np.testing.assert_allclose(g, REFERENCE["signflip"]["g"], atol=5.1e-7)
    interval = effect_interval(dz * np.sqrt(n), n)
    np.testing.assert_allclose(
        np.transpose(interval)[:3], REFERENCE["signflip"]["ci_dz_first3"], atol=5.1e-6
    )


def test_the_correction_of_small_samples():
    for df, (exact, _) in REFERENCE["J"].items():
        assert hedges_correction(int(df)) == pytest.approx(exact, abs=5.1e-7)
    assert np.isnan(hedges_correction(1))


@pytest.mark.parametrize("n", [2, 3, 11, 40, 1000])
@pytest.mark.parametrize("t", [0.0, -0.7, 3.0, 45.0])
def test_the_ends_of_the_interval_make_t_a_quantile(n, t):
    low, high = effect_interval(np.array([t]), np.array([n]), confidence=0.9)
    assert stats.nct.cdf(t, n - 1, low[0] * np.sqrt(n)) == pytest.approx(0.95, abs=1e-7)
    assert stats.nct.cdf(t, n - 1, high[0] * np.sqrt(n)) == pytest.approx(0.05, abs=1e-7)


def test_a_very_wide_interval_is_found_too():
    low, high = effect_interval(np.array([10.0]), np.array([2]), confidence=0.99999)
    assert stats.nct.cdf(10.0, 1, high[0] * np.sqrt(2)) == pytest.approx(5e-6, rel=1e-6)
    assert low[0] < 0


def test_no_interval_without_spread_or_people():
    low, high = effect_interval(np.array([np.inf, np.nan, 1.0]), np.array([5, 1, 1]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_the_interval_holds_the_truth_at_its_rate(rng):
    changes = rng.normal(0.8, 1, size=(11, 4000))
    n, mean, sd = moments(changes)
    low, high = effect_interval(mean / sd * np.sqrt(n), n)
    covered = ((low <= 0.8) & (high >= 0.8)).sum()
    assert stats.binom.ppf(0.005, 4000, 0.95) <= covered <= stats.binom.ppf(0.995, 4000, 0.95)


def test_hedges_g_is_free_of_bias(rng):
    changes = rng.normal(0.8, 1, size=(6, 40_000))
    n, mean, sd = moments(changes)
    g = mean / sd * hedges_correction(n - 1)
    assert g.mean() == pytest.approx(0.8, abs=4 * g.std() / 200)
    assert (mean / sd).mean() > 0.9


@pytest.mark.parametrize(("case", "expected"), REFERENCE["mde_paired"].items())
def test_the_smallest_detectable_change(case, expected):
    n, tests, power = re.fullmatch(r"n(\d+)_a(0\.\d+)_p(0\.\d)", case).groups()
    alpha = {"0.05000": 0.05, "0.00714": 0.05 / 7, "0.00179": 0.05 / 28}[tests]
    found = detectable_change(int(n), alpha=alpha, power=float(power))
    assert found == pytest.approx(expected, abs=5.1e-5)


def test_power():
    assert power_paired(0.5, 11) == pytest.approx(REFERENCE["power_n11_d.5"], abs=5.1e-5)
    assert power_paired(-0.8, 11) == pytest.approx(REFERENCE["power_n11_d.8"], abs=5.1e-5)
    assert power_paired(0, 11, alpha=0.01) == pytest.approx(0.01)
    assert people_needed(0.5) == REFERENCE["n_for_d.5_p.8"]
    found = [power_paired(effect, 11) for effect in (0.5, 0.7, 0.8, 0.9)]
    np.testing.assert_allclose(found, [0.32, 0.55, 0.67, 0.77], atol=0.005)


def test_power_needs_people_and_a_change():
    with pytest.raises(ValueError, match="at least 2 people, got 1"):
        power_paired(0.5, 1)
    with pytest.raises(ValueError, match="change of 0"):
        people_needed(0)


def test_false_discovery_rates_are_the_reference_numbers(changes):
    np.testing.assert_allclose(
        benjamini_hochberg(signflip(changes).p), REFERENCE["signflip"]["q_bh"], atol=1e-8
    )


def test_false_discovery_rates_pass_over_missing_tests(rng):
    p = rng.uniform(size=40) ** 3
    p[[3, 17]] = np.nan
    before = p.copy()
    found = benjamini_hochberg(p)
    np.testing.assert_array_equal(p, before)
    there = np.isfinite(p)
    np.testing.assert_array_equal(np.isnan(found), ~there)
    ordered = np.sort(p[there])
    for value, q in zip(p[there], found[there], strict=True):
        later = [38 * one / rank for rank, one in enumerate(ordered, 1) if one >= value]
        assert q == pytest.approx(min([*later, 1]))
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()


def test_a_comparison_holds_what_the_table_needs(changes, rng):
    baseline = rng.normal(3, 1, size=changes.shape)
    found = compare(baseline, baseline + changes)
    test = signflip(baseline + changes - baseline)
    np.testing.assert_array_equal(found.p_fwe, test.p_fwe)
    np.testing.assert_allclose(found.p, REFERENCE["signflip"]["p_exact"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.q_fdr, REFERENCE["signflip"]["q_bh"], atol=1e-8)
    np.testing.assert_allclose(found.hedges_g, REFERENCE["signflip"]["g"], atol=5.1e-7)
    np.testing.assert_allclose(
        [found.ci_low[2], found.ci_high[2]], REFERENCE["signflip"]["ci_dz_first3"][2], atol=5.1e-6
    )
    np.testing.assert_allclose(found.mean_followup - found.mean_baseline, found.mean_change)
    np.testing.assert_allclose(found.t, found.mean_change / found.se)
    assert set(found.status) == {"ok"}


def test_a_comparison_is_over_people_with_both_sessions(rng):
    baseline, followup = rng.normal(size=(2, 7, 3))
    baseline[0, 1] = followup[3, 1] = np.nan
    baseline[1:, 2] = np.nan
    kept = [1, 2, 4, 5, 6]
    found = compare(baseline, followup)
    assert found.n.tolist() == [7, 5, 1]
    assert found.mean_baseline[1] == pytest.approx(baseline[kept, 1].mean())
    assert found.mean_followup[1] == pytest.approx(followup[kept, 1].mean())
    assert found.status == ("ok", "ok", "1 with both sessions, 2 needed")
    assert np.isnan([found.p[2], found.q_fdr[2], found.hedges_g[2], found.ci_low[2]]).all()


def test_a_comparison_says_when_there_is_no_spread():
    baseline = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    found = compare(baseline, baseline + np.array([0.0, 0.5]))
    assert found.status == ("nobody changed", "the same change in everybody")
    assert found.hedges_g.tolist() == [0, np.inf]
    assert found.p.tolist() == [1, 0.25]


def test_a_comparison_does_not_depend_on_the_order_of_people(changes, rng):
    baseline = rng.normal(3, 1, size=changes.shape)
    order = rng.permutation(11)
    there = compare(baseline, baseline + changes)
    shuffled = compare(baseline[order], (baseline + changes)[order])
    for name, values in vars(there).items():
        if name != "largest":
            np.testing.assert_array_equal(getattr(shuffled, name), values, err_msg=name)
    np.testing.assert_allclose(np.sort(shuffled.largest), np.sort(there.largest))


def test_sessions_of_different_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(4, 2\)"):
        compare(np.ones((3, 2)), np.ones((4, 2)))


@pytest.mark.parametrize("statistic", statistics().values(), ids=statistics().keys())
def test_a_statistic_says_what_it_is_and_cites_the_bibliography(statistic):
    text = files("gradshift.report").joinpath("references.bib").read_text(encoding="utf-8")
    assert statistic.methods.endswith(".")
    assert statistic.caveat
    assert statistic.cite
    assert set(statistic.cite) <= set(re.findall(r"^@\w+\{(\w+),", text, flags=re.MULTILINE))


def test_the_statistics_are_found():
    assert {"signflip", "effects", "fdr"} <= statistics().keys()


def test_random_signs_are_those_of_one_draw_whoever_asks_for_them():
    rng = np.random.default_rng(3)
    expected = np.where(rng.random((300, 20)) < 0.5, -1.0, 1.0)
    for _ in range(2):
        drawn = signs(20, n_permutations=300, seed=3)["patterns"]()
        np.testing.assert_array_equal(np.concatenate(list(drawn)), expected)
