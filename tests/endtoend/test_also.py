"""Another output of the same people is one more choice that results must hold with."""

import shutil

import pandas as pd
import pytest

import doors
import surfaces
import tiny
from gradshift.cli import main

MEASURES = ("withinfc", "meanfc", "gradientrange")
SHARED = ["measure", "level", "label"]
SESSIONS = ("--baseline", "pre", "--followup", "post")


def contrasts(out):
    table = pd.read_csv(out / "group" / "contrasts.tsv", sep="\t", na_values="n/a")
    main_rows = table[table["covariates"].isna() & (table["effect"] == "change")]
    return main_rows[main_rows["level"] != "region"].drop_duplicates(SHARED).set_index(SHARED)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Outputs of a study in volumes and, cleaned otherwise, on the surface."""
    top = tmp_path_factory.mktemp("also")
    study, atlas = doors.raw(top / "study"), surfaces.write_atlas(top / "atlas")
    source = surfaces.write_study(top / "fmriprep", surfaces.write_volume, surfaces.write_cifti)
    recipe = surfaces.write_recipe(top)
    words = ["--atlas", str(atlas), "--derivatives", f"fmriprep={source}", "--no-voxelwise"]
    with tiny.without_pictures():
        for name, space, how in (
            ("volume", tiny.SPACE, str(recipe)),
            ("surface", "fsLR", "none"),
        ):
            options = ["--space", space, "--denoise", how, "--measures", *MEASURES]
            command = [str(study), str(top / name), "participant", *words, *options]
            assert main(command) == 0
        for name, more in (("surface", []), ("volume", ["--also", str(top / "surface")])):
            assert main([str(study), str(top / name), "group", *SESSIONS, *more]) == 0
    return top


def test_its_results_are_those_of_comparing_it_by_itself(place):
    variants = pd.read_csv(place / "volume" / "group" / "variants.tsv", sep="\t", na_values="n/a")
    variants = variants[variants["effect"] == "change"]
    elsewhere = variants[variants["choice"] == "space fsLR"].set_index(SHARED)
    alone = contrasts(place / "surface").loc[elsewhere.index]
    assert {"withinfc", "lambdaref"} <= set(elsewhere.index.get_level_values("measure"))
    columns = ["n", "mean_change", "hedges_g", "p"]
    pd.testing.assert_frame_equal(elsewhere[columns], alone[columns])
    assert set(elsewhere["recipe"]) == {"none"}


def test_it_counts_in_robustness_and_changes_nothing_else(place, tmp_path):
    study, source = place / "study", place / "volume"
    table = pd.read_csv(source / "group" / "robustness.tsv", sep="\t").set_index("label")
    within = table[(table["measure"] == "withinfc") & (table["effect"] == "change")]
    assert within.loc["Default", "n_variants"] == 1 + within.loc["Default", "variants"].count(";")
    assert "none space fsLR" in within.loc["Default", "variants"]
    out = tmp_path / "out"
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("group", "work"))
    with tiny.without_pictures():
        assert main([str(study), str(out), "group", *SESSIONS]) == 0
    pd.testing.assert_frame_equal(contrasts(out), contrasts(source))


def test_what_cannot_be_another_output_is_refused(place, tmp_path, capsys):
    study, out = place / "study", place / "volume"

    def run(*also):
        code = main([str(study), str(out), "group", *SESSIONS, "--dry-run", "--also", *also])
        return code, capsys.readouterr().err

    assert run(str(place / "surface"))[0] == 0
    code, told = run(str(out))
    assert code == 64
    assert "OUTPUT_DIR itself" in told
    code, told = run(str(tmp_path))
    assert code == 66
    assert str(tmp_path) in told
    code, told = run(str(place / "surface"), str(place / "surface"))
    assert code == 64
    assert "output surface" in told
    other = tmp_path / "other"
    shutil.copytree(place / "surface", other, ignore=shutil.ignore_patterns("work", "group"))
    for path in other.glob("sub-*/**/*_measures.json"):
        text = path.read_text()
        start = text.index('"Digest"', text.index('"SourceDataset"'))
        path.write_text(
            text[:start] + text[start:].replace(text[start + 11 : start + 15], "0000", 1)
        )
    code, told = run(str(other))
    assert code == 64
    assert "of another study" in told
    for path in other.glob("sub-*/**/*_measures.json"):
        path.write_text(path.read_text().replace('"sub": "0', '"sub": "9'))
    code, told = run(str(other))
    assert code == 65
    assert "no session of BOLD of those compared" in told
