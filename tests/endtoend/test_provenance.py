"""Numbers are never relabelled, and one output holds one study made in one way."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gradshift
import tiny

OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--measures", "meanfc", "withinfc")
CODE = """
import sys, tiny
with tiny.without_pictures():
    sys.exit(tiny.main())
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package that a test may edit."""
    here = Path(gradshift.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(here, tmp_path / "package" / "gradshift", ignore=ignored))


def command(package, study, out, level, *words):
    """Run a level with a copy of the package, in a process of its own."""
    atlas = () if level == "group" else ("--atlas", str(study.atlas))
    words = [sys.executable, "-c", CODE, str(study.root), str(out), level, *atlas, *words]
    paths = os.pathsep.join([str(package.parent), str(Path(tiny.__file__).parent)])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(words, capture_output=True, text=True, timeout=600, env=environment)


def value(out, sub="01", measure="meanfc"):
    (path,) = out.glob(f"sub-{sub}/ses-pre/func/*_measures.tsv")
    table = pd.read_csv(path, sep="\t", na_values="n/a")
    return table.query("measure == @measure")["value"].to_numpy()


def test_code_that_changed_is_computed_again_and_a_mix_is_refused(make_study, tmp_path, package):
    study, out = make_study(), tmp_path / "out"
    done = command(package, study, out, "participant", *OPTIONS)
    assert done.returncode == 0, done.stderr
    assert "Computed again" not in done.stderr
    before, other = value(out), value(out, measure="withinfc")
    module = package / "core" / "measures" / "meanfc.py"
    text = module.read_text()
    assert text.count("    return {") == 1
    edited = text.replace("    return {", "    return {k: 10 * v for k, v in {").replace(
        "}\n\n\nMEASURE", "}.items()}\n\n\nMEASURE"
    )
    module.write_text(edited)
    done = command(package, study, out, "participant", *OPTIONS, "--participant-label", "01")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(value(out), 10 * before, rtol=1e-9)
    np.testing.assert_array_equal(value(out, measure="withinfc"), other)
    (line,) = [line for line in done.stderr.splitlines() if "Computed again" in line]
    assert line.endswith("Computed again, since their code changed: meanfc.")
    refused = command(package, study, out, "group")
    assert refused.returncode == 64
    assert "code of meanfc" in refused.stderr
    assert "sub-01" in refused.stderr
    assert "sub-02" in refused.stderr


def test_another_dataset_is_refused_before_anything_is_written(make_study, tmp_path, capsys):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    about = study.root / "dataset_description.json"
    about.write_text(json.dumps({"Name": "other study", "BIDSVersion": "1.10.0"}))
    assert study.run(out, "participant", *OPTIONS) == 64
    assert "'tiny', not of 'other study'" in capsys.readouterr().err
    after = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert after == before
    assert study.run(out, "participant", *OPTIONS, "--overwrite") == 0


def test_another_atlas_of_the_same_name_is_refused(make_study, tmp_path, capsys):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    table = study.atlas.with_suffix(".tsv")
    table.write_text(table.read_text().replace("Vis_0", "Vis_zero"))
    assert study.run(out, "participant", *OPTIONS) == 64
    assert "another atlas Tiny: its label table" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["", "half of it"])
def test_a_damaged_copy_of_an_atlas_is_mended(make_study, tmp_path, damage):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    image = "tpl-MNI152NLin2009cAsym/anat/tpl-MNI152NLin2009cAsym_atlas-Tiny_dseg.nii.gz"
    names = ["atlas-Tiny_dseg.tsv", image, "atlas-Tiny_regions.json"]
    copies = [out / "atlases" / name for name in names]
    before = [path.read_bytes() for path in copies]
    for path in copies:
        path.write_text(damage)
    assert study.run(out, "participant", *OPTIONS) == 0
    assert [path.read_bytes() for path in copies] == before


def test_every_sidecar_says_what_a_result_comes_from(make_study, tmp_path):
    study, out = make_study(people=["01"]), tmp_path / "out"
    assert study.run(out, "participant", "--denoise", "24P", "--measures", "meanfc") == 0
    paths = list(out.glob("sub-01/ses-pre/func/*.json"))
    assert len(paths) > 5
    for path in paths:
        sidecar = json.loads(path.read_text())
        assert {"CodeDigest", "SourceDataset", "SourceDerivatives"} <= sidecar.keys(), path.name
        assert sidecar["SourceDataset"]["Name"] == "tiny"
        if "atlas-" in path.name:
            assert {"AtlasLabelTableDigest", "AtlasImageDigest"} <= sidecar.keys(), path.name
        if "stat-coverage" not in path.name:
            assert "RecipeDigest" in sidecar, path.name
        assert str(tmp_path) not in path.read_text()
