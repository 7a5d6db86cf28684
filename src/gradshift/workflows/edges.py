"""Every connection compared: matrices of change, t and p."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_matrix
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json, write_matrix
from gradshift.core.connectivity import fisher_z
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.motion import motion_dependence
from gradshift.core.statistics.signflip import signflip
from gradshift.settings import Settings
from gradshift.workflows.design import Design, change_of_motion
from gradshift.workflows.tables import about

MATRICES = {
    "meanchange": "Mean change of Fisher z",
    "t": "Paired t of the change of Fisher z",
    "p": "Two-sided p of the sign-flip test of the change of Fisher z, uncorrected",
    "pfwe": "p corrected for all connections (maximal |t| over the same sign flips)",
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


def read_edges(results: Sequence[SessionResult], design: Design, output_dir: Path) -> Edges | None:
    """Read the connectivity matrices of one task, atlas and recipe; None without any."""
    people = sorted({result.participant for result in results})
    values: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    names: list[str] = []
    for result in results:
        if not result.excluded and result.session in design.sessions:
            names, matrix = read_matrix(result.matrix_path(output_dir))
            upper = np.triu_indices(len(names), k=1)
            values.setdefault((result.participant, result.session), []).append(
                fisher_z(matrix)[upper]
            )
    if not names:
        return None
    changes = np.full((len(people), len(upper[0])), np.nan)
    for row, person in zip(changes, people, strict=True):
        if all((person, session) in values for session in design.sessions):
            before, after = (
                np.mean(values.pop((person, session)), axis=0) for session in design.sessions
            )
            row[:] = after - before
    return Edges(people=tuple(people), names=tuple(names), changes=changes, first=results[0])


def write_edges(folder: Path, edges: Edges, design: Design, settings: Settings) -> None:
    """Write the mean change of every edge in Fisher z, its t and its p."""
    test = signflip(
        edges.changes,
        n_permutations=settings.group.n_permutations,
        seed=settings.group.random_seed,
    )
    values = {
        "meanchange": moments(edges.changes)[1], "t": test.t, "p": test.p, "pfwe": test.p_fwe
    }  # fmt: skip
    for stat, description in MATRICES.items():
        path = folder / outputs.group_matrix_name(
            edges.first.task, edges.first.about["AtlasEntities"], stat, edges.first.recipe
        )
        write_matrix(path, edges.names, square(values[stat], len(edges.names)))
        described = {
            "RelationshipMeasure": stat,
            "MeasureDescription": description,
            "Contrast": design.contrast,
            "NumberOfParticipants": int(test.n.max()),
            "NumberOfPermutations": test.n_permutations,
            "Exact": test.exact,
            "Weighted": True,
            "Directed": False,
            "ValidDiagonal": False,
            "StorageFormat": "Full",
        }
        write_json(outputs.sidecar(path), {**described, **about(design, settings)})


def square(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Put an upper triangle into a symmetric matrix with an empty diagonal."""
    matrix = np.full((size, size), np.nan)
    upper = np.triu_indices(size, k=1)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix


def motion_of_edges(
    edges: Edges, people: Sequence[Mapping[str, Any]], output_dir: Path
) -> dict[str, Any]:
    """Say how far the changes of connections go with changes of motion (QC-FC)."""
    regions = outputs.regions_from(
        read_json(outputs.regions_path(output_dir, edges.first.about["AtlasEntities"]))
    )
    first, second = np.triu_indices(len(edges.names), k=1)
    distance = np.linalg.norm(regions.centroids[first] - regions.centroids[second], axis=1)
    motion = change_of_motion(people, edges.people, edges.first.task)
    found = motion_dependence(edges.changes, motion, distance)
    return {
        **edges.place,
        "n": found.n,
        "MedianAbsoluteR": found.median_r,
        "ShareBelow05": found.share,
        "DistanceDependence": found.distance_rho,
    }
