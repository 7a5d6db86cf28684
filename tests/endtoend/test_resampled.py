"""A finer session measured again as the coarser one gives what the coarser one would have."""

import json

import nibabel
import numpy as np
import pandas as pd

from gradshift.bids.collect import find_results, read_measures
from gradshift.bids.dataset import read_json
from tiny import AFFINE, TR, Study


def make_finer(study: Study, rng: np.random.Generator) -> None:
    """Make of ses-post what ses-pre would be with half the TR and voxels half as wide.

    Volumes between those of ses-pre are noise, and motion between them none.
    """
    pre, post = study.bold("01", "pre"), study.bold("01", "post")
    affine = AFFINE @ np.diag([0.5, 0.5, 0.5, 1])
    affine[:3, 3] = -1
    for old in (pre, pre.with_name(pre.name.replace("desc-preproc_bold", "desc-brain_mask"))):
        image = nibabel.load(old)
        values = np.asarray(image.dataobj)
        for axis in range(3):
            values = np.repeat(values, 2, axis=axis)
        if values.ndim == 4:
            values = np.repeat(values, 2, axis=3)
            values[..., 1::2] += rng.standard_normal(values[..., 1::2].shape).astype(np.float32)
        finer = nibabel.Nifti1Image(values, affine)
        finer.header.set_xyzt_units("mm", "sec")
        if values.ndim == 4:
            finer.header.set_zooms((2, 2, 2, TR / 2))
        finer.to_filename(post.with_name(old.name.replace("ses-pre", "ses-post")))
    post.with_name(post.name.replace(".nii.gz", ".json")).write_text(
        json.dumps({"RepetitionTime": TR / 2})
    )
    table = pd.read_csv(study.confounds("01", "pre"), sep="\t")
    between = table.fillna(0.0) + rng.standard_normal(table.shape)
    between[["framewise_displacement", "non_steady_state_outlier00"]] = 0.0
    both = pd.concat([table, between]).sort_index(kind="stable")
    both.to_csv(study.confounds("01", "post"), sep="\t", index=False, na_rep="n/a")


def test_a_finer_session_gives_the_values_of_the_coarser_one(make_study, tmp_path, rng):
    study, out = make_study(["01"]), tmp_path / "out"
    make_finer(study, rng)
    assert study.run(out, "participant", "--denoise", "24P", "--no-voxelwise",
                     "--measures", "withinfc", "lowhighfc", page=True) == 0  # fmt: skip
    coarse, fine = sorted(find_results(out), key=lambda r: r.session, reverse=True)
    (how,) = [how for _, how in fine.acquired]
    assert (how.repetition_time, how.voxel_size) == (1.0, "2 x 2 x 2")
    assert not coarse.resampled
    columns = ["measure", "level", "label"]
    wanted = read_measures([coarse]).set_index(columns)["value"]
    again = pd.DataFrame(fine.resampled).set_index(columns)["value"]
    np.testing.assert_allclose(again, wanted[again.index], atol=1e-5)
    assert not np.allclose(
        again, read_measures([fine]).set_index(columns)["value"][again.index], atol=0.01
    )
    assert study.run(out, "group") == 0
    limits = read_json(out / "group" / "limits.json")
    bearing = {row["What"] for row in limits["Acquisition"] if row["BearsOnNumbers"]}
    assert bearing == {"repetition time", "voxel size"}
    effects = [row for row in limits["AcquisitionEffect"] if row["n"]]
    assert {"withinfc", "lowhighfc"} <= {row["Measure"] for row in effects}
    assert all(abs(row["MeanChangeResampled"]) < 1e-5 for row in effects)
    status = pd.read_csv(out / "group" / "contrasts.tsv", sep="\t")["status"]
    assert status.str.contains("1 person differ in repetition time").all()
    page = (out / "sub-01.html").read_text()
    assert "repetition time of task-rest (1 s: ses-post; 2 s: ses-pre)" in page
