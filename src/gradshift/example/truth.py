"""The table of planted changes that the simulated study brings along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.planted import CORRELATION, NAME, PERCENT, Planted
from gradshift.bids.rows import write_rows
from gradshift.core.cortex.regions import Regions
from gradshift.core.measures import measures
from gradshift.example.connectome import ATLAS, group_connectome, planted_connectome
from gradshift.example.expected import expected_changes
from gradshift.example.measured import QUANTITIES, RECIPE, Cleaned, measure_person
from gradshift.example.molecules import (
    GLUTAMATE_SD,
    REGION_SD,
    RISE_ACC,
    RISE_GLUTAMATE,
    RISE_PCC,
    SCAN_SD,
    SPREAD,
)
from gradshift.example.people import EFFECT_SD
from gradshift.example.planting import PLANTING
from gradshift.example.texts import NOTE

LOOSER = f"each default mode region loses {PLANTING.loosening:.0%} of the common signal"
MIXED = "default mode and control regions gain signal of sensory networks"
CLOSER = "both together bring the ends of the hierarchy closer"
CUT_OFF = f"{PLANTING.isolation:.0%} of the variance of the posterior cingulate becomes noise"

WORDS = {
    "withinfc": LOOSER,
    "segregation": LOOSER,
    "lowhighfc": MIXED,
    "ordercollapse": MIXED,
    "betweenfc": MIXED,
    "eigenvectorcentrality": CUT_OFF,
    "strength": CUT_OFF,
}
"""What was planted behind a measure; behind those of gradients `CLOSER`."""

N_SAMPLES = 400
"""Volumes of series that have exactly the correlations of a connectome."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What was drawn for the people of a study, as multiples of what is planted.

    Parameters
    ----------
    people : sequence of float
        Of each person's connectome, and of VT in the posterior cingulate.
    coupled : sequence of float
        Of the two rises that go together.
    """

    people: Sequence[float]
    coupled: Sequence[float]


def write_planted(folder: Path, regions: Regions, effect: float, factors: Factors) -> None:
    """Write what was planted into a study, and what an analysis should find.

    Parameters
    ----------
    folder : Path
        Where the truth of the study lies.
    regions : Regions
        Those of `ATLAS`.
    effect : float
        Mean effect; without expectations for it, only PET and spectroscopy have rows.
    factors : Factors
        What is planted in PET and spectroscopy is the mean over these people.
    """
    rows = [*_connectome(regions, effect), *_molecules(regions, effect, factors)]
    write_rows(folder / NAME, Planted, rows, {"Description": NOTE})


def _connectome(regions: Regions, effect: float) -> Iterator[Planted]:
    planted = planted_changes(regions, effect)
    for quantity, change in (expected_changes(effect) or {}).items():
        yield Planted(
            what=WORDS.get(quantity.measure, CLOSER),
            modality="func",
            atlas=ATLAS,
            recipe=RECIPE,
            measure=quantity.measure,
            level=quantity.level,
            label=quantity.label,
            unit=measures()[quantity.measure].unit,
            planted=round(float(planted[QUANTITIES.index(quantity)]), 6),
            expected=change.mean_change,
            sd=change.sd_change,
        )


def planted_changes(regions: Regions, effect: float) -> NDArray[np.float64]:
    """Measure the change of the mean connectome itself, without noise and cleaning.

    Parameters
    ----------
    regions : Regions
        Those of `ATLAS`.
    effect : float

    Returns
    -------
    (Q,) array
        Of `QUANTITIES`.
    """
    before = group_connectome()
    after = planted_connectome(before, regions, effect)
    sessions = [
        Cleaned(series=exact_series(matrix), volumes=np.arange(N_SAMPLES))
        for matrix in (before, after)
    ]
    values = measure_person(sessions, regions)
    change: NDArray[np.float64] = values[1] - values[0]
    return change


MAP = "maps.tsv"
"""A map that goes with the planted change, and one that does not."""


def write_map(folder: Path, regions: Regions, effect: float) -> None:
    """Write how much every region changes its mean connection, and a map of chance.

    Parameters
    ----------
    folder : Path
        Where the truth of the study lies.
    regions : Regions
        Those of `ATLAS`.
    effect : float
        Without one, that of an effect of 1: where a change would have been.
    """
    before = group_connectome()
    after = planted_connectome(before, regions, effect or 1.0)
    others = ~np.eye(len(before), dtype=bool)
    strength = [np.arctanh(np.where(others, matrix, 0)).sum(axis=1) for matrix in (before, after)]
    planted = (strength[1] - strength[0]) / (len(before) - 1)
    chance = np.random.default_rng(0).standard_normal(len(before))
    rows = zip(regions.names, planted.tolist(), chance.tolist(), strict=True)
    lines = [f"{name}\t{a:.6f}\t{b:.6f}\n" for name, a, b in rows]
    (folder / MAP).write_bytes("".join(["region\tplanted\tchance\n", *lines]).encode())


def exact_series(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make series whose correlations are exactly those given.

    Parameters
    ----------
    matrix : (R, R) array
        Positive definite correlations, R below `N_SAMPLES`.

    Returns
    -------
    (N_SAMPLES, R) array
    """
    draws = np.random.default_rng(0).standard_normal((N_SAMPLES, len(matrix)))
    white, _ = np.linalg.qr(draws - draws.mean(axis=0))
    series: NDArray[np.float64] = white @ np.linalg.cholesky(matrix).T
    return series


