"""A real run on fsaverage5 through the whole command, where it was fetched before."""

import json

import numpy as np
import pandas as pd
import pytest

import lemon
from gradshift.bids.mapimages import Surface, read_ground_map
from gradshift.cli import main
from gradshift.images.grayordinates import whole_meshes
from tiny import without_pictures

pytestmark = pytest.mark.skipif(
    not lemon.WHEEL.exists(), reason=f"{lemon.WHEEL} is not there; tests/lemon.py fetches it"
)


def test_a_real_surface_has_networks_and_the_known_gradient(tmp_path):
    study, out = lemon.write_study(lemon.fetch(), tmp_path / "study"), tmp_path / "out"
    words = ["--space", "fsaverage5", "--denoise", "24P"]
    words += [
        "--measures",
        "withinfc",
        "betweenfc",
        "gradient1",
        "hierarchydistance",
        "alff",
        "reho",
    ]
    with without_pictures():
        assert main([str(study), str(out), "participant", *words]) == 0
    func = out / "sub-010188" / "ses-02" / "func"
    (coverage,) = func.glob("*_stat-coverage_bold.tsv")
    covered = pd.read_csv(coverage, sep="\t", na_values="n/a")
    assert (covered["coverage"] > 0.9).all()
    assert covered["tsnr"].isna().all(), "the series come without their mean"
    (path,) = func.glob("*_relmat.tsv")
    matrix = pd.read_csv(path, sep="\t", index_col="Node")
    z = np.arctanh(matrix.to_numpy() * (1 - np.eye(200)))
    network = np.array([name.split("_")[2] for name in matrix.columns])
    same = network[:, None] == network
    other_half = np.not_equal.outer(np.arange(200) < 100, np.arange(200) < 100)
    assert z[same & other_half].mean() > z[~same & other_half].mean() + 0.15
    (path,) = func.glob("*_measures.tsv")
    rows = pd.read_csv(path, sep="\t", na_values="n/a")
    gradient = rows[rows["measure"] == "gradient1"].set_index(["level", "label"])["value"]
    networks = gradient["network"]
    assert networks["Default"] > networks["Cont"] > max(networks["SomMot"], networks["Vis"])
    assert (rows[rows["measure"] == "alff"]["value"] > 0).all()
    reho = rows[(rows["measure"] == "reho") & (rows["level"] == "region")]["value"]
    assert reho.between(1 / 7, 1).all()
    values, ground = read_ground_map(next(func.glob("*_hemi-L_*_stat-zpcc_*_boldmap.shape.gii")))
    assert ground.is_like(Surface(whole_meshes((10242, 10242))))
    assert np.isfinite(values).sum() > 18000
    assert np.nanmax(values) > 1  # inside of the seed
    about = json.loads(path.with_suffix(".json").read_text())
    assert sum("hemi-" in source for source in about["Sources"]) == 2
