"""The notebooks of the documentation, on a small output; `make docs` runs them on the demo."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

DOCS = Path(__file__).parents[2] / "docs"
CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ["notebook.md", "gallery.md"])
def test_notebooks_run(page, stand_in, monkeypatch):
    monkeypatch.chdir(stand_in.out.parents[1])
    monkeypatch.setenv("GRADSHIFT_DEMO", str(stand_in.out.parents[1]))
    cells = CELL.findall((DOCS / page).read_text(encoding="utf-8"))
    assert len(cells) >= 6
    names: dict[str, object] = {}
    for cell in cells:
        code = [line for line in cell.splitlines() if not line.startswith((":", "%"))]
        exec("\n".join(code), names)
    if page == "notebook.md":
        assert names["main"]["hedges_g"].notna().all()
        assert names["change"].dropna().shape == (7, 4), "people by networks"
    plt.close("all")
