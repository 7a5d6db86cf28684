"""The answer on structures beyond the cortex is one of what the atlas has."""

from types import SimpleNamespace

import pytest

from contrastrows import row
from gradshift.report import direction
from gradshift.report.sections.systems import build
from gradshift.study.compared import OVER_TIME


def of(label, change, p):
    return row(
        family="system", measure="systemfc", level="network-pair", label=label,
        mean_change=change, p_fwe=p,
    )  # fmt: skip


def answer(*rows):
    results = SimpleNamespace(
        rows=rows, is_headline=lambda _: True, alpha=0.05, regions=None,
        tested=direction.tested(("post-pre", "change"), OVER_TIME),
    )  # fmt: skip
    return build(results)


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        (((0.1, 0.01), (0.2, 0.3)), "Yes: "),
        (((-0.1, 0.01), (-0.2, 0.3)), "No: the opposite"),
        (((-0.1, 0.01), (0.2, 0.01)), "More with some, less with others"),
        (((-0.1, 0.4), (0.2, 0.5)), "Undecided"),
    ],
)
def test_the_thalamus_with_sensory_networks_is_answered(changes, begins):
    (vis, p_vis), (motor, p_motor) = changes
    found = answer(
        of("Thalamus-Vis", vis, p_vis),
        of("SomMot-Thalamus", motor, p_motor),
        of("Default-Striatum", 0.2, 0.5),
    )
    assert "thalamus" in found.title
    assert found.lead[0].startswith(begins)
    assert "visual" in found.lead[0]
    assert "somatomotor" in found.lead[0]
    assert found.lead[1].startswith("Nothing else")


@pytest.mark.parametrize(
    ("p", "begins"), [(0.01, "Yes: cerebellum with default"), (0.3, "Nothing in")]
)
def test_without_a_thalamus_it_is_asked_of_what_there_is(p, begins):
    found = answer(of("Cerebellum-Default", 0.1, p), of("Cerebellum-Vis", 0.1, 0.8))
    assert "thalamus" not in " ".join([found.title, *found.lead])
    assert "cerebellum" in found.title
    (sentence,) = found.lead
    assert sentence.startswith(begins)


def test_a_study_of_the_cortex_alone_has_no_such_section():
    assert answer(row()) is None
