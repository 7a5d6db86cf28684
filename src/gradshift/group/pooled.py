"""Several studies in one model, from the tables that each of them left: no image, no session."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradshift.core.statistics.randomeffects import within_studies
from gradshift.group.contrasts import Contrast
from gradshift.group.pooledfamily import Family, Key
from gradshift.group.pooledrows import Effect, PooledRow
from gradshift.group.sharedtables import StudyTables

Array = NDArray[np.float64]


def pool(
    studies: Sequence[StudyTables], *, alpha: float, seed: int, n_permutations: int
) -> tuple[list[PooledRow], list[Effect]]:
    """Put the main results of studies together.

    Returns
    -------
    rows : list of PooledRow
    effects : list of Effect
        Of every study, with its weight.
    """
    several = any(len(study.tasks) > 1 for study in studies)
    results: dict[Key, dict[int, Contrast]] = {}
    for i, study in enumerate(studies):
        for row in study.rows:
            task = row.task if several else ""
            key = (row.modality, task, row.family, row.measure, row.level, row.label)
            results.setdefault(key, {})[i] = row
    families: dict[tuple[str, str, str], list[Key]] = {}
    for key in results:
        families.setdefault(key[:3], []).append(key)
    within = _within(studies, several, seed, n_permutations)
    rows: list[PooledRow] = []
    effects: list[Effect] = []
    for keys in families.values():
        family = Family(studies, keys, [results[key] for key in keys])
        rows += family.rows(alpha, seed, within)
        effects += family.effects(alpha)
    return rows, effects


def _within(
    studies: Sequence[StudyTables], several: bool, seed: int, n_permutations: int
) -> dict[tuple[str, ...], tuple[float, float]]:
    """Flip the signs of people's changes within studies, where all share them."""
    single = all(study.persons and study.rows[0].effect == "change" for study in studies)
    if not single:
        return {}
    wanted = [
        {(row.task if several else "", row.measure, row.level, row.label) for row in study.persons
         if row.measure != "fcchange"}
        for study in studies
    ]  # fmt: skip
    keys = sorted(set.intersection(*wanted))
    changes = [_changes(study, keys, several) for study in studies]
    if not keys:
        return {}
    _, p, p_fwe = within_studies(changes, n_permutations=n_permutations, seed=seed)
    return {key: (float(p[i]), float(p_fwe[i])) for i, key in enumerate(keys)}


def _changes(
    study: StudyTables, keys: Sequence[tuple[str, str, str, str]], several: bool
) -> Array:
    """Return the (n, m) changes of the people of a study."""
    people = sorted({row.participant_id for row in study.persons})
    values = np.full((len(people), len(keys)), np.nan)
    at = {key: i for i, key in enumerate(keys)}
    for row in study.persons:
        key = (row.task if several else "", row.measure, row.level, row.label)
        if key in at:
            values[people.index(row.participant_id), at[key]] = row.change
    return values
