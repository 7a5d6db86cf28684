"""The group level refuses results that were made in different ways, and names them."""

from pathlib import Path

import pytest

from gradshift.bids.collect import SessionResult
from gradshift.errors import SettingsError
from gradshift.output.record import check_same


def result(sub, ses="pre", atlas="Tiny", **changes):
    sidecar = {
        "Entities": {"sub": sub, "ses": ses, "space": "MNI"},
        "Atlas": atlas,
        "DenoisingRecipe": {"name": "36P"},
        "Settings": {"fd_threshold": 0.5},
        "Software": "gradshift 1.0.0",
        "CodeDigest": "c0de",
        "AtlasLabelTableDigest": f"table of {atlas}",
        "AtlasImageDigest": f"image of {atlas}",
        "RecipeDigest": "recipe",
        "SourceDataset": {"Name": "study", "Digest": "d1"},
        "SourceDerivatives": [{"Name": "fMRIPrep", "Digest": "f1"}],
        "Measures": {"withinfc": {"CodeDigest": "m1"}},
    }
    return SessionResult(Path("measures.tsv"), {**sidecar, **changes})


def test_results_made_alike_pass_whatever_atlas_and_person():
    check_same([result("01"), result("01", "post"), result("02"), result("02", atlas="Other")])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Settings": {"fd_threshold": 0.2}}, "settings: --fd-threshold 0.5 and 0.2"),
        ({"Settings": {}}, "--fd-threshold 0.5 and not given"),
        ({"Software": "gradshift 1.1.0"}, "1.0.0 and gradshift 1.1.0"),
        ({"CodeDigest": "0ther"}, "c0de and 0ther"),
        ({"CodeDigest": None}, "c0de and none recorded"),
        ({"AtlasLabelTableDigest": "x"}, "label tables of the atlas Tiny"),
        ({"AtlasImageDigest": "x"}, "images of the atlas Tiny in MNI"),
        ({"RecipeDigest": "x"}, "denoising recipes 36P"),
        ({"SourceDataset": {"Name": "b", "Digest": "d2"}}, "source datasets: 'study' and 'b'"),
        ({"SourceDerivatives": []}, "preprocessed datasets"),
        ({"Measures": {"withinfc": {"CodeDigest": "m2"}}}, "code of withinfc: m1 and m2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mix_is_refused_with_both_results_and_what_differs(changes, named):
    with pytest.raises(SettingsError) as caught:
        check_same([result("01"), result("02", **changes)])
    assert named in str(caught.value)
    assert "sub-01 ses-pre (Tiny, 36P)" in str(caught.value)
    assert "sub-02 ses-pre (Tiny, 36P)" in str(caught.value)
    assert caught.value.exit_code == 64


def test_a_measure_that_only_some_results_have_is_no_difference():
    more = {"withinfc": {"CodeDigest": "m1"}, "ngsc": {"CodeDigest": "m7"}}
    check_same([result("01"), result("02", Measures=more)])


def test_a_measure_of_a_plugin_that_was_not_given_is_named():
    measures = {"ours": {"CodeDigest": "m", "Plugin": "ours.py"}}
    with pytest.raises(SettingsError, match=r"ours\.py.*--plugin"):
        check_same([result("01", Measures=measures)])