def _molecules(regions: Regions, effect: float, factors: Factors) -> Iterator[Planted]:
    """Tell the rises of PET and glutamate, and that two of them go together."""
    scans = np.sqrt(2)  # the noise of a difference
    vt_sd = {
        name: 100 * scans * np.hypot(SCAN_SD, REGION_SD / np.sqrt(len(members)))
        for name, members in (("PCC", regions.sets["PCC"]), ("ACC", regions.anterior_cingulate))
    }
    glutamate_sd = 100 * scans * GLUTAMATE_SD
    rises = (
        ("pet", ATLAS, "vtlogan", "PCC", RISE_PCC, EFFECT_SD, vt_sd["PCC"], factors.people),
        ("pet", ATLAS, "vtlogan", "ACC", RISE_ACC, SPREAD, vt_sd["ACC"], factors.coupled),
        ("mrs", "n/a", "glutamate", "ACC", RISE_GLUTAMATE, SPREAD, glutamate_sd, factors.coupled),
    )
    for modality, atlas, measure, label, rise, spread, noise, drawn in rises:
        usual = 100 * rise * effect
        percent = round(100 * rise * float(np.mean(drawn)), 6)
        yield Planted(
            what=f"a rise of {usual:g} % in a usual person, of {percent:.3g} % in these people",
            modality=modality,
            atlas=atlas,
            recipe="n/a",
            measure=measure,
            level="set",
            label=label,
            unit=PERCENT,
            planted=percent,
            expected=percent,
            sd=round(float(np.hypot(spread * usual, noise)), 6),
        )
    if effect:
        yield Planted(
            what="the two rises in the anterior cingulate share each person's factor",
            modality="pet",
            atlas=ATLAS,
            recipe="n/a",
            measure="vtlogan:ACC~glutamate:ACC",
            level="n/a",
            label="between-people",
            unit=CORRELATION,
            planted=1.0,
            expected=round(_correlation(effect, vt_sd["ACC"], glutamate_sd), 6),
            sd=np.nan,
        )


def _correlation(effect: float, vt_noise: float, glutamate_noise: float) -> float:
    """Return Spearman's correlation of two normal changes with one factor and their own noise."""
    shared = [100 * rise * SPREAD * effect for rise in (RISE_ACC, RISE_GLUTAMATE)]
    kept = [s / np.hypot(s, n) for s, n in zip(shared, (vt_noise, glutamate_noise), strict=True)]
    return float(6 / np.pi * np.arcsin(kept[0] * kept[1] / 2))
