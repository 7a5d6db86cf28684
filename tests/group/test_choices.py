"""Gradients and graphs with other choices: what cannot be had is left out."""

from pathlib import Path
from types import SimpleNamespace

from gradshift.core.cortex.options import Options
from gradshift.group import choices


def test_without_a_usable_baseline_no_other_reference_is_tried(monkeypatch):
    monkeypatch.setattr(choices, "read_regions", lambda *_: None)
    study = SimpleNamespace(
        design=SimpleNamespace(is_baseline=lambda *_: False),
        output_dir=Path(),
        options=Options(),
    )
    results = [SimpleNamespace(participant="sub-01", session="ses-post")]
    assert choices._alignments(study, results, set()) == ()
