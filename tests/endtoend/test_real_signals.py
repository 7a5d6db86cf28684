"""The whole command on real signals, where these are at hand beside the project."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradshift.cli import main
from tiny import without_pictures

DATASETS = Path(__file__).parents[3] / "shared" / "datasets"
pytestmark = pytest.mark.skipif(not DATASETS.is_dir(), reason=f"{DATASETS} is not there")


@pytest.fixture(autouse=True)
def _numbers_alone():
    with without_pictures():
        yield


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", na_values="n/a")


def test_painted_series_are_recovered_and_compared(tmp_path):
    painted = str(DATASETS / "hcp-painted")
    words = [painted, str(tmp_path), "participant"]
    options = ["--atlas", "Schaefer2018_100_7", "--denoise", "aCompCor", "none"]
    assert main([*words, *options, "--nprocs", "2"]) == 0
    for sub in ("hcp1", "hcp2"):
        for ses in ("rest1", "rest2"):
            func = tmp_path / f"sub-{sub}" / f"ses-{ses}" / "func"
            (found,) = func.glob("*_desc-none_timeseries.tsv")
            (coverage,) = func.glob("*_stat-coverage_bold.tsv")
            truth = DATASETS / "hcp-painted-truth"
            painted_series = read(
                truth / f"sub-{sub}_ses-{ses}_task-rest_desc-painted_timeseries.tsv"
            )
            covered = (read(coverage)["status"] == "ok").to_numpy()
            assert covered.sum() >= 95
            r = [
                np.corrcoef(read(found).iloc[:, i], painted_series.iloc[:, i])[0, 1]
                for i in np.flatnonzero(covered)
            ]
            assert min(r) > 0.99
            (matrix,) = func.glob("*_desc-aCompCor_relmat.tsv")
            z = np.arctanh(read(matrix).iloc[:, 1:].to_numpy() * (1 - np.eye(100)))
            names = read(matrix)["Node"]
            for network in ("Default", "Vis"):
                inside = names.str.contains(network).to_numpy()
                assert z[np.ix_(inside, inside)].mean() > z[np.ix_(inside, ~inside)].mean() + 0.1
    words[2] = "group"
    assert main([*words, "--baseline", "rest1", "--followup", "rest2"]) == 0
    rows = read(tmp_path / "group" / "contrasts.tsv")
    assert set(rows.query("effect == 'change' and measure == 'withinfc'")["n"]) == {2}


def test_real_voxels_need_a_recipe_that_fits_their_confounds(tmp_path, capsys):
    words = [str(DATASETS / "ds205-real-voxels"), str(tmp_path / "out"), "participant"]
    assert main(words) == 65
    assert "trans_x, trans_y, trans_z, rot_x, rot_y, rot_z and 21 more" in capsys.readouterr().err
    recipe = tmp_path / "own.json"
    recipe.write_text(
        json.dumps({"name": "own", "columns": ["global_signal", "cosine*"], "filter": False})
    )
    assert main([*words, "--denoise", str(recipe), "--min-minutes", "2"]) == 0
    (table,) = (tmp_path / "out").glob("sub-03/func/*_measures.tsv")
    found = read(table)
    region = found.query("measure == 'strength' and level == 'region'")
    left_out = region["status"].str.contains("below 0.5")
    assert 0 < left_out.sum() < len(region) / 10
    assert region["value"].isna().equals(left_out)
