"""Gradients and graphs with other choices: what cannot be had is left out."""

from pathlib import Path
from types import SimpleNamespace

from gradshift.core.cortex.options import Options
from gradshift.group import variants


def test_without_a_usable_baseline_no_other_reference_is_tried(monkeypatch):
    monkeypatch.setattr(variants, "read_regions", lambda *_: None)
    design = SimpleNamespace(is_baseline=lambda *_: False)
    results = [SimpleNamespace(participant="sub-01", session="ses-post")]
    assert variants._choices(results, set(), design, Path(), Options()) == ()
