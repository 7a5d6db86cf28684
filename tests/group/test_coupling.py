"""Coupling of changes: of the task, sessions and motion that it says, and of no other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gradshift.group.contrasts import contrasts
from gradshift.group.coupled import coupled
from gradshift.group.coupling import couplings
from studies import make, paired, rows, take_part

PEOPLE = [f"sub-{i:02}" for i in range(9)]
DENSITY = ("vtlogan", "network", "Default")
ACTIVITY = ("falff", "network", "Default")
SESSIONS = ("ses-pre", "ses-post", "ses-late")


def values(rng, sessions):
    return {(person, session): rng.normal() for person in PEOPLE for session in sessions}


def study(seed=0, sessions=SESSIONS[:2], tasks=("movie", "rest"), still=(), **group):
    """A study with PET and BOLD of several tasks, each with its own motion."""
    rng = np.random.default_rng(seed)
    pet = values(rng, sessions)
    bold = {task: values(rng, sessions) for task in tasks}
    motion = {
        task: {person: np.round(rng.uniform(0.05, 0.4, len(sessions)), 3) for person in PEOPLE}
        for task in tasks
    }
    for task, person in still:
        motion[task][person][0] = 0.0
    table = rows("pet", "n/a", DENSITY, pet)
    people = take_part("pet", "n/a", {person: [np.nan] * len(sessions) for person in PEOPLE})
    for task in tasks:
        table += rows("func", task, ACTIVITY, bold[task])
        people += take_part("func", task, motion[task])
    kind = "paired" if len(sessions) == 2 else "repeated"
    made = make(table, people, paired(*sessions[1:], kind=kind), n_permutations=200, **group)
    return made, pet, bold, motion


def change(values):
    return np.array([values[p, "ses-post"] - values[p, "ses-pre"] for p in PEOPLE])


def partial_spearman(x, y, z):
    """Correlate ranks with a third held constant, by the formula of three correlations."""
    r = np.corrcoef([stats.rankdata(v) for v in (x, y, z)])
    return (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))


@pytest.mark.parametrize("sessions", [SESSIONS[:2], SESSIONS], ids=["one", "two follow-ups"])
def test_every_task_is_coupled_with_its_own_motion_over_the_sessions_compared(sessions):
    made, pet, bold, motion = study(sessions=sessions)
    by_key = {(row.task, row.scope): row for row in couplings(made)}
    for task, activity in bold.items():
        x, y = change(pet), change(activity)
        fd = np.array([motion[task][person][1] - motion[task][person][0] for person in PEOPLE])
        plain, held = (
            by_key[task, scope] for scope in ("between-people", "between-people-partial-fd")
        )
        assert plain.estimate == pytest.approx(stats.spearmanr(x, y).statistic)
        assert held.estimate == pytest.approx(partial_spearman(x, y, fd))
        assert (plain.contrast, plain.atlas, plain.recipe) == ("post-pre", "A", "24P")


def test_people_who_did_not_move_at_all_count():
    made, *_ = study(still=[("rest", PEOPLE[0])], tasks=("rest",))
    held = [row for row in couplings(made) if row.scope == "between-people-partial-fd"]
    assert [row.n for row in held] == [len(PEOPLE)]


def test_the_order_of_tasks_and_people_does_not_matter():
    made, *_ = study()
    shuffled = replace(
        made, table=made.table.sample(frac=1, random_state=1), people=made.people[::-1],
        computed={},
    )  # fmt: skip
    assert couplings(shuffled) == couplings(made)


def test_swapping_the_sessions_leaves_every_coupling():
    made, *_ = study()
    swapped = made.table.replace({"ses-pre": "ses-post", "ses-post": "ses-pre"})
    turned = [
        replace(person, motion=person.motion[::-1]) if person.motion else person
        for person in made.people
    ]
    other = couplings(replace(made, table=swapped, people=turned, computed={}))
    for one, two in zip(couplings(made), other, strict=True):
        assert two.estimate == pytest.approx(one.estimate, nan_ok=True) or one.estimate is None


def test_a_pair_without_bold_is_told_once_and_of_no_task():
    made, *_ = study(coupling=("vtlogan:Default~vtlogan:Default",))
    between = [row for row in couplings(made) if row.scope == "between-people"]
    assert [(row.task, row.estimate) for row in between] == [("n/a", pytest.approx(1.0))]


def test_pairs_over_people_count_among_the_declared_families_of_the_page():
    """Holm over PET's family and that of the pairs, by hand; nothing of the rest is declared."""
    made, *_ = study(seed=3)
    pet = [row for row in contrasts(made) if row.family == "pet-primary" and not row.covariates]
    between = [row for row in coupled(made) if row.scope == "between-people"]
    p = [np.array([row.p_fwe for row in rows]) for rows in (pet, between)]
    by_hand = [np.maximum(own, 2 * np.minimum(own, other.max())) for own, other in (p, p[::-1])]
    np.testing.assert_allclose([row.p_page for row in pet], np.minimum(by_hand[0], 1))
    np.testing.assert_allclose([row.p_page for row in between], np.minimum(by_hand[1], 1))
    others = [row for row in coupled(made) if row.scope != "between-people"]
    assert others
    assert all(np.isnan(row.p_page) for row in others)
