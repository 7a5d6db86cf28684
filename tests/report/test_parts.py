"""Parts of pages by themselves: the answer to the title, names of regions, figures for print."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from contrastrows import row, undecided
from gradshift.figures.style import new
from gradshift.report.headline import HIERARCHY, headline
from gradshift.report.kinds import name_of, rank
from gradshift.report.pages import self_contained
from gradshift.report.quality import run_start
from gradshift.report.regionwords import region
from gradshift.report.saving import save, save_for_print

HIERARCHY_IS = dict(zip(("measure", "level", "label"), HIERARCHY, strict=True))


def answered(*rows):
    """Return the headline of a study with these results."""
    by_key = {(one.measure, one.level, one.label): one for one in rows}
    return headline(
        SimpleNamespace(find=lambda key, *_: by_key.get(key), recipe="aCompCor", alpha=0.05),
        "rest",
    )


def test_the_title_is_answered_with_direction_and_the_family_wise_interval():
    text = answered(row(**HIERARCHY_IS), row())
    assert text.startswith("Yes")
    assert "fell" in text
    assert "family-wise 95 % interval -3.1 to -1.2" in text
    assert "1 of 1 other declared values agree" in text


def test_a_rise_is_no_yes_and_an_undecided_result_no_answer():
    up = {"mean_change": 0.11, "hedges_g": 2.17, "ci_low_fwe": 1.2, "ci_high_fwe": 3.1}
    assert answered(row(**HIERARCHY_IS, **up)).startswith("No")
    assert answered(undecided(**HIERARCHY_IS)).startswith("Undecided")
    assert answered(row(**HIERARCHY_IS, p_min=0.125, p_fwe=0.125)).startswith("It cannot be told")
    assert answered(row()).startswith("Not measured")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "7Networks_LH_Default_pCunPCC_2",
            "left default mode, precuneus and posterior cingulate 2",
        ),
        ("7Networks_RH_Vis_12", "right visual, 12"),
        (
            "7Networks_RH_SalVentAttn_FrOperIns_1",
            "right ventral attention, frontal operculum and insula 1",
        ),
        ("17Networks_LH_DefaultA_PFCd_1", "left default mode A, dorsal prefrontal 1"),
        ("my region", "my region"),
    ],
)
def test_regions_are_named_in_words(name, words):
    assert region(name) == words


def test_a_run_is_named_as_its_file_begins():
    entities = {"sub": "01", "ses": "pre", "task": "rest", "run": "1", "space": "MNI", "res": "2"}
    assert run_start(entities) == "sub-01_ses-pre_task-rest_run-1"


@pytest.fixture
def figure():
    drawn = new(8.0, 4.0)
    drawn.subplots().set_title("title of it")
    return drawn


def test_figures_for_print_are_as_wide_as_columns(figure, tmp_path):
    save_for_print(figure, tmp_path / "wide.png")
    with Image.open(tmp_path / "wide.png") as wide:
        assert wide.width == pytest.approx(183 / 25.4 * 300, abs=2)
    narrow = new(4.0, 3.0)
    save_for_print(narrow, tmp_path / "narrow.pdf")
    page = PdfReader(tmp_path / "narrow.pdf").pages[0]
    assert float(page.mediabox.width) == pytest.approx(89 / 25.4 * 72, abs=1)


def test_text_in_a_drawing_stays_text_and_a_page_can_carry_its_figures(figure, tmp_path):
    save(figure, tmp_path / "a b.svg")
    assert "title of it" in (tmp_path / "a b.svg").read_text("utf-8")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "c.png")
    page = tmp_path / "index.html"
    page.write_text(
        '<a href="a%20b.svg"><img src="a%20b.svg" alt="one"></a><img src="c.png" alt="two">'
        '<a href="table.tsv">table.tsv</a>'
    )
    text = self_contained(page, tmp_path / "single.html").read_text("utf-8")
    assert len(re.findall(r'src="data:image/(?:svg\+xml|png);base64,', text)) == 2
    assert not re.findall(r'(?:src|href)="[^":]+\.(?:svg|png)"', text)
    assert 'href="table.tsv"' in text


def test_a_kind_of_input_that_is_new_comes_last_under_its_own_name():
    kinds = sorted(["score", "eeg", "mrs", "func", "pet"], key=rank)
    assert kinds == ["func", "pet", "mrs", "score", "eeg"]
    assert [name_of(kind) for kind in kinds] == ["BOLD", "PET", "MRS", "scores", "EEG"]
