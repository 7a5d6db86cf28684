"""Thinning a series: the volumes that a longer repetition time would have."""

import numpy as np
import pytest

from gradshift.core.series.thin import thinned


@pytest.mark.parametrize(("tr", "longer"), [(1.0, 2.0), (0.645, 1.4), (1.4, 1.5), (0.8, 0.8)])
def test_volumes_lie_as_near_to_the_longer_rhythm_as_they_can(tr, longer):
    volumes = thinned(300, tr, longer)
    times = np.arange(len(volumes)) * longer
    assert np.abs(volumes * tr - times).max() <= tr / 2 + 1e-9
    assert (np.diff(volumes) > 0).all()
    assert (volumes[0], 299 - longer / tr - 1 < volumes[-1] <= 299) == (0, True)


def test_the_same_repetition_time_leaves_every_volume():
    assert thinned(50, 0.72, 0.72).tolist() == list(range(50))
