"""How far connectivity matrices of a person lie apart: by the drug, and from day to day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult, read_matrix
from gradshift.group.study import Study
from gradshift.study.effect import Effect
from gradshift.study.untreated import untreated

Matrices = Mapping[tuple[str, str], NDArray[np.float64]]
"""Connections of a session (upper triangle), by person and session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Of one person.

    Parameters
    ----------
    change : float
        Mean distance between sessions under the drug and those it is compared with.
    days : tuple of float
        Distances between sessions without the drug.
    """

    change: float
    days: tuple[float, ...]


def distances(study: Study, task: str) -> dict[str, Distances]:
    """Measure the distances of everybody in one task; nobody without two days alike.

    Parameters
    ----------
    study : Study
    task : str

    References
    ----------
    Siegel et al. (2024), Nature 632:131: the distance by the drug over that from day to day.
    """
    design = study.design
    people = [person.participant_id for person in study.of_kind("func", task) if person.included]
    repeats = {person: untreated(design, person) for person in people}
    if not any(sum(without) > 1 for without in repeats.values()):
        return {}
    matrices = _read(study, task)
    return {
        person: Distances(
            change=_mean([
                _apart(matrices, person, design.sessions_of(person), pair)
                for pair in _pairs(study.main)
            ]),
            days=tuple(
                distance
                for pair in combinations(np.flatnonzero(repeats[person]).tolist(), 2)
                if np.isfinite(
                    distance := _apart(matrices, person, design.sessions_of(person), pair)
                )
            ),
        )
        for person in people
    }  # fmt: skip


def _pairs(effect: Effect) -> list[tuple[int, int]]:
    """Pair the conditions that are held against each other; under the drug where both are."""
    drug = effect.plus if min(effect.plus) < 0 else effect.weights
    lower = [i for i, weight in enumerate(drug) if weight < 0]
    upper = [i for i, weight in enumerate(drug) if weight > 0]
    return list(product(lower, upper))


def _read(study: Study, task: str) -> Matrices:
    """Read the matrices of a task, of the primary atlas and recipe; runs are averaged."""
    runs: dict[tuple[str, str], list[SessionResult]] = {}
    for result in study.results:
        primary = (result.modality, result.task, result.atlas, result.recipe)
        if primary == ("func", task, *study.primary) and not result.excluded:
            runs.setdefault((result.participant, result.session), []).append(result)
    return {
        key: np.mean([_upper(result, study) for result in results], axis=0)
        for key, results in runs.items()
    }


def _upper(result: SessionResult, study: Study) -> NDArray[np.float64]:
    _, matrix = read_matrix(result.matrix_path(study.output_dir))
    return matrix[np.triu_indices(len(matrix), k=1)]


def _apart(
    matrices: Matrices, person: str, sessions: Sequence[str], pair: tuple[int, int]
) -> float:
    """Return the root mean square difference of two sessions, over connections that both have."""
    one, other = (matrices.get((person, sessions[i])) for i in pair)
    if one is None or other is None:
        return np.nan
    return _mean((one - other) ** 2) ** 0.5


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    known = np.array(values)[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
