"""Times of PET: BIDS counts scan, frames, injection and blood from TimeZero, wherever that is."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradshift.bids.blood import read_blood
from gradshift.bids.frames import make_frames
from gradshift.bids.petdata import check_decay
from gradshift.bids.pettimes import decay, injection, seconds, window
from gradshift.errors import InputError

EDGES = np.array([0, 30, 60, 120, 300, 600, 1200, 2400, 3600, 5400.0])


@settings(max_examples=60, deadline=None)
@given(
    zero=st.integers(-40000, 40000),
    delay=st.integers(-900, 4000),
    scan_start=st.booleans(),
)
def test_where_time_zero_lies_changes_nothing(zero: int, delay: int, scan_start: bool) -> None:
    """`delay` is from injection to the first frame, `zero` from TimeZero to the injection."""
    edges = EDGES + delay + zero
    metadata = {
        "InjectionStart": zero,
        "FrameTimesStart": edges[:-1].tolist(),
        "FrameDuration": np.diff(edges).tolist(),
        **({"ScanStart": float(edges[0])} if scan_start else {}),
    }
    frames = make_frames(edges[:-1], edges[1:], metadata, "scan")
    np.testing.assert_allclose(frames.start, (EDGES[:-1] + delay) / 60)
    np.testing.assert_allclose(frames.end, (EDGES[1:] + delay) / 60)
    assert window(metadata) == pytest.approx((frames.start[0], frames.end[-1]))


@pytest.mark.parametrize("zero", [-2400.0, 0.0, 15.0, 36000.0])
def test_blood_counts_from_the_same_zero_as_the_frames(tmp_path, zero):
    path = tmp_path / "sub-01_recording-manual_blood.tsv"
    minutes = np.array([-1, 0.5, 5, 30, 95])
    pd.DataFrame({"time": 60 * minutes + zero, "plasma_radioactivity": 1.0}).to_csv(
        path, sep="\t", index=False
    )
    about = {"plasma_radioactivity": {"Units": "kBq/mL"}}
    path.with_suffix(".json").write_text(json.dumps(about))
    (samples,) = read_blood([path], 90.0, injection({"InjectionStart": zero}))
    np.testing.assert_allclose(samples.time, minutes)


def test_frames_that_begin_before_their_scan_have_another_zero():
    about = {"ScanStart": 2400}
    with pytest.raises(InputError, match=r"begins at 0 seconds, its scan by ScanStart at 2400"):
        make_frames(EDGES[:-1], EDGES[1:], about, "scan")
    make_frames(EDGES[1:-1], EDGES[2:], {"ScanStart": 0}, "scan")


def test_frames_may_have_breaks_and_must_not_overlap():
    start, end = np.array([0.0, 600, 4200]), np.array([600.0, 3000, 5400])
    np.testing.assert_allclose(make_frames(start, end, {}, "scan").breaks, [0, 20])
    for wrong_start, wrong_end in (([0, 500], [600, 1200]), ([600, 0], [1200, 600])):
        with pytest.raises(InputError, match="overlap, or are not in the order of time"):
            make_frames(np.array(wrong_start, float), np.array(wrong_end, float), {}, "scan")


def test_a_scan_before_its_injection_is_refused():
    with pytest.raises(InputError, match="before the injection"):
        make_frames(EDGES[:-1], EDGES[1:], {"InjectionStart": 6000}, "scan")


@pytest.mark.parametrize("value", ["soon", [0], True, float("inf")])
def test_a_time_must_be_seconds(value):
    with pytest.raises(InputError, match="InjectionStart in the JSON of the scan is"):
        injection({"InjectionStart": value})
    assert seconds({"InjectionStart": "15"}, "InjectionStart") == 15


def test_an_image_is_corrected_to_time_zero_or_to_the_injection():
    for corrected, zero in itertools.product((None, 0, 15, 600), (0, 15, -2400)):
        about = {"InjectionStart": zero}
        about |= {} if corrected is None else {"ImageDecayCorrectionTime": corrected}
        if corrected in (None, 0):
            assert not check_decay(about, "scan")
        elif corrected == zero:
            assert len(check_decay(about, "scan")) == 1
        else:
            with pytest.raises(InputError, match=f"corrected for decay to {corrected} s"):
                check_decay(about, "scan")


def test_what_was_injected_decays_to_the_time_of_the_image():
    late = {"ImageDecayCorrectionTime": 20 * 60}
    assert decay(late, 0.0, 20.0) == pytest.approx(0.5)
    assert decay(late, 20 * 60, None) == 1
    assert decay(late, 0.0, None) is None
    assert decay({}, 0.0, None) == 1
