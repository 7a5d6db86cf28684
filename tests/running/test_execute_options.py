"""Options of nipype are those given, whatever signs are in them."""

from pathlib import Path

import nipype
import pytest
from nipype.pipeline import engine as pe

from gradshift.running.execute import _configure
from gradshift.settings import Running


@pytest.mark.parametrize("name", ["results-%j", "100% done", "%(x)s", "%%"])
def test_a_percent_sign_in_a_path_is_a_sign_like_others(name):
    """Nipype keeps its options in a format that gives the sign a meaning."""
    before = nipype.config.get("execution", "crashdump_dir")
    _configure(pe.Workflow(name="w"), Running(), Path("/out") / name)
    try:
        assert nipype.config.get("execution", "crashdump_dir") == f"/out/{name}"
    finally:
        nipype.config.set("execution", "crashdump_dir", (before or "").replace("%", "%%"))
