"""The pages of a small study: numbers as in the tables, text as text, nothing from outside."""

import html
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from gradshift.bids.collect import read_tsv
from gradshift.report import wording
from gradshift.report.group import write_group_page
from gradshift.report.results import read_contrasts
from tiny import Study, write_study

EVIL = "sub-<script>alert(1)</script>"
OPTIONS = ("--denoise", "24P", "none", "--pcc", "Default_0,Default_1")
PEOPLE = ("01", "02", "03")


class Page(HTMLParser):
    """What a page holds: tables by id as rows of cells, sources of images, links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.tables: dict[str, list[list[dict]]] = {}
        self.images: list[dict] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._table = self._cell = None
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "table":
            self._table = self.tables.setdefault(found.get("id", ""), [])
        elif tag == "tr":
            self._table.append([])
        elif tag in ("td", "th"):
            self._cell = {"tag": tag, "text": "", **found}
            self._table[-1].append(self._cell)
        elif tag == "img":
            self.images.append(found)
        elif tag == "a":
            self.links.append(found["href"])

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell["text"] += data


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    study = write_study(tmp_path_factory.mktemp("pages"), PEOPLE, ("pre", "post"), (None,))
    with (study.root / "participants.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{EVIL}\n")
    return study


@pytest.fixture(scope="module")
def out(study) -> Path:
    out = study.root.parent / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    assert study.run(out, "group") == 0
    return out


def pages(out: Path) -> list[Path]:
    return [out / "group" / "index.html", *sorted(out.glob("sub-*.html"))]


def test_everybody_has_a_page_and_every_figure_is_beside_it(out):
    assert [page.name for page in pages(out)] == ["index.html", *(f"sub-{p}.html" for p in PEOPLE)]
    for path in pages(out):
        page = Page(path)
        assert len(page.images) >= 4
        for image in page.images:
            figure = path.parent / image["src"]
            assert figure.stat().st_size > 500
            assert figure.suffix in (".svg", ".png")
            assert len(image["alt"]) > 20
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids
            elif not link.startswith("https://doi.org/"):
                assert (path.parent / html.unescape(link)).exists(), link


def test_pages_ask_for_nothing_outside(out):
    for path in pages(out):
        text = path.read_text(encoding="utf-8")
        loaded = re.findall(r"""(?:src|srcset|@import|url\()\s*=?\s*["']?(https?:|//)""", text)
        assert not loaded
        assert '<link rel="stylesheet"' not in text


def test_the_table_of_results_equals_the_tsv(out):
    page = Page(out / "group" / "index.html")
    head, *rows = page.tables["results-table"]
    names = [cell["text"].strip() for cell in head]
    table = read_tsv(out / "group" / "contrasts.tsv")
    listed = table[~table["family"].str.startswith("region-")].to_dict("records")
    assert len(rows) == len(listed) > 50
    for row, expected in zip(rows, listed, strict=True):
        for name, cell in zip(names, row, strict=True):
            if "data-value" in cell:
                value = float(expected[name]) if expected[name] != "n/a" else float("nan")
                assert cell["text"] == wording.number(value)
                assert cell["title"] == ("n/a" if expected[name] == "n/a" else cell["data-value"])
            else:
                assert cell["text"].replace("EXPLORATORY", "").strip() == expected[name].strip()


def test_the_sentences_hold_the_numbers_of_the_table_and_claim_nothing(out):
    text = html.unescape(re.sub(r"\s+", " ", (out / "group" / "index.html").read_text("utf-8")))
    rows = read_contrasts(out / "group" / "contrasts.tsv")
    told = [row for row in rows if row["family"] == "confirmatory" and row["recipe"] == "24P"]
    assert told
    for row in told:
        size = f"(mean change {wording.signed(row['mean_change'])}; Hedges' g"
        assert size in text
        assert f"{wording.number(row['ci_low'])} to {wording.number(row['ci_high'])}" in text
    assert "evidence of a fall" not in text
    assert "evidence of a rise" not in text
    assert "the smallest p that so many can give is 0.25" in text
    assert "Not measured: the results hold no PET or MRS values." in text


def test_the_values_of_a_person_equal_the_tsv(out):
    page = Page(out / "sub-01.html")
    _, *rows = page.tables["values-1"]
    (pre,) = out.glob("sub-01/ses-pre/func/*_desc-24P_measures.tsv")
    table = read_tsv(pre).set_index(["measure", "label"])["value"]
    checked = 0
    for row in rows:
        recipe, measure, label, before, after, difference = (c["text"].strip() for c in row[:6])
        if recipe == "24P":
            measure = measure.replace("EXPLORATORY", "").strip()
            expected = table[measure, label]
            value = float("nan") if expected == "n/a" else float(expected)
            assert before == wording.number(value)
            numbers = [float(c["data-value"] or "nan") for c in row[3:6]]
            if "n/a" not in (before, after):
                assert numbers[2] == pytest.approx(numbers[1] - numbers[0])
            else:
                assert difference == "n/a"
            checked += 1
    assert checked > 40


def test_names_stay_text(out):
    text = (out / "group" / "index.html").read_text(encoding="utf-8")
    assert EVIL not in text
    assert html.escape(EVIL) in text
    assert text.count("<script>") == 1


def test_direction_is_marked_exploratory(out):
    page = Page(out / "group" / "index.html")
    marked = {
        row[5]["text"].split()[0]: "EXPLORATORY" in row[5]["text"]
        for row in page.tables["results-table"][1:]
    }
    assert marked["lead"]
    assert marked["nonreversibility"]
    assert not marked["withinfc"]
    assert "haemodynamic delay" in page.text


def test_pages_alone_can_be_written_again(study, out):
    before = {path: path.read_text(encoding="utf-8") for path in pages(out)}
    carpets = {path: path.read_bytes() for path in out.glob("sub-*/figures/*motion.png")}
    assert len(carpets) == 6
    for path in before:
        path.unlink()
    for path in (out / "sub-01" / "figures").glob("*matrices*"):
        path.unlink()
    assert study.run(out, "participant", "--reports-only") == 0
    assert study.run(out, "group", "--reports-only") == 0
    assert set(pages(out)) == set(before)
    for path in pages(out):
        again, once = (re.sub(r'<a href="group/index.html">Group results</a>', "", text)
                       for text in (path.read_text(encoding="utf-8"), before[path]))  # fmt: skip
        assert again == once
    assert {path: path.read_bytes() for path in carpets} == carpets
    assert list((out / "sub-01" / "figures").glob("*matrices*"))


def test_pages_need_results(study, tmp_path):
    assert study.run(tmp_path, "group", "--reports-only") == 66
    assert study.run(tmp_path, "participant", "--reports-only") == 66


def test_citations_are_written_for_what_was_run(out):
    text = (out / "logs" / "CITATION.md").read_text(encoding="utf-8")
    assert "Recipe 24P" in text
    assert "sign" in text
    assert "Hedges" in text
    assert (out / "logs" / "CITATION.bib").read_text(encoding="utf-8").startswith("@article")
    assert r"\cite{" in (out / "logs" / "CITATION.tex").read_text(encoding="utf-8")


def test_the_methods_text_alone_needs_no_run(study, tmp_path):
    options = ["--denoise", "24P", "--measures", "strength", "--fd-threshold", "0.3"]
    assert study.run(tmp_path, "participant", *options, "--boilerplate-only") == 0
    text = (tmp_path / "logs" / "CITATION.md").read_text(encoding="utf-8")
    assert "displacement above 0.3 mm" in text
    assert "Node strength" in text
    assert "Eigenvector" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize("n", [2, 200])
def test_pages_for_few_and_many_people(out, tmp_path, n):
    folder = tmp_path / "group"
    shutil.copytree(out / "group", folder)
    for name in ("measures.tsv", "participants.tsv"):
        table = read_tsv(folder / name)
        first = table[table["participant_id"] == "sub-01"]
        many = pd.concat([first.assign(participant_id=f"sub-{i:03d}") for i in range(n)])
        many.to_csv(folder / name, sep="\t", index=False)
    write_group_page(folder, out)
    assert (folder / "index.html").stat().st_size < 5e6
    assert len(Page(folder / "index.html").tables["people-table"]) == n + 1


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("which", [0, 1])
def test_pages_open_in_a_browser(out, browser, width, which):
    path = pages(out)[which]
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    table = "table.sortable:last-of-type"
    name = page.evaluate("document.querySelector('input[data-table]').dataset.table")
    table = f"#{name}"
    column = page.evaluate(
        f"[...document.querySelector('{table}').tHead.rows[0].cells]"
        ".findIndex((c) => c.textContent.startsWith('mean_change') || "
        "c.textContent.includes(' minus '))"
    )
    page.focus(f"{table} th:nth-child({column + 1}) button")
    page.keyboard.press("Enter")
    values = page.evaluate(
        f"[...document.querySelector('{table}').tBodies[0].rows]"
        f".map((r) => r.cells[{column}].dataset.value)"
    )
    numbers = [float(value) for value in values if value]
    assert numbers == sorted(numbers)
    assert all(not value for value in values[len(numbers) :])
    page.fill(f"input[data-table={name}]", "withinfc Default")
    shown = page.evaluate(
        f"[...document.querySelector('{table}').tBodies[0].rows].filter((r) => !r.hidden)"
        ".map((r) => r.textContent)"
    )
    assert shown
    assert all("withinfc" in text and "Default" in text for text in shown)
    assert problems == []
    page.close()
