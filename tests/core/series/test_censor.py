"""Censoring: the retained volumes and the reasons, and when a run is left out."""

from typing import NamedTuple

import numpy as np
import pytest

from gradshift.core.series.censor import retained
from gradshift.core.series.length import check_length
from gradshift.errors import ExcludedError
from gradshift.recipes.recipe import Scrub

N = 40


def still(n=N):
    return np.full(n, 0.1)


def steady(n=N):
    return np.zeros(n, dtype=bool)


def at(*positions, n=N):
    mask = np.zeros(n, dtype=bool)
    mask[list(positions)] = True
    return mask


def test_nothing_is_dropped_from_a_still_run():
    fd = still()
    fd[0] = np.nan
    result = retained(fd, None, steady(), Scrub())
    assert result.kept.all()
    np.testing.assert_array_equal(result.indices, np.arange(N))


def test_a_whole_run_is_no_short_segment():
    assert retained(still(3), None, steady(3), Scrub()).kept.all()


def test_the_threshold_itself_is_allowed():
    fd = still()
    fd[20], fd[30] = 0.5, 0.5001
    np.testing.assert_array_equal(
        np.flatnonzero(~retained(fd, None, steady(), Scrub()).kept), [30]
    )


def test_each_reason_is_told_apart():
    fd, dvars = still(), np.ones(N)
    fd[15], dvars[22] = 1, 2
    scrub = Scrub(dvars_threshold=1.5, before=1, after=2)
    result = retained(fd, dvars, at(0, 1), scrub, at(35))
    found = {name: np.flatnonzero(mask).tolist() for name, mask in result.reasons.items()}
    assert found == {
        "bad_volume": [35],
        "non_steady_state": [0, 1],
        "fd": [15],
        "dvars": [22],
        "neighbour": [14, 16, 17, 21, 23, 24],
        "short_segment": [18, 19, 20, 36, 37, 38, 39],
    }


def test_without_scrubbing_only_unusable_volumes_are_dropped():
    fd = still()
    fd[10:15] = 9
    result = retained(fd, None, at(0, 2), None, at(20))
    assert np.flatnonzero(~result.kept).tolist() == [0, 2, 20]


def test_kept_is_what_no_reason_drops_and_inputs_stay(rng):
    scrub = Scrub(fd_threshold=0.4, dvars_threshold=1.2, min_segment=5, before=1, after=1)
    for _ in range(200):
        fd, dvars = rng.exponential(0.15, N), rng.exponential(0.4, N)
        non_steady, bad = np.arange(N) < rng.integers(3), rng.random(N) < 0.02
        before = [x.copy() for x in (fd, dvars, non_steady, bad)]
        result = retained(fd, dvars, non_steady, scrub, bad)
        for now, then in zip((fd, dvars, non_steady, bad), before, strict=True):
            np.testing.assert_array_equal(now, then)
        dropped = np.logical_or.reduce(list(result.reasons.values()))
        np.testing.assert_array_equal(result.kept, ~dropped)
        assert (np.diff(result.indices) > 0).all()
        lengths = np.diff(np.flatnonzero(np.diff(result.kept, prepend=False, append=False)))[::2]
        assert (lengths >= 5).all()


def test_short_segments_are_those_of_nilearn(rng):
    from nilearn.interfaces.fmriprep.load_confounds_scrub import optimize_scrub

    n_compared = 0
    for _ in range(300):
        fd = rng.exponential(0.2, N)
        outliers = np.flatnonzero(fd > 0.5)
        if len(outliers) == 0:
            continue
        n_compared += 1
        ours = retained(fd, None, steady(), Scrub()).kept
        np.testing.assert_array_equal(np.flatnonzero(~ours), optimize_scrub(outliers, N, 5))
    assert n_compared > 200


def test_a_threshold_needs_its_measure():
    with pytest.raises(ValueError, match="threshold for fd"):
        retained(None, None, steady(), Scrub())
    with pytest.raises(ValueError, match="threshold for dvars"):
        retained(still(), None, steady(), Scrub(dvars_threshold=1.5))


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="fd has 39 volumes, non_steady 40"):
        retained(still(39), None, steady(), Scrub())
    with pytest.raises(ValueError, match="bad_volumes has 39"):
        retained(still(), None, steady(), Scrub(), steady(39))


class Case(NamedTuple):
    n_kept: int
    says: str | None
    fd: float = 0.1


LENGTHS = {
    "exactly five minutes": Case(150, None),
    "a volume less": Case(
        149, r"5\.0 min \(149 of 200 volumes, 74%\) are retained, and at least 5"
    ),
    "still": Case(200, None, 0.55),
    "moving": Case(200, r"mean framewise displacement is 0\.56 mm.*at most 0\.55", 0.56),
}


@pytest.mark.parametrize("case", LENGTHS.values(), ids=LENGTHS.keys())
def test_the_rules_of_length_and_motion(case):
    kept, fd = np.arange(200) < case.n_kept, np.full(200, case.fd)
    if case.says is None:
        check_length(kept, fd, tr=2.0)
    else:
        with pytest.raises(ExcludedError, match=case.says):
            check_length(kept, fd, tr=2.0)


def test_half_of_the_volumes_must_be_retained():
    with pytest.raises(ExcludedError, match=r"199 of 400 .* 50% of the volumes"):
        check_length(np.arange(400) < 199, None, tr=2.0)
    assert check_length(np.arange(400) < 200, None, tr=2.0) == []


def test_no_volumes_at_all_is_too_short():
    with pytest.raises(ExcludedError, match="0 of 0"):
        check_length(np.zeros(0, dtype=bool), None, tr=2.0)


def test_without_scrubbing_motion_only_warns():
    fd = np.full(200, 0.6)
    fd[0], fd[7] = np.nan, 6.0
    warnings = check_length(np.ones(200, dtype=bool), fd, tr=2.0, max_mean_fd=None)
    assert len(warnings) == 2
    assert "0.63 mm (more than 0.25 mm)" in warnings[0]
    assert "exceeded 5 mm between volumes once (max. 6.0 mm)" in warnings[1]


def test_less_than_four_minutes_warns_where_it_is_allowed():
    (warning,) = check_length(np.ones(82, dtype=bool), None, tr=2.2, min_minutes=2)
    assert "3.0 min" in warning
