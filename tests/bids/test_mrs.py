"""Tables of metabolites: where they are looked for, and what is refused."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.mrs import find_values
from gradshift.errors import InputError, MissingInputError, SettingsError

ROW = {
    "participant_id": "sub-01", "session_id": "ses-pre", "voi": "ACC", "metabolite": "Glu",
    "value": "8.5", "units": "mM",
}  # fmt: skip


def table(path: Path, *rows: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    return path


def find_all(path: Path, *rows: dict[str, str]) -> list:
    table(path, *rows)
    return find(path.parent.parent)


def find(root: Path, **given: object) -> list:
    return find_values(schema.make(root, root / "out", "participant", given))


def test_a_table_given_comes_before_phenotype_and_phenotype_before_sessions(tmp_path):
    wide = {"session_id": "ses-pre", "mrs_ACC_Glu": "1"}
    sessions = table(tmp_path / "sub-01" / "sub-01_sessions.tsv", wide)
    sessions.with_suffix(".json").write_text(json.dumps({"mrs_ACC_Glu": {"Units": "i.u."}}))
    (value,) = find(tmp_path)
    assert (value.participant, value.session, value.voi) == ("sub-01", "ses-pre", "ACC")
    assert (value.measure, value.value, value.unit) == ("glutamate", 1.0, "i.u.")
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, "value": "2"})
    assert [v.value for v in find(tmp_path)] == [2.0]
    other = {name.replace("value", "conc"): text for name, text in ROW.items()}
    mine = table(tmp_path / "mine.tsv", {**other, "participant_id": "01"})
    found = find(tmp_path, mrs_table=str(mine), mrs_columns=["value=conc"])
    assert [(v.value, v.participant) for v in found] == [(8.5, "sub-01")]


def test_a_column_that_is_named_stands_for_ours_even_beside_it(tmp_path):
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, "units": "ppm", "corrected": "9"})
    (value,) = find(tmp_path, mrs_columns=["value=corrected", "units=metabolite"])
    assert (value.value, value.unit) == (9.0, "Glu")
    with pytest.raises(InputError, match="has no column correctd; it has participant_id, "):
        find(tmp_path, mrs_columns=["value=correctd"])


@pytest.mark.parametrize(
    ("names", "measure"),
    [("GABA", "gaba"), ("GABA+", "gabaplus"), ("Glx", "glx"), ("Glu", "glutamate")],
)
def test_like_metabolites_are_kept_apart(tmp_path, names, measure):
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, "metabolite": names})
    assert [value.measure for value in find(tmp_path)] == [measure]


@pytest.mark.parametrize(
    ("given", "divisor", "correction"),
    [
        ({"metabolite": "Glu"}, 0.8, "divided by 1 - fCSF"),
        ({"metabolite": "GABA"}, 0.5 + 0.5 * 0.3, "divided by fGM + 0.5 fWM"),
        ({"metabolite": "GABA+"}, 0.5 + 0.5 * 0.3, "divided by fGM + 0.5 fWM"),
        ({"metabolite": "GABA", "fGM": "n/a"}, 0.8, "divided by 1 - fCSF"),
        ({"metabolite": "Glu", "units": "ratio"}, 1, "none"),
        ({"metabolite": "GABA", "tissue_corrected": "true"}, 1, "corrected for tissue in"),
        ({"metabolite": "Glu", "fCSF": "n/a"}, 1, "none"),
    ],
)
def test_values_are_divided_for_the_tissue_of_their_voxel(tmp_path, given, divisor, correction):
    fractions = {"fGM": "0.5", "fWM": "0.3", "fCSF": "0.2", "tissue_corrected": "n/a"}
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, **fractions, **given})
    (value,) = find(tmp_path)
    assert value.value == pytest.approx(8.5 / divisor)
    assert value.correction.startswith(correction)


def test_a_person_on_two_scales_has_no_change_and_two_people_are_refused(tmp_path):
    path = tmp_path / "phenotype" / "mrs.tsv"
    water, creatine = ({**ROW, "reference": name} for name in ("water", "tCr"))
    later = {**creatine, "session_id": "ses-post"}
    mixed = find_all(path, water, later, {**water, "participant_id": "sub-02"})
    assert [v.status[:40] for v in mixed[:2]] == ["reference, unit or correction differs be"] * 2
    assert mixed[2].status == "ok"
    other = {**creatine, "participant_id": "sub-02"}
    with pytest.raises(InputError, match=r"glutamate in ACC on several scales: .*tCr.*water"):
        find_all(path, water, other)


def test_a_table_of_any_length_comes_to_an_end(tmp_path):
    """Each value is held against those of its own metabolite and voxel, not against all."""
    rows = [{**ROW, "metabolite": f"M{i}", "units": f"u{i}"} for i in range(20_000)]
    table(tmp_path / "phenotype" / "mrs.tsv", *rows)
    program = (
        "from pathlib import Path; from gradshift import settings as schema\n"
        "from gradshift.bids.mrs import find_values\n"
        f"root = Path({str(tmp_path)!r})\n"
        "print(len(find_values(schema.make(root, root / 'out', 'participant', {}))))"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True, timeout=40)
    assert told == "20000\n"


def test_gaba_with_and_without_macromolecules_is_pointed_out(tmp_path, caplog, monkeypatch):
    one, other = ({**ROW, "metabolite": name} for name in ("GABA", "GABA+"))
    monkeypatch.setattr(logging.getLogger("gradshift"), "propagate", True)
    find_all(tmp_path / "phenotype" / "mrs.tsv", one, {**other, "session_id": "ses-post"})
    assert "GABA and GABA+ (with macromolecules) in ACC: they are kept apart" in caplog.text


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**ROW, "units": "n/a"}], "unit of Glu in ACC .* is not known"),
        ([{**ROW, "value": "high"}], "'high' as value of sub-01 ses-pre"),
        ([{**ROW, "value": "inf"}], "'inf' as value of sub-01 ses-pre"),
        ([ROW, ROW], "Glu in ACC of sub-01 ses-pre twice"),
        ([{**ROW, "fCSF": "20"}], "fCSF 20 for sub-01"),
        ([{**ROW, "fCSF": "1"}], "fCSF 1 for sub-01"),
        ([{"participant_id": "sub-01", "value": "1"}], "no column session_id, voi, metabolite"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, rows, message):
    table(tmp_path / "phenotype" / "mrs.tsv", *rows)
    with pytest.raises(InputError, match=message):
        find(tmp_path)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"gone\.tsv"):
        find(tmp_path, mrs_table=str(tmp_path / "gone.tsv"))


@pytest.mark.parametrize("metabolite", ["Glu", "tNAA", "GSH", "Lac", "GABA+", "Glx"])
@pytest.mark.parametrize(
    ("value", "crlb", "status"),
    [
        ("0", "n/a", "not measured: the table has 0"),
        ("-0.3", "5", "not measured: the table has -0.3"),
        ("8", "999", "not measured: CRLB of 999 %, above"),
        ("8", "31", "not measured: CRLB of 31 %, above"),
        ("n/a", "5", "no value in the table"),
        ("8", "20", "ok"),
        ("8", "n/a", "ok"),
    ],
)
def test_what_could_not_be_fitted_is_not_measured(tmp_path, metabolite, value, crlb, status):
    row = {**ROW, "metabolite": metabolite, "value": value, "crlb_pct": crlb}
    (found,) = find_all(tmp_path / "phenotype" / "mrs.tsv", row)
    assert found.status.startswith(status)
    assert (found.value == 8.0) if status == "ok" else (found.value != found.value)


def test_the_limit_of_a_metabolite_is_the_users(tmp_path):
    rows = [{**ROW, "metabolite": name, "crlb_pct": "28"} for name in ("GSH", "GABA", "Glu")]
    table(tmp_path / "phenotype" / "mrs.tsv", *rows)
    assert [v.status[:3] for v in find(tmp_path)] == ["not", "ok", "not"]
    found = find(tmp_path, mrs_crlb=["GSH=30", "gaba=25", "Glu=50"])
    assert [v.status[:3] for v in found] == ["ok", "not", "ok"]
    for wrong in ("GSH=low", "GSH=-1"):
        with pytest.raises(SettingsError, match="--mrs-crlb takes NAME=PERCENT"):
            find(tmp_path, mrs_crlb=[wrong])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("participant_id", "sub-0 3"),
        ("participant_id", "../../evil"),
        ("participant_id", ""),
        ("participant_id", "n/a"),
        ("participant_id", "sub-0_3"),
        ("session_id", "pre_2"),
        ("session_id", "ses-"),
    ],
)
def test_a_label_that_can_be_no_folder_is_refused(tmp_path, name, text):
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, name: text})
    with pytest.raises(InputError, match=f"as {name}; it must be letters and digits"):
        find(tmp_path)


def test_blanks_around_a_label_are_no_part_of_it(tmp_path):
    path = tmp_path / "phenotype" / "mrs.tsv"
    (value,) = find_all(path, {**ROW, "participant_id": " sub-01 ", "session_id": "pre "})
    assert (value.participant, value.session) == ("sub-01", "ses-pre")


def test_people_who_are_not_in_the_study_are_named_with_the_nearest(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("gradshift"), "propagate", True)
    for name in ("sub-A01", "sub-A02"):
        (tmp_path / name).mkdir()
    path = tmp_path / "phenotype" / "mrs.tsv"
    typed, known = ({**ROW, "participant_id": name} for name in ("sub-a02", "sub-A01"))
    assert len(find_all(path, typed, known)) == 2
    assert "sub-a02 (nearest: sub-A02)" in caplog.text
    with pytest.raises(InputError, match=r"matches nobody of .*sub-a02 \(nearest: sub-A02\)"):
        find_all(path, typed)


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("raw", [".", "rawbids", "derivatives/prep/sourcedata/raw"])
def test_tables_are_found_wherever_the_study_keeps_them(tmp_path, raw, wide):
    (tmp_path / "dataset_description.json").write_text('{"Name": "s", "BIDSVersion": "1.10.0"}')
    if wide:
        row = {"session_id": "ses-pre", "mrs_ACC_Glu": "8.5"}
        path = table(tmp_path / raw / "sub-01" / "sub-01_sessions.tsv", row)
        path.with_suffix(".json").write_text(json.dumps({"mrs_ACC_Glu": {"Units": "i.u."}}))
    else:
        table(tmp_path / raw / "phenotype" / "mrs.tsv", ROW)
    prepared = tmp_path / "derivatives" / "prep"
    (prepared / "sub-01").mkdir(parents=True)
    settings = schema.make(prepared, tmp_path / "out", "participant", {})
    assert [value.value for value in find_values(settings)] == [8.5]
