"""What a change is one between, in the words of the design."""

import pytest

from gradshift.study.compared import OVER_TIME, Compared, compared_of
from gradshift.study.design import Condition, Design, Weighted
from gradshift.study.effect import Effect


def design(kind, names, **more):
    conditions = tuple(Condition(name=name, before=i == 0, session=f"ses-{name}")
                       for i, name in enumerate(names))  # fmt: skip
    return Design(kind=kind, conditions=conditions, baseline="", followup="", **more)


def effect(minus, plus, **more):
    return Effect(**{"contrast": "c", "effect": "change", "minus": minus, "plus": plus, **more})


def held(reference, against):
    return Compared(way="conditions", reference=reference, against=against)


@pytest.mark.parametrize(
    ("minus", "plus", "expected"),
    [
        ((1.0, 0, 0), (0, 1.0, 0), held("in b0", "in d2")),
        ((1.0, 0, 0), (0, 0.5, 0.5), held("in b0", "in the mean of d2 and d10")),
        ((1.0, 0, 0), (0, 0.2, 0.8), held("in b0", "in the weighted mean of d2 and d10")),
        ((2.0, 0, 0), (0, 1.0, 1.0), held("in b0", "in the sum of d2 and d10")),
    ],
)
def test_weights_are_named_by_their_conditions(minus, plus, expected):
    made = design("conditions", ["b0", "ses-d2", "d10"])
    assert compared_of(made, effect(minus, plus)) == expected


def test_treatments_doses_and_time():
    sides = {"minus": (1.0, 0.0), "plus": (0.0, 1.0)}
    drug = Weighted(name="c", treatments=("placebo", "lsd"), **sides)
    of_drug = design("conditions", ["ses-PLCB", "ses-LSD"], weighted=(drug,))
    assert compared_of(of_drug, effect(**sides)) == held("under placebo", "under lsd")
    between = effect(**sides, effect="group-by-time")
    assert compared_of(of_drug, between) == held("under placebo", "under lsd")
    assert compared_of(of_drug, effect(**sides, effect="period")) == OVER_TIME
    doses = design("doses", ["dose0", "dose10"])
    assert compared_of(doses, effect(**sides)) == held("at dose0", "at dose10")
    assert compared_of(doses, effect(**sides, contrast="slope(dose)")) == Compared(way="dose")
    assert compared_of(design("paired", ["ses-pre", "ses-post"]), effect(**sides)) == OVER_TIME
    tasks = design("paired", ["ses-silence", "ses-music"], named_conditions=True)
    assert compared_of(tasks, effect(**sides)) == held("in silence", "in music")
