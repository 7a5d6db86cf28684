"""Tables of numbered texts: what comes back, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from gradshift.bids.columnar import numbered, read_columns, stacked, tabulated, write_columns
from gradshift.bids.tables import read_table
from gradshift.bids.writetable import write_table, write_values
from gradshift.errors import InputError


@pytest.fixture
def table() -> pd.DataFrame:
    return numbered(
        pd.DataFrame(
            {
                "participant_id": ["sub-02", "sub-01", "sub-02", "sub-01"],
                "label": ["Default", "n/a", "Ärger\tund mehr", "Default"],
                "value": [0.1 + 0.2, np.nan, -1e-12, np.inf],
                "status": ["ok", "ok", "few", "ok"],
            }
        )
    )


def test_every_digit_and_text_comes_back(table, tmp_path):
    assert_frame_equal(read_columns(write_columns(tmp_path / "a.npz", table)), table)


@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: b"PK"])
def test_what_is_damaged_is_refused(table, tmp_path, damage):
    path = write_columns(tmp_path / "a.npz", table)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"a\.npz"):
        read_columns(path)


def test_stacked_tables_have_the_texts_of_both(table):
    other = numbered(table.astype({"label": str}).assign(label="Aa", value=4.0))
    both = stacked([table, other])
    assert both["label"].tolist() == [*table["label"], *["Aa"] * 4]
    assert both["label"].cat.categories.is_monotonic_increasing
    assert both["value"].tolist()[4:] == [4.0] * 4


def test_rows_that_come_in_parts_are_one_table(table):
    rows = [{**row, "more": 1} for row in table.to_dict("records")]
    assert_frame_equal(tabulated(list(table.columns), [rows[:1], [], rows[1:]]), table)
    empty = tabulated(list(table.columns), [])
    assert_frame_equal(empty, numbered(table.astype({"label": str}).iloc[:0]), check_dtype=False)


def test_numbered_texts_are_written_like_any_others(table, tmp_path):
    plain = write_table(tmp_path / "a.tsv", list(table.columns), table.itertuples(index=False))
    assert write_values(tmp_path / "b.tsv", table).read_bytes() == plain.read_bytes()


@pytest.mark.parametrize("cell", ['"b"', " b", "b ", "b\x07", "ü"])
def test_one_unusual_cell_changes_no_other(tmp_path, cell):
    path = tmp_path / "a.tsv"
    path.write_text(f"x\ty\n1\t{cell}\nn/a\tb c\n", encoding="utf-8")
    read = read_table(path)
    path.write_text("x\ty\n1\tb\nn/a\tb c\n", encoding="utf-8")
    usual = read_table(path)
    assert read["x"].tolist() == usual["x"].tolist() == ["1", "n/a"]
    assert read["y"][1] == usual["y"][1] == "b c"
    assert read["y"][0] in {"b", "ü", "b\\x07"}
