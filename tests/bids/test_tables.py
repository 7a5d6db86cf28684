"""Tables of a study: read strictly; ids as the folders have them, numbers and dates unguessed."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradshift.bids.dates import by_time, is_before, read_date
from gradshift.bids.layout import study_root
from gradshift.bids.numbers import is_bound, read_number
from gradshift.bids.opener import check_file, read_bytes, shown
from gradshift.bids.sessiontable import check_sessions, read_sessions, sessions_table
from gradshift.bids.tables import check_people, people_table, read_table
from gradshift.errors import InputError, MissingInputError
from synthetic import RAW, Dangling, grow


def table(tmp_path, content, **how):
    path = tmp_path / "table.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **how)


GOOD = {
    "plain": "a\tb\n1\tn/a\n",
    "mark": "\ufeffa\tb\n1\tn/a\n",
    "windows": "a\tb\r\n1\tn/a\r\n",
    "old mac": "a\tb\r1\tn/a\r",
    "no end": "a\tb\n1\tn/a",
    "tabs at the end": "a\tb\t\n1\tn/a\t\n",
    "tabs at the end of rows": "a\tb\n1\tn/a\t\t\n",
    "blanks": " a\tb \n 1 \tn/a\n",
    "quoted": '"a"\tb\n"1"\t"n/a"\n',
    "lines at the end": "a\tb\n1\tn/a\n\n\n",
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_a_table_is_the_same_however_it_was_saved(tmp_path, content):
    found = table(tmp_path, content)
    assert list(found.columns) == ["a", "b"]
    assert found.to_numpy().tolist() == [["1", "n/a"]]


def test_quotes_hold_tabs_together_and_stand_for_themselves_inside(tmp_path):
    found = table(tmp_path, 'a\tb\n"x\ty"\t5" wide\n"say ""no"""\tz\n')
    assert found.to_numpy().tolist() == [["x\ty", '5" wide'], ['say "no"', "z"]]


BAD = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "UTF-16": ("a\tb\n1\t2\n".encode("utf-16"), "UTF-16"),
    "Latin-1": ("a\tb\nJürgen\t1\n".encode("latin-1"), "not text in UTF-8"),
    "NUL": (b"a\tb\n1\t2\x00\n", "NUL"),
    "short": (b"a\tb\n1\t2\n3\n", "Line 3 .* has 1 cells"),
    "long": (b"a\tb\n1\t2\t3\n", "Line 2 .* has 3 cells"),
    "blank line": (b"a\tb\n\n1\t2\n", "Line 2"),
    "twice": (b"a\ta\n1\t2\n", "more than one column with the name 'a'"),
    "no name": (b"a\t\tb\n1\t2\t3\n", "Column 2 .* has no name"),
    "open quote": (b'a\tb\n1\t"2\n3\t4"\n', "Line 2 .* quotation mark"),
    "two lone quotes": (b'a\tb\n"\t2\n3\t4\n"\t6\n', "Line 2 .* quotation mark"),
    "commas": (b"a,b\n1,2\n", r"no column b; it has a,b\. Its columns are not separated by tabs"),
}


@pytest.mark.parametrize(("content", "told"), BAD.values(), ids=BAD)
def test_what_is_no_table_is_refused_with_the_line(tmp_path, content, told):
    with pytest.raises(InputError, match=told) as caught:
        table(tmp_path, content, required=["b"] if "column b" in told else ())
    assert "table.tsv" in str(caught.value)


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30))
def test_no_message_shows_a_control_character(text):
    assert not {"\x00", "\x1b", "\x7f", "\x9b", "\n"} & set(shown(text))


def test_control_characters_of_a_cell_are_escaped(tmp_path):
    found = table(tmp_path, "participant_id\nsub-01\x1b[31m\n")
    assert found.iloc[0, 0] == r"sub-01\x1b[31m"


# Ids


def people(tmp_path, *ids, folders=("sub-01", "sub-02", "sub-Ab3")):
    rows = [["participant_id", "group"], *[[name, "drug"] for name in ids]]
    tree = {name: {} for name in folders}
    return grow(tmp_path, {"dataset_description.json": RAW, "participants.tsv": rows, **tree})


