"""The pages of a small study: numbers as in the tables, text as text, nothing from outside."""

import html
import json
import re
import shutil

import pandas as pd
import pytest

from gradshift.bids.collect import read_tsv
from gradshift.bids.columnar import numbered, read_columns, write_columns
from gradshift.bids.dataset import read_json
from gradshift.bids.rows import read_rows
from gradshift.group.contrasts import Contrast
from gradshift.group.pairs import Coupling
from gradshift.group.percent import PercentChange
from gradshift.report.group import write_group_page
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, signed
from gradshift.report.questions import QUESTIONS
from gradshift.report.results import what_was_used
from gradshift.report.sentences import interval
from gradshift.report.verdicts import verdict
from pagereader import EVIL, PEOPLE, Page, pages

NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")


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


def embedded(out):
    """Return the block of results that the page of the group holds."""
    text = (out / "group" / "index.html").read_text("utf-8")
    return json.loads(re.search(r'class="results">(.*?)</script>', text)[1])


def test_the_block_of_results_equals_the_tsv(out):
    block = embedded(out)
    table = read_tsv(out / "group" / "contrasts.tsv")
    single = table["family"].str.startswith(("region-", "pet-region"))
    main = (table["effect"] == "change") & (table["covariates"] == "n/a")
    main &= (table["recipe"] == "24P") | (table["modality"] != "func")
    listed = table[~single | main]
    for name in ("family", "measure", "level", "label", "recipe", "status"):
        column = block["texts"][name]
        assert [column["of"][i] for i in column["at"]] == list(listed[name])
    for name, values in block["numbers"].items():
        expected = [None if cell == "n/a" else float(cell) for cell in listed[name]]
        assert values == expected, name


def test_everything_tested_is_told_or_none(out):
    page = Page(out / "group" / "index.html")
    regions = {row[0]["text"].split()[-1]: row for row in page.tables["regions-table"][1:]}
    table = read_tsv(out / "group" / "contrasts.tsv")
    strength = table[(table["family"] == "region-strength") & (table["recipe"] == "24P")]
    strength = strength[(strength["effect"] == "change") & (strength["covariates"] == "n/a")]
    row = regions["strength"]
    assert int(row[2]["text"]) == (strength["p_fwe"] != "n/a").sum()
    assert row[5]["text"] == "none"
    assert float(row[4]["title"]) == strength["p_fwe"].astype(float).min()
    assert len(page.tables["components-1"]) > 1
    told = re.sub(r"\s+", " ", page.text)
    assert "connections tested each by itself" in told
    assert "connections tested with threshold-free enhancement" in told
    warned = {row[0]["text"]: row[-1]["text"] for row in page.tables["people-table"][1:]}
    assert warned["sub-01"] != ""


def test_every_page_says_what_it_is_of_and_how_it_was_made(out):
    for path in [*pages(out), out / "index.html"]:
        page = Page(path)
        assert "<title>tiny: " in page.text
        footer = page.text.partition("<footer>")[2]
        assert "fMRIPrep" in footer
        assert "/out participant" in footer
        assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", footer)


def test_the_page_of_everybody_has_a_row_per_session_with_the_numbers_of_the_sidecars(out):
    rows = Page(out / "index.html").tables["quality-table"][1:]
    bold = [row for row in rows if row[1]["text"].endswith("rest")]
    assert [row[1]["text"].split()[0] for row in bold] == ["ses-pre", "ses-post"] * len(PEOPLE)
    for row in bold:
        session = row[1]["text"].split()[0]
        person = row[0]["text"]
        (path,) = (out / person / session / "func").glob("*_desc-24P_measures.json")
        about = read_json(path)
        assert float(row[5]["title"]) == pytest.approx(about["MeanFramewiseDisplacement"])
        assert float(row[6]["title"]) == pytest.approx(about["MinutesRetained"])
        assert int(row[10]["title"]) == len(about["Warnings"])


def test_the_sentences_hold_the_numbers_of_the_table_and_claim_nothing(out):
    text = html.unescape(re.sub(r"\s+", " ", (out / "group" / "index.html").read_text("utf-8")))
    rows = read_rows(out / "group" / "contrasts.tsv", Contrast)
    told = [
        row
        for row in rows
        if (row.family, row.recipe, row.covariates) == ("confirmatory", "24P", None)
    ]
    assert len(told) == 6
    for row in told:
        moved = "rose" if row.mean_change > 0 else "fell"
        low, high = (number(end) for end in interval(row))
        assert (
            f"(mean change {signed(row.mean_change)}; it {moved} in {row.n_direction:.0f} of "
            f"{row.n} people; Hedges' g {number(row.hedges_g)}, "
        ) in text
        assert f"interval {low} to {high}; n = {row.n})" in text
    assert "evidence of a fall" not in text
    assert "evidence of a rise" not in text
    assert "the smallest p that so many can give is 0.125" in text


