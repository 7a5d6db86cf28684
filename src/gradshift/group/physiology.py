"""Whether breathing, heart rate or the systemic signal changed, and BOLD without a neuron."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.group.study import Study

Rates = Mapping[str, float]
"""By key, such as ``BreathsPerMinute``."""


def physiology(study: Study) -> list[dict[str, object]]:
    """Compare the rates of every task before and after; descriptive, in no family of results."""
    by_session: dict[tuple[str, str, str], Rates] = {
        (result.participant, result.session, result.task): result.physiology
        for result in study.results
        if result.modality == "func" and not result.excluded and result.physiology
    }
    blocks = []
    for task in sorted({task for _, _, task in by_session}):
        of_task = {(name, ses): r for (name, ses, t), r in by_session.items() if t == task}
        for key in sorted({key for rates in of_task.values() for key in rates}):
            blocks += _compared(study, task, key, of_task)
    return blocks


def _compared(
    study: Study, task: str, key: str, rates: Mapping[tuple[str, str], Rates]
) -> list[dict[str, object]]:
    """Compare one rate in the people who are compared; nothing where nobody has a change."""
    people = [p for p in study.compared if p.modality == "func" and p.task == task]
    names = sorted({person.participant_id for person in people})
    values = np.array(
        [
            [rates.get((name, ses), {}).get(key, np.nan) for ses in study.design.sessions_of(name)]
            for name in names
        ]
    )
    if not names:
        return []
    counts = np.asarray(study.main.weights, dtype=float) != 0
    changes = values[:, counts] @ np.asarray(study.main.weights, dtype=float)[counts]
    known = np.isfinite(changes)
    if not known.any():
        return []
    group = study.group
    test = signflip(changes[:, None], n_permutations=group.n_permutations, seed=group.random_seed)
    return [
        {
            "What": key,
            "Task": task,
            "n": int(known.sum()),
            "MeanBaseline": _mean(values[known][:, list(study.design.baselines)]),
            "MeanFollowup": _mean(values[known][:, list(study.design.followups)]),
            "MeanChange": moments(changes[:, None])[1][0],
            "p": test.p[0],
        }
    ]


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
