"""Breathing from the motion parameters, only where it can be told."""

from pathlib import Path

import numpy as np
import pytest

from gradshift.bids.confounds import Confounds
from gradshift.participant.nodes.physiology import averaged, from_motion

SECONDS = 0.8 * np.arange(400)


def confounds(rng) -> Confounds:
    moving = 0.05 * np.sin(2 * np.pi * 15 / 60 * SECONDS) + 0.01 * rng.standard_normal(400)
    columns = {"trans_x": rng.standard_normal(400).cumsum(), "trans_y": moving}
    return Confounds(path=Path("x.tsv"), columns=columns, metadata={})


@pytest.mark.parametrize(
    ("tr", "axis", "found"),
    [
        (0.8, "j-", True),
        (0.8, "j", True),
        (0.8, "i", False),
        (0.8, "k", False),
        (0.8, "", False),
        (1.3, "j", False),
    ],
)
def test_it_shows_along_the_phase_encoding_and_where_volumes_are_dense(tr, axis, found, rng):
    rates = from_motion(confounds(rng), tr, axis)
    wanted = {"BreathsPerMinuteFromMotion": pytest.approx(15, abs=0.5)} if found else {}
    assert rates == wanted


def test_runs_are_averaged_over_those_that_have_a_rate():
    runs = [{"BeatsPerMinute": 60.0}, {}, {"BeatsPerMinute": 70.0, "BreathsPerMinute": 12.0}]
    assert averaged(runs) == {"BeatsPerMinute": 65.0, "BreathsPerMinute": 12.0}
