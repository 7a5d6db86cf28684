"""Tables made by hand, read as the page reads them: what they say, and what they must not say."""

import json
import math
import re
from importlib.resources import files

import numpy as np
import pytest

from contrastrows import row, undecided
from gradshift.bids.collect import SessionResult
from gradshift.bids.rows import write_rows
from gradshift.group.contrasts import Contrast
from gradshift.group.pairs import Coupling
from gradshift.group.subsets import EVEN, LOW
from gradshift.group.variants import SHARED, Variant
from gradshift.report.grouped import GroupResults
from gradshift.report.molecules import coupling_summary, molecules
from gradshift.report.questions import QUESTIONS
from gradshift.report.sentences import Terms, adjusted, finding, in_subset
from gradshift.report.summaries import agreement, answer, claim, shift
from gradshift.report.verdicts import verdict

ALPHA = 0.05
FIRST = QUESTIONS[0]
TERMS = Terms(name="connectivity", unit="Fisher z", alpha=ALPHA, smallest=0.5, n_tests=6)
CLAIMS = re.compile(r"\b(evidence of|Yes|In part|rose from|fell from)\b")


def results(folder, rows, *, variants=(), couplings=(), **about):
    """Write tables as the group level does, and read them back as its page does."""
    write_rows(folder / "contrasts.tsv", Contrast, rows, {})
    write_rows(folder / "variants.tsv", Variant, variants, {})
    write_rows(folder / "coupling.tsv", Coupling, couplings, {})
    about = {"Alpha": ALPHA, "PrimaryAtlas": "A", "PrimaryRecipe": "aCompCor",
             "Baseline": "ses-pre", "Followup": "ses-post", **about}  # fmt: skip
    (folder / "contrasts.json").write_text(json.dumps(about))
    made = GroupResults(folder, folder)
    made.__dict__["sources"] = [SessionResult(folder, {"Modality": "pet"})]
    return made


def said(made, question=FIRST):
    """Return all that the page says of the values of a question: the answer and what follows."""
    found = [(asked, made.find(asked.key, made.tasks[0], made.recipe)) for asked in question.asked]
    texts = [answer(found, ALPHA)]
    for _, one in found:
        if one is not None:
            texts += [finding(one, TERMS), adjusted(one, made.with_motion(one), ALPHA)]
            texts += [in_subset(one, variant, ALPHA) for variant in made.subsets(one)]
    return " ".join(filter(None, texts))


def both(**other):
    """Return the two confirmatory values of the first question."""
    return [row(measure=asked.measure, **other) for asked in FIRST.asked]


@pytest.mark.parametrize("p_fwe", [0.0499, 0.05, 0.0501])
def test_a_claim_ends_exactly_at_the_level(tmp_path, p_fwe):
    word = "change" if p_fwe <= ALPHA else "undecided"
    made = results(tmp_path, both(p_fwe=p_fwe, verdict=word))
    assert bool(CLAIMS.search(said(made))) == (p_fwe <= ALPHA)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_people_are_described_and_nothing_is_claimed(tmp_path, n):
    p_min = 2 / 2**n
    made = results(tmp_path, both(n=n, p_min=p_min, p=p_min, p_fwe=p_min, verdict="undecided"))
    text = said(made)
    assert not CLAIMS.search(text)
    assert f"{100 * (1 - p_min):.3g} % interval" in text
    assert "no result on this page can be significant" in " ".join(
        claim(made.rows, alpha=ALPHA, n_left_out=0, chance={})
    )


def test_where_nothing_could_be_tested_the_reason_is_all_there_is(tmp_path):
    names = ("p", "p_sign", "p_fwe", "p_page", "q_fdr", "p_min", "t", "hedges_g", "ci_low",
             "ci_high", "ci_low_fwe", "ci_high_fwe", "mean_baseline", "mean_followup",
             "mean_change")  # fmt: skip
    nothing = dict.fromkeys(names, math.nan)
    lost = Coupling(
        contrast="post-pre", task="rest", atlas="A", recipe="aCompCor", pair="a:b~c:d",
        scope="between-people", n=0, status="no values of a b",
    )  # fmt: skip
    made = results(
        tmp_path, both(**nothing, n=0, verdict="n/a", status="0 with both sessions, 2 needed"),
        couplings=[lost],
    )  # fmt: skip
    text = said(made)
    assert "0 with both sessions, 2 needed" in text
    assert not CLAIMS.search(text)
    assert "nan" not in text
    assert claim(made.rows, alpha=ALPHA, n_left_out=0, chance={}) == ["Nothing could be tested."]
    assert "could not be tested" in coupling_summary(made)


def test_the_opposite_of_what_was_asked_is_a_no(tmp_path):
    made = results(tmp_path, both(mean_change=0.11, mean_followup=0.46))
    assert said(made).startswith("No: the opposite")
    assert "fell" not in said(made)


