"""Group answers agree through every door to the same planted study."""

import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import doors
import surfaces
import tiny
from gradshift.bids.mapimages import read_ground_map
from gradshift.cli import main
from gradshift.core.series.spectra import spectrum

MEASURES = ("withinfc", "meanfc", "ngsc", "nonreversibility", "alff")
KEY = ["contrast", "effect", "family", "measure", "level", "label", "covariates"]

EXACT = 2e-5
"""Tables with ten digits, arrays and parcels in single precision agree to this."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The tables of the study, and the atlas."""
    folder = tmp_path_factory.mktemp("doors")
    return doors.raw(folder / "study"), surfaces.write_atlas(folder / "atlas")


def run(place: tuple[Path, Path], out: Path, *options: str) -> pd.DataFrame:
    """Run both levels; return the changes of the group that no covariate explains."""
    study, atlas = place
    words = ["--atlas", str(atlas), "--measures", *MEASURES, *options]
    assert main([str(study), str(out), "participant", *words]) == 0
    with patch("gradshift.levels.group.write_group_page"):
        group = [str(study), str(out), "group", "--baseline", "pre", "--followup", "post"]
        assert main(group) == 0
    table = pd.read_csv(out / "group" / "contrasts.tsv", sep="\t", na_values="n/a")
    return table[table["covariates"].isna()].set_index(KEY[:-1])["mean_change"]


@pytest.fixture(scope="module")
def expected(place, tmp_path_factory) -> pd.Series:
    """The answers through XCP-D's door in the mode linc."""
    folder = tmp_path_factory.mktemp("linc")
    source = doors.xcp_d(folder / "xcp_d")
    return run(place, folder / "out", "--derivatives", f"xcp_d={source}")


def test_the_planted_change_is_found(expected):
    within = expected.xs(("network", "Default"), level=("family", "label")).loc[:, :, "withinfc"]
    assert (within < -0.3).all()


@pytest.mark.parametrize(("door", "write"), [
    ("xcp_d", lambda folder: doors.xcp_d(folder, "abcd", "seg")),
    ("series", doors.bare),
])  # fmt: skip
def test_interpolated_and_bare_series_give_the_same(place, expected, tmp_path, door, write):
    found = run(place, tmp_path / "out", "--derivatives", f"{door}={write(tmp_path / 'source')}")
    assert found.notna().sum() > 10
    np.testing.assert_allclose(found, expected.reindex(found.index), atol=EXACT)


def test_matrices_alone_give_what_is_made_of_matrices(place, expected, tmp_path):
    source, out = doors.matrices(tmp_path / "source"), tmp_path / "out"
    found = run(place, out, "--derivatives", f"series={source}")
    measure = found.index.get_level_values("measure")
    wanted = expected.reindex(found.index)
    made_of_matrices = measure.isin(["withinfc", "meanfc", "ngsc"])
    np.testing.assert_allclose(found[made_of_matrices], wanted[made_of_matrices], atol=EXACT)
    rows = pd.read_csv(out / "group" / "measures.tsv", sep="\t", na_values="n/a")
    for name, need in (("nonreversibility", "series of regions"), ("alff", "voxels")):
        of_measure = rows[rows["measure"] == name]
        assert of_measure["value"].isna().all()
        assert of_measure["status"].str.contains(f"needs {need}").all()


def test_denoised_images_give_what_their_series_give(place, expected, tmp_path):
    source, out = doors.denoised(tmp_path / "source"), tmp_path / "out"
    found = run(place, out, "--derivatives", f"denoised={source}")
    wanted = expected.reindex(found.index)
    of_voxels = found.index.get_level_values("measure") == "alff"
    np.testing.assert_allclose(found[~of_voxels], wanted[~of_voxels], atol=EXACT)
    assert found[of_voxels].notna().all()
    about = json.loads(next(out.glob("sub-01/**/*_desc-asis_timeseries.json")).read_text())
    assert about["NumberOfVolumesRetained"] == doors.kept().sum()
    assert about["DegreesOfFreedom"] is None


