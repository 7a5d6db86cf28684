"""Results read back: many tables of values as one."""

import numpy as np
import pytest

from gradshift.bids.collect import SessionResult, read_array, read_measures
from gradshift.bids.outputs import MEASURE_COLUMNS
from gradshift.errors import InputError


def write_results(folder, texts):
    """Write tables of measures, and return what finds them."""
    made = []
    for number, text in enumerate(texts):
        path = folder / f"sub-{number}_measures.tsv"
        path.write_text("\t".join(MEASURE_COLUMNS) + "\n" + text)
        made.append(SessionResult(path, {"Entities": {"sub": str(number), "ses": "pre"}}))
    return made


def test_values_of_many_are_those_of_each_table(tmp_path):
    fixed = "func\trest\tn/a\tMNI\tA\t24P\t"
    same = f"{fixed}a\tregion\tX\t{{}}\t1\tok\n{fixed}a\tregion\tY\tn/a\t1\tlow: b\n"
    other = f"{fixed}c\twhole\tZ\t7\tmm\tok\n"
    results = write_results(tmp_path, [same.format(1.5), same.format(-2), other, ""])
    table = read_measures(results)
    assert list(table["participant_id"]) == ["sub-0", "sub-0", "sub-1", "sub-1", "sub-2"]
    np.testing.assert_array_equal(table["value"], [1.5, np.nan, -2, np.nan, 7])
    assert list(table["label"]) == ["X", "Y", "X", "Y", "Z"]
    assert list(table["status"]) == ["ok", "low: b", "ok", "low: b", "ok"]
    assert set(table.columns) == {"participant_id", "session_id", *MEASURE_COLUMNS}


@pytest.mark.parametrize("cells", [1, 11, 13])
def test_a_row_of_values_that_is_too_short_or_too_long_is_damage(tmp_path, cells):
    results = write_results(tmp_path, ["\t".join("x" * cells) + "\n"])
    with pytest.raises(InputError, match="is damaged"):
        read_measures(results)


NUMBERS = ("0.1", "-2.5e-9", "1e22", "123456789012345", "1234567890123456", "7e-310", "1e400")
NUMBERS += ("n/a", "-0", "00012.50", "1e+5", "-1E5", "5.", ".5", "nan", "0.30000000000000004")


def test_each_number_is_read_to_the_last_bit(tmp_path, rng):
    values = rng.normal(size=200) * 10.0 ** rng.integers(-25, 25, size=200)
    cells = [*NUMBERS, *(f"{x:.10g}" for x in values), *(repr(float(x)) for x in values)]
    (tmp_path / "a.tsv").write_text("x\ty\n" + "".join(f"{cell}\t1\n" for cell in cells))
    expected = np.array([np.nan if cell == "n/a" else float(cell) for cell in cells])
    read = read_array(tmp_path / "a.tsv")[:, 0]
    np.testing.assert_array_equal(np.signbit(read), np.signbit(expected))
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize(
    "body", ["1\n", "1\t2\t3\n", "1\tb\n", "1\t\n", "1\t2\n\n", "1\t2", "1\t1e\n", "1\t-\n"]
)
def test_a_table_of_numbers_that_is_none_is_damage(tmp_path, body):
    (tmp_path / "a.tsv").write_text("x\ty\n3\t4\n" + body)
    with pytest.raises(InputError, match="is damaged"):
        read_array(tmp_path / "a.tsv")
