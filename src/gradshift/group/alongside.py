"""What changed beside the outcomes: head motion, and what was injected."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.resampling import Resampled
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.group.study import Study
from gradshift.study.participation import change_of_motion


def motion(study: Study) -> list[dict[str, object]]:
    """Compare motion before and after, task by task."""
    blocks = []
    bold = [person for person in study.compared if person.modality == "func"]
    for task in sorted({person.task for person in bold}):
        people = [person for person in bold if person.task == task]
        names = sorted({person.participant_id for person in people})
        changes = change_of_motion(bold, names, task, study.main.weights)[:, None]
        test = _flipped(study, changes)
        blocks.append(
            {
                "Task": task,
                "n": int(test.n[0]),
                "MeanFDBaseline": _mean(person.mean_fd_baseline for person in people),
                "MeanFDFollowup": _mean(person.mean_fd_followup for person in people),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
                **_filtered(study, task),
            }
        )
    return blocks


def _filtered(study: Study, task: str) -> dict[str, object]:
    """Say what the motion parameters were filtered with, where they were."""
    bold = [one for one in study.results if one.modality == "func" and one.task == task]
    words = sorted({one.motion_filter for one in bold} - {""})
    return {"Filter": ", ".join(words)} if words else {}


def injected(study: Study) -> list[dict[str, object]]:
    """Compare what was injected before PET, before and after: a different dose is no synapse."""
    names = sorted({one.participant_id for one in study.compared if one.modality == "pet"})
    if not names or not study.design.within_period:
        return []
    blocks = []
    units = {"InjectedRadioactivity": "MBq", "InjectedMass": "ug"}
    for key, unit in units.items():
        amounts = {
            (result.participant, result.session): result.about.get(key)
            for result in study.results
            if result.modality == "pet"
        }
        before, after = (
            np.array([amounts.get((name, session), np.nan) for name in names], dtype=float)
            for session in (study.design.baseline, study.design.followup)
        )
        changes = (after - before)[:, None]
        known = np.isfinite(changes[:, 0])
        if not known.any():
            continue
        test = _flipped(study, changes)
        blocks.append(
            {
                "What": key,
                "Units": unit,
                "n": int(test.n[0]),
                "MeanBaseline": float(before[known].mean()),
                "MeanFollowup": float(after[known].mean()),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
            }
        )
    return blocks


def _flipped(study: Study, changes: NDArray[np.float64]) -> Resampled:
    """Test changes by flipping their signs."""
    group = study.group
    return signflip(changes, n_permutations=group.n_permutations, seed=group.random_seed)


def _mean(values: Iterable[float]) -> float:
    known = sorted(value for value in values if np.isfinite(value))
    return float(np.mean(known)) if known else np.nan
