"""Runs on the surface: found where their space is asked for, and told where they are damaged."""

from pathlib import Path

import pytest

import surfaces
import tiny
from gradshift import settings as schema
from gradshift.bids.inputs import find_runs
from gradshift.errors import NothingSelectedError

ATLAS = {"Tiny": (tiny.SPACE, "fsLR", "fsaverage5")}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study in three forms, not to be changed."""
    forms = (surfaces.write_volume, surfaces.write_cifti, surfaces.write_gifti)
    return surfaces.write_study(tmp_path_factory.mktemp("source") / "fmriprep", *forms)


def find(root: Path, **given: object):
    return find_runs(schema.make(root, Path("/out"), "participant", given), ATLAS)


@pytest.mark.parametrize(
    ("space", "ending", "values"),
    [
        (None, "preproc_bold.nii.gz", 720),
        ("fsLR", "dtseries.nii", 82),
        ("fsaverage5", "func.gii", 84),
    ],
)
def test_the_space_says_which_form_is_read(source, space, ending, values):
    runs = find(source, space=space)
    assert len(runs) == 8
    for run in runs:
        assert not run.problem
        assert run.bold.name.endswith(ending)
        assert (run.tr, run.n_volumes) == (tiny.TR, tiny.N_VOLUMES)
        assert run.shape[0] * run.shape[1] * run.shape[2] == values
        assert run.confounds.is_file()
        assert "hemi" not in run.entities
        assert (run.right is not None) == (space == "fsaverage5")


def test_the_hemispheres_of_one_run_are_one_run_in_either_order_of_the_name(source):
    names = {run.bold.name: run.right.name for run in find(source, space="fsaverage5")}
    for left, right in names.items():
        assert left.replace("hemi-L", "hemi-R") == right
    orders = {name.index("hemi-") < name.index("space-") for name in names}
    assert orders == {True, False}


def test_of_both_formats_in_one_space_cifti_is_taken(tmp_path):
    source = surfaces.write_study(
        tmp_path / "fmriprep", surfaces.write_cifti, surfaces.write_gifti
    )
    for path in list(source.rglob("*fsaverage5*")):
        path.rename(path.with_name(path.name.replace("space-fsaverage5", "space-fsLR_den-32k")))
    runs = find(source, space="fsLR")
    assert {run.bold.name.partition(".")[2] for run in runs} == {"dtseries.nii"}
    assert not any(run.problem for run in runs)


def test_the_time_of_the_json_that_fmriprep_writes_wins(tmp_path):
    source = surfaces.write_study(tmp_path / "fmriprep", surfaces.write_cifti)
    for path in source.rglob("*.dtseries.nii"):
        for name in ("bold.json", "bold.dtseries.json"):
            about = path.with_name(path.name.replace("bold.dtseries.nii", name))
            about.write_text('{"RepetitionTime": 1.5}')
            (run,) = (run for run in find(source, space="fsLR") if run.bold == path)
            assert run.tr == 1.5
            assert "2 s" in run.remarks[0]
            about.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("space", "ending", "change", "told"),
    [
        ("fsaverage5", "hemi-R*gii", Path.unlink, "hemi-R"),
        ("fsaverage5", "hemi-L*gii", Path.unlink, "hemi-L"),
        ("fsaverage5", "hemi-R*gii", lambda path: path.write_bytes(b"x" * 600), "GIFTI"),
        ("fsLR", "dtseries.nii", lambda path: path.write_bytes(b"x" * 600), "CIFTI"),
        ("fsLR", "dtseries.nii", cut, "cut off"),
    ],
)
def test_a_damaged_run_costs_itself_alone(tmp_path, space, ending, change, told):
    source = surfaces.write_study(
        tmp_path / "fmriprep", surfaces.write_cifti, surfaces.write_gifti
    )
    (path,) = (source / "sub-02" / "ses-pre" / "func").glob(f"*{ending}")
    change(path)
    runs = find(source, space=space)
    assert [run.label for run in runs if run.problem] == ["sub-02 ses-pre task-rest"]
    assert told in next(run.problem for run in runs if run.problem)
    assert len(runs) == 8


def test_surfaces_alone_are_not_taken_unless_they_are_asked_for(tmp_path):
    source = surfaces.write_study(tmp_path / "fmriprep", surfaces.write_gifti)
    with pytest.raises(NothingSelectedError, match="--space fsaverage5"):
        find(source)
    with pytest.raises(NothingSelectedError, match="--space fsaverage5"):
        find(tmp_path, derivatives=[f"denoised={source}"], skip_bids_validation=True)
    with pytest.raises(NothingSelectedError, match=r"fsLR.*[Ss]paces there: fsaverage5"):
        find(source, space="fsLR")
    assert len(find(source, space="fsaverage5")) == 8
