"""Options of how a run is done, each from the command line to what it leaves."""

import csv
import gzip
import json

import nibabel
import numpy as np
import pandas as pd
import pytest

import tiny
from badinput import results
from gradshift.bids.confoundnames import MOTION
from gradshift.participant.nodes.denoise import Denoise
from gradshift.settings import read_file

OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--measures", "withinfc", "meanfc")


def test_a_settings_file_of_the_logs_gives_the_same_results_again(make_study, tmp_path):
    study, first, again = make_study(people=["01"]), tmp_path / "first", tmp_path / "again"
    words = ("--fd-threshold", "0.4", "--band", "0.01", "0.1", "--work-dir", str(tmp_path / "w"))
    assert study.run(first, "participant", *OPTIONS, *words) == 0
    (kept,) = first.glob("logs/*_participant.toml")
    assert "work_dir" not in read_file(kept)
    paths = [line for line in kept.read_text().splitlines() if str(tmp_path) in line]
    assert [line[0] for line in paths if "tiny.json" not in line] == ["#"]
    assert study.run(again, "participant", "--config-file", str(kept)) == 0
    assert results(again) == results(first) != {}


def test_other_settings_are_refused_and_never_mixed(make_study, tmp_path, capsys):
    study, out = make_study(), tmp_path / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    before = results(out)
    changed = (*OPTIONS, "--fd-threshold", "0.3")
    assert study.run(out, "participant", *changed) == 64
    assert "--fd-threshold was not given and is now 0.3" in capsys.readouterr().err
    assert results(out) == before
    one = ("--participant-label", "01", "--overwrite")
    assert study.run(out, "participant", *changed, *one) == 0
    assert study.run(out, "group") == 64
    told = capsys.readouterr().err
    assert "sub-01 ses-post (Tiny, 24P) and sub-02 ses-post (Tiny, 24P) were made with" in told
    assert "different settings: --fd-threshold 0.3 and not given" in told
    assert not (out / "group").exists()
    assert study.run(out, "participant", *changed, "--participant-label", "02") == 0
    assert study.run(out, "group") == 0


@pytest.mark.parametrize("nprocs", ["1", "2"])
def test_the_monitor_writes_what_each_step_used(make_study, tmp_path, monkeypatch, nprocs):
    study, out, here = (
        make_study(people=["01"], sessions=["pre"]),
        tmp_path / "out",
        tmp_path / "x",
    )
    here.mkdir()
    monkeypatch.chdir(here)
    words = ("--resource-monitor", "--nprocs", nprocs)
    assert study.run(out, "participant", *OPTIONS, *words) == 0
    (path,) = out.glob("logs/*_resources.tsv")
    rows = list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))
    (read,) = [row for row in rows if "parcellate" in row["step"]]
    assert 0.01 < float(read["memory_peak_gb"]) < 10
    assert float(read["seconds"]) > 0
    assert not list(here.iterdir())
    left = {path.name.partition("_")[0] for path in out.glob("work/steps_*/*")}
    assert left == {"atlases", "finished", "gradshift"}
    assert study.run(out, "participant", *OPTIONS) == 0
    assert len(list(out.glob("logs/*_resources.tsv"))) == 1


@pytest.mark.parametrize("nprocs", ["1", "2"])
def test_the_first_crash_stops_the_run_where_that_is_wanted(
    make_study, tmp_path, monkeypatch, capsys, nprocs
):
    compute = Denoise.compute

    def crash(self):
        if "sub-01_ses-post" in self.inputs.confounds:
            raise RuntimeError("a bug")
        return compute(self)

    monkeypatch.setattr(Denoise, "compute", crash)
    study, out = make_study(), tmp_path / "out"
    words = (*OPTIONS, "--nprocs", nprocs)
    assert study.run(out, "participant", *words, "--stop-on-first-crash") in (1, 65)
    assert "a step crashed" in capsys.readouterr().err
    assert len(list(out.glob("logs/crash/*"))) == 1
    stopped = len(list(out.glob("sub-*/*/func/*_measures.tsv")))
    assert study.run(out, "participant", *words) == 1
    assert len(list(out.glob("sub-02/*/func/*_measures.tsv"))) == 2 > stopped


def test_intermediate_results_go_but_those_of_people_with_a_problem(make_study, tmp_path):
    study, out = make_study(), tmp_path / "out"
    study.confounds("02", "post").unlink()
    assert study.run(out, "participant", *OPTIONS, "--clean-workdir") == 1
    kept = {path.name for path in out.glob("work/steps_*/gradshift_*/*")}
    assert kept == {"sub_02_task_rest"}
    before = results(out)
    assert study.run(out, "participant", *OPTIONS) == 1
    assert results(out) == before


