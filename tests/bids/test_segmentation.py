"""The segmentation in the space of a run."""

import pytest

from gradshift.bids.run import Run
from gradshift.bids.segmentation import STRUCTURES, TISSUES, find_segmentation

ENTITIES = {"sub": "01", "ses": "post", "task": "rest", "space": "MNI152NLin2009cAsym", "res": "2"}
FUNC = "sub-01/ses-post/func/sub-01_ses-post_task-rest_space-MNI152NLin2009cAsym_res-2"
SPACE = "space-MNI152NLin2009cAsym"


def run_in(root) -> Run:
    return Run(
        entities=ENTITIES, bold=root / f"{FUNC}_desc-preproc_bold.nii.gz", mask=None,
        confounds=root / "confounds.tsv",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "expected", "tissues"),
    [
        ([], None, None),
        (["anat/sub-01_dseg.nii.gz"], None, None),
        (["anat/sub-01_space-T1w_dseg.nii.gz"], None, None),
        ([f"anat/sub-01_{SPACE}_label-GM_dseg.nii.gz"], None, None),
        ([f"anat/sub-01_{SPACE}_dseg.nii.gz"], 0, TISSUES),
        (
            [f"anat/sub-01_{SPACE}_res-1_dseg.nii.gz", f"anat/sub-01_{SPACE}_res-2_dseg.nii.gz"],
            1,
            TISSUES,
        ),
        ([f"ses-pre/anat/sub-01_ses-pre_{SPACE}_res-2_dseg.nii.gz"], 0, TISSUES),
        (
            [f"{FUNC[7:]}_desc-aseg_dseg.nii.gz", f"anat/sub-01_{SPACE}_res-2_dseg.nii.gz"],
            0,
            STRUCTURES,
        ),
        ([f"{FUNC[7:].replace('rest', 'movie')}_desc-aseg_dseg.nii.gz"], None, None),
    ],
)
def test_the_segmentation_of_a_run_is_of_its_space(tmp_path, names, expected, tissues):
    run = run_in(tmp_path)
    for name in names:
        path = tmp_path / "sub-01" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    segmentation = find_segmentation(run)
    if expected is None:
        assert segmentation is None
    else:
        assert segmentation.path == tmp_path / "sub-01" / names[expected]
        assert segmentation.tissues == tissues
