"""Mean changes of regions against maps that are as smooth as those given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.spin import spin_test, spins
from gradshift.core.statistics.variogram import surrogate_test, surrogates
from gradshift.group.likeness import FEWEST_REGIONS, places_of
from gradshift.group.maprows import MapRow
from gradshift.group.study import Study

Array = NDArray[np.float64]
Test = tuple[float, float, Array]
"""Correlation, p, and correlations under the null hypothesis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The changes of one measure, and one map.

    Parameters
    ----------
    row : MapRow
        What its rows share.
    people : list of str, length n
    changes : (n, R) array
    given : (R,) array
    """

    row: MapRow
    people: list[str]
    changes: Array
    given: Array


def spun(study: Study, pairings: Sequence[Pairing], regions: Regions) -> list[MapRow]:
    """Test the mean changes against rotated maps, over cortical regions that all have."""
    places = places_of(study, study.primary[0], regions)
    usable = regions.cortical & np.isfinite(places).all(axis=1)
    means = [mean_change(study, one) for one in pairings]
    for one, mean in zip(pairings, means, strict=True):
        usable &= np.isfinite(mean) & np.isfinite(one.given)
    rows = [_row(one, "group-maps-spin", int(usable.sum())) for one in pairings]
    if usable.sum() < FEWEST_REGIONS:
        why = "fewer than ten cortical regions with a place on fsaverage5, changes and every map"
        return [replace(row, status=why) for row in rows]
    left = np.array([side == "L" for side in regions.hemispheres])[usable]
    rotated = spins(
        places[usable],
        left,
        n_spins=study.group.n_permutations,
        seed=study.group.random_seed,
        workers=study.workers,
    )
    tests = [
        spin_test(mean[usable], one.given[usable], rotated)
        for one, mean in zip(pairings, means, strict=True)
    ]
    return _corrected(rows, tests)


def beyond(study: Study, pairings: Sequence[Pairing], regions: Regions) -> list[MapRow]:
    """Test the mean changes beyond the cortex against surrogates of the maps.

    Measures and maps without values there have no row, nor has an atlas without such regions.
    """
    usable = ~regions.cortical
    means = [np.where(usable, mean_change(study, one), np.nan) for one in pairings]
    known = [
        (one, mean)
        for one, mean in zip(pairings, means, strict=True)
        if (np.isfinite(mean) & np.isfinite(one.given)).any()
    ]
    for one, mean in known:
        usable &= np.isfinite(mean) & np.isfinite(one.given)
    rows = [_row(one, "group-maps-variogram", int(usable.sum())) for one, _ in known]
    if not rows:
        return []
    if usable.sum() < FEWEST_REGIONS:
        why = "fewer than ten regions beyond the cortex with changes and every map"
        return [replace(row, status=why) for row in rows]
    null: dict[str, Array] = {}
    for one, _ in known:
        if one.row.map not in null:
            null[one.row.map] = surrogates(
                one.given[usable],
                regions.centroids[usable],
                n=study.group.n_permutations,
                seed=study.group.random_seed,
            )
    tests = [
        surrogate_test(mean[usable], one.given[usable], null[one.row.map]) for one, mean in known
    ]
    return _corrected(rows, tests)


def _row(one: Pairing, scope: str, n_regions: int) -> MapRow:
    people = int(moments(one.changes)[0].max(initial=0))
    return replace(one.row, scope=scope, n=people, n_regions=n_regions)


def _corrected(rows: Sequence[MapRow], tests: Sequence[Test]) -> list[MapRow]:
    """Correct for all measures and maps by the largest correlation of each rearrangement."""
    largest = np.max([np.abs(np.nan_to_num(null)) for _, _, null in tests], axis=0)
    return [
        replace(
            row,
            estimate=rho,
            p=p,
            p_fwe=float((1 + (largest >= abs(rho) - 1e-10).sum()) / (1 + len(largest))),
            n_permutations=len(largest),
        )
        for row, (rho, p, _) in zip(rows, tests, strict=True)
    ]


def mean_change(study: Study, one: Pairing) -> Array:
    """Return the mean change of every region, or its difference between groups."""
    if study.main.kind != "groups":
        return moments(one.changes)[1]
    number = study.main.number(one.people)
    return moments(one.changes[number == 1])[1] - moments(one.changes[number == 0])[1]
