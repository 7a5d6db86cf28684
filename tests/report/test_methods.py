"""The methods text holds what was run, and every reference it names exists."""

import re
from dataclasses import replace

import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.measures import measures
from gradshift.core.statistics import statistics
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.report.bibliography import Reference, in_text, references
from gradshift.report.methods import (
    PACKAGES,
    Described,
    Used,
    as_bibtex,
    as_latex,
    as_markdown,
    citations,
    paragraphs,
)

ATLASES = ("Schaefer2018_200_7", "TianS2")


@pytest.fixture
def used() -> Used:
    atlases = [load_atlas(name) for name in ATLASES]
    return Used(
        atlases=[Described(atlas.descriptions, atlas.cite) for atlas in atlases],
        recipes=[load_recipe(name).as_dict() for name in available()],
        measures=list(measures()),
        statistics=list(statistics()),
        design="Paired design.",
    )


def test_every_reference_that_anything_names_is_in_the_bibliography(used):
    keys = citations(paragraphs(used))
    assert set(keys) <= set(references())
    assert all(reference.fields["year"].isdigit() for reference in references().values())
    assert all(reference.source.count("{") == reference.source.count("}")
               for reference in references().values())  # fmt: skip


def test_only_what_was_run_is_told(used):
    text = as_markdown(paragraphs(used))
    assert "Hedges" in text
    less = replace(used, measures=["strength"], statistics=["signflip"])
    text = as_markdown(paragraphs(less))
    assert "Node strength was the sum" in text
    assert "Seed connectivity" not in text
    assert "Hedges" not in text
    assert statistics()["signflip"].methods.split(":")[0] in text
    assert statistics()["fdr"].methods not in text


def test_a_sentence_that_measures_share_is_said_once(used):
    (found,) = [p for p in paragraphs(used) if p.title == "Measures"]
    told = [sentence for sentence, _ in found.sentences]
    assert len(told) == len(set(told))
    for name in ("strength", "eigenvectorcentrality", "lead"):
        assert measures()[name].methods.split(". ")[-1].rstrip(".") in found.text


def test_recipes_tell_their_options():
    recipe = load_recipe("aCompCor").with_options(
        band=(0.02, 0.1), fd_threshold=0.3, dvars_threshold=1.5, min_minutes=4
    )
    (text,) = [p.text for p in paragraphs(Used(recipes=[recipe.as_dict()])) if "Den" in p.title]
    assert "0.02-0.1 Hz" in text
    assert "framewise displacement above 0.3 mm or standardised DVARS above 1.5" in text
    assert "less than 4 minutes" in text


def test_versions_are_told(used):
    text = as_markdown(paragraphs(used))
    for package in PACKAGES:
        assert re.search(rf"{package} \d+\.\d+", text)


def test_the_three_forms_agree(used):
    found = paragraphs(used)
    cited = {key for keys in re.findall(r"\\cite\{([^}]*)\}", as_latex(found))
             for key in keys.split(",")}  # fmt: skip
    listed = set(re.findall(r"^@\w+\{([^,]+),", as_bibtex(found), flags=re.MULTILINE))
    assert cited == listed == set(citations(found))


def test_a_recipe_of_the_users_own_with_an_unknown_key_is_no_error():
    own = {"name": "own", "description": "Own & <b>.", "cite": ["Nobody1999"]}
    found = paragraphs(Used(recipes=[own]))
    assert "(Nobody1999)" in as_markdown(found)
    assert r"Own \& \textless{}b\textgreater{}" in as_latex(found)
    assert "Nobody1999" not in as_latex(found)


def test_references_are_named_as_texts_name_them():
    assert in_text(["Schaefer2018"]) == "(Schaefer et al., 2018)"
    assert in_text(["Rubinov2010", "Freeman1977"]) == "(Rubinov and Sporns, 2010; Freeman, 1977)"
    assert in_text(["Schaefer2018"], "As Schaefer et al., 2018 did.") == ""


@pytest.mark.parametrize(
    ("key", "authors"),
    [
        ("Schaefer2018", "Schaefer A, Kong R, Gordon EM et al. (2018)."),
        ("Onnela2005", "Onnela J-P, Saramäki J, Kertész J, Kaski K (2005)."),
        ("Harris2020", "Harris CR, Millman KJ, van der Walt SJ et al. (2020)."),
    ],
)
def test_a_list_of_references_names_authors_with_initials(key, authors):
    assert references()[key].listed.startswith(authors)


def test_a_group_of_authors_has_no_initials():
    reference = Reference("Atlas2020", "", {"author": "Park, Bo-yong and {NSPN Consortium}"})
    assert reference.authors == ["Park B-y", "NSPN Consortium"]


def test_a_list_of_references_holds_no_latex():
    for reference in references().values():
        assert not set(reference.listed) & set("\\{}"), reference.listed
