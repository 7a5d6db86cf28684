"""Every voxel or vertex compared: maps of connectivity with the posterior cingulate."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.mapimages import Ground, read_ground_map
from gradshift.bids.write import write_json
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.clusters import cluster_statistic
from gradshift.group.pieces import piece
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar
from gradshift.group.testing import scheme_of

logger = logging.getLogger("gradshift")

STAT = "zpcc"
"""The map that is compared: Fisher z with the posterior cingulate."""

MAPS = {
    "meanchange": "Mean change of Fisher z with the posterior cingulate, or its difference "
    "between groups",
    "t": "t of that change",
    "pfwe": "Two-sided p of that change, corrected for the whole map (maximal |t|); 0: not tested",
    "tfce": "Threshold-free cluster enhancement of t, with the sign of the change",
    "pfwetfce": "Two-sided p of the enhanced t, corrected for the whole map (its largest value); "
    "0: not tested",
}

MAX_EXACT, MAX_ARRANGEMENTS = 12, 4096
"""Up to so many people (arrangements of groups or orders) all rearrangements are enhanced."""

MOST = 2000
"""Random rearrangements that are enhanced where all of them are too many."""

Paths = Mapping[tuple[str, str], Sequence[Path]]
"""Maps by person and session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxelTests:
    """Tests of the maps of one task, atlas and recipe.

    Parameters
    ----------
    maps : mapping of str to (V,) array
        See `MAPS`.
    places : (V,) array of int
        Positions of the voxels or vertices among all that a map has.
    n : int
        People.
    described : mapping
        What the sidecars say of the test.
    """

    maps: Mapping[str, NDArray[np.float64]]
    places: NDArray[np.intp]
    n: int
    described: Mapping[str, object]


def write(study: Study, folder: Path) -> None:
    """Write the change of every voxel and its tests, where the participants have maps."""
    for key in _keys(study):
        tests = tested_voxels(study, *key)
        if tests is None:
            logger.warning("Maps lie on different grids and are not compared.")
        else:
            _write(study, key, tests, folder)


def _write(study: Study, key: tuple[str, str, str], tests: VoxelTests, folder: Path) -> None:
    """Write the maps of one task, atlas and recipe."""
    first, ground = study.bold_at(*key)[0], _ground(*_people(study, *key))
    for stat, values in tests.maps.items():
        path = folder / outputs.group_map_name(first.target, stat)
        ground.write(path, values, tests.places)
        content = {
            "Description": MAPS[stat],
            "Contrast": study.main.contrast,
            "Effect": study.main.effect,
            "NumberOfParticipants": tests.n,
            f"NumberOf{ground.unit.capitalize()}": len(tests.places),
            **tests.described,
        }
        for one in outputs.files_of_map(path):
            write_json(outputs.sidecar(one), {**content, **sidecar(study)})


def _keys(study: Study) -> list[tuple[str, str, str]]:
    """Return the tasks, atlases and recipes with maps of at least two people."""
    return [key for key in study.bold_keys() if len(_people(study, *key)[0]) >= 2]


def _people(study: Study, task: str, atlas: str, recipe: str) -> tuple[list[str], Paths]:
    """Return the people with all maps that count, and their maps."""
    paths = _usable(study, study.bold_at(task, atlas, recipe))
    every = sorted({person for person, _ in paths})
    return [person for person in every if _is_whole(study, person, paths)], paths


@piece(_keys, seconds=4)
def tested_voxels(study: Study, task: str, atlas: str, recipe: str) -> VoxelTests | None:
    """Test the maps of one task, atlas and recipe; None if they lie on different grids."""
    people, paths = _people(study, task, atlas, recipe)
    ground = _ground(people, paths)
    changes = [_change(study, person, paths, ground) for person in people]
    alike = [change for change in changes if change is not None]
    if len(alike) < len(people):
        return None
    stacked = np.array(alike)
    places = np.flatnonzero(np.isfinite(stacked).all(axis=0))
    maps, described = _tested(study, stacked[:, places], ground.pairs(places), people)
    return VoxelTests(maps=maps, places=places, n=len(people), described=described)


def _ground(people: Sequence[str], paths: Paths) -> Ground:
    """Return where the values of the first map lie, which all others must share."""
    return read_ground_map(next(maps[0] for (one, _), maps in paths.items() if one == people[0]))[
        1
    ]


def _usable(study: Study, results: Sequence[SessionResult]) -> Paths:
    """Find the maps of the sessions that can be used."""
    usable: dict[tuple[str, str], list[Path]] = {}
    for result in results:
        path = result.map_path(study.output_dir, STAT)
        if not result.excluded and path.exists():
            usable.setdefault((result.participant, result.session), []).append(path)
    return usable


def _is_whole(study: Study, person: str, paths: Paths) -> bool:
    """Tell whether a person has a map of every session that counts."""
    sessions = study.design.sessions_of(person)
    return all(
        (person, session) in paths
        for session, weight in zip(sessions, study.main.weights, strict=True)
        if weight
    )


def _change(study: Study, person: str, paths: Paths, ground: Ground) -> NDArray[np.float64] | None:
    """Add up the maps of a person by weight, runs averaged; None if a grid is another one."""
    total: Any = 0.0
    sessions = study.design.sessions_of(person)
    for session, weight in zip(sessions, study.main.weights, strict=True):
        if weight:
            maps = [read_ground_map(path) for path in paths[person, session]]
            if not all(ground.is_like(other) for _, other in maps):
                return None
            total = total + weight * np.mean([values for values, _ in maps], axis=0)
    change: NDArray[np.float64] = total
    return change


def _tested(
    study: Study, changes: NDArray[np.float64], pairs: NDArray[np.intp], people: Sequence[str]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, object]]:
    """Test the (n, V) changes; return maps, and what the sidecars say of the test."""
    effect, group = study.main, study.group
    scheme, mean = scheme_of(effect, people, changes, group)
    test = largest_t(scheme, study.workers)
    fewer = replace(group, n_permutations=min(group.n_permutations, MOST))
    scheme, _ = scheme_of(
        effect,
        people,
        changes,
        fewer,
        max_exact=MAX_EXACT,
        max_arrangements=MAX_ARRANGEMENTS,
    )
    enhanced = cluster_statistic(scheme, pairs, workers=study.workers)
    smallest = float(np.nanmin(test.p_min, initial=1.0))
    described: dict[str, object] = {
        "NumberOfPermutations": test.n_permutations,
        "Exact": test.exact,
        "NumberOfPermutationsTFCE": enhanced.n_permutations,
        "ExactTFCE": enhanced.exact,
        "SmallestP": smallest,
        "CanBeSignificant": smallest <= group.alpha,
    }
    maps = {
        "meanchange": mean,
        "t": test.t,
        "pfwe": test.p_fwe,
        "tfce": enhanced.tfce,
        "pfwetfce": enhanced.p_fwe,
    }
    return maps, described


FILES = Files(
    name="voxels",
    rank=30,
    write=write,
    seconds=8,
    uses={"clusters": lambda written: any(written.folder.glob("*_stat-pfwetfce_*boldmap.*"))},
)
