"""The bands of a carpet: tissues, where there is a segmentation."""

import nibabel
import numpy as np
import pytest

from gradshift.bids.segmentation import TISSUES
from gradshift.participant.nodes.parcellate import Parcellate
from gradshift.participant.nodes.records import LabelsRecord, ParcellatedRun
from gradshift.running.packing import load, to_bytes

AFFINE = np.diag([4.0, 4, 4, 1])


@pytest.fixture
def parcellate(tmp_path, monkeypatch, rng):
    """Return a step that reads an image of 6 x 5 x 4 voxels, all of them in one region."""
    monkeypatch.chdir(tmp_path)
    voxels = 100 + rng.standard_normal((6, 5, 4, 30)).astype(np.float32)
    nibabel.Nifti1Image(voxels, AFFINE).to_filename("bold.nii.gz")
    labels = np.ones(voxels[..., 0].size, dtype=np.int32)
    (tmp_path / "labels.npz").write_bytes(to_bytes(LabelsRecord(labels=labels)))
    monkeypatch.setattr("gradshift.participant.nodes.parcellate.read_regions", lambda _: range(1))
    return Parcellate(
        bold=str(tmp_path / "bold.nii.gz"),
        atlases=["of one region"],
        labels=[str(tmp_path / "labels.npz")],
    )


def test_bands_are_the_tissues_at_the_places_of_the_voxels(parcellate, tmp_path):
    fine = np.zeros((12, 10, 8), dtype=np.uint8)
    fine[:4] = 1
    fine[4:8, :6] = 2
    fine[4:8, 6:] = 3
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -1
    nibabel.Nifti1Image(fine, affine).to_filename("dseg.nii.gz")
    plain = parcellate.run().outputs.out_file
    without = load(plain, ParcellatedRun)
    parcellate.inputs.segmentation = str(tmp_path / "dseg.nii.gz")
    parcellate.inputs.tissues = dict(TISSUES)
    with_tissues = load(parcellate.run().outputs.out_file, ParcellatedRun)
    x, y, _ = np.unravel_index(np.arange(120), (6, 5, 4), order="F")
    expected = np.where(x < 2, 0, np.where(x < 4, np.where(y < 3, 1, 2), 3))
    np.testing.assert_array_equal(with_tissues.bands.of, expected)
    assert with_tissues.bands.names[:3] == tuple(TISSUES.values())
    assert set(without.bands.of) == {0}
    assert with_tissues.atlases[0].means.tobytes() == without.atlases[0].means.tobytes()
    assert with_tissues.carpet.tobytes() == without.carpet.tobytes()


def test_a_segmentation_that_cannot_be_read_costs_no_more_than_the_bands(parcellate, tmp_path):
    (tmp_path / "dseg.nii.gz").write_bytes(b"no image")
    parcellate.inputs.segmentation = str(tmp_path / "dseg.nii.gz")
    parcellate.inputs.tissues = dict(TISSUES)
    bands = load(parcellate.run().outputs.out_file, ParcellatedRun).bands
    assert len(bands.names) == 2
    assert "dseg.nii.gz" in bands.remark