@pytest.mark.parametrize("change", [-1e-7, 1e-7])
def test_a_tiny_but_certain_change_is_never_rounded_away(tmp_path, change):
    made = results(tmp_path, both(mean_change=change, mean_followup=0.35 + change))
    before, after = re.search(r"from (\S+) to (\S+) Fisher", said(made)).groups()
    assert math.copysign(1, float(after) - float(before)) == math.copysign(1, change)
    assert f"{change:+.0e}" in said(made)


def test_of_one_recipe_no_agreement_is_said(tmp_path):
    made = results(tmp_path, both())
    assert made.recipes == ["aCompCor"]
    assert agreement(made.recipe_differences, {}, ALPHA) == ""


@pytest.mark.parametrize(("left", "words"), [(-0.0011, "1 % of it"), (0.03, "other direction")])
def test_a_change_that_motion_explains_says_what_is_left_of_it(tmp_path, left, words):
    held = both(
        covariates="deltafd", mean_change=left, p_fwe=0.9, hedges_g=0.02, verdict="undecided"
    )
    text = said(results(tmp_path, [*both(), *held]))
    assert words in text
    assert "p = 0.9" in text


def variant(choice, **other):
    made = row(**other)
    return Variant(**{name: getattr(made, name) for name in SHARED}, choice=choice)


def test_people_chosen_by_motion_stand_beside_everybody(tmp_path):
    few = variant(LOW, n=5, mean_change=0.02, p_min=0.0625, p_fwe=0.5)
    made = results(tmp_path, both(), variants=[few, variant(EVEN, n=8), variant("kernel cosine")])
    text = said(made)
    assert "In the 5 people who moved little" in text
    assert "the sign differs" in text
    assert "smallest possible p 0.0625" in text
    assert "In the 8 people matched for motion" in text
    assert "kernel" not in text


def test_a_study_of_pet_alone_answers_that_and_nothing_else(tmp_path):
    pet = [
        row(modality="pet", task="n/a", recipe="n/a", measure="vtlogan", level="set", label="PCC",
            family="pet-primary", p_page=0.08),
        row(modality="pet", task="n/a", recipe="n/a", measure="vtlogan", level="network",
            label="Vis", family="pet-set", verdict="n/a", p_fwe=1e-6),
    ]  # fmt: skip
    made = results(tmp_path, pet, PrimaryRecipe="n/a")
    for question in QUESTIONS:
        assert said(made, question) == "Not measured."
    (molecule,) = molecules(made)
    assert "vidence of a fall" in molecule.sentence
    assert "visual" not in molecule.sentence


def test_several_follow_ups_are_told_by_their_mean(tmp_path):
    made = results(tmp_path, both(contrast="day+week-pre"))
    assert "fell from 0.35 to 0.24" in said(made)


@pytest.mark.parametrize(
    ("drug", "placebo", "words"),
    [(-0.2, -0.09, "fell more in ketamine than in placebo"),
     (0.02, 0.13, "rose less in ketamine than in placebo"),
     (-0.1, 0.01, "was lower in ketamine than in placebo")],
)  # fmt: skip
@pytest.mark.parametrize("effect", ["group-by-time", "drug-by-time"])
def test_groups_and_treatments_are_told_by_both_sides(tmp_path, effect, drug, placebo, words):
    made = results(
        tmp_path, both(effect=effect, contrast="ketamine-placebo", mean_followup=drug,
                       mean_baseline=placebo, n_direction=np.nan, p_sign=np.nan),
    )  # fmt: skip
    text = said(made)
    assert text.startswith("Yes")
    assert words in text
    assert not re.search(r"(fell|rose) from", text)


def test_what_a_model_holds_constant_is_the_headline(tmp_path):
    held = both(covariates="age", mean_change=-0.05, mean_followup=0.3)
    made = results(tmp_path, [*both(p_fwe=0.9, verdict="undecided"), *held], Covariates=["age"])
    found = made.find(FIRST.asked[0].key, "rest", "aCompCor")
    assert found.covariates == "age"
    assert verdict(found, ALPHA).is_evidence


def coupling(p_fwe, p_page):
    return Coupling(
        contrast="post-pre", task="rest", atlas="A", recipe="aCompCor",
        pair="vtlogan:Default~falff:Default", scope="between-people", n=11, estimate=-0.7,
        p=p_fwe, p_fwe=p_fwe, p_page=p_page, status="ok",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("p_fwe", "p_page", "stays"), [(0.0501, 0.2, None), (0.05, 0.1, False), (0.01, 0.04, True)]
)
def test_a_coupling_says_whether_the_page_as_a_whole_bears_it(tmp_path, p_fwe, p_page, stays):
    text = coupling_summary(results(tmp_path, both(), couplings=[coupling(p_fwe, p_page)]))
    assert text.startswith("No evidence") == (stays is None)
    assert ("does not stay" in text) == (stays is False)
    assert ("which stays" in text) == (stays is True)


