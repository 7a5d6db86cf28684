"""Pages as a browser shows them: at the width of a laptop and of a phone, light, dark, printed."""

import shutil

import pytest

from gradshift.bids.collect import read_matrix
from pagereader import pages

WIDTHS = (1280, 390)


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


@pytest.fixture(params=[0, 1], ids=["group", "participant"])
def path(out, request):
    return pages(out)[request.param]


@pytest.fixture
def opened(browser, path):
    """Open the page at a width; at the end nothing may have failed or come from outside."""
    asked, problems, tabs = [], [], []

    def at(width, **options):
        tab = browser.new_page(viewport={"width": width, "height": 900}, **options)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("requestfailed", lambda request: problems.append(request.url))
        tab.on("console", lambda message: problems.append(message.text))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.goto(path.as_uri())
        tab.wait_for_load_state("networkidle")
        tabs.append(tab)
        return tab

    yield at
    for tab in tabs:
        tab.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert problems == []


@pytest.mark.parametrize("width", WIDTHS)
def test_every_figure_is_there_and_nothing_is_wider_than_the_page(opened, width):
    page = opened(width)
    sizes = page.evaluate("[...document.images].map((i) => [i.naturalWidth, i.clientWidth])")
    assert len(sizes) >= 5
    assert all(natural > 0 and 0 < shown <= width for natural, shown in sizes)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0


def test_a_table_sorts_by_keyboard_and_keeps_the_rows_one_asks_for(opened):
    page = opened(1280)
    name = page.evaluate("document.querySelector('input[data-table]').dataset.table")
    column = page.evaluate(
        f"[...document.querySelector('#{name}').tHead.rows[0].cells]"
        ".findIndex((c) => c.textContent.startsWith('mean_change') || "
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


def test_the_cell_under_the_pointer_is_told(opened, out):
    page = opened(1280)
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


def test_in_print_nothing_scrolls_away(opened):
    page = opened(800)
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter((e) => e.scrollHeight > e.clientHeight + 1).length"
    )
    assert cut == 0
    assert page.pdf().startswith(b"%PDF")
