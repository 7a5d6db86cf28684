"""Tables of metabolites: where they are looked for, and what is refused."""

import json
from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.bids.mrs import find_values
from gradshift.errors import InputError, MissingInputError

ROW = {
    "participant_id": "sub-01", "session_id": "ses-pre", "voi": "ACC", "metabolite": "Glu",
    "value": "8.5", "units": "mM",
}  # fmt: skip


def table(path: Path, *rows: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines))
    return path


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


@pytest.mark.parametrize(
    ("names", "measure"),
    [("GABA", "gaba"), ("GABA+", "gabaplus"), ("Glx", "glx"), ("Glu", "glutamate")],
)
def test_like_metabolites_are_kept_apart(tmp_path, names, measure):
    table(tmp_path / "phenotype" / "mrs.tsv", {**ROW, "metabolite": names})
    assert [value.measure for value in find(tmp_path)] == [measure]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**ROW, "units": "n/a"}], "unit of Glu in ACC .* is not known"),
        ([{**ROW, "value": "high"}], "'high' as value of sub-01 ses-pre"),
        ([ROW, ROW], "Glu in ACC of sub-01 ses-pre twice"),
        ([{**ROW, "fCSF": "20"}], "fCSF 20 for sub-01"),
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
