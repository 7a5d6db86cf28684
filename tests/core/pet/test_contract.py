"""What every kinetic model must do: find the value that was planted.

A new module in the folder of models is held to it without another line here.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from fengpet import EDGES, Feng, one_tissue, two_tissue
from gradshift.core.kinetics import models
from gradshift.core.pet.curves import Frames, InputFunction
from gradshift.core.pet.model import OUTCOMES, Fit, Model, Scan, fit

START, END = EDGES[:-1], EDGES[1:]
FINE = np.concatenate([np.arange(0, 2, 0.01), np.arange(2, 10, 0.1), np.arange(10, 91, 1.0)])
WITHIN = {"VT": 5e-3, "VT/fP": 5e-3, "DVR": 5e-3, "BPND": 5e-3}
"""Largest relative error of what is fitted to curves without noise; of ratios, 1e-9."""

WORLDS = {
    "as [11C]UCB-J": (Feng(), 0.10, 4.8, 0.25, 5.0),
    "slow reference": (Feng(l2=0.2, l3=0.015), 0.06, 3.5, 0.4, 3.0),
    "fast reference": (Feng(a1=300.0, l3=0.005), 0.30, 4.0, 0.1, 8.0),
}
"""Input, K1 and VT of the reference region, free fraction, and dose per weight."""


def world(name: str) -> tuple[Scan, dict[str, np.ndarray]]:
    """Make the curves of 12 regions, and what a model of each outcome must find in them."""
    feng, k1_reference, v_reference, free, dose = WORLDS[name]
    rng = np.random.default_rng(3)
    k1, volumes = rng.uniform(0.15, 0.5, 12), rng.uniform(8, 28, 12)
    parts = [one_tissue(k, v) for k, v in zip(k1, volumes, strict=True)]
    tissue = np.column_stack([feng.tissue(part, START, END) for part in parts])
    reference = feng.tissue(one_tissue(k1_reference, v_reference), START, END)
    window = np.array([60.0]), np.array([90.0])
    late = np.array([feng.tissue(part, *window)[0] for part in parts])
    ratio = late / feng.tissue(one_tissue(k1_reference, v_reference), *window)[0]
    scan = Scan(
        frames=Frames(START, END),
        tissue=tissue,
        reference=reference,
        input=InputFunction(FINE, feng.parent(FINE), feng.parent(FINE)),
        k2prime=k1_reference / v_reference,
        blood_volume=0.0,
        dose=dose,
        free_fraction=free,
    )
    planted = {
        "VT": volumes,
        "VT/fP": volumes / free,
        "DVR": volumes / v_reference,
        "BPND": volumes / v_reference - 1,
        "SUVR": ratio,
        "SUVR-1": ratio - 1,
        "SUV": late / dose,
    }
    return scan, planted


def keeps_the_contract(model: Model) -> bool:
    """Hold a model to every world."""
    for name in WORLDS:
        scan, planted = world(name)
        wanted = planted[model.outcome]
        error = np.abs(fit(model, scan).values - wanted) / np.abs(wanted)
        if not (error <= WITHIN.get(model.outcome, 1e-9)).all():
            return False
    return True


def test_the_simulation_solves_the_equations_it_stands_for():
    feng, (k1, k2, k3, k4) = Feng(), (0.3, 0.1, 0.05, 0.03)

    def flow(t, y):
        free, bound, _ = y
        return (
            k1 * feng.parent(t) - (k2 + k3) * free + k4 * bound,
            k3 * free - k4 * bound,
            free + bound,
        )

    solved = solve_ivp(flow, (0, 90), (0, 0, 0), t_eval=EDGES, rtol=1e-10, atol=1e-10)
    means = np.diff(solved.y[2]) / np.diff(EDGES)
    np.testing.assert_allclose(
        feng.tissue(two_tissue(k1, k2, k3, k4), START, END), means, rtol=1e-6
    )
    np.testing.assert_allclose(
        feng.tissue(two_tissue(k1, k2, 1e-9, 1.0), START, END),
        feng.tissue(one_tissue(k1, k1 / k2), START, END),
        rtol=1e-6,
    )


@pytest.mark.parametrize("name", models())
def test_a_model_finds_the_planted_value(name):
    assert keeps_the_contract(models()[name])


def test_every_outcome_has_a_planted_value():
    assert set(world("as [11C]UCB-J")[1]) == set(OUTCOMES)


def changed(model: Model, **more: object) -> Model:
    """Return a model that fits another scan than the one it is given."""
    return replace(model, fit=lambda scan: model.fit(replace(scan, **more)))


def scaled(model: Model, factor: float) -> Model:
    """Return a model that is off by a factor."""

    def wrong(scan: Scan) -> Fit:
        found = model.fit(scan)
        return replace(found, values=found.values * factor)

    return replace(model, fit=wrong)


@pytest.mark.parametrize("name", models())
def test_a_model_that_is_wrong_does_not_pass(name):
    model = models()[name]
    wrong = [scaled(model, 1.02), scaled(model, 0.98)]
    if "k2prime" in model.needs:
        wrong.append(changed(model, k2prime=0.1 / 4.8))
    if "freefraction" in model.needs:
        wrong.append(changed(model, free_fraction=0.25))
    if "dose" in model.needs:
        wrong.append(changed(model, dose=5.0))
    other = next(
        m for m in models().values() if m.outcome not in (model.outcome, "SUVR", "SUVR-1")
    )
    wrong.append(replace(model, fit=other.fit, needs=other.needs))
    assert not [i for i, one in enumerate(wrong) if keeps_the_contract(one)]


@pytest.mark.parametrize(("name", "within"), [("vtlogan", 0.02), ("dvrreflogan", 0.02)])
def test_graphical_models_hold_for_two_tissue_compartments_too(name, within):
    scan, _ = world("as [11C]UCB-J")
    feng, _, v_reference, *_ = WORLDS["as [11C]UCB-J"]
    parts = [two_tissue(0.3, 0.1, 0.1, k4) for k4 in (0.05, 0.08, 0.12)]
    volumes = np.array([sum(k / rate for k, rate in part) for part in parts])
    tissue = np.column_stack([feng.tissue(part, START, END) for part in parts])
    found = fit(models()[name], replace(scan, tissue=tissue)).values
    np.testing.assert_allclose(
        found, volumes if name == "vtlogan" else volumes / v_reference, rtol=within
    )