def test_in_short_every_value_has_its_effect_and_its_verdict(out):
    page = Page(out / "group" / "index.html")
    rows = read_rows(out / "group" / "contrasts.tsv", Contrast)
    shown = {row[0]["text"]: row for row in page.tables["short-table"] if len(row) == 4}
    checked = 0
    for asked in (asked for question in QUESTIONS for asked in question.asked):
        _, _, effect, said = (cell["text"].strip() for cell in shown[asked.name])
        own = [r for r in rows if (r.measure, r.level, r.label) == asked.key]
        own = [r for r in own if (r.recipe, r.covariates) == ("24P", None)]
        if own:
            low, high = (number(end) for end in interval(own[0]))
            assert effect == f"{number(own[0].hedges_g)} [{low}, {high}]"
            checked += 1
        assert said == verdict(own[0] if own else None, 0.05).text
    assert checked >= 4


def test_pet_and_its_coupling_are_tables_with_the_numbers_of_the_tsv(out):
    page = Page(out / "group" / "index.html")
    _, *rows = page.tables["molecules-pet"]
    percent = {
        (r.measure, r.level, r.label): r
        for r in read_rows(out / "group" / "percentchange.tsv", PercentChange)
    }
    found = [
        r
        for r in read_rows(out / "group" / "contrasts.tsv", Contrast)
        if (r.modality, r.measure, r.covariates) == ("pet", "vtlogan", None)
        and r.level != "region"
    ]
    assert len(rows) == len(found) > 4
    for row, result in zip(rows, found, strict=True):
        _, n, before, after, change, _, p, *_ = (cell["text"] for cell in row)
        assert int(n) == result.n
        assert before == number(result.mean_baseline)
        assert after == number(result.mean_followup)
        assert p == number(result.p_fwe)
        same = percent["vtlogan", result.level, result.label]
        assert change.startswith(f"{signed(same.mean_percent)} [")
    coupled = read_rows(out / "group" / "coupling.tsv", Coupling)
    _, *shown = page.tables["coupling-table"]
    assert [row[3]["text"] for row in shown] == [number(r.estimate) for r in coupled]
    assert [row[5]["text"] for row in shown] == [number(r.p) for r in coupled]


def test_who_is_in_has_a_row_per_person_and_says_why_not(out):
    head, *rows = Page(out / "group" / "index.html").tables["people-table"]
    assert [cell["text"] for cell in head[1:3]] == ["BOLD", "PET"]
    assert [row[0]["text"] for row in rows] == [*(f"sub-{p}" for p in PEOPLE), EVIL]
    reasons = read_tsv(out / "group" / "participants.tsv").set_index("participant_id")["reason"]
    assert rows[-1][1]["text"] in {f"no: {reason}" for reason in reasons[[EVIL]]}
    assert {cell["text"] for row in rows[:-1] for cell in row[1:3]} == {"compared"}


def test_what_limits_the_claims_is_told_from_the_limits(out):
    text = html.unescape((out / "group" / "index.html").read_text("utf-8"))
    limits = read_json(out / "group" / "limits.json")
    assert f"{limits['Tests']['Number']} tests were made" in text
    assert all(said in text for said in limits["Limits"])
    (motion,) = limits["Motion"]
    assert f"was {number(motion['MeanFDBaseline'])} mm " in text
    for row in limits["MotionAndConnections"]:
        assert f"{row['recipe']}: median |r| {number(row['MedianAbsoluteR'])}" in text


def test_the_values_of_a_person_equal_the_tsv(out):
    page = Page(out / "sub-01.html")
    _, *rows = page.tables["values-1"]
    (pre,) = out.glob("sub-01/ses-pre/func/*_desc-24P_measures.tsv")
    table = read_tsv(pre).set_index(["measure", "label"])["value"]
    checked = 0
    for row in rows:
        recipe, measure, label, _, before, after, difference = (c["text"].strip() for c in row[:7])
        if recipe == "24P":
            measure = measure.replace("EXPLORATORY", "").strip()
            expected = table[measure, label]
            value = float("nan") if expected == "n/a" else float(expected)
            assert before == number(value)
            exact = [float(c["title"].replace("n/a", "nan")) for c in row[4:7]]
            if "n/a" not in (before, after):
                assert exact[2] == pytest.approx(exact[1] - exact[0])
            else:
                assert difference == "n/a"
            checked += 1
    assert checked > 40
    _, *scans = page.tables["molecules-values"]
    (pre,) = out.glob("sub-01/ses-pre/pet/*_measures.tsv")
    table = read_tsv(pre)
    listed = table[table["level"] != "region"]
    assert [row[3]["text"] for row in scans] == [number(float(v)) for v in listed["value"]]


