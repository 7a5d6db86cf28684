"""Series of regions: what joining runs keeps."""

import numpy as np
import pytest

from gradshift.core.series.series import RegionSeries, join


def one_run(rng, kept, number=0, scale=1.0, **changes):
    kept = np.array(kept, dtype=bool)
    fd = np.linspace(0.1, 0.5, len(kept))
    given = {
        "names": ("a", "b"),
        "series": scale * rng.standard_normal((kept.sum(), 2)),
        "volumes": np.flatnonzero(kept),
        "run_of": np.full(kept.sum(), number),
        "tr": 2.0,
        "fd": fd,
        "fd_retained": fd[kept],
        "coverage": np.array([1.0, 0.8]),
    }
    return RegionSeries(**{**given, **changes})


def test_joined_runs_keep_volumes_runs_and_motion(rng):
    first = one_run(rng, [0, 1, 1, 1, 1])
    second = one_run(
        rng, [1, 1, 0, 1], scale=5, coverage=np.array([0.9, 0.9]), reasons={"b": "coverage 0.1"}
    ).numbered(3)
    both = join([first, second])
    assert both.volumes.tolist() == [1, 2, 3, 4, 0, 1, 3]
    assert both.run_of.tolist() == [0, 0, 0, 0, 3, 3, 3]
    assert both.coverage.tolist() == [0.9, 0.8]
    assert both.reasons == {"b": "coverage 0.1"}
    assert both.mean_fd == pytest.approx(np.concatenate([first.fd, second.fd]).mean())
    assert both.mean_fd_retained == pytest.approx(
        (first.fd[1:].sum() + second.fd[[0, 1, 3]].sum()) / 7
    )
    np.testing.assert_allclose(both.series[:4].std(axis=0), both.series[4:].std(axis=0))


def test_motion_that_is_not_known_is_none(rng):
    run = one_run(rng, [1, 1, 1], fd=np.full(3, np.nan), fd_retained=np.full(3, np.nan))
    assert run.mean_fd is None
    assert run.mean_fd_retained is None


@pytest.mark.parametrize(
    "wrong",
    [{"names": ("a",)}, {"volumes": np.arange(2)}, {"run_of": np.zeros(9)}, {"coverage": [1.0]}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_sizes_that_do_not_agree_are_refused(rng, wrong):
    with pytest.raises(ValueError, match=r"shape|volumes"):
        one_run(rng, [1, 1, 1], **wrong)
