"""Every connection compared: matrices of change, t and p, and the components they form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_matrix, read_regions
from gradshift.bids.rows import column
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_matrix
from gradshift.core.inference.resampling import Resampled, largest_t
from gradshift.core.series.connectivity import fisher_z
from gradshift.core.statistics.motion import MotionDependence, motion_dependence
from gradshift.core.statistics.nbs import Component, NetworkStatistic, network_statistic
from gradshift.group.pieces import piece
from gradshift.group.study import Study, once
from gradshift.group.table import Files, Table, sidecar
from gradshift.group.testing import scheme_of
from gradshift.study.participation import change_of_motion

MATRICES = {
    "meanchange": "Mean change of Fisher z, or its difference between groups",
    "t": "t of the mean change of Fisher z",
    "p": "Two-sided p of the change of Fisher z by sign flips or permutation, uncorrected",
    "pfwe": "p corrected for all connections (maximal |t| over the same rearrangements)",
    "tfce": "Threshold-free cluster enhancement of t, with the sign of the change",
    "pfwetfce": "p of the enhanced t, corrected for all connections (its largest value)",
    "qcfc": "Pearson r over people of the change of Fisher z with the change of mean motion",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRow:
    """One component of connections."""

    task: str = column("Task of the runs")
    atlas: str = column("Atlas, as named on the command line")
    recipe: str = column("Denoising recipe")
    threshold: float = column("Connections with a larger |t| form components")
    direction: str = column("increase or decrease of Fisher z in all connections of the component")
    n_connections: int = column("Extent of the component: its number of connections")
    n_regions: int = column("Number of regions that it joins")
    intensity: float = column("Sum over its connections of how far |t| passes the threshold")
    p_fwe_extent: float = column(
        "Two-sided p of the extent, corrected for all components at this threshold"
    )
    p_fwe_intensity: float = column("Two-sided p of the intensity, corrected likewise")
    p_min: float = column("Smallest p that can be had with this many people")
    status: str = column("ok, or what limits the result")
    regions: str = column(
        "The regions; the component is every connection among them that passes the threshold"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Changes of the connections of one task, atlas and recipe.

    Parameters
    ----------
    people : tuple of str, length n
    names : tuple of str, length R
    changes : (n, R (R - 1) / 2) array
        Change of Fisher z, upper triangle row by row; NaN where a person has no value.
    first : SessionResult
        One of the results, for what all have in common.
    """

    people: tuple[str, ...]
    names: tuple[str, ...]
    changes: NDArray[np.float64]
    first: SessionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTests:
    """Tests of the connections of one task, atlas and recipe.

    Parameters
    ----------
    first : SessionResult
        One of the results, for what all have in common.
    names : tuple of str, length R
    mean : (E,) array
        Mean change of Fisher z, or its difference between groups.
    single : Resampled
        Every connection by itself.
    together : NetworkStatistic
        Components and enhancement.
    motion : MotionDependence
        How far the changes go with those of motion (QC-FC).
    """

    first: SessionResult
    names: tuple[str, ...]
    mean: NDArray[np.float64]
    single: Resampled
    together: NetworkStatistic
    motion: MotionDependence

    @property
    def place(self) -> dict[str, str]:
        """Task, atlas and recipe, as in the tables."""
        return {"task": self.first.task, "atlas": self.first.atlas, "recipe": self.first.recipe}

    @property
    def p_min(self) -> float:
        """Smallest p of the connections that all people have."""
        return float(np.nanmin(self.single.p_min, initial=1.0))


@once
def tested(study: Study) -> list[EdgeTests]:
    """Test the connections of every task, atlas and recipe."""
    every = (tested_edges(study, *key) for key in study.bold_keys())
    return [tests for tests in every if tests is not None]


@piece(Study.bold_keys, seconds=10)
def tested_edges(study: Study, task: str, atlas: str, recipe: str) -> EdgeTests | None:
    """Test the connections of one task, atlas and recipe; None without any."""
    edges = read_edges(study.bold_at(task, atlas, recipe), study)
    return None if edges is None else _test(edges, study)