def test_no_number_in_a_table_of_the_group_is_of_nowhere(out):
    """Whatever has an exact value beside it is rounded from it, and it is in a table."""
    known = {
        float(f"{float(cell):.9g}")
        for path in (out / "group").glob("*.tsv")
        for line in path.read_text(encoding="utf-8").splitlines()
        for cell in line.split("\t")
        if NUMBER.fullmatch(cell)
    }
    page = Page(out / "group" / "index.html")
    cells = [
        (name, cell)
        for name, rows in page.tables.items()
        for row in rows
        for cell in row
        if cell.get("class") == "n" and NUMBER.fullmatch(cell.get("title", ""))
    ]
    assert len(cells) > 100
    for name, cell in cells:
        exact = float(cell["title"])
        assert float(f"{exact:.9g}") in known, (name, cell)
        if NUMBER.fullmatch(cell["text"]):
            assert cell["text"].removeprefix("+") == number(exact), (name, cell)


def test_on_paper_and_of_components_every_row_is_that_of_the_table(out):
    page = Page(out / "group" / "index.html")
    table = read_tsv(out / "group" / "contrasts.tsv")
    main = table[(table["effect"] == "change") & (table["covariates"] == "n/a")]
    main = main[(main["recipe"] == "24P") | (main["modality"] != "func")]
    wanted = main[(main["verdict"] != "n/a") | (main["family"] == "network")]
    printed = page.tables["printed-table"][1:]
    for cells, (_, row) in zip(printed, wanted.iterrows(), strict=True):
        exact = [cells[i]["title"] for i in (3, 5, 6)]
        assert exact == [row[name] for name in ("mean_change", "p", "p_fwe")]
        assert cells[4]["text"].split()[0] == number(float(row["hedges_g"]))
    nbs = read_tsv(out / "group" / "nbs.tsv")
    nbs = nbs[nbs["recipe"] == "24P"]
    shown = page.tables["components-1"][1:]
    assert shown
    rows = {tuple(row) for row in nbs[["n_connections", "n_regions", "intensity"]].to_numpy()}
    assert {(c[2]["text"], c[3]["text"], c[4]["title"]) for c in shown} <= rows


def test_names_stay_text(out):
    text = (out / "group" / "index.html").read_text(encoding="utf-8")
    assert EVIL not in text
    assert html.escape(EVIL) in text
    assert text.count("<script>") == 1


def test_direction_is_marked_exploratory(out):
    page = Page(out / "group" / "index.html")
    assert embedded(out)["exploratory"] == ["lead", "nonreversibility"]
    marked = {row[0]["text"] for row in page.tables["regions-table"] if "EXPLOR" in row[0]["text"]}
    assert len(marked) == 1
    assert "haemodynamic delay" in page.text
    assert "regional homogeneity (reho)" in page.text.partition("Measures not computed")[2]


def test_pages_alone_can_be_written_again(study, out):
    before = {path: path.read_text(encoding="utf-8") for path in pages(out)}
    carpets = {path: path.read_bytes() for path in out.glob("sub-*/figures/*motion.png")}
    assert len(carpets) == 2 * len(PEOPLE)
    for path in before:
        path.unlink()
    for path in (out / "sub-01" / "figures").glob("*matrices*"):
        path.unlink()
    assert study.run(out, "participant", "--reports-only") == 0
    assert study.run(out, "group", "--reports-only") == 0
    assert set(pages(out)) == set(before)
    for path in pages(out):
        later = r' ?<a href="group/index.html">Group results</a>|(?s:<footer>.*?</footer>)'
        again, once = (re.sub(later, "", text)
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
    assert "flipping their signs" in text
    assert "Hedges" in text
    assert "Spearman's coefficient" in text
    assert "Three or more sessions" not in text
    assert "differed between groups of people" not in text
    assert "Logan's plot" in text
    assert (out / "logs" / "CITATION.bib").read_text(encoding="utf-8").startswith("@article")
    assert r"\cite{" in (out / "logs" / "CITATION.tex").read_text(encoding="utf-8")


def test_the_methods_text_alone_needs_no_run(study, tmp_path):
    options = ["--denoise", "24P", "--measures", "strength", "--fd-threshold", "0.3"]
    assert study.run(tmp_path, "participant", *options, "--boilerplate-only") == 0
    text = (tmp_path / "logs" / "CITATION.md").read_text(encoding="utf-8")
    assert "displacement above 0.3 mm" in text
    assert "Node strength" in text
    assert "articipation coefficient" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.parametrize("n", [2, 200])
def test_pages_for_few_and_many_people(out, tmp_path, n):
    folder = tmp_path / "group"
    shutil.copytree(out / "group", folder)
    names = [f"sub-{i:03d}" for i in range(n)]
    people, values = read_tsv(folder / "participants.tsv"), read_columns(folder / "measures.npz")
    for table in (people, values):
        first = table[table["participant_id"] == "sub-01"]
        many = pd.concat([first.assign(participant_id=name) for name in names])
        if table is people:
            many.to_csv(folder / "participants.tsv", sep="\t", index=False)
        else:
            write_columns(folder / "measures.npz", numbered(many))
    results = GroupResults(folder, out)
    write_group_page(results, what_was_used(out, results.sources, folder))
    assert (folder / "index.html").stat().st_size < 5e6
    assert len(Page(folder / "index.html").tables["people-table"]) == n + 1
