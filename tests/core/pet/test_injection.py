"""Before the injection there is no tracer: what lies there changes no value."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gradshift.core.kinetics import models
from gradshift.core.pet.blood import input_function
from gradshift.core.pet.curves import Frames, InputFunction, tissue_response, until_middle
from gradshift.core.pet.model import Fit, Model, Scan, UnfitError, fit
from gradshift.core.pet.samples import Samples

DATA = Path(__file__).parents[2] / "data"
TACS = np.loadtxt(DATA / "pet_synth_tacs.csv", delimiter=",", skiprows=1)
BLOOD = np.loadtxt(DATA / "pet_synth_input.csv", delimiter=",", skiprows=1)
SCAN = Scan(
    frames=Frames(TACS[:, 0], TACS[:, 1]),
    tissue=TACS[:, 2:],
    reference=TACS[:, -1],
    input=InputFunction(BLOOD[:, 0], BLOOD[:, 1], BLOOD[:, 2]),
    k2prime=0.1 / 4.8,
    blood_volume=0.05,
    dose=5.0,
    free_fraction=0.25,
)
EVERY = pytest.mark.parametrize("model", models().values(), ids=lambda model: model.name)
NOISE = st.floats(-100, 100, allow_nan=False) | st.just(np.nan)
FEW = settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
LENGTHS = st.lists(st.floats(0.05, 20), min_size=1, max_size=4)


@cache
def plain(name: str) -> Fit:
    """Fit a model to the scan as it is."""
    return fit(models()[name], SCAN)


def begun_earlier(scan: Scan, lengths: list[float], noise: list[float], gap: float) -> Scan:
    """Put frames with any content before a scan, the last of them `gap` before it."""
    edges = -gap - np.append(np.cumsum(lengths[::-1])[::-1], 0.0)
    n, shape = len(lengths), scan.tissue.shape[1]
    before = np.resize(np.array(noise), (n, shape))
    return replace(
        scan,
        frames=Frames(
            np.append(edges[:-1], scan.frames.start), np.append(edges[1:], scan.frames.end)
        ),
        tissue=np.vstack([before, scan.tissue]),
        reference=np.append(before[:, 0], scan.reference),
    )


@EVERY
@FEW
@given(lengths=LENGTHS, noise=st.lists(NOISE, min_size=1, max_size=6), gap=st.floats(0, 3))
def test_a_frame_before_the_injection_changes_no_value(
    model: Model, lengths: list[float], noise: list[float], gap: float
) -> None:
    more, same = fit(model, begun_earlier(SCAN, lengths, noise, gap)), plain(model.name)
    np.testing.assert_array_equal(more.values, same.values)
    np.testing.assert_array_equal(more.errors, same.errors)
    assert np.isnan(more.curves[: len(lengths)]).all()
    np.testing.assert_array_equal(more.curves[len(lengths) :], same.curves)


@EVERY
@FEW
@given(early=st.floats(0.01, 5))
def test_a_frame_that_spans_the_injection_counts_from_there(model: Model, early: float) -> None:
    first, share = SCAN.frames.end[0], SCAN.frames.end[0] / (SCAN.frames.end[0] + early)
    thinned = np.where(np.arange(len(TACS)) == 0, share, 1.0)
    spanning = replace(
        SCAN,
        frames=Frames(np.append(-early, SCAN.frames.start[1:]), SCAN.frames.end),
        tissue=SCAN.tissue * thinned[:, None],
        reference=SCAN.reference * thinned,
    )
    assert SCAN.frames.start[0] == 0 < first
    more, same = fit(model, spanning), plain(model.name)
    np.testing.assert_allclose(more.values, same.values, rtol=1e-6)
    np.testing.assert_allclose(more.curves, same.curves * thinned[:, None], rtol=1e-4)


@settings(max_examples=25, deadline=None)
@given(
    minutes=st.lists(st.floats(-30, -1e-3), min_size=1, max_size=5),
    activity=st.floats(0, 50),
    share=st.floats(0, 1),
)
def test_a_blood_sample_from_before_the_injection_changes_no_input(minutes, activity, share):
    def samples(times: np.ndarray, plasma: np.ndarray, fraction: np.ndarray) -> Samples:
        return Samples(
            time=times, plasma=plasma, whole_blood=0.7 * plasma, parent_fraction=fraction
        )

    time = np.array([0.5, 1, 2, 5, 10, 20, 40, 60, 90])
    later = samples(time, 100 * np.exp(-time / 8), 0.2 + 0.8 * np.exp(-time / 15))
    early = np.array(sorted(minutes))
    before = samples(early, np.full(len(early), activity), np.full(len(early), share))
    plain, _ = input_function([later], 90.0)
    more, _ = input_function([before, later], 90.0)
    np.testing.assert_array_equal(more.time, plain.time)
    np.testing.assert_array_equal(more.parent, plain.parent)


@given(time=st.floats(-100, 0))
def test_functions_of_time_are_zero_before_the_injection(time):
    frames = Frames(np.array([time - 5.0]), np.array([time]))
    source = replace(SCAN.input, parent=SCAN.input.parent + 3, whole_blood=SCAN.input.parent + 3)
    assert source.integral(np.array([time]))[0] == 0
    assert source.blood_in(frames)[0] == 0
    assert (tissue_response(source, frames, np.array([0.01, 0.3])) == 0).all()


def test_a_scan_that_ends_before_the_injection_fits_nothing():
    early = replace(SCAN, frames=Frames(SCAN.frames.start - 100, SCAN.frames.end - 100))
    for model in models().values():
        with pytest.raises(UnfitError, match="no frame after the injection"):
            fit(model, early)


def part(scan: Scan, keep: np.ndarray) -> Scan:
    return replace(
        scan,
        frames=Frames(scan.frames.start[keep], scan.frames.end[keep]),
        tissue=scan.tissue[keep],
        reference=scan.reference[keep],
    )


def fitted(scan: Scan) -> dict[str, np.ndarray | str]:
    found = {}
    for model in models().values():
        try:
            found[model.name] = fit(model, scan).values
        except UnfitError as error:
            found[model.name] = str(error)
    return found


def test_a_late_scan_gives_ratios_and_says_why_it_gives_nothing_else():
    whole, late = fitted(SCAN), fitted(part(SCAN, SCAN.frames.start >= 40))
    for name, values in late.items():
        if name in ("suv", "suvr", "suvrminusone"):
            np.testing.assert_array_equal(values, whole[name])
        else:
            assert "starts with the injection" in values


def test_a_long_break_stops_the_models_that_integrate_over_it_and_no_other():
    keep = (SCAN.frames.start < 50) | (SCAN.frames.start >= 70)
    whole, broken = fitted(SCAN), fitted(part(SCAN, keep))
    integrate = {"vtlogan", "vtfplogan", "dvrreflogan", "bpndmrtm2", "bpndsrtm2"}
    assert {name for name, found in broken.items() if isinstance(found, str)} == integrate
    assert all("without a break" in broken[name] for name in integrate)
    np.testing.assert_allclose(broken["vt1tcm"], whole["vt1tcm"], rtol=1e-2)


def test_a_short_break_is_bridged():
    keep = np.arange(len(TACS)) != np.searchsorted(SCAN.frames.start, 50)
    whole, broken = fitted(SCAN), fitted(part(SCAN, keep))
    for name in ("vtlogan", "dvrreflogan", "bpndmrtm2", "bpndsrtm2"):
        np.testing.assert_allclose(broken[name][:5], whole[name][:5], rtol=2e-3)
    frames, curve = Frames(np.array([0.0, 3.0]), np.array([1.0, 4.0])), np.array([2.0, 4.0])
    np.testing.assert_allclose(until_middle(frames, curve), [1.0, 2 + 6 + 2])


def test_a_model_without_a_solution_is_a_reason_and_no_crash():
    def fails(scan: Scan) -> None:
        np.linalg.inv(np.zeros((2, 2)))

    with pytest.raises(UnfitError, match="suvr has no solution"):
        fit(replace(models()["suvr"], fit=fails), SCAN)