def test_what_changes_bold_alone_is_told_and_a_damaged_recording_hinders_nothing(
    make_study, tmp_path
):
    study, out = make_study(people=["01"], sessions=["pre"]), tmp_path / "out"
    func = study.root / "sub-01" / "ses-pre" / "func"
    func.mkdir(parents=True)
    breaths = np.sin(2 * np.pi * 15 / 60 * np.arange(0, 400, 0.1))
    rows = "\n".join(f"{value:.4f}" for value in breaths)
    path = func / "sub-01_ses-pre_task-rest_recording-belt_physio.tsv.gz"
    path.write_bytes(gzip.compress(rows.encode()))
    about = {"SamplingFrequency": 10, "StartTime": 0, "Columns": ["respiratory"]}
    path.with_name(path.name.replace(".tsv.gz", ".json")).write_text(json.dumps(about))
    other = func / "sub-01_ses-pre_task-rest_recording-pulse_physio.tsv.gz"
    other.write_bytes(b"cut off")
    rapidtide = tmp_path / "rapidtide"
    delay = rapidtide / "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_desc-delay_boldmap.nii.gz"
    delay.parent.mkdir(parents=True)
    delays = np.linspace(-4, 4, 1001).reshape(7, 11, 13)  # 0 in the middle: not fitted
    nibabel.Nifti1Image(delays, np.eye(4)).to_filename(delay)
    named = ("--derivatives", f"rapidtide={rapidtide}")
    assert study.run(out, "participant", *OPTIONS, *named) == 0
    sidecar = json.loads(next(out.glob("sub-01/**/*_measures.json")).read_text())
    assert sidecar["Physiology"] == {
        "BreathsPerMinute": pytest.approx(15, abs=0.3),
        "DelaySpreadSeconds": pytest.approx(4, abs=0.02),
    }
    assert any(other.name in text for text in sidecar["Warnings"])


def test_filtered_motion_decides_and_the_unfiltered_stands_beside_it(make_study, tmp_path, capsys):
    study, out = make_study(people=["01"], sessions=["pre"]), tmp_path / "out"
    path = study.confounds("01", "pre")
    table = pd.read_csv(path, sep="\t", na_values="n/a")
    seconds = tiny.TR * np.arange(tiny.N_VOLUMES)
    for name in MOTION:
        table[name] = 0.0
    table["trans_y"] = 0.4 * np.sin(2 * np.pi * 0.22 * seconds)  # breathing
    table["trans_x"] = 0.3 * np.sin(2 * np.pi * 0.01 * seconds)  # motion
    step = table[["trans_x", "trans_y"]].diff().abs()
    table["framewise_displacement"] = step.sum(axis=1, skipna=False)
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    assert study.run(out, "participant", *OPTIONS, "--motion-filter", "notch") == 65
    assert "2 s shows at most 15 cycles per minute" in capsys.readouterr().err
    assert study.run(out, "participant", *OPTIONS, "--motion-filter", "lp", "--overwrite") == 0
    (written,) = out.glob("sub-01/**/*_desc-qc_timeseries.tsv")
    quality = pd.read_csv(written, sep="\t", na_values="n/a")
    assert (quality["fd_unfiltered"] > 0.5).sum() > 40
    np.testing.assert_allclose(
        quality["fd_unfiltered"], table["framewise_displacement"], atol=1e-6
    )
    np.testing.assert_allclose(quality["fd"][5:-5], step["trans_x"][5:-5], atol=0.01)
    assert quality["kept"].sum() == tiny.N_VOLUMES - 1  # the first is not steady
    about = json.loads(next(out.glob("sub-01/**/*_measures.json")).read_text())
    assert about["MeanFramewiseDisplacement"] == pytest.approx(quality["fd"].mean())
    before = about["MeanFramewiseDisplacementUnfiltered"]
    assert before == pytest.approx(quality["fd_unfiltered"].mean())
    assert about["DenoisingRecipe"]["motion_filter"]["kind"] == "lp"
    columns = json.loads(written.with_suffix(".json").read_text())
    assert "low-pass filter at 6 cycles" in columns["fd"]["Description"]


@pytest.mark.parametrize(
    "words",
    [
        ("--band-stop-min", "6"),
        ("--motion-filter", "lp", "--band-stop-max", "18"),
        ("--motion-filter", "lp", "--derivatives", "series=."),
    ],
)
def test_a_motion_filter_that_makes_no_sense_is_wrong_usage(make_study, tmp_path, words, capsys):
    study, out = make_study(people=["01"], sessions=["pre"]), tmp_path / "out"
    assert study.run(out, "participant", *words) == 64
    assert "--motion-filter" in capsys.readouterr().err
    assert not out.exists()
