"""The methods text holds what was run, and every reference it names exists."""

import re
from dataclasses import replace

import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.collect import find_results
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.measures import measures
from gradshift.core.statistics import statistics
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.report.bibliography import Reference, in_text, references
from gradshift.report.cobidas import UNKNOWN, items
from gradshift.report.methods import (
    PACKAGES,
    Described,
    Used,
    citations,
    paragraphs,
)
from gradshift.report.methodsfiles import as_bibtex, as_latex, as_markdown
from gradshift.report.results import what_was_used
from gradshift.report.sample import Sample, _registration

CONFIRMATORY_MEASURES = {measure for measure, _, _ in CONFIRMATORY}
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


def test_every_reference_tells_who_when_what_and_where():
    assert len(references()) > 80
    for reference in references().values():
        assert {"author", "year", "title"} <= set(reference.fields), reference.key
        assert "\n" not in "".join(reference.fields.values()), reference.key


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
    assert "regional homogeneity" in text.partition("Not computed")[2]
    assert "Not computed" not in as_markdown(paragraphs(used))
    assert "Hedges" not in text
    assert statistics()["signflip"].methods.split(":")[0] in text
    assert statistics()["fdr"].methods not in text


def test_a_sentence_is_said_once_and_a_reference_once_in_a_paragraph(used):
    found = paragraphs(used)
    told = [sentence for paragraph in found for sentence, _ in paragraph.sentences]
    assert len(told) == len(set(told))
    everything = " ".join(told)
    for name in ("strength", "eigenvectorcentrality", "lead"):
        assert measures()[name].methods.split(". ")[-1].rstrip(".") in everything
    for paragraph in found:
        keys = [key for _, cite in paragraph.cited() for key in cite]
        assert len(keys) == len(set(keys))


def test_the_main_text_is_short_and_about_the_primary_choices(used):
    main = [paragraph for paragraph in paragraphs(used) if paragraph.part == "main"]
    text = " ".join(paragraph.text for paragraph in main)
    told = [sentence for paragraph in main for sentence, _ in paragraph.sentences]
    assert len(" ".join(told).split()) <= 600
    first, *others = used.recipes
    assert f"Recipe {first['name']}" in text
    assert not any(f"Recipe {other['name']}" in text for other in others)
    (about,) = [p.text for p in main if p.title == "Measures"]
    for name in CONFIRMATORY_MEASURES:
        assert measures()[name].methods.split(". ")[-1].rstrip(".") in about
    assert "Betweenness" not in about


def test_what_the_study_fills_in_stands_where_it_belongs(used):
    filled = Sample(participants=("Compared were 9.",), data=("8 minutes.",), inference=("One.",))
    text = {p.title: p.text for p in paragraphs(replace(used, sample=filled))}
    assert text["Participants and data"] == "Compared were 9. 8 minutes."
    assert text["Statistics"].endswith("One.")


@pytest.fixture(scope="module")
def made(stand_in):
    results = find_results(stand_in.out)
    folder = stand_in.out / "group"
    return what_was_used(stand_in.out, results, folder), results, folder


def test_numbers_of_the_text_are_those_of_the_study(made, stand_in):
    used, results, _ = made
    people = stand_in.table("participants.tsv")
    (compared, left) = used.sample.participants
    assert f"{people['included'].sum()} of {len(people)} participants" in compared
    assert "(n = 1)" in left
    kept = [one for one in results if one.recipe == "aCompCor" and not one.excluded]
    data = " ".join(used.sample.data)
    assert f"In {len(kept)} sessions 8.0 minutes" in data
    assert "too short (n = 1)" in data
    inference = " ".join(used.sample.inference)
    assert "confirmatory, of 2 values" in inference
    assert "not registered" in inference
    assert [recipe["name"] for recipe in used.recipes] == ["aCompCor", "36P"]


def test_a_study_on_the_surface_says_so_and_what_neighbours_are_there(made, stand_in):
    _, results, folder = made

    def told(gives, space):
        again = [
            replace(
                one,
                about={
                    **one.about,
                    "SourceGives": gives,
                    "Entities": {**one.entities, "space": space},
                    "Measures": {**one.measures, "reho": {}},
                },
            )
            for one in results
        ]
        used = what_was_used(stand_in.out, again, folder)
        text = {p.title: p.text for p in paragraphs(used)}
        return used.measures, text["Regions"]

    of_voxels, regions = told("voxels", "MNI152NLin2009cAsym")
    assert "reho" in of_voxels
    assert "surface" not in regions
    of_vertices, regions = told("vertices", "fsLR")
    assert set(of_voxels) == set(of_vertices)
    assert "surface (fsLR)" in regions
    assert "edge of the mesh" in regions


def test_a_registration_is_told_with_what_departs_from_it():
    def told(*departures):
        content = {"Digest": "abc", "Departures": list(departures)}
        return " ".join(_registration(content))

    assert "follows" in told()
    assert "Alpha: registered 0.01" in told("Alpha: registered 0.01, now 0.05.")


def test_the_cobidas_table_answers_what_an_output_knows(made):
    rows = {(row.section, row.item): row.answer for row in items(*made)}
    assert len({section for section, _ in rows}) == 5
    assert rows["Acquisition", "repetition time (s)"] == "2"
    assert "0.01-0.08 Hz" in rows["Preprocessing", "denoising, recipe aCompCor"]
    assert rows["Statistical modelling and inference", "significance level"] == "0.05"
    assert UNKNOWN in rows["Participants", "population, recruitment, ethics, consent"]


def test_recipes_tell_their_options():
    recipe = load_recipe("aCompCor").with_options(
        band=(0.02, 0.1), fd_threshold=0.3, dvars_threshold=1.5, min_minutes=4
    )
    (text,) = [p.text for p in paragraphs(Used(recipes=[recipe.as_dict()])) if "Den" in p.title]
    assert "0.02-0.1 Hz" in text
    assert "framewise displacement above 0.3 mm or standardised DVARS above 1.5" in text
    assert "less than 4 minutes" in text


def test_what_another_program_denoised_is_not_said_to_be_of_fmriprep(used):
    asis = load_recipe("asis").as_dict()
    text = " ".join(one.text for one in paragraphs(replace(used, recipes=[asis])))
    assert "denoised by another program" in text
    assert "fMRIPrep" not in text


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
