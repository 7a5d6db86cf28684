"""Short scans: the whole study is cleaned with lean recipes, whoever is run."""

from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.participant.lean import for_short_scans
from gradshift.recipes.lean import LEAN, instead
from synthetic import Image, grow, preprocessed, run_files

MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
COLUMNS = [
    name + end
    for name in (*MOTION, "csf", "white_matter", "global_signal")
    for end in ("", "_derivative1", "_power2", "_derivative1_power2")
]
USUAL = ("36P", "24P")
SHORT, LONG = 100, 200  # at 2 s: 28 and 56 degrees of freedom before regression


@pytest.fixture(autouse=True)
def without_compcor(monkeypatch):
    """Let the usual recipes be two that the confounds of these studies have the columns of."""
    real = schema.make
    monkeypatch.setattr(
        schema,
        "make",
        lambda bids, out, level, given: real(bids, out, level, {"denoise": USUAL, **given}),
    )


def study(folder, *lengths):
    """A study of one session per person, of these numbers of volumes."""
    people = {}
    for number, length in enumerate(lengths, start=1):
        n_volumes = length + number  # of one length they would be the same image
        shape = (3, 4, 5, n_volumes)
        name, bold = f"sub-{number:02d}", Image(shape, tr=2.0)
        files = run_files("task-rest", bold=bold, mask=Image(shape[:3]), prefix=name)
        confounds = next(file for file in files if file.endswith(".tsv"))
        files[confounds] = [COLUMNS, *[["0"] * len(COLUMNS)] * n_volumes]
        people[name] = {"func": files}
    return grow(folder, preprocessed(people))


def chosen(root, given=(), **options):
    settings = schema.make(root, Path("/out"), "participant", options)
    return for_short_scans(settings, dict(given)).denoising.denoise


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [((LONG, LONG), USUAL), ((SHORT, SHORT), LEAN), ((SHORT, LONG), LEAN),
     ((SHORT, LONG, LONG), USUAL)],
)  # fmt: skip
def test_half_of_the_sessions_decide(tmp_path, lengths, expected):
    assert chosen(study(tmp_path, *lengths)) == expected


def test_a_run_of_one_person_chooses_as_all_the_others_do(tmp_path):
    root = study(tmp_path, SHORT, SHORT, LONG)
    every = {chosen(root, participant_label=(label,)) for label in ("01", "02", "03")}
    assert every == {LEAN} == {chosen(root)}


def test_recipes_that_were_asked_for_stay(tmp_path):
    root = study(tmp_path, SHORT)
    assert chosen(root, given={"denoise": USUAL}) == USUAL


def test_where_there_is_no_bold_nothing_is_chosen(tmp_path):
    assert chosen(tmp_path / "nothing") == USUAL


def test_a_lean_recipe_that_does_not_fit_is_not_chosen():
    assert instead([True, True, True], [("simple",), ("simple",), ("12P", "simple")]) == (
        "simple",
    )
    assert instead([True], [()]) == ()
    assert instead([], []) == ()
    assert instead([False, False], [LEAN, LEAN]) == ()
