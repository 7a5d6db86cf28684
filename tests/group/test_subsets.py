"""People chosen by motion: by nothing else, whichever session is called the first."""

from dataclasses import replace

import numpy as np
import pytest

from gradshift.core.inference.families import CONFIRMATORY
from gradshift.group.robustness import robustness
from gradshift.group.subsets import EVEN, LOW, PLAIN, low_motion, matched, subsets
from gradshift.group.variants import variants
from studies import make, paired, rows, take_part

PEOPLE = [f"sub-{i:02}" for i in range(10)]
KEY = sorted(CONFIRMATORY)[0]
MOTION = {
    **{person: (0.1, 0.11 + 0.01 * i) for i, person in enumerate(PEOPLE[:7])},
    PEOPLE[7]: (0.2, 0.4),
    PEOPLE[8]: (0.1, 0.5),
    PEOPLE[9]: (0.3, 0.1),
}


def study(motion=MOTION, seed=0):
    rng = np.random.default_rng(seed)
    values = {(p, s): rng.normal() for p in PEOPLE for s in ("ses-pre", "ses-post")}
    return make(rows("func", "rest", KEY, values), take_part("func", "rest", motion), paired())


def test_those_who_moved_little_did_so_in_every_session():
    made = study()
    assert low_motion(made.people, made.main) == set(PEOPLE[:7])


def test_motion_does_not_change_in_those_matched_and_most_people_stay():
    made = study()
    names = matched(made.people, made.main, "rest")
    changes = {person: after - before for person, (before, after) in MOTION.items()}
    spread = np.std(list(changes.values()), ddof=1)
    assert abs(np.mean([changes[name] for name in names])) <= 0.1 * spread
    assert len(names) >= 8
    assert PEOPLE[8] not in names


def test_the_sessions_may_change_places():
    made = study()
    turned = study({person: pair[::-1] for person, pair in MOTION.items()})
    for choose in (low_motion, lambda people, effect: matched(people, effect, "rest")):
        assert choose(made.people, made.main) == choose(turned.people, turned.main)


def test_groups_are_matched_in_how_much_motion_changed():
    made = study()
    sides = {person: float(i % 2) for i, person in enumerate(PEOPLE)}
    effect = replace(made.main, kind="groups", predictor=sides)
    names = matched(made.people, effect, "rest")
    means = [
        np.mean([np.subtract(*MOTION[n][::-1]) for n in names if sides[n] == code])
        for code in (0, 1)
    ]
    assert abs(means[1] - means[0]) < 0.02
    assert {sides[name] for name in names} == {0.0, 1.0}


def test_a_subset_is_a_variant_of_the_same_values_over_fewer_people():
    made = study()
    by_choice = {variant.choice: variant for variant in variants(made)}
    assert set(by_choice) == {None, LOW, EVEN}
    table = made.table[made.table["participant_id"].isin(PEOPLE[:7])]
    wide = table.pivot_table("value", "participant_id", "session_id")
    change = wide["ses-post"] - wide["ses-pre"]
    assert by_choice[LOW].n == 7
    assert by_choice[LOW].mean_change == pytest.approx(change.mean())
    (row,) = robustness(made)
    assert row.n_variants == 3


@pytest.mark.parametrize(
    "motion",
    [dict.fromkeys(PEOPLE, (0.1, 0.1)), dict.fromkeys(PEOPLE, (np.nan, np.nan)),
     {p: (0.1, 0.1) if i < 5 else (0.5, 0.1) for i, p in enumerate(PEOPLE)}],
    ids=["everybody", "not measured", "too few"],
)  # fmt: skip
def test_a_subset_of_everybody_or_of_too_few_is_not_formed(motion):
    assert [choice for _, choice, _ in subsets(study(motion)) if choice == LOW] == []


def test_remarked_values_are_told_without_them_too():
    made = study()
    first = made.table["participant_id"] == PEOPLE[0]
    made.table.loc[first & (made.table["session_id"] == "ses-post"), "status"] = "unlike (r .5)"
    by_choice = {variant.choice: variant for variant in variants(made)}
    assert (by_choice[None].n, by_choice[PLAIN].n) == (len(PEOPLE), len(PEOPLE) - 1)
    everything = study()
    everything.table["status"] = "coarse: 40 regions, gradients need 200"
    assert PLAIN not in {variant.choice for variant in variants(everything)}
