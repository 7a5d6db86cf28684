"""The whole command on a study that fits into a test."""

import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradshift.core import measures as folder
from tiny import N_REGIONS, labels, write_study

OPTIONS = ("--denoise", "24P", "none")
STEM = "_space-MNI152NLin2009cAsym_atlas-Tiny"

FOOTER = re.compile(b"<footer>.*?</footer>", flags=re.DOTALL)
"""What a page says of the run that made it."""


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", na_values="n/a", dtype={"run": str})


def contents(out: Path) -> dict[str, bytes]:
    """All results by name; what names the time or the process is left out."""
    return {
        str(path.relative_to(out)): re.sub(FOOTER, b"", path.read_bytes())
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in ("work", "logs")
    }


def test_the_names_and_numbers_of_a_session(make_study, tmp_path):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    func = out / "sub-01" / "ses-pre" / "func"
    start = "sub-01_ses-pre_task-rest"
    names = {path.name for path in func.glob("*.tsv")}
    assert names == {
        f"{start}_desc-qc_timeseries.tsv",
        f"{start}_outliers.tsv",
        f"{start}{STEM}_res-4_stat-coverage_bold.tsv",
        *(
            f"{start}{STEM}_res-4{stat}_desc-{recipe}_{suffix}.tsv"
            for recipe in ("24P", "none")
            for stat, suffix in (
                ("", "timeseries"),
                ("", "measures"),
                ("", "variants"),
                ("_stat-pearsoncorrelation", "relmat"),
            )
        ),
    }
    described = {path.name.split(".")[0] for path in func.iterdir() if path.suffix != ".json"}
    assert described == {path.stem for path in func.glob("*.json")}
    series = read(func / f"{start}{STEM}_res-4_desc-24P_timeseries.tsv")
    matrix = read(func / f"{start}{STEM}_res-4_stat-pearsoncorrelation_desc-24P_relmat.tsv")
    about = json.loads((func / f"{start}{STEM}_res-4_desc-24P_timeseries.json").read_text())
    quality = read(func / f"{start}_desc-qc_timeseries.tsv")
    assert list(matrix["Node"]) == list(series.columns)
    np.testing.assert_allclose(matrix.iloc[:, 1:], np.corrcoef(series.T), atol=1e-9)
    assert about["RetainedVolumes"] == list(np.flatnonzero(quality["kept"]))
    assert about["RepetitionTime"] == 2.0
    assert not quality["kept"][[0, 50, 120]].any()
    untouched = read(func / f"{start}{STEM}_res-4_desc-none_timeseries.tsv")
    assert len(untouched) == 200
    np.testing.assert_allclose(untouched.mean(), 0, atol=1e-6)


def test_runs_of_a_session_are_joined_or_kept_apart(make_study, tmp_path):
    study = make_study(people=["01"], sessions=["pre"], runs=["1", "2"])
    joined, apart = tmp_path / "joined", tmp_path / "apart"
    assert study.run(joined, "participant", "--denoise", "24P") == 0
    assert (
        study.run(
            apart, "participant", "--denoise", "24P", "--no-combine-runs", "--min-minutes", "5"
        )
        == 0
    )
    (series,) = joined.glob("sub-01/**/*24P_timeseries.tsv")
    assert "_run-" not in series.name
    parts = sorted(apart.glob("sub-01/**/*24P_timeseries.tsv"))
    assert ["_run-1_" in parts[0].name, "_run-2_" in parts[1].name] == [True, True]
    together = np.concatenate([stats.zscore(read(path)) for path in parts])
    (matrix,) = joined.glob("sub-01/**/*24P_relmat.tsv")
    np.testing.assert_allclose(read(matrix).iloc[:, 1:], np.corrcoef(together.T), atol=1e-6)
    (table,) = joined.glob("sub-01/**/*24P_measures.tsv")
    assert set(read(table)["run"].isna()) == {True}


