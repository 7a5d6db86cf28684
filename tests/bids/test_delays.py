"""Maps of fMRIPost-rapidtide: found by their names, read where voxels were fitted."""

import nibabel
import numpy as np
import pytest

from gradshift.bids.delays import find_maps, read_map
from gradshift.errors import InputError, MissingInputError
from gradshift.participant.nodes.physiology import from_maps

RUN = {"sub": "01", "ses": "pre", "task": "rest", "run": "1", "space": "MNI152NLin2009cAsym"}
STEM = "sub-01_ses-pre_task-rest"


def write(root, name, values=None):
    path = root / "sub-01" / "ses-pre" / "func" / f"{name}_boldmap.nii.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.zeros((8, 8, 8), dtype=np.float32)
    if values is not None:
        voxels.ravel()[: len(values)] = values
    nibabel.Nifti1Image(voxels, np.eye(4)).to_filename(path)
    return path


def test_those_of_the_run_are_found_in_its_own_space(tmp_path):
    delay = write(tmp_path, f"{STEM}_run-01_desc-delay")
    strength = write(tmp_path, f"{STEM}_run-01_desc-strength")
    write(tmp_path, f"{STEM}_run-01_space-T1w_desc-delay")
    write(tmp_path, f"{STEM}_run-02_desc-delay")
    write(tmp_path, f"{STEM}_run-01_desc-other")
    named = [f"rapidtide={tmp_path}"]
    assert find_maps(RUN, named) == {"delay": delay, "strength": strength}
    assert find_maps(RUN, []) == {}
    (absent,) = find_maps({**RUN, "ses": "post"}, named).values()
    with pytest.raises(MissingInputError, match="sub-01_ses-post_task-rest_run-1_desc-delay"):
        read_map(absent)


def test_a_spread_of_delays_does_not_hang_on_where_they_begin(tmp_path, rng):
    delays = rng.normal(0, 2, 400)
    for name, shift in (("a", 0.0), ("b", 7.5)):
        path = write(tmp_path, name, delays + shift)
        values, remarks = from_maps({"delay": str(path)})
        assert remarks == ()
        assert values == {"DelaySpreadSeconds": pytest.approx(2 * 1.349, rel=0.15)}
    assert from_maps({"strength": str(write(tmp_path, "c", np.full(300, 0.4)))})[0] == {
        "SystemicSignalStrength": pytest.approx(0.4)
    }


def test_a_map_of_nothing_hinders_nothing_and_is_said(tmp_path):
    path = write(tmp_path, "empty", np.ones(20))
    with pytest.raises(InputError, match="in 20 voxels"):
        read_map(path)
    values, (remark,) = from_maps({"delay": str(path)})
    assert values == {}
    assert path.name in remark
