"""The documentation as a browser shows it, where it has been built."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "docs" / "_build" / "html"
PLANTED = ROOT / "demo" / "out" / "group" / "planted.tsv"
PAGES = (
    "index.html", "notebook.html", "api.html", "statistics.html", "reliability.html",
    "howto/inputs.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if not (BUILT / PAGES[0]).exists():
        pytest.skip("the documentation is not built: make docs")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_stands_in_the_way_of_who_hears_or_types_a_page(browser, name, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((BUILT / name).as_uri())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        violations = axe.run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == [], scheme
    page.close()


@pytest.mark.skipif(not PLANTED.exists(), reason="there is no demo: make demo")
def test_the_first_page_has_the_numbers_of_the_demo():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    number = r"-?\d+(?:\.\d+)?"
    row = rf"^\|[^|]+\| ({number}) \| ({number}) \| ({number}) \[({number}), ({number})\]"
    shown = re.findall(rf"{row} \| (yes|no)[^|]*\| (yes|no)", readme, re.MULTILINE)
    rows = pd.read_csv(PLANTED, sep="\t", na_values="n/a")
    assert len(shown) == len(rows)
    for (*numbers, inside, detected), planted in zip(shown, rows.itertuples(), strict=True):
        names = ("planted", "expected", "found", "ci_low", "ci_high")
        for text, name in zip(numbers, names, strict=True):
            decimals = len(text.partition(".")[2])
            # The last digit may differ between processors.
            assert abs(float(text) - getattr(planted, name)) < 1.01 * 10**-decimals, planted
        assert (inside == "yes", detected == "yes") == (planted.inside, planted.detected)
    assert f"{rows['detected'].sum()} of {len(rows)} planted" in readme
    assert f"{rows['inside'].sum()} of {len(rows)} intervals" in readme