def test_undecided_is_never_put_as_absence(tmp_path):
    text = said(results(tmp_path, [undecided(measure=asked.measure) for asked in FIRST.asked]))
    assert "undecided" in text.lower()
    assert not re.search(r"no (change|effect)\b", text.lower())


def test_what_changed_everywhere_is_told_of_every_recipe():
    """Where recipes disagree on an answer, they may differ in what they leave of this."""

    def everywhere(**other):
        return row(measure="meanfc", level="whole", label="whole", family="whole", verdict="n/a",
                   **other)  # fmt: skip

    text = shift(
        {"aCompCor": [everywhere(mean_change=-0.05, p_fwe=0.3)],
         "36P": [everywhere(mean_change=0.001, p_fwe=0.9)]}, ALPHA,
    )  # fmt: skip
    assert re.search(r"mean connectivity -0.05 with aCompCor .* and \+0.001 with 36P", text)
    assert not CLAIMS.search(text)
    assert shift({"aCompCor": [everywhere(mean_change=math.nan)]}, ALPHA) == ""


UNDER = {"way": "conditions", "reference": "under placebo", "against": "under lsd"}
"""What the group level says of drug against placebo in the same people."""

IN_TIME = re.compile(r"\b(rose|fell|went|rise|fall|afterwards|baseline|follow-up)\b")


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize(("change", "word"), [(-0.11, "lower"), (0.11, "higher")])
def test_drug_against_placebo_is_no_change_over_time(tmp_path, change, word, certain):
    make = row if certain else undecided
    rows = [
        make(measure=asked.measure, contrast="lsd-placebo", mean_change=change,
             mean_followup=0.35 + change)
        for asked in FIRST.asked
    ]  # fmt: skip
    held = [row(measure=asked.measure, contrast="lsd-placebo", covariates="deltafd",
                mean_change=change / 2) for asked in FIRST.asked]  # fmt: skip
    made = results(tmp_path, [*rows, *held], Compared={"lsd-placebo": UNDER})
    text = said(made)
    assert not IN_TIME.search(text)
    assert f"{word} under lsd than under placebo" in text
    assert bool(re.search(r"^(Yes|No)", text)) == certain
    assert re.search(rf"{0.35 + change:.2f}\b.*\b0.35", text)
    assert "mean difference" in text
    assert verdict(made.rows[0], ALPHA).is_evidence == certain
    assert ("under lsd" in verdict(made.rows[0], ALPHA).text) == certain
    assert not re.search(r"\bchanged?\b", text)
    assert made.tested == ("difference", "mean difference")


def test_groups_that_differ_in_drug_against_placebo_are_told_so(tmp_path):
    name = "patients-controls in lsd-placebo"
    rows = both(effect="group-by-time", contrast=name, mean_followup=-0.2, mean_baseline=-0.09,
                n_direction=np.nan, p_sign=np.nan)  # fmt: skip
    made = results(tmp_path, rows, Compared={name: UNDER})
    assert made.tested.mean == "difference between mean differences"
    text = said(made)
    assert not IN_TIME.search(text)
    assert "lower in patients than in controls" in text
    assert "under lsd differed from that under placebo by -0.2" in text


@pytest.mark.parametrize(("change", "word"), [(-0.01, "fell with the dose"),
                                              (0.01, "rose with the dose")])  # fmt: skip
def test_a_slope_on_the_dose_is_told_for_each_unit(tmp_path, change, word):
    rows = both(contrast="slope(dose)", mean_change=change)
    text = said(results(tmp_path, rows, Compared={"slope(dose)": {"way": "dose"}}))
    assert f"{word} by {change:+} Fisher z for each unit" in text
    assert f"it {word} in 11 of 11" in text
    assert " to " not in text.partition("for each unit")[0]


@pytest.mark.parametrize(
    ("effect", "mean"),
    [
        ("change", "mean change"),
        ("group-by-time", "difference between mean changes"),
        ("drug-by-time", "difference between mean changes"),
    ],
)
def test_what_figures_show_the_mean_of_is_named_by_the_design(tmp_path, effect, mean):
    assert results(tmp_path, both(effect=effect)).tested.mean == mean
    template = files("gradshift.report").joinpath("templates", "group.html").read_text("utf-8")
    assert "mean change" not in template.lower()


def test_order_and_period_have_no_direction():
    for effect in ("order", "period"):
        assert verdict(row(effect=effect), ALPHA).text == "evidence of a difference"