def read_edges(results: Sequence[SessionResult], study: Study) -> Edges | None:
    """Read the connectivity matrices of one task, atlas and recipe; None without any.

    Parameters
    ----------
    results : sequence of SessionResult
        Of this task, atlas and recipe.
    study : Study
        Its main question says which sessions make up the change.
    """
    usable: dict[tuple[str, str], list[SessionResult]] = {}
    for result in results:
        if not result.excluded:
            usable.setdefault((result.participant, result.session), []).append(result)
    people = sorted({person for person, _ in usable})
    names: list[str] = []
    rows = []
    for person in people:
        sessions = study.design.sessions_of(person)
        conditions = [
            (weight, usable.get((person, session), []))
            for weight, session in zip(study.main.weights, sessions, strict=True)
            if weight
        ]
        change: Any = np.nan
        if all(runs for _, runs in conditions):
            change = 0.0
            for weight, runs in conditions:
                matrices = [read_matrix(run.matrix_path(study.output_dir)) for run in runs]
                names = matrices[0][0]
                upper = np.triu_indices(len(names), k=1)
                z = np.mean([fisher_z(matrix)[upper] for _, matrix in matrices], axis=0)
                change = change + weight * z
        rows.append(change)
    if not names:
        return None
    changes = np.full((len(people), len(names) * (len(names) - 1) // 2), np.nan)
    for row, change in zip(changes, rows, strict=True):
        row[:] = change
    return Edges(people=tuple(people), names=tuple(names), changes=changes, first=results[0])


def _test(edges: Edges, study: Study) -> EdgeTests:
    """Test every connection by itself, and all together."""
    scheme, mean = scheme_of(study.main, edges.people, edges.changes, study.group)
    return EdgeTests(
        first=edges.first,
        names=edges.names,
        mean=mean,
        single=largest_t(scheme, study.workers),
        together=network_statistic(
            scheme, thresholds=study.group.nbs_thresholds, workers=study.workers
        ),
        motion=_motion(edges, study),
    )


def _motion(edges: Edges, study: Study) -> MotionDependence:
    """Correlate the change of every edge with that of motion."""
    regions = read_regions(study.output_dir, edges.first)
    first, second = np.triu_indices(len(edges.names), k=1)
    distance = np.linalg.norm(regions.centroids[first] - regions.centroids[second], axis=1)
    task = edges.first.task
    people = study.of_kind("func", task)
    change = change_of_motion(people, edges.people, task, study.main.weights)
    return motion_dependence(edges.changes, change, distance)


def components(study: Study) -> list[ComponentRow]:
    """List the components of connections of every task, atlas and recipe."""
    return [
        _component(component, tests, study.group.alpha)
        for tests in tested(study)
        for component in tests.together.components
    ]


def _component(component: Component, tests: EdgeTests, alpha: float) -> ComponentRow:
    p_min = tests.p_min
    limit = f"cannot be significant: p_min {p_min:.3g} > {alpha:g}"
    return ComponentRow(
        **tests.place,
        threshold=component.threshold,
        direction="increase" if component.sign > 0 else "decrease",
        n_connections=component.extent,
        n_regions=len(component.regions),
        intensity=component.intensity,
        p_fwe_extent=component.p_extent,
        p_fwe_intensity=component.p_intensity,
        p_min=p_min,
        status="ok" if p_min <= alpha else limit,
        regions=",".join(tests.names[i] for i in component.regions),
    )


def write_matrices(study: Study, folder: Path) -> None:
    """Write the change of every edge in Fisher z, its tests, and how far motion goes along."""
    for tests in tested(study):
        single = tests.single
        described = {
            "NumberOfPermutations": single.n_permutations,
            "Exact": single.exact,
            "SmallestP": tests.p_min,
            "CanBeSignificant": tests.p_min <= study.group.alpha,
            **_described(int(single.n.max(initial=0)), study),
        }
        values = {
            "meanchange": tests.mean,
            "t": single.t,
            "p": single.p,
            "pfwe": single.p_fwe,
            "tfce": tests.together.tfce,
            "pfwetfce": tests.together.p_tfce,
        }
        for stat, edges in values.items():
            _write_matrix(folder, tests, stat, edges, described)
        motion = _described(tests.motion.n, study)
        _write_matrix(folder, tests, "qcfc", tests.motion.r, motion)


def _described(n: int, study: Study) -> Mapping[str, object]:
    """Say in a sidecar what a matrix of the group is."""
    return {
        "Contrast": study.main.contrast,
        "Effect": study.main.effect,
        "NumberOfParticipants": n,
        "Weighted": True,
        "Directed": False,
        "ValidDiagonal": False,
        "StorageFormat": "Full",
        **sidecar(study),
    }


def _write_matrix(
    folder: Path,
    tests: EdgeTests,
    stat: str,
    values: NDArray[np.float64],
    described: Mapping[str, object],
) -> None:
    path = folder / outputs.group_matrix_name(
        tests.first.task, tests.first.atlas_entities, stat, tests.first.recipe
    )
    write_matrix(path, tests.names, square(values, len(tests.names)))
    named = {
        "RelationshipMeasure": stat,
        "MeasureDescription": MATRICES[stat],
        "MeasureUnits": outputs.UNITLESS,
        "NodeFiles": outputs.node_files(tests.first.atlas_entities),
    }
    write_json(outputs.sidecar(path), {**named, **described})


def square(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Put an upper triangle into a symmetric matrix with an empty diagonal."""
    matrix = np.full((size, size), np.nan)
    upper = np.triu_indices(size, k=1)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix


TABLE = Table(
    name="nbs",
    rank=20,
    row=ComponentRow,
    rows=components,
    seconds=20,
    uses={"nbs": lambda written: bool(written.rows("nbs", ComponentRow))},
)

FILES = Files(
    name="matrices",
    rank=60,
    write=write_matrices,
    uses={"motion": lambda written: written.limits("MotionAndConnections", "MedianAbsoluteR")},
)