@pytest.mark.parametrize(
    "ids",
    [
        ("sub-01", "sub-02", "sub-Ab3"),
        ("01", "02", "Ab3"),
        ("sub-01 ", "\u00a0sub-02", "sub-Ab3\u200b"),
        ("SUB-01", "Sub-02", "sub-AB3"),
    ],
)
def test_ids_are_those_of_the_folders_however_they_are_written(tmp_path, ids):
    root = people(tmp_path, *ids)
    assert list(people_table(root).index) == ["sub-01", "sub-02", "sub-Ab3"]
    assert check_people(people_table(root), ["sub-01", "sub-Ab3"], root) == []


def test_case_is_not_guessed_where_two_folders_differ_in_nothing_else(tmp_path):
    root = people(tmp_path, "sub-AB3", folders=("sub-Ab3", "sub-aB3"))
    assert list(people_table(root).index) == ["sub-AB3"]


def test_an_id_twice_after_the_prefix_is_an_error(tmp_path):
    with pytest.raises(InputError, match="sub-01 more than once"):
        people_table(people(tmp_path, "sub-01", "01"))


def test_a_table_that_matches_nobody_is_an_error_with_the_nearest_id(tmp_path):
    root = people(tmp_path, "1", "2")
    with pytest.raises(InputError, match=r"none of those.*sub-01 \(nearest: sub-1\)"):
        check_people(people_table(root), ["sub-01", "sub-02"], root)


def test_a_table_that_matches_some_is_a_warning_with_the_nearest_id(tmp_path):
    root = people(tmp_path, "sub-01", "sub-Ab33")
    (remark,) = check_people(people_table(root), ["sub-01", "sub-Ab3"], root)
    assert "sub-Ab3 (nearest: sub-Ab33)" in remark


def test_sessions_are_normalised_and_checked_as_people_are(tmp_path):
    rows = [["session_id", "acq_time"], ["pre", "2024-05-01"], ["ses-POST ", "2024-05-02"]]
    root = grow(tmp_path, {"sub-01": {"sub-01_sessions.tsv": rows, "ses-post": {}}})
    found = sessions_table(root, ["sub-01"])
    assert list(found.index) == [("sub-01", "ses-post"), ("sub-01", "ses-pre")]
    results = {("sub-01", "ses-pre"), ("sub-01", "ses-post")}
    assert check_sessions(found, results, root) == []
    (remark,) = check_sessions(found, {*results, ("sub-01", "ses-pre2")}, root)
    assert "ses-pre2 (nearest: ses-pre)" in remark
    with pytest.raises(InputError, match="none of those"):
        check_sessions(found, {("sub-01", "ses-a")}, root)


# Where tables lie


class Place(NamedTuple):
    bids_dir: str
    tables: str
    links: Mapping[str, Any] = MappingProxyType({})


PLACES = {
    "raw": Place(".", "."),
    "study above": Place("derivatives/fmriprep", "."),
    "two folders": Place("derivatives/fmriprep-20.2.7/fmriprep", "."),
    "study layout": Place(".", "rawbids"),
    "study layout from inside": Place("derivatives/fmriprep", "rawbids"),
    "study layout, sourcedata": Place("derivatives/fmriprep", "sourcedata/raw"),
    "raw inside": Place("prep", "prep/sourcedata/raw"),
    "a link": Place("prep", "elsewhere", {"DatasetLinks": {"raw": "../elsewhere"}}),
    "a source": Place("prep", "elsewhere", {"SourceDatasets": [{"URL": "../elsewhere"}]}),
    "a web source": Place(
        "derivatives/fmriprep", ".", {"SourceDatasets": [{"URL": "https://a.org/x"}]}
    ),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_tables_are_found_beside_raw_data(tmp_path, place):
    grow(tmp_path, {"dataset_description.json": RAW})
    bids_dir = grow(
        tmp_path / place.bids_dir,
        {"dataset_description.json": {**RAW, **place.links}, "sub-01": {}},
    )
    grow(tmp_path / place.tables, {
        "participants.tsv": [["participant_id"], ["sub-01"]],
        "sub-01": {"sub-01_sessions.tsv": [["session_id", "acq_time"], ["ses-a", "2024-05-01"]]},
    })  # fmt: skip
    assert list(people_table(bids_dir).index) == ["sub-01"]
    assert list(read_sessions(bids_dir, ["sub-01"])) == [{"ses-a": "2024-05-01"}]
    assert os.path.samefile(study_root(bids_dir, "participants.tsv"), tmp_path / place.tables)


def test_a_linked_dataset_of_other_people_is_not_used(tmp_path):
    other = grow(
        tmp_path / "data", {"participants.tsv": [["participant_id"], ["sub-99"]], "sub-99": {}}
    )
    links = {**RAW, "DatasetLinks": {"raw": str(other)}}
    root = grow(tmp_path / "in" / "prep", {"dataset_description.json": links, "sub-01": {}})
    assert study_root(root, "participants.tsv") is None
    assert people_table(root).empty


# Numbers and dates


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), (" -2.5e-3 ", -0.0025), (".5", 0.5), ("n/a", np.nan), ("", np.nan)],
)
def test_numbers_are_read(text, value):
    np.testing.assert_equal(read_number(text, "x"), value)


