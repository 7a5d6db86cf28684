"""Every voxel compared: maps of the connectivity with the posterior cingulate."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_map
from gradshift.bids.write import write_json, write_map
from gradshift.core.statistics.association import association
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.settings import Settings
from gradshift.workflows.design import Design
from gradshift.workflows.effects import Effect
from gradshift.workflows.tables import about

logger = logging.getLogger("gradshift")

STAT = "zpcc"
"""The map that is compared: Fisher z with the posterior cingulate."""

MAPS = {
    "meanchange": "Mean change of Fisher z with the posterior cingulate, or its difference "
    "between groups",
    "t": "t of that change",
    "pfwe": "Two-sided p of that change, corrected for all voxels (maximal |t|); 0: not tested",
}


def write_voxels(
    folder: Path,
    results: Sequence[SessionResult],
    design: Design,
    effect: Effect,
    settings: Settings,
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
    values, more = _tested(stacked[:, places], people, effect, settings)
    target = results[0].target
    shape: Any = changes[0].shape  # type: ignore[union-attr]
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
    changes: NDArray[np.float64], people: Sequence[str], effect: Effect, settings: Settings
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """Test the (n, V) changes; return maps, and what is said of the test."""
    chance: Any = {
        "n_permutations": settings.group.n_permutations, "seed": settings.group.random_seed
    }  # fmt: skip
    if effect.kind == "groups":
        number = np.array([effect.predictor.get(name, np.nan) for name in people])
        test = association(changes, number, **chance)
        one, other = (moments(changes[number == code])[1] for code in (0, 1))
        mean = other - one
    else:
        test = signflip(changes, **chance)
        mean = moments(changes)[1]
    told: dict[str, Any] = {"NumberOfPermutations": test.n_permutations, "Exact": test.exact}
    if len(test.p_min):
        told["SmallestP"] = float(test.p_min[0])
    return {"meanchange": mean, "t": test.t, "pfwe": test.p_fwe}, told
