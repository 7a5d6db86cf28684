"""Every voxel compared: maps of the connectivity with the posterior cingulate."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_map
from gradshift.bids.write import write_json, write_map
from gradshift.core.inference.resampling import Workers, largest_t
from gradshift.core.statistics.clusters import cluster_statistic, neighbours
from gradshift.group.contrasts import scheme_of
from gradshift.group.table import about
from gradshift.settings import Group, Settings
from gradshift.study.design import Design
from gradshift.study.questions import Effect

logger = logging.getLogger("gradshift")

STAT = "zpcc"
"""The map that is compared: Fisher z with the posterior cingulate."""

MAPS = {
    "meanchange": "Mean change of Fisher z with the posterior cingulate, or its difference "
    "between groups",
    "t": "t of that change",
    "pfwe": "Two-sided p of that change, corrected for all voxels (maximal |t|); 0: not tested",
    "tfce": "Threshold-free cluster enhancement of t, with the sign of the change",
    "pfwetfce": "Two-sided p of the enhanced t, corrected for all voxels (its largest value); 0: "
    "not tested",
}

MAX_EXACT = {"change": 12, "groups": 4096}
"""Up to so many people (arrangements of groups) all rearrangements are enhanced."""

MOST = 2000
"""Random rearrangements that are enhanced where all of them are too many."""


def write_voxels(
    folder: Path,
    results: Sequence[SessionResult],
    design: Design,
    effect: Effect,
    settings: Settings,
    workers: Workers,
) -> None:
    """Write the change of every voxel and its tests, where the participants have maps.

    Parameters
    ----------
    folder : Path
    results : sequence of SessionResult
        Of one task, atlas and recipe.
    design : Design
    effect : Effect
        The main question.
    settings : Settings
    workers : callable
        Where rearrangements are counted.
    """
    usable: dict[tuple[str, str], list[Path]] = {}
    for result in results:
        path = result.map_path(settings.output_dir, STAT)
        if not result.excluded and path.exists():
            usable.setdefault((result.participant, result.session), []).append(path)
    people = [
        person
        for person in sorted({person for person, _ in usable})
        if all(
            (person, session) in usable
            for session, weight in zip(design.sessions_of(person), effect.weights, strict=True)
            if weight
        )
    ]
    if len(people) < 2:
        return
    _, affine = read_map(usable[people[0], design.sessions_of(people[0])[0]][0])
    changes = [_change(person, usable, design, effect, affine) for person in people]
    if any(change is None or change.shape != changes[0].shape for change in changes):  # type: ignore[union-attr]
        logger.warning("Voxel maps lie on different grids and are not compared.")
        return
    stacked = np.array([change.ravel(order="F") for change in changes])  # type: ignore[union-attr]
    places = np.flatnonzero(np.isfinite(stacked).all(axis=0))
    shape: Any = changes[0].shape  # type: ignore[union-attr]
    pairs = neighbours(places, shape)
    values, more = _tested(stacked[:, places], pairs, people, effect, settings.group, workers)
    target = results[0].target
    for stat, found in values.items():
        path = folder / outputs.group_map_name(target, stat)
        write_map(path, found, places, shape, affine)
        described = {
            "Description": MAPS[stat],
            "Contrast": effect.contrast,
            "Effect": effect.effect,
            "NumberOfParticipants": len(people),
            "NumberOfVoxels": len(places),
        }
        write_json(outputs.sidecar(path), {**described, **more, **about(design, settings)})


def _change(
    person: str,
    usable: dict[tuple[str, str], list[Path]],
    design: Design,
    effect: Effect,
    affine: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Add up the maps of a person by weight, runs averaged; None if a grid is another one."""
    total: Any = 0.0
    for session, weight in zip(design.sessions_of(person), effect.weights, strict=True):
        if weight:
            maps = [read_map(path) for path in usable[person, session]]
            if any(not np.allclose(own, affine, atol=1e-4) for _, own in maps):
                return None
            total = total + weight * np.mean([values for values, _ in maps], axis=0)
    found: NDArray[np.float64] = total
    return found


def _tested(
    changes: NDArray[np.float64],
    pairs: NDArray[np.intp],
    people: Sequence[str],
    effect: Effect,
    group: Group,
    workers: Workers,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Test the (n, V) changes; return maps, and what is said of the test."""
    scheme, mean = scheme_of(effect, people, changes, group)
    test = largest_t(scheme, workers)
    fewer = replace(group, n_permutations=min(group.n_permutations, MOST))
    scheme, _ = scheme_of(effect, people, changes, fewer, max_exact=MAX_EXACT[effect.kind])
    enhanced = cluster_statistic(scheme, pairs, workers=workers)
    smallest = float(np.nanmin(test.p_min, initial=1.0))
    told = {
        "NumberOfPermutations": test.n_permutations,
        "Exact": test.exact,
        "NumberOfPermutationsTFCE": enhanced.n_permutations,
        "ExactTFCE": enhanced.exact,
        "SmallestP": smallest,
        "CanBeSignificant": smallest <= group.alpha,
    }
    return {
        "meanchange": mean,
        "t": test.t,
        "pfwe": test.p_fwe,
        "tfce": enhanced.tfce,
        "pfwetfce": enhanced.p_fwe,
    }, told
