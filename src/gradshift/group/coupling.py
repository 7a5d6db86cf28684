"""Whether the changes of two modalities go together, over people and over regions."""

from collections.abc import Sequence

import numpy as np

from gradshift.core.statistics.coupling import (
    FEWEST,
    bca_interval,
    couple,
    leave_one_out,
    partial,
)
from gradshift.errors import SettingsError
from gradshift.group.changes import Changes, Coupled, changes_by_task
from gradshift.group.likeness import over_regions
from gradshift.group.pairs import Coupling, Pair
from gradshift.group.pieces import as_a_whole, piece
from gradshift.group.primary import primary_model
from gradshift.group.study import Study
from gradshift.settings import Group

PAIRS = (
    "{pet}:Default~falff:Default",
    "{pet}:whole~eigenvectorcentrality:PCC",
    "{pet}:ACC~glutamate:ACC",
)
"""Declared beforehand: the outcome of PET with intrinsic activity, with the PCC as a hub, and with
glutamate; those of which there are values."""


@piece(as_a_whole, seconds=8)
def couplings(study: Study) -> list[Coupling]:
    """Correlate the changes of every pair, in every task of BOLD."""
    every = list(changes_by_task(study))
    pairs = _pairs(study.group.coupling, every, primary_model(study))
    if not pairs:
        return []
    coupled = [
        Coupled.of(pair, changes)
        for i, changes in enumerate(every)
        for pair in pairs
        if i == 0 or changes.is_bold(pair.first) or changes.is_bold(pair.second)
    ]
    return _over_people(coupled, study.group) + over_regions(coupled, study)


def _pairs(given: Sequence[str], every: Sequence[Changes], pet: str | None) -> list[Pair]:
    """Return the pairs asked for, or those declared beforehand."""
    measures = {measure for changes in every for measure in changes.places}
    if not given:
        declared = [Pair.parse(text.format(pet=pet)) for text in PAIRS]
        return [
            pair
            for pair in declared
            if any(changes.has(pair.first) and changes.has(pair.second) for changes in every)
        ]
    pairs = [Pair.parse(text) for text in given]
    named = {term.measure for pair in pairs for term in (pair.first, pair.second)}
    if unknown := sorted(named - measures):
        raise SettingsError(
            f"--coupling names {', '.join(unknown)}, of which there are no values; there are "
            f"{', '.join(sorted(measures))}."
        )
    return pairs


def _over_people(coupled: Sequence[Coupled], group: Group) -> list[Coupling]:
    """Correlate changes over people; pairs of all tasks are corrected together."""
    people = sorted({person for one in coupled for person in one.changes.people})
    x, y = (
        np.column_stack([one.of_people(people, side) for one in coupled]) for side in ("x", "y")
    )
    seed, n_permutations = group.random_seed, 10 * group.n_permutations
    result = couple(x, y, n_permutations=n_permutations, seed=seed)
    rows = []
    for j, one in enumerate(coupled):
        both = np.isfinite(x[:, j]) & np.isfinite(y[:, j])
        status = _status(one, int(both.sum()), bool(np.isfinite(result.rho[j])))
        low, high = bca_interval(x[both, j], y[both, j], seed=seed)
        rows.append(
            Coupling(
                **one.columns,
                scope="between-people",
                n=int(both.sum()),
                estimate=result.rho[j],
                ci_low=low,
                ci_high=high,
                p=result.p[j],
                p_fwe=result.p_fwe[j],
                n_permutations=result.n_permutations,
                status=status,
            )
        )
        if status == "ok":
            rows.append(_without_each(one))
            rows += _at_same_motion(one, group)
    return rows


def _status(one: Coupled, n: int, known: bool) -> str:
    """Say why there is no correlation of a pair; ok if there is."""
    terms = (one.pair.first, one.pair.second)
    missing = [f"{term.measure} {term.label}" for term in terms if not one.changes.has(term)]
    if missing:
        return f"no values of {' and '.join(missing)}"
    if known:
        return "ok"
    few = f"{n} people with both changes, {FEWEST} needed"
    return few if n < FEWEST else "one of the changes is the same in everybody"


def _without_each(one: Coupled) -> Coupling:
    """Say how far a correlation rests on one person."""
    both = np.isfinite(one.x) & np.isfinite(one.y)
    left_out = leave_one_out(one.x[both], one.y[both])
    return Coupling(
        **one.columns,
        scope="between-people-leave-one-out",
        n=int(both.sum()),
        ci_low=np.nanmin(left_out),
        ci_high=np.nanmax(left_out),
        status="range without each person in turn",
    )


def _at_same_motion(one: Coupled, group: Group) -> list[Coupling]:
    """Correlate two changes with that of motion held constant, where one of them is of BOLD."""
    motion = one.changes.motion
    known = np.isfinite(one.x) & np.isfinite(one.y) & np.isfinite(motion)
    if one.place.task == "n/a" or known.sum() <= FEWEST:
        return []
    x, y = partial(one.x[known], one.y[known], motion[known])
    result = couple(
        x[:, None],
        y[:, None],
        n_permutations=10 * group.n_permutations,
        seed=group.random_seed,
        ranks=False,
    )
    return [
        Coupling(
            **one.columns,
            scope="between-people-partial-fd",
            n=int(known.sum()),
            estimate=result.rho[0],
            p=result.p[0],
            n_permutations=result.n_permutations,
            status="ok",
        )
    ]
