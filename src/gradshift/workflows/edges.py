"""Every connection compared: matrices of change, t and p."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_matrix
from gradshift.bids.write import write_json, write_matrix
from gradshift.core.connectivity import fisher_z
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.settings import Settings
from gradshift.workflows.design import Design
from gradshift.workflows.tables import about

MATRICES = {
    "meanchange": "Mean change of Fisher z",
    "t": "Paired t of the change of Fisher z",
    "p": "Two-sided p of the sign-flip test of the change of Fisher z, uncorrected",
}


def write_edges(
    folder: Path, results: Sequence[SessionResult], design: Design, settings: Settings
) -> None:
    """Write the mean change of every edge in Fisher z, its t and its p."""
    people = sorted({result.participant for result in results})
    edges: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    names: list[str] = []
    for result in results:
        if not result.excluded:
            names, matrix = read_matrix(result.matrix_path(settings.output_dir))
            upper = np.triu_indices(len(names), k=1)
            key = (result.participant, result.session)
            edges.setdefault(key, []).append(fisher_z(matrix)[upper])
    if not names:
        return
    missing = [np.full(len(upper[0]), np.nan)]
    baseline, followup = (
        np.array([np.mean(edges.get((person, session), missing), axis=0) for person in people])
        for session in design.sessions
    )
    changes = followup - baseline
    test = signflip(
        changes, n_permutations=settings.group.n_permutations, seed=settings.group.random_seed
    )
    values = {"meanchange": moments(changes)[1], "t": test.t, "p": test.p}
    first = results[0]
    for stat, description in MATRICES.items():
        matrix = np.full((len(names), len(names)), np.nan)
        matrix[upper] = values[stat]
        matrix.T[upper] = matrix[upper]
        path = folder / outputs.group_matrix_name(
            first.task, first.about["AtlasEntities"], stat, first.recipe
        )
        write_matrix(path, names, matrix)
        described = {
            "RelationshipMeasure": stat,
            "MeasureDescription": description,
            "Contrast": design.contrast,
            "NumberOfParticipants": int(test.n.max()),
            "NumberOfPermutations": test.n_permutations,
            "Weighted": True,
            "Directed": False,
            "ValidDiagonal": False,
            "StorageFormat": "Full",
        }
        write_json(outputs.sidecar(path), {**described, **about(design, settings)})