@pytest.mark.parametrize(
    "text", ["1,5", "1_000", "0x10", "one", "1 2", "٣", "89+", "1e999x", "--1"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InputError, match="where a number or n/a should be"):
        read_number(text, "The age of sub-01")


def test_a_number_outside_its_range_is_refused():
    with pytest.raises(InputError, match="cannot be: it is at least 0"):
        read_number("-0.1", "FD", low=0)
    with pytest.raises(InputError, match="between 0 and 1"):
        read_number("2", "A share", low=0, high=1)


def test_bounds_are_told_from_numbers():
    assert [is_bound(text) for text in ("89+", ">89", "≥ 89", "89", "n/a")] == [True] * 3 + [
        False
    ] * 2


@pytest.mark.parametrize(
    "text",
    ["02/01/2024", "2024/01/02", "1.2.2024", "20240102", "2024-13-01", "2024-02-30", "45000",
     "2024-W05", "today", "2024-01-02T25:00:00", "2024-1-2", "24-01-02"],
)  # fmt: skip
def test_a_date_that_would_have_to_be_guessed_is_refused(text):
    with pytest.raises(InputError, match="year, month, day"):
        read_date(text, "acq_time")


ORDER = {
    "days": ("2024-05-01", "2024-05-02", True),
    "times": ("2024-05-01T10:00:00", "2024-05-01T10:00:00.250", True),
    "zones": ("2024-05-01T10:00:00+02:00", "2024-05-01T09:00:00Z", True),
    "mixed, far apart": ("2024-05-01T10:00:00", "2024-06-01T10:00:00.250Z", True),
    "mixed, near": ("2024-05-01T10:00:00", "2024-05-01T20:00:00Z", None),
    "the same": ("2024-05-01T10:00:00", "2024-05-01T10:00:00", None),
    "a day and a time on it": ("2024-05-01", "2024-05-01T10:00:00", None),
    "before 1925": ("1899-12-31T00:00:00", "1900-01-01T00:00:00", True),
}


@pytest.mark.parametrize(("first", "second", "before"), ORDER.values(), ids=ORDER)
def test_the_order_of_two_dates_is_known_or_not(first, second, before):
    assert is_before(first, second) is before
    assert is_before(second, first) is (None if before is None else not before)
    if before:
        assert by_time(first) < by_time(second)


# Files that are none


def test_what_is_no_regular_file_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "big").write_bytes(b"12345")
    for name, told in (
        ("pipe", "is a pipe"),
        (".", "is a folder"),
        ("loop", "loop"),
        ("big", "MB"),
    ):
        with pytest.raises(InputError, match=told):
            read_bytes(tmp_path / name, most=4)
    with pytest.raises(InputError, match="is a device"):
        read_bytes(Path("/dev/full"))
    (tmp_path / "nothing").touch()
    with pytest.raises(InputError, match="is empty"):
        check_file(tmp_path / "nothing")
    grow(tmp_path, {"gone": Dangling()})
    with pytest.raises(MissingInputError, match="datalad get"):
        check_file(tmp_path / "gone")