def test_a_rerun_computes_nothing_again_and_changes_nothing(make_study, tmp_path, monkeypatch):
    study, out = make_study(people=["01"]), tmp_path / "out"

    def files() -> dict[Path, int]:
        """When everything was written, but the record of each run and nipype's own books."""
        steps, books = set(out.glob("work/**/outcome.npz")), set(out.glob("logs/*_*.*"))
        results = {path for path in out.rglob("*") if "work" not in path.parts} - books
        return {path: path.stat().st_mtime_ns for path in steps | results if path.is_file()}

    def fail(*_, **__):
        raise AssertionError("done again")

    assert study.run(out, "participant", *OPTIONS, page=True) == 0
    before = files()
    assert {"sub-01.html", "outcome.npz", "CITATION.md"} <= {path.name for path in before}
    for name in (
        "gradshift.participant.nodes.save.SaveSession._run_interface",
        "gradshift.participant.nodes.savemaps.SaveMaps._run_interface",
        "gradshift.participant.nodes.figures.draw_task",
        "gradshift.report.person.write_page",
    ):
        monkeypatch.setattr(name, fail)
    assert study.run(out, "participant", *OPTIONS, page=True) == 0
    assert files() == before


def spoil(path: Path) -> None:
    path.write_text("another program was here")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a study and its finished output, with pages."""
    folder = tmp_path_factory.mktemp("drawn")
    study, out = write_study(folder, ["01"], ["pre"], [None]), folder / "out"
    assert study.run(out, "participant", *OPTIONS, page=True) == 0
    return study, out


@pytest.mark.parametrize("change", [Path.unlink, spoil])
@pytest.mark.parametrize(
    "name",
    ["sub-01.html", "sub-01/figures/*matrices.png", "**/*24P_measures.tsv", "**/*boldmap.nii.gz"],
)
def test_what_was_removed_or_changed_comes_back(drawn, name, change):
    study, out = drawn
    before = contents(out)
    change(next(out.glob(name)))
    assert contents(out) != before
    assert study.run(out, "participant", *OPTIONS, page=True) == 0
    assert contents(out) == before


def test_a_page_is_drawn_again_when_what_it_is_made_of_changes(make_study, tmp_path, monkeypatch):
    study, out = make_study(people=["01"]), tmp_path / "out"
    drawn: list[str] = []
    monkeypatch.setattr(
        "gradshift.levels.pages.write_person_pages", lambda _, people: drawn.extend(people)
    )
    words = ["--denoise", "24P", "--no-voxelwise"]

    def newer() -> None:
        monkeypatch.setattr("gradshift.levels.pages.__version__", "9")

    def compared() -> None:
        (out / "group").mkdir()
        (out / "group" / "index.html").touch()

    changes = {
        "nothing yet": lambda: None,
        "another recipe": lambda: words.insert(2, "none"),
        "another order": lambda: words.extend(["--baseline", "post"]),
        "other settings": lambda: words.extend(["--fd-threshold", "0.3", "--overwrite"]),
        "another version": newer,
        "a page to link to": compared,
    }
    for n, (name, change) in enumerate(changes.items(), start=1):
        change()
        for _ in range(2):
            assert study.run(out, "participant", *words, page=True) == 0
            assert drawn == n * ["sub-01"], name


def test_two_processes_give_the_same_bytes_as_one(make_study, tmp_path):
    study, one, two = make_study(), tmp_path / "one", tmp_path / "two"
    assert study.run(one, "participant", *OPTIONS, page=True) == 0
    assert study.run(two, "participant", *OPTIONS, "--nprocs", "2", page=True) == 0
    assert contents(one) == contents(two)


def test_a_broken_run_says_why_and_hinders_no_other(make_study, tmp_path, capsys):
    study, out = make_study(people=["01", "02", "03"]), tmp_path / "out"
    broken = study.bold("02", "post")
    broken.write_bytes(broken.read_bytes()[:5000])
    assert study.run(out, "participant", *OPTIONS) == 1
    told = capsys.readouterr().err
    assert "5 sessions done, 1 failed" in told
    assert "sub-02 ses-post task-rest" in told
    assert broken.name in told
    (table,) = out.glob("sub-02/ses-post/func/*24P_measures.tsv")
    found = read(table)
    assert found["value"].isna().all()
    assert found["status"].str.contains("volumes").all()
    assert not list(out.glob("sub-02/ses-post/func/*24P_timeseries.tsv"))
    other = read(next(out.glob("sub-02/ses-pre/func/*24P_measures.tsv")))
    assert other.query("measure in ('withinfc', 'strength', 'ngsc')")["value"].notna().all()
    assert study.run(out, "group") == 0
    people = read(out / "group" / "participants.tsv").set_index("participant_id")
    assert people["included"].to_dict() == {"sub-01": True, "sub-02": False, "sub-03": True}
    assert broken.name in people.loc["sub-02", "reason"]


def test_nothing_usable_is_an_error_and_writes_nothing(make_study, tmp_path, capsys):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", "--denoise", "aCompCor") == 65
    assert "aCompCor components" in capsys.readouterr().err
    assert not out.exists()


def test_a_session_too_short_leaves_the_pair(make_study, tmp_path, capsys):
    study, out = make_study(people=["01", "02"]), tmp_path / "out"
    path = study.confounds("01", "post")
    table = pd.read_csv(path, sep="\t", na_values="n/a")
    table.loc[20:70, "framewise_displacement"] = 0.8
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    assert study.run(out, "participant", "--denoise", "24P") == 1
    assert "--min-minutes" in capsys.readouterr().err
    assert study.run(out, "group") == 0
    people = read(out / "group" / "participants.tsv").set_index("participant_id")
    assert not people.loc["sub-01", "included"]
    assert "min are needed" in people.loc["sub-01", "reason"]


def test_the_group_table_is_the_paired_comparison(make_study, tmp_path):
    study, out = make_study(people=["01", "02", "03", "04"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    assert study.run(out, "group") == 0
    values = read(out / "group" / "measures.tsv")
    rows = read(out / "group" / "contrasts.tsv")
    key = ["recipe", "measure", "level", "label"]
    found = rows[(rows["n"] == 4) & (rows["sd_change"] > 0)].set_index(key)
    assert len(found) > 200
    wide = values.pivot_table(index=key, columns=["session_id", "participant_id"], values="value")
    pre, post = (wide[session].loc[found.index] for session in ("ses-pre", "ses-post"))
    expected = stats.ttest_rel(post, pre, axis=1).statistic
    np.testing.assert_allclose(found["t"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["mean_change"], (post - pre).mean(axis=1), rtol=1e-6)
    dmn = rows.query("measure == 'withinfc' and label == 'Default' and recipe == '24P'")
    assert list(dmn["family"]) == ["confirmatory", "network"]
    assert (dmn["mean_change"] < 0).all()
    assert set(rows["contrast"]) == {"post-pre"}
    assert (rows.loc[rows["n"] == 4, "p_min"] == 2 / 2**4).all()
    assert rows.loc[rows["n"] == 4, "status"].str.contains("cannot be|nobody changed").all()
    change = read(out / "group" / "task-rest_atlas-Tiny_stat-meanchange_desc-24P_relmat.tsv")
    matrices = [
        np.arctanh(
            read(next(out.glob(f"sub-*{s}/ses-{t}/func/*24P_relmat.tsv"))).iloc[:, 1:]
            * (1 - np.eye(N_REGIONS))
        )
        for t in ("pre", "post")
        for s in ("01", "02", "03", "04")
    ]
    expected = np.mean(matrices[4:], axis=0) - np.mean(matrices[:4], axis=0)
    upper = np.triu_indices(N_REGIONS, 1)
    np.testing.assert_allclose(change.iloc[:, 1:].to_numpy()[upper], expected[upper], atol=1e-8)


def test_a_new_file_under_measures_is_a_measure_everywhere(make_study, tmp_path, monkeypatch):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "strongestfc.py").write_text(
        "from gradshift.core.measures import Measure\n"
        "import numpy as np\n"
        "MEASURE = Measure(name='strongestfc', title='strongest connection', levels=('whole',),\n"
        "    unit='Fisher z',\n"
        "    compute=lambda s: {'whole': np.array([np.nanmax(s.z)])}, formula='max z',\n"
        "    high='a strong edge', low='none', methods='The strongest edge was taken.')\n"
    )
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path / "more")])
    folder.measures.cache_clear()
    try:
        study, out = make_study(people=["01", "02", "03"]), tmp_path / "out"
        assert study.run(out, "participant", "--denoise", "24P") == 0
        assert study.run(out, "group") == 0
    finally:
        folder.measures.cache_clear()
    (table,) = out.glob("sub-01/ses-pre/func/*_measures.tsv")
    assert "strongestfc" in set(read(table)["measure"])
    about = json.loads(table.with_suffix(".json").read_text())
    assert about["Measures"]["strongestfc"]["Description"] == "The strongest edge was taken."
    rows = read(out / "group" / "contrasts.tsv").query("measure == 'strongestfc'")
    assert list(rows["family"]) == ["whole"]
    assert rows["t"].notna().all()


@pytest.mark.parametrize("flip", [False, True])
def test_the_order_of_names_on_disk_does_not_matter(make_study, tmp_path, flip):
    """Whoever comes first in the alphabet: labels are data, not an order of time."""
    people = ["b", "a"] if flip else ["a", "b"]
    study, out = make_study(people=people), tmp_path / "out"
    assert study.run(out, "participant", "--denoise", "24P") == 0
    assert study.run(out, "group") == 0
    assert set(read(out / "group" / "contrasts.tsv")["contrast"]) == {"post-pre"}


def test_voxel_maps_are_written_where_they_are_wanted(make_study, tmp_path):
    study, out = make_study(people=["01"]), tmp_path / "out"
    options = ("--denoise", "24P", "--measures", "all")
    assert study.run(out, "participant", *options, "--pcc", "Default_0,Default_1") == 0
    func = out / "sub-01" / "ses-pre" / "func"
    stem = "sub-01_ses-pre_task-rest_space-MNI152NLin2009cAsym"
    maps = {path.name for path in func.glob("*_boldmap.nii.gz")}
    assert maps == {
        *(
            f"{stem}_res-4_stat-{name}_desc-24P_boldmap.nii.gz"
            for name in ("alff", "malff", "falff", "zfalff", "reho")
        ),
        f"{stem}_atlas-Tiny_res-4_stat-zpcc_desc-24P_boldmap.nii.gz",
    }
    seed = nibabel.load(func / f"{stem}_atlas-Tiny_res-4_stat-zpcc_desc-24P_boldmap.nii.gz")
    image = labels()
    z = [seed.get_fdata()[image == i + 1].mean() for i in range(N_REGIONS)]
    assert min(z[30:32]) > max(z[:25])
    values = read(next(func.glob("*24P_measures.tsv"))).set_index(["measure", "level", "label"])
    reho = nibabel.load(func / f"{stem}_res-4_stat-reho_desc-24P_boldmap.nii.gz").get_fdata()
    assert values.loc[("reho", "region", "SomMot_2"), "value"] == pytest.approx(
        reho[image == 13].mean(), rel=1e-5
    )
    without = tmp_path / "without"
    assert study.run(without, "participant", *options, "--no-voxelwise") == 0
    assert not list(without.rglob("*_boldmap.nii.gz"))
    assert not list(without.rglob("voxels.npy"))
    values = read(next(without.glob("sub-01/ses-pre/func/*24P_measures.tsv")))
    assert set(values.query("measure == 'reho'")["status"]) == {"voxel maps were not computed"}


def test_series_of_voxels_go_once_mapped_and_further_maps_read_the_image_again(
    make_study, tmp_path
):
    study, out, at_once = make_study(["01"], ["pre"], ["1", "2"]), tmp_path / "out", tmp_path / "b"
    options = ("--denoise", "24P", "--pcc", "Default_0", "--measures", "alff")

    def maps(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.rglob("*_boldmap.nii.gz")}

    def read_at() -> set[int]:
        return {path.stat().st_mtime_ns for path in out.rglob("parcellate_*/outcome.npz")}

    assert study.run(out, "participant", *options) == 0
    reads, few = read_at(), maps(out)
    assert not list(out.rglob("voxels.npy"))
    assert study.run(out, "participant", *options, "reho", "--overwrite") == 0
    assert read_at() == reads
    assert not list(out.rglob("voxels.npy"))
    assert study.run(at_once, "participant", *options, "reho") == 0
    assert maps(out) == maps(at_once)
    assert len(maps(out)) > len(few)


def test_gradients_rest_on_the_regions_that_everybody_has(make_study, tmp_path):
    study, out = make_study(people=["01", "02", "03"]), tmp_path / "out"
    path = study.bold("02", "post")
    name = path.name.replace("desc-preproc_bold", "desc-brain_mask")
    mask = nibabel.load(path.with_name(name))
    inside = np.asarray(mask.dataobj).copy()
    inside[labels() == 12] = 0
    nibabel.Nifti1Image(inside, mask.affine).to_filename(path.with_name(name))
    assert study.run(out, "participant", "--denoise", "24P", "--no-voxelwise") == 0
    assert study.run(out, "group") == 0
    values = read(out / "group" / "measures.tsv").query("label == 'SomMot_1'")
    strength = values.query("measure == 'strength'").set_index(["participant_id", "session_id"])
    assert strength["value"].isna().to_dict() == {
        (f"sub-{sub}", f"ses-{ses}"): sub == "02"
        for sub in ("01", "02", "03")
        for ses in ("pre", "post")
    }
    gradient = values.query("measure == 'gradient1'")
    assert gradient["value"].isna().all()
    assert gradient["status"].str.contains("sub-02 lacks it").sum() >= 4
    others = read(out / "group" / "measures.tsv").query("measure == 'lambdaref'")
    assert others["value"].notna().all()
    ways = read(out / "group" / "variants.tsv").query("measure == 'gradientrange'")
    change = ways.set_index(ways["choice"].fillna("own"))["mean_change"].groupby(level=0).first()
    assert change["kernel cosine label-blind"] == pytest.approx(change["own"])
    assert abs(change["kernel normalized_angle label-blind"] / change["own"] - 1) > 0.01


def test_an_empty_image_is_named(make_study, tmp_path, capsys):
    study, out = make_study(people=["01"]), tmp_path / "out"
    image = nibabel.load(study.bold("01", "post"))
    nibabel.Nifti1Image(0 * image.get_fdata(dtype=np.float32), None, image.header).to_filename(
        study.bold("01", "post")
    )
    assert study.run(out, "participant", "--denoise", "24P", "--no-voxelwise") == 1
    assert "has no usable volume: all 200 are zero" in capsys.readouterr().err


def test_partial_correlations_say_how_they_were_shrunk(make_study, tmp_path):
    study, out = make_study(people=["01"], sessions=["pre"]), tmp_path / "out"
    options = ("--denoise", "24P", "--connectivity", "partial", "--no-voxelwise")
    assert study.run(out, "participant", *options) == 0
    (path,) = out.glob("**/*_stat-ledoitwolfpartialcorrelation_desc-24P_relmat.tsv")
    matrix = read(path).iloc[:, 1:].to_numpy()
    np.testing.assert_array_equal(matrix, matrix.T)
    assert 0 < json.loads(path.with_suffix(".json").read_text())["LedoitWolfShrinkage"] < 1
    near, far = np.diagonal(matrix, 1).mean(), np.abs(matrix[:5, -5:]).mean()
    assert near > far + 0.05
