"""Every connection compared: matrices of change, t and p."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_matrix, read_regions
from gradshift.bids.write import write_json, write_matrix
from gradshift.core.inference.resampling import Workers, largest_t
from gradshift.core.series.connectivity import fisher_z
from gradshift.core.statistics.motion import motion_dependence
from gradshift.core.statistics.nbs import Component, network_statistic
from gradshift.group.contrasts import scheme_of
from gradshift.group.table import about
from gradshift.settings import Settings
from gradshift.study.design import Design, change_of_motion
from gradshift.study.questions import Effect

MATRICES = {
    "meanchange": "Mean change of Fisher z, or its difference between groups",
    "t": "t of the mean change of Fisher z",
    "p": "Two-sided p of the change of Fisher z by sign flips or permutation, uncorrected",
    "pfwe": "p corrected for all connections (maximal |t| over the same rearrangements)",
    "tfce": "Threshold-free cluster enhancement of t, with the sign of the change",
    "pfwetfce": "p of the enhanced t, corrected for all connections (its largest value)",
    "qcfc": "Pearson r over people of the change of Fisher z with the change of mean motion",
}

NBS = {
    "task": "Task of the runs",
    "atlas": "Atlas, as named on the command line",
    "recipe": "Denoising recipe",
    "threshold": "Connections with a larger |t| form components",
    "direction": "increase or decrease of Fisher z in all connections of the component",
    "n_connections": "Extent of the component: its number of connections",
    "n_regions": "Number of regions that it joins",
    "intensity": "Sum over its connections of how far |t| passes the threshold",
    "p_fwe_extent": "Two-sided p of the extent, corrected for all components at this threshold",
    "p_fwe_intensity": "Two-sided p of the intensity, corrected likewise",
    "p_min": "Smallest p that can be had with this many people",
    "status": "ok, or what limits the result",
    "regions": (
        "The regions; the component is every connection among them that passes the threshold"
    ),
}


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

    @property
    def place(self) -> dict[str, str]:
        """Task, atlas and recipe, as in the tables."""
        return {"task": self.first.task, "atlas": self.first.atlas, "recipe": self.first.recipe}


def read_edges(
    results: Sequence[SessionResult], design: Design, effect: Effect, output_dir: Path
) -> Edges | None:
    """Read the connectivity matrices of one task, atlas and recipe; None without any.

    Parameters
    ----------
    results : sequence of SessionResult
        Of this task, atlas and recipe.
    design : Design
    effect : Effect
        Says which sessions make up the change.
    output_dir : Path
    """
    usable: dict[tuple[str, str], list[SessionResult]] = {}
    for result in results:
        if not result.excluded:
            usable.setdefault((result.participant, result.session), []).append(result)
    people = sorted({person for person, _ in usable})
    names: list[str] = []
    rows = []
    for person in people:
        roles = [
            (weight, usable.get((person, session), []))
            for weight, session in zip(effect.weights, design.sessions_of(person), strict=True)
            if weight
        ]
        change: Any = np.nan
        if all(runs for _, runs in roles):
            change = 0.0
            for weight, runs in roles:
                found = [read_matrix(run.matrix_path(output_dir)) for run in runs]
                names = found[0][0]
                upper = np.triu_indices(len(names), k=1)
                change = change + weight * np.mean([fisher_z(m)[upper] for _, m in found], axis=0)
        rows.append(change)
    if not names:
        return None
    changes = np.full((len(people), len(names) * (len(names) - 1) // 2), np.nan)
    for row, change in zip(changes, rows, strict=True):
        row[:] = change
    return Edges(people=tuple(people), names=tuple(names), changes=changes, first=results[0])


def write_edges(
    folder: Path,
    edges: Edges,
    design: Design,
    effect: Effect,
    settings: Settings,
    workers: Workers,
) -> list[dict[str, Any]]:
    """Write the change of every edge in Fisher z and its tests; return its components."""
    group = settings.group
    scheme, mean = scheme_of(effect, edges.people, edges.changes, group)
    test = largest_t(scheme, workers)
    together = network_statistic(scheme, thresholds=group.nbs_thresholds, workers=workers)
    smallest = float(np.nanmin(test.p_min, initial=1.0))  # of the connections all people have
    values = {
        "meanchange": mean,
        "t": test.t,
        "p": test.p,
        "pfwe": test.p_fwe,
        "tfce": together.tfce,
        "pfwetfce": together.p_tfce,
    }
    described = {
        "NumberOfPermutations": test.n_permutations,
        "Exact": test.exact,
        "SmallestP": smallest,
        "CanBeSignificant": smallest <= group.alpha,
        **_described(int(test.n.max(initial=0)), effect, design, settings),
    }
    for stat in values:
        _write_matrix(folder, edges, stat, values[stat], described)
    return [_row(one, edges, smallest, group.alpha) for one in together.components]


def _described(n: int, effect: Effect, design: Design, settings: Settings) -> dict[str, Any]:
    """Say in a sidecar what a matrix of the group is."""
    return {
        "Contrast": effect.contrast,
        "Effect": effect.effect,
        "NumberOfParticipants": n,
        "Weighted": True,
        "Directed": False,
        "ValidDiagonal": False,
        "StorageFormat": "Full",
        **about(design, settings),
    }


def _write_matrix(
    folder: Path,
    edges: Edges,
    stat: str,
    values: NDArray[np.float64],
    described: Mapping[str, Any],
) -> None:
    path = folder / outputs.group_matrix_name(
        edges.first.task, edges.first.about["AtlasEntities"], stat, edges.first.recipe
    )
    write_matrix(path, edges.names, square(values, len(edges.names)))
    named = {"RelationshipMeasure": stat, "MeasureDescription": MATRICES[stat]}
    write_json(outputs.sidecar(path), {**named, **described})


def _row(component: Component, edges: Edges, p_min: float, alpha: float) -> dict[str, Any]:
    """Turn a component into a row of the table."""
    possible = p_min <= alpha
    return {
        **edges.place,
        "threshold": component.threshold,
        "direction": "increase" if component.sign > 0 else "decrease",
        "n_connections": component.extent,
        "n_regions": len(component.regions),
        "intensity": component.intensity,
        "p_fwe_extent": component.p_extent,
        "p_fwe_intensity": component.p_intensity,
        "p_min": p_min,
        "status": "ok" if possible else f"cannot be significant: p_min {p_min:.3g} > {alpha:g}",
        "regions": ",".join(edges.names[i] for i in component.regions),
    }


def square(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Put an upper triangle into a symmetric matrix with an empty diagonal."""
    matrix = np.full((size, size), np.nan)
    upper = np.triu_indices(size, k=1)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix


def motion_of_edges(
    folder: Path,
    edges: Edges,
    people: Sequence[Mapping[str, Any]],
    design: Design,
    effect: Effect,
    settings: Settings,
) -> dict[str, Any]:
    """Write how far the change of every edge goes with that of motion (QC-FC), and sum it up."""
    regions = read_regions(settings.output_dir, edges.first)
    first, second = np.triu_indices(len(edges.names), k=1)
    distance = np.linalg.norm(regions.centroids[first] - regions.centroids[second], axis=1)
    motion = change_of_motion(people, edges.people, edges.first.task, effect.weights)
    found = motion_dependence(edges.changes, motion, distance)
    described = _described(found.n, effect, design, settings)
    _write_matrix(folder, edges, "qcfc", found.r, described)
    return {
        **edges.place,
        "n": found.n,
        "MedianAbsoluteR": found.median_r,
        "ShareBelow05": found.share,
        "DistanceDependence": found.distance_rho,
    }
