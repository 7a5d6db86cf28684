"""The same values of fewer people, chosen by motion alone, or without those remarked."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.group.arrange import NAMES
from gradshift.group.study import Place, Study
from gradshift.study.effect import Effect
from gradshift.study.participation import Participation, change_of_motion

STRICT_FD = 0.25
"""Mean framewise displacement (mm) that no session of people who moved little is above."""

MATCHED = 0.1
"""Mean change of motion, in standard deviations between people, that counts as none."""

FEWEST = 6
"""Fewer people cannot have a p below .05: no subset is formed."""

LOW, EVEN = "people under 0.25 mm", "people matched for motion"
PLAIN = "values without a remark"
"""The names of the subsets, as choices of the table of variants."""


def subsets(study: Study) -> Iterator[tuple[Place, str, pd.DataFrame]]:
    """Yield the values of people chosen by their motion, with the primary atlas and recipe.

    A subset of fewer than `FEWEST` people, or of everybody, is not formed. Measures with remarked
    values come without these, too.
    """
    for place, values in study.places():
        if place.modality != "func" or (place.atlas, place.recipe) != study.primary:
            continue
        compared = [one for one in study.of_kind(place.modality, place.task) if one.included]
        for choice, names in (
            (LOW, low_motion(compared, study.main)),
            (EVEN, matched(compared, study.main, place.task)),
        ):
            if FEWEST <= len(names) < len(compared):
                yield place, choice, values[values["participant_id"].isin(names)]
        plain = without_remarks(values)
        if not plain.empty:
            yield place, PLAIN, plain


def without_remarks(values: pd.DataFrame) -> pd.DataFrame:
    """Return the values of which some are remarked and some are not, those remarked as missing."""
    marked = (values["status"] != "ok") & values["value"].notna()
    keys = pd.MultiIndex.from_frame(values[NAMES])
    some = keys.isin(keys[marked]) & keys.isin(keys[~marked & values["value"].notna()])
    left = values[some]
    return left.assign(value=left["value"].mask(marked[some]))


def low_motion(people: Sequence[Participation], effect: Effect) -> set[str]:
    """Name the people who are under the stricter limit in every session that counts."""
    counts = np.array([bool(weight) for weight in effect.weights])
    return {
        person.participant_id
        for person in people
        if person.motion and (np.asarray(person.motion)[counts] <= STRICT_FD).all()
    }


def matched(people: Sequence[Participation], effect: Effect, task: str) -> set[str]:
    """Name people in whom motion did not change on average, or as much in both groups.

    People are left out one by one, each time the one without whom the mean change of motion (its
    difference between groups) is closest to 0. Outcomes have no say, and the sessions may be
    exchanged.

    Parameters
    ----------
    people : sequence of Participation
    effect : Effect
        The main question.
    task : str
    """
    names = sorted(person.participant_id for person in people)
    changes = change_of_motion(people, names, task, effect.weights)
    side = effect.number(names) if effect.kind == "groups" else np.ones(len(names))
    kept = np.isfinite(changes) & np.isfinite(side)
    scale = _scale(changes[kept], side[kept])
    while kept.any() and not abs(_imbalance(changes[kept], side[kept])) <= MATCHED * scale:
        kept[_least_even(changes, side, kept)] = False
    return {name for name, stays in zip(names, kept, strict=True) if stays}


def _imbalance(changes: NDArray[np.float64], side: NDArray[np.float64]) -> float:
    """Return the mean change, or its difference between groups where there are two."""
    means = [float(changes[side == code].mean()) for code in np.unique(side)]
    return means[-1] - (means[0] if len(means) > 1 else 0.0)


def _scale(changes: NDArray[np.float64], side: NDArray[np.float64]) -> float:
    """Return the standard deviation of the changes within groups."""
    rest = changes.copy()
    for code in np.unique(side):
        rest[side == code] -= rest[side == code].mean()
    return float(np.sqrt((rest**2).sum() / max(len(rest) - len(np.unique(side)), 1)))


def _least_even(
    changes: NDArray[np.float64], side: NDArray[np.float64], kept: NDArray[np.bool_]
) -> int:
    """Return the person without whom the change of motion is closest to none."""
    left = []
    for i in np.flatnonzero(kept):
        others = kept.copy()
        others[i] = False
        alone = not (side[others] == side[i]).any()
        left.append(np.inf if alone else abs(_imbalance(changes[others], side[others])))
    return int(np.flatnonzero(kept)[int(np.argmin(left))])