@pytest.mark.parametrize(
    ("space", "write"),
    [
        (tiny.SPACE, surfaces.write_volume),
        ("fsLR", surfaces.write_cifti),
        ("fsaverage5", surfaces.write_gifti),
    ],
)
def test_what_fmriprep_wrote_gives_the_same_on_every_surface(
    place, expected, tmp_path, space, write
):
    source, out = surfaces.write_study(tmp_path / "fmriprep", write), tmp_path / "out"
    recipe = surfaces.write_recipe(tmp_path)
    words = ["--derivatives", f"fmriprep={source}", "--denoise", str(recipe), "--space", space]
    words += ["--measures", *MEASURES, "reho", "--pcc", ",".join(doors.NAMES[:2])]
    with tiny.without_pictures():
        found = run(place, out, *words)
    wanted = expected.reindex(found.index)
    of_voxels = found.index.get_level_values("measure").isin(["alff", "reho"])
    shared = ~of_voxels & (found.index.get_level_values("label") != "PCC")
    assert found[shared].notna().any()
    np.testing.assert_allclose(found[shared], wanted[shared], atol=EXACT)
    table = next(out.glob("sub-01/ses-pre/**/*_desc-scrubbed_timeseries.tsv"))
    truth = doors.series("01", "pre")[doors.kept()]
    series = pd.read_csv(table, sep="\t")
    np.testing.assert_allclose(series, truth - truth.mean(axis=0), atol=2e-4)
    assert json.loads(table.with_suffix(".json").read_text())["RepetitionTime"] == tiny.TR
    rows = pd.read_csv(out / "group" / "measures.tsv", sep="\t", na_values="n/a")
    rows = rows[rows["level"] == "region"].set_index(["measure", "participant_id", "session_id"])
    waves = spectrum(np.flatnonzero(doors.kept()), np.zeros(len(truth), dtype=int), tiny.TR)
    alff = rows.loc["alff", "sub-01", "ses-pre"].set_index("label")["value"]
    np.testing.assert_allclose(alff[list(doors.NAMES)], waves.measure(truth.T)[0], rtol=1e-4)
    reho = rows.loc["reho"]
    assert reho["value"].dropna().between(0, 1).all()
    assert reho["value"].notna().any()
    _seed_maps_hold_the_change_of_their_regions(out, space)


def _seed_maps_hold_the_change_of_their_regions(out: Path, space: str) -> None:
    """Every vertex or voxel has the series of its region, and so its connectivity."""

    def z(sub: str, ses: str) -> np.ndarray:
        truth = doors.series(sub, ses)[doors.kept()]
        seed = truth[:, :2].mean(axis=1)
        return np.arctanh(np.corrcoef(truth.T, seed)[-1, :-1])

    changes = np.array([z(sub, "post") - z(sub, "pre") for sub in doors.PEOPLE])
    (path,) = (
        path
        for path in (out / "group").glob("*_stat-meanchange_*_boldmap.*")
        if path.suffix != ".json" and "hemi-R" not in path.name
    )
    values, ground = read_ground_map(path)
    if space == tiny.SPACE:
        labels = tiny.labels().ravel(order="F")
    else:
        halves = [s.places for s in ground.grayordinates.structures[:2]]
        second = np.where(surfaces.REGIONS > 0, surfaces.REGIONS + tiny.N_REGIONS // 2, 0)
        labels = np.concatenate([surfaces.REGIONS[halves[0]], second[halves[1]]])
    wanted = np.append(np.nan, changes.mean(axis=0))[labels]
    np.testing.assert_allclose(values[: len(labels)], wanted, atol=2e-4)
    t, p, enhanced = (
        read_ground_map(path.with_name(path.name.replace("meanchange", stat)))[0]
        for stat in ("t", "pfwetfce", "tfce")
    )
    np.testing.assert_array_equal(np.sign(enhanced), np.sign(t))
    n_flips = 2 ** len(doors.PEOPLE)
    assert set(n_flips * p[np.isfinite(p)]) <= set(range(2, n_flips + 1, 2))
    about = json.loads(path.with_name(path.name.split(".")[0] + ".json").read_text())
    unit = {tiny.SPACE: "Voxels", "fsLR": "Grayordinates", "fsaverage5": "Vertices"}[space]
    assert about[f"NumberOf{unit}"] == np.isfinite(values).sum()


def test_components_of_another_dataset_are_regressed_out(make_study, tmp_path):
    study, out = make_study(people=["01"], sessions=["pre"]), tmp_path / "out"
    func = tmp_path / "ica" / "sub-01" / "ses-pre" / "func"
    func.mkdir(parents=True)
    rng = np.random.default_rng(3)
    mixing = pd.DataFrame(rng.standard_normal((tiny.N_VOLUMES, 3)), columns=["c1", "c2", "c3"])
    mixing.to_csv(func / "sub-01_ses-pre_task-rest_desc-ICA_mixing.tsv", sep="\t", index=False)
    recipe = {
        "name": "own",
        "columns": ["csf", {"dataset": "ica", "columns": ["c?"]}],
        "filter": False,
    }
    path = tmp_path / "own.json"
    path.write_text(json.dumps(recipe))
    words = ["--denoise", str(path), "--measures", "meanfc", "--no-voxelwise"]
    words += ["--dummy-scans", "3"]
    assert study.run(out, "participant", *words) != 0
    words += ["--derivatives", f"ica={tmp_path / 'ica'}"]
    assert study.run(out, "participant", *words) == 0
    (table,) = out.glob("sub-01/**/*_desc-own_timeseries.tsv")
    series = pd.read_csv(table, sep="\t").to_numpy()
    about = json.loads(table.with_suffix(".json").read_text())
    assert about["RetainedVolumes"] == list(range(3, tiny.N_VOLUMES))
    used = mixing.to_numpy()[about["RetainedVolumes"]]
    np.testing.assert_allclose((used - used.mean(axis=0)).T @ series, 0, atol=1e-5)
    assert about["ConfoundRegressors"] == [["csf", "ica:c1", "ica:c2", "ica:c3"]]
    assert about["DegreesOfFreedom"] == len(series) - 4 - 2
