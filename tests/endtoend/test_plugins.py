"""A lab's own measure and kinetic model, from a file, through both levels."""

import json

import numpy as np
import pandas as pd
import pytest

from gradshift import plugins
from plugged import MEASURE, MODEL, write_plugin
from tinypet import write_pet

OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--pet-model", "peak", "suvr")


@pytest.fixture(autouse=True)
def as_before():
    yield
    plugins.forget()


def command(study, out, level, *words):
    """Run a level as a new process would: with no plug-in but those it is given."""
    plugins.forget()
    return study.run(out, level, *words)


def table(path):
    return pd.read_csv(path, sep="\t", na_values="n/a", keep_default_na=False)


def plugged(out, **where):
    (path,) = out.glob("sub-01/ses-pre/func/*_measures.tsv")
    return table(path).query("measure == 'plugged' and level == 'region'")["value"].to_numpy()


def test_a_measure_and_a_model_from_a_file_go_through_both_levels(make_study, tmp_path, capfd):
    study, out = make_study(people=["01", "02", "03"]), tmp_path / "out"
    write_pet(study.root, ["01", "02", "03"], ["pre", "post"])
    file = write_plugin(tmp_path / "ours.py", MEASURE + MODEL)
    measures = ("--measures", "plugged", "withinfc", "--plugin", str(file))
    assert command(study, out, "participant", *OPTIONS, *measures, "--nprocs", "2") == 0
    values = plugged(out)
    np.testing.assert_array_equal(values, np.arange(len(values)))
    (path,) = out.glob("sub-01/ses-pre/func/*_measures.json")
    sidecar = json.loads(path.read_text())["Measures"]
    assert sidecar["plugged"]["Plugin"] == "ours.py"
    assert "Plugin" not in sidecar["withinfc"]
    (path,) = out.glob("sub-01/ses-pre/pet/*_measures.tsv")
    assert {"peak", "suvr"} <= set(table(path)["measure"])
    capfd.readouterr()
    assert command(study, out, "group") == 64
    assert "ours.py" in capfd.readouterr().err
    assert command(study, out, "group", "--plugin", str(file), "--nprocs", "2") == 0
    found = table(out / "group" / "contrasts.tsv")
    assert {"plugged", "peak"} <= set(found["measure"])
    assert (
        "The place of a region in the list was counted."
        in (out / "logs" / "CITATION.md").read_text()
    )


def test_an_edited_plugin_is_computed_again_and_said_so(make_study, tmp_path, capfd, monkeypatch):
    study, out = make_study(people=["01"]), tmp_path / "out"
    file = write_plugin(tmp_path / "ours.py", MEASURE)
    monkeypatch.chdir(tmp_path)  # steps run elsewhere, and find it all the same
    words = (*OPTIONS[:3], "--measures", "plugged", "--plugin", file.name)
    assert command(study, out, "participant", *words) == 0
    before = plugged(out)
    write_plugin(file, MEASURE.replace("FACTOR = 1.0", "FACTOR = 10.0"))
    capfd.readouterr()
    assert command(study, out, "participant", *words) == 0
    np.testing.assert_array_equal(plugged(out), 10 * before)
    told = capfd.readouterr().err.splitlines()
    (line,) = [line for line in told if "Computed again" in line]
    assert "plugged" in line
    assert "Parcellate" not in line
