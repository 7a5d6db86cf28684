"""Pages as a browser shows them: at the width of a laptop and of a phone, light, dark, printed."""

import json
import re
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from gradshift.bids.collect import read_matrix, read_tsv
from gradshift.bids.exclude import excluded
from gradshift.images.surface import fsaverage5
from gradshift.report import pages
from gradshift.report.numbers import number
from gradshift.report.overview import write_overview
from gradshift.report.quality import QualityRow
from gradshift.report.questions import QUESTIONS
from gradshift.report.viewers import packed, surface_of

WIDTHS = (1280, 390)

OPEN = "document.querySelectorAll('details.part').forEach((part) => { part.open = true; })"
READY = (
    "!document.querySelector('#results-table')"
    " || document.querySelector('#results-table').rows.length > 1"
)
"""That the table of all results has its rows."""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()


@pytest.fixture(params=["group/index.html", "sub-01.html", "index.html"])
def path(out, request):
    return out / request.param


@pytest.fixture
def opened(visit, path):
    """Open the page at a width, see `visit`."""
    return lambda width, **options: visit(path, width, **options)


@pytest.fixture
def visit(browser):
    """Open a page at a width; at the end nothing may have failed or come from outside.

    Parts of it that are closed at first are opened, unless `closed`.
    """
    asked, problems, tabs = [], [], []

    def at(path, width, *, closed=False, **options):
        tab = browser.new_page(viewport={"width": width, "height": 900}, **options)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("requestfailed", lambda request: problems.append(request.url))
        tab.on("console", lambda message: problems.append(message.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.goto(path.as_uri())
        tab.wait_for_load_state("networkidle")
        tabs.append(tab)
        if not closed:
            tab.evaluate(OPEN)
            tab.wait_for_function(READY, polling=50)
        return tab

    yield at
    for tab in tabs:
        tab.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert problems == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_there_and_nothing_is_wider_than_the_page(opened, width):
    page = opened(width)
    page.evaluate("document.querySelectorAll('img').forEach((i) => { i.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every((image) => image.complete)", polling=50)
    sizes = page.evaluate(
        "[...document.querySelectorAll('figure img, .thumbs img')]"
        ".map((i) => [i.naturalWidth, i.clientWidth])"
    )
    assert len(sizes) >= 4
    assert all(natural > 0 and 0 < shown <= width for natural, shown in sizes)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0


@pytest.mark.parametrize("path", ["group/index.html", "sub-01.html"])
def test_a_table_sorts_by_keyboard_and_keeps_the_rows_one_asks_for(visit, out, path):
    page = visit(out / path, 1280)
    name = page.evaluate("document.querySelector('input[data-table]').dataset.table")
    column = page.evaluate(
        f"[...document.querySelector('#{name}').tHead.rows[0].cells]"
        ".findIndex((c) => c.textContent === 'change' || "
        "c.textContent.includes(' minus '))"
    )
    page.focus(f"#{name} th:nth-child({column + 1}) button")
    page.keyboard.press("Enter")
    values = page.evaluate(
        f"[...document.querySelector('#{name}').tBodies[0].rows]"
        f".map((r) => r.cells[{column}].title)"
    )
    numbers = [float(value) for value in values if value != "n/a"]
    assert len(numbers) > 20
    assert numbers == sorted(numbers)
    assert set(values[len(numbers) :]) <= {"n/a"}
    page.fill(f"input[data-table={name}]", "withinfc Default")
    shown = page.evaluate(
        f"[...document.querySelector('#{name}').tBodies[0].rows].filter((r) => !r.hidden)"
        ".map((r) => r.textContent)"
    )
    assert shown
    assert all("withinfc" in text and "Default" in text for text in shown)


CONTRAST = """
() => {
  const light = (c) => {
    const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map((v) => {
      const x = v / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(c)) return c;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("p, li, td, th, dt, dd, a, h1, h2, h3, figcaption, span")]
    .filter((e) => e.textContent.trim() && e.offsetParent)
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    })
    .reduce((a, b) => Math.min(a, b), 21);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, scheme):
    page = opened(1280, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.evaluate(CONTRAST) >= 4.5


@pytest.mark.parametrize("path", ["group/index.html", "sub-01.html"])
def test_the_cell_under_the_pointer_is_told(visit, out, path):
    page = visit(out / path, 1280)
    image = page.locator("figure:has(script.hover) img").first
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    told = page.evaluate("JSON.parse(document.querySelector('script.hover').textContent)")
    names, (left, top, right, bottom) = told["names"], told["panels"][0]["box"]
    n = len(names)
    page.mouse.move(
        box["x"] + box["width"] * (left + (right - left) * (7.5 / n)),
        box["y"] + box["height"] * (top + (bottom - top) * (1.5 / n)),
    )
    text = page.locator("output.under").first.inner_text()
    assert text.startswith(f"{names[1]} with {names[7]}. ")
    pattern = (
        "group/*_stat-meanchange_desc-24P_relmat.tsv"
        if len(told["panels"]) == 1
        else "sub-01/ses-pre/func/*_desc-24P_relmat.tsv"
    )
    (table,) = out.glob(pattern)
    regions, matrix = read_matrix(table)
    expected = matrix[regions.index(names[1]), regions.index(names[7])]
    shown = float(text.split("; ")[0].rpartition(": ")[2])
    assert shown == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_stands_in_the_way_of_who_hears_or_types_the_page(opened, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(width)
    page.evaluate(
        "document.querySelectorAll('details').forEach((d) => { d.open = true; });"
        "document.querySelectorAll('tbody tr:nth-child(n+4)').forEach((r) => r.remove());"
    )
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        violations = axe.run(page, options=rules).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == [], scheme


def test_in_print_nothing_scrolls_away(opened):
    page = opened(800)
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter((e) => e.scrollHeight > e.clientHeight + 1).length"
    )
    assert cut == 0
    assert page.pdf().startswith(b"%PDF")


def test_parts_are_closed_until_a_link_leads_into_them(visit, out):
    page = visit(out / "group" / "index.html", 1280, closed=True)
    height = page.evaluate("document.documentElement.scrollHeight")
    assert page.locator("details.part[open]").count() == 0
    assert page.locator("#results-table tr").count() == 0
    links = page.locator("nav.stays a")
    for i in range(links.count()):
        links.nth(i).click()
        name = links.nth(i).get_attribute("href")
        assert page.evaluate(f"(document.querySelector('{name}').open ?? true)"), name
        top = page.evaluate(f"document.querySelector('{name}').getBoundingClientRect().top")
        last = page.evaluate("scrollY + innerHeight >= document.body.scrollHeight - 2")
        assert last or 0 <= top < 200, name
        assert (
            page.evaluate("document.querySelector('nav.stays').getBoundingClientRect().top") >= 0
        )
    assert page.locator("nav.stays").bounding_box()["y"] == 0
    page.wait_for_function(READY, polling=50)
    assert page.evaluate("document.documentElement.scrollHeight") > height


def test_an_address_with_a_part_opens_it(visit, out):
    page = visit(out / "group" / "index.html", 1280, closed=True)
    page.goto((out / "group" / "index.html").as_uri() + "#people")
    page.goto((out / "group" / "index.html").as_uri() + "#tested")
    page.wait_for_function("document.querySelector('#tested').open", polling=50)
    page.emulate_media(media="print")
    page.wait_for_function("document.querySelector('#methods').open", polling=50)
    page.emulate_media(media="screen")
    page.wait_for_function("!document.querySelector('#methods').open", polling=50)
    assert page.evaluate("document.querySelector('#tested').open")


def shown_rows(page):
    """Return the rows of the table of all results that are shown, with exact numbers."""
    return page.evaluate(
        "[...document.querySelectorAll('#results-table tbody tr')].map((row) => "
        "Object.fromEntries([...row.cells].map((cell, i) => [row.closest('table').tHead"
        ".rows[0].cells[i].textContent, [cell.textContent, cell.title]])))"
    )


def test_all_results_come_in_pages_with_the_numbers_of_the_table(visit, out):
    page = visit(out / "group" / "index.html", 1280)
    table = read_tsv(out / "group" / "contrasts.tsv")
    usual = table[(table["effect"] == "change") & (table["covariates"] == "n/a")]
    usual = usual[(usual["recipe"] == "24P") | (usual["modality"] != "func")]
    seen = []
    while True:
        seen += shown_rows(page)
        button = page.get_by_role("button", name="next")
        if button.is_disabled():
            break
        button.click()
    assert len(seen) == len(usual) > 100
    names = {"change": "mean_change", "g": "hedges_g", "p": "p", "p_fwe": "p_fwe", "t": "t"}
    for row, (_, expected) in zip(seen, usual.iterrows(), strict=True):
        assert row["measure"][0] == expected["measure"]
        for head, name in names.items():
            text, exact = row[head]
            if expected[name] == "n/a":
                assert (text, exact) == ("n/a", "n/a")
            else:
                assert float(exact) == float(expected[name])
                assert text == number(float(expected[name]))


def test_results_are_narrowed_by_recipe_and_to_what_is_corrected(visit, out):
    page = visit(out / "group" / "index.html", 1280)
    page.select_option("select[data-filter=recipe]", "none")
    page.select_option("select[data-filter=family]", "confirmatory")
    rows = shown_rows(page)
    assert len(rows) == 6
    assert {row["recipe"][0] for row in rows} == {"none"}
    page.check("#only-corrected")
    assert shown_rows(page) == []


RATED = "sub-01_ses-pre_task-rest"


def test_a_rating_by_keyboard_is_kept_and_comes_back_from_its_file(visit, out, tmp_path):
    page = visit(out / "index.html", 1280)
    page.focus(f'.rating[data-run="{RATED}"] input[value=keep]')
    page.keyboard.press("ArrowDown")
    other = "sub-02_ses-post_task-rest"
    page.check(f'.rating[data-run="{other}"] input[value=unsure]')
    with page.expect_download() as download:
        page.get_by_role("button", name="save ratings").click()
    saved = tmp_path / "exclude.txt"
    download.value.save_as(saved)
    names = {f"{run}_space-X_desc-preproc_bold.nii.gz": run[4:6] for run in (RATED, other)}
    assert excluded(names, str(saved), set()) == {f"{RATED}_space-X_desc-preproc_bold.nii.gz"}
    page.reload()
    assert page.is_checked(f'.rating[data-run="{RATED}"] input[value=exclude]')
    page.evaluate("localStorage.clear()")
    page.reload()
    assert page.locator(".rating input:checked").count() == 0
    page.set_input_files("input.load", saved)
    page.wait_for_function("document.querySelectorAll('.rating input:checked').length === 2")
    assert page.is_checked(f'.rating[data-run="{other}"] input[value=unsure]')
    page.evaluate("localStorage.clear()")


def test_a_second_rater_is_compared_by_kappa(visit, out, tmp_path):
    page = visit(out / "index.html", 1280)
    runs = page.evaluate("JSON.parse(document.querySelector('script.rated').textContent)")
    first = ["keep", "keep", "exclude", "unsure", "keep", "exclude"]
    second = ["keep", "exclude", "exclude", "unsure", "keep", "keep"]
    for run, choice in zip(runs, first, strict=False):
        page.check(f'.rating[data-run="{run}"] input[value={choice}]')
    lines = [f"# {choice} {run}" for run, choice in zip(runs, second, strict=False)]
    (tmp_path / "other.txt").write_text("\n".join(lines))
    page.set_input_files("input.compare", tmp_path / "other.txt")
    page.wait_for_function("document.querySelector('.agreement').textContent !== ''")
    told = page.inner_text(".agreement")
    chance = (3 * 3 + 2 * 2 + 1) / 36
    assert f"kappa {(4 / 6 - chance) / (1 - chance):.2f}" in told
    assert told.startswith("6 runs")
    page.evaluate("localStorage.clear()")


def test_from_person_to_person_and_back(visit, out):
    page = visit(out / "sub-02.html", 1280)
    page.get_by_role("link", name="next: sub-03").click()
    assert page.url.endswith("sub-03.html")
    page.get_by_role("link", name="previous: sub-02").click()
    page.get_by_role("link", name="Everybody").click()
    assert page.url == (out / "index.html").as_uri()


def test_text_on_paper_is_text(visit, out, tmp_path):
    page = visit(out / "group" / "index.html", 800)
    page.pdf(path=tmp_path / "group.pdf", format="A4")
    sheets = PdfReader(tmp_path / "group.pdf").pages
    text = unicodedata.normalize("NFKC", " ".join(sheet.extract_text() for sheet in sheets))
    text = re.sub(r"\s+", " ", text)
    table = read_tsv(out / "group" / "contrasts.tsv")
    row = table[(table["measure"] == "withinfc") & (table["label"] == "Default")].iloc[0]
    assert number(float(row["mean_change"])) in text
    assert "Did the hierarchy of the cortex flatten?" in text
    assert "only corrected" not in text
    assert len(sheets) < 30


def test_on_paper_are_the_declared_results_and_no_controls(visit, out):
    page = visit(out / "group" / "index.html", 800)
    page.emulate_media(media="print")
    assert page.is_hidden("#results-table")
    table = read_tsv(out / "group" / "contrasts.tsv")
    main = table[(table["effect"] == "change") & (table["covariates"] == "n/a")]
    main = main[(main["recipe"] == "24P") | (main["modality"] != "func")]
    wanted = main[(main["verdict"] != "n/a") | (main["family"] == "network")]
    printed = page.locator("#printed-table tbody tr")
    assert printed.count() == len(wanted)
    assert printed.first.is_visible()


def test_of_a_person_the_headline_values_are_on_paper(visit, out, tmp_path):
    page = visit(out / "sub-01.html", 800)
    page.emulate_media(media="print")
    rows = page.locator("#values-1 tbody tr")
    printed = rows.evaluate_all(
        "(all) => all.filter((row) => getComputedStyle(row).display !== 'none')"
        ".map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent))"
    )
    headlines = {asked.measure for question in QUESTIONS for asked in question.asked}
    assert {recipe for recipe, _ in printed} == {"24P"}
    assert {measure for _, measure in printed} <= headlines
    assert 5 <= len(printed) < rows.count() / 5
    page.pdf(path=tmp_path / "person.pdf", format="A4")
    assert len(PdfReader(tmp_path / "person.pdf").pages) < 9


CENTRE = {"left": 0.25, "right": 0.75}


def on_screen(place, side, canvas):
    """Return where the cortex viewer shows a place of a hemisphere from the side, in pixels."""
    scale = 1.5 * canvas["width"] / 760  # the viewer's own millimetres, on a canvas of 760 x 340
    across = -place[1] if side == "left" else place[1]
    x = canvas["x"] + canvas["width"] * CENTRE[side] + scale * across
    return x, canvas["y"] + canvas["height"] / 2 - scale * place[2]


def test_a_click_on_the_cortex_chooses_the_region_that_is_there(browser, tmp_path):
    halves = fsaverage5()
    rng = np.random.default_rng(3)
    names = [f"region {i}" for i in range(12)]
    vertices = {
        side: 1 + 6 * k + (half.inflated[:, 1] // 40 % 6).astype(int)
        for k, (side, half) in enumerate(halves.items())
    }
    write_cortex_page(tmp_path / "page.html", names, vertices, rng)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_selector(".of-cortex[data-region]")
    holder = page.locator(".of-cortex")
    canvas = holder.locator("canvas").bounding_box()
    for side, half in halves.items():
        outward = half.inflated[:, 0] * (-1 if side == "left" else 1)
        for vertex in np.argsort(-outward)[[0, 40, 200, 600]]:
            page.mouse.click(*on_screen(half.inflated[vertex], side, canvas))
            near = np.linalg.norm(half.inflated - half.inflated[vertex], axis=1) < 6
            around = {names[i - 1] for i in vertices[side][near]}
            assert holder.get_attribute("data-region") in around
    page.select_option(".of-cortex select[name=region]", label="region 4")
    text = page.inner_text(".of-cortex .about")
    assert "region 4" in text
    assert "hedges_g 0.4" in text
    assert "sub-01" in text
    page.close()


def write_cortex_page(path, names, vertices, rng):
    """Write a page with nothing but the viewer of the cortex: g of a region is a tenth of it."""
    numbers = ("mean_change", "hedges_g", "t", "p", "p_fwe")
    usual = {"question": "q", "held constant": "nothing", "recipe": "r", "atlas": "a"}
    texts = {**usual, "task": "rest", "level": "region", "measure": "strength", "what": "strength"}
    block = {
        "usual": usual,
        "corrected": [0] * len(names),
        "bold": [1] * len(names),
        "texts": {
            **{key: {"of": [value], "at": [0] * len(names)} for key, value in texts.items()},
            "label": {"of": names, "at": list(range(len(names)))},
        },
        "numbers": {name: [i / 10 for i in range(len(names))] for name in numbers},
    }
    cortex = json.dumps(
        {
            **surface_of(vertices),
            "task": "rest",
            "names": names,
            "words": names,
            "people": ["sub-01", "sub-02"],
            "changes": {"strength": packed(rng.standard_normal((2, len(names))))},
        }
    )
    template = (Path(pages.__file__).parent / "templates" / "group.html").read_text("utf-8")
    start = template.index('<section class="viewer of-cortex">')
    section = template[start : template.index("</section>", start) + 10]
    section = re.sub(r"{%.*?%}", "", section).replace("{{ task.viewers.cortex|safe }}", cortex)
    script = (Path(pages.__file__).parent / "templates" / "viewers.js").read_text("utf-8")
    path.write_text(
        f'<script type="application/json" class="results">{json.dumps(block)}</script>'
        f"{section}<script>{script}</script>",
        encoding="utf-8",
    )


def test_slices_and_connections_answer_to_the_keyboard(visit, out):
    page = visit(out / "group" / "index.html", 1280)
    page.focus(".of-connections canvas")
    before = page.evaluate("document.querySelector('.of-connections canvas').toDataURL()")
    page.keyboard.press("ArrowLeft")
    after = page.evaluate("document.querySelector('.of-connections canvas').toDataURL()")
    assert before != after
    page.focus(".of-slices canvas")
    told = page.inner_text(".of-slices output")
    page.keyboard.press("ArrowUp")
    assert page.inner_text(".of-slices output") != told


def test_the_glass_brain_says_which_side_is_left_however_it_is_turned(visit, out):
    page = visit(out / "group" / "index.html", 1280)
    page.evaluate("""() => {
        window.written = {};
        const own = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
            window.written[text] = [x, y];
            own.call(this, text, x, y);
        };
    }""")
    page.focus(".of-connections canvas")
    seen = []
    for _ in range(16):  # half a turn, in steps of 0.2
        page.keyboard.press("ArrowLeft")
        seen.append(page.evaluate("window.written"))
    first, last = seen[0], seen[-1]
    assert first["L"][0] < first["R"][0]
    assert first["front"][1] < first["back"][1]
    assert last["L"][0] > last["R"][0]
    assert last["front"][1] > last["back"][1]


def test_a_click_enlarges_a_figure_and_escape_closes_it(visit, out):
    page = visit(out / "group" / "index.html", 1280)
    page.locator("figure img").first.click()
    assert page.locator("dialog.enlarged").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog.enlarged").is_hidden()


def test_two_hundred_people_are_sorted_by_motion(visit, tmp_path, monkeypatch):
    rows = [
        QualityRow(
            participant=f"sub-{i:03d}", session="ses-pre", modality="func", task="rest",
            runs=[f"sub-{i:03d}_ses-pre_task-rest"], figures=[], fd=(i * 37 % 200) / 200,
            minutes=8.0, share=1.0, coverage=1.0, tsnr=40.0, warnings=[], excluded="", compared="",
        )
        for i in range(200)
    ]  # fmt: skip
    monkeypatch.setattr("gradshift.report.overview.quality", lambda *_: rows)
    page = visit(write_overview(tmp_path, lambda _: ()), 390)
    column = "#quality-table th:has-text('mean FD')"
    page.focus(f"{column} button")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    shown = page.evaluate(
        "[...document.querySelectorAll('#quality-table tbody tr')].map((r) => +r.cells[5].title)"
    )
    assert shown == sorted((row.fd for row in rows), reverse=True)
