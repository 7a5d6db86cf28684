"""Kinetic models against independent numbers, and against the truth they were made from."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gradshift.core.kinetics import models
from gradshift.core.pet.blood import input_function
from gradshift.core.pet.curves import Frames, InputFunction, convolve
from gradshift.core.pet.model import Scan, UnfitError, fit
from gradshift.core.pet.parent import hill
from gradshift.core.pet.runs import runs_test
from gradshift.core.pet.samples import Samples
from gradshift.errors import InputError

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "pet_reference.json").read_text())
TRUE_VT = np.array([REFERENCE["vB0"][n]["VT_true"] for n in REFERENCE["vB0"]])
K2PRIME = REFERENCE["k2p_true"]


@pytest.fixture(scope="module")
def scan() -> Scan:
    tacs = np.loadtxt(DATA / "pet_synth_tacs.csv", delimiter=",", skiprows=1)
    blood = np.loadtxt(DATA / "pet_synth_input.csv", delimiter=",", skiprows=1)
    return Scan(
        frames=Frames(tacs[:, 0], tacs[:, 1]),
        tissue=tacs[:, 2:],
        reference=tacs[:, -1],
        input=InputFunction(*blood.T),
        k2prime=K2PRIME,
        blood_volume=0.0,
        dose=5.0,
        free_fraction=0.25,
    )


@pytest.mark.parametrize(
    ("name", "source", "key"),
    [
        ("vtlogan", "logan30", "VT"),
        ("dvrreflogan", "reflogan30_k2ptrue", "DVR"),
        ("bpndmrtm2", "mrtm2_k2ptrue", "BPND"),
        ("suvr", "suvr_60_90", None),
        ("vt1tcm", "onetcm", "VT"),
    ],
)
def test_numbers_of_independent_code(scan, name, source, key):
    regions = list(REFERENCE["vB0"].values())[:5]
    wanted = [r[source] if key is None else r[source][key] for r in regions]
    np.testing.assert_allclose(fit(models()[name], scan).values[:5], wanted, atol=1e-3)


@pytest.mark.parametrize("volume", [0.05, None])
def test_noise_free_curves_with_blood_give_the_planted_volume(scan, volume):
    blood = scan.input.blood_in(scan.frames)
    mixed = 0.95 * scan.tissue + 0.05 * blood[:, None]
    found = fit(models()["vt1tcm"], replace(scan, tissue=mixed, blood_volume=volume))
    np.testing.assert_allclose(found.values, TRUE_VT, rtol=1e-3)
    np.testing.assert_allclose(found.parameters["vb"], 0.05, atol=1e-3)
    np.testing.assert_allclose(found.curves, mixed, atol=1e-3)


def test_srtm2_agrees_with_independent_code_where_that_is_exact(scan):
    """Kinfitr and ours differ by their interpolation: 3.1661 to 3.1671 for a truth of 3.1667."""
    found = fit(models()["bpndsrtm2"], scan).values
    np.testing.assert_allclose(found[0], 3.1670, atol=1e-3)


def test_logan_and_reference_models_recover_the_truth_within_a_thousandth(scan):
    np.testing.assert_allclose(fit(models()["vtlogan"], scan).values, TRUE_VT, rtol=1e-3)
    bound = TRUE_VT[:5] / TRUE_VT[5] - 1
    for name in ("bpndmrtm2", "bpndsrtm2"):
        np.testing.assert_allclose(fit(models()[name], scan).values[:5], bound, rtol=1e-3)


@pytest.mark.parametrize("name", ["vtlogan", "vt1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2"])
def test_errors_cover_the_truth_as_often_as_they_say(scan, name):
    """400 noisy copies of one region, noise as the weights say; t intervals of 95 %."""
    rng = np.random.default_rng(1)
    curve = scan.tissue[:, [0]]
    spread = 0.1 / np.sqrt(scan.frames.weights)[:, None]
    noisy = curve + spread * rng.standard_normal((len(curve), 400))
    found = fit(models()[name], replace(scan, tissue=noisy))
    truth = fit(models()[name], scan).values[0]
    used = 12 if "logan" in name else 27
    inside = np.abs(found.values - truth) < stats.t.ppf(0.975, used - 2) * found.errors
    assert 0.9 <= inside.mean() <= 0.98


def test_what_is_divided_by_fp_or_dose_is_by_hand(scan):
    for base in ("logan", "1tcm"):
        plain, free = (fit(models()[f"vt{name}"], scan) for name in (base, f"fp{base}"))
        np.testing.assert_allclose(free.values, 4 * plain.values)
        np.testing.assert_allclose(free.errors, 4 * plain.errors)
    late = scan.frames.start >= 60
    expected = np.average(scan.tissue[late], axis=0, weights=scan.frames.duration[late]) / 5
    np.testing.assert_allclose(fit(models()["suv"], scan).values, expected)


def test_a_single_frame_is_used_as_it_is_and_says_when_it_was(scan):
    for start, end, remark in (
        (60, 90, ""), (50, 70, "from 50 to 70 minutes"), (np.nan, np.nan, "not known"),
    ):  # fmt: skip
        frames = Frames(np.array([start], dtype=float), np.array([end], dtype=float))
        static = replace(scan, frames=frames, tissue=scan.tissue[[-1]], reference=np.array([2.0]))
        found = fit(models()["suvr"], static)
        np.testing.assert_allclose(found.values, scan.tissue[-1] / 2)
        assert found.remark.endswith(remark)
    with pytest.raises(UnfitError, match="vt1tcm needs a scan of several frames"):
        fit(models()["vt1tcm"], static)


def test_residuals_that_run_together_are_found_as_by_counting_all_orders():
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=7)))
    signs = signs[(signs > 0).sum(axis=1) == 3]
    p = runs_test(signs.T)
    runs = 1 + (np.diff(signs, axis=1) != 0).sum(axis=1)
    np.testing.assert_allclose(p, [(runs <= r).mean() for r in runs])
    assert np.isnan(runs_test(np.ones((5, 1)))).all()


def test_a_model_that_misses_the_curve_has_residuals_that_run_together(scan):
    rng = np.random.default_rng(0)
    noise = 0.02 / np.sqrt(scan.frames.weights)[:, None] * rng.standard_normal((27, 200))
    noisy = scan.tissue[:, [0]] + noise
    good = fit(models()["vt1tcm"], replace(scan, tissue=noisy))
    late = replace(scan.input, time=np.append(0.0, scan.input.time[1:] + 0.5))
    bad = fit(models()["vt1tcm"], replace(scan, tissue=noisy, input=late))
    shares = [(runs_test(noisy - found.curves) < 0.05).mean() for found in (good, bad)]
    assert shares[0] < 0.1
    assert shares[1] > 0.9


def test_a_region_without_a_curve_is_nan_and_leaves_the_others_alone(scan):
    tissue = scan.tissue.copy()
    tissue[:, 2] = np.nan
    kept = [0, 1, 3, 4]
    for model in models().values():
        found, whole = fit(model, replace(scan, tissue=tissue)), fit(model, scan)
        assert np.isnan(found.values[2])
        np.testing.assert_allclose(found.values[kept], whole.values[kept], rtol=1e-9)


def test_a_model_says_what_it_lacks(scan):
    with pytest.raises(UnfitError, match=r"vtlogan needs an arterial input function"):
        fit(models()["vtlogan"], replace(scan, input=None))
    with pytest.raises(UnfitError, match=r"reference region and k2'"):
        fit(models()["bpndsrtm2"], replace(scan, reference=None, k2prime=None))
    short = Frames(scan.frames.start[:19], scan.frames.end[:19])
    cut = replace(scan, frames=short, tissue=scan.tissue[:19], reference=scan.reference[:19])
    with pytest.raises(UnfitError, match="frames after 30 minutes, 5 needed"):
        fit(models()["vtlogan"], cut)


def test_convolution_is_exact_for_a_ramp():
    time = np.array([0.0, 0.3, 1.0, 7.0])
    rates = np.array([1e-5, 0.02, 0.5])
    exact = np.array([t / rates - (1 - np.exp(-rates * t)) / rates**2 for t in time])
    np.testing.assert_allclose(convolve(rates, time, time), exact, rtol=1e-4)


def blood(**changes: np.ndarray) -> Samples:
    time = np.array([0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90])
    fraction = hill(time, np.array([0.2, 1.3, 12.0]))
    plasma = 100 * np.exp(-time / 8) + 4
    return Samples(
        **{
            "time": time,
            "plasma": plasma,
            "whole_blood": plasma * 0.7,
            "parent_fraction": fraction,
            **changes,
        }
    )


def test_the_input_function_is_plasma_times_parent_fraction():
    samples = blood()
    found, remarks = input_function([samples], 90.0)
    assert not remarks
    assert (found.time[0], found.parent[0]) == (0, 0)
    np.testing.assert_allclose(
        found.parent[1:], samples.plasma * samples.parent_fraction, rtol=1e-4
    )
    np.testing.assert_allclose(found.whole_blood[1:], samples.whole_blood)


def test_an_autosampler_of_whole_blood_gives_plasma_by_the_ratio_of_the_manual_samples():
    manual = blood()
    fine = np.arange(0.1, 5, 0.1)
    nothing = np.full(len(fine), np.nan)
    auto = Samples(time=fine, plasma=nothing, whole_blood=7 * fine, parent_fraction=nothing)
    found, remarks = input_function([manual, auto], 90.0)
    assert len(remarks) == 1
    at = np.searchsorted(found.time, 0.3)
    share = hill(np.array([0.3]), np.array([0.2, 1.3, 12.0]))
    np.testing.assert_allclose(found.parent[at], 3.0 * share[0], rtol=1e-3)


def test_a_fraction_that_is_no_hill_function_is_interpolated_and_falls():
    odd = np.array([1, 1, 0.2, 0.9, 0.1, 0.8, 0.1, 0.1, 0.05, 0.05])
    found, remarks = input_function([blood(parent_fraction=odd)], 90.0)
    assert "no Hill function" in remarks[0]
    share = found.parent[1:] / blood().plasma
    assert (np.diff(share) <= 1e-9).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parent_fraction": np.full(10, np.nan)}, "no parent fraction"),
        ({"plasma": np.full(10, np.nan), "whole_blood": np.full(10, np.nan)}, "no plasma"),
        ({"time": blood().time / 60}, r"blood samples end at 1.5 minutes, the scan at 90"),
    ],
)
def test_blood_that_gives_no_input_function(changes, message):
    with pytest.raises(InputError, match=message):
        input_function([blood(**changes)], 90.0)
