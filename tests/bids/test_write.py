"""Writing: whole or not at all, n/a for what is not there, and no digit lost."""

import json
import os
import stat

import numpy as np
import pytest

from gradshift.bids import write, writetable
from gradshift.bids.collect import read_matrix, read_tsv


def modes(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    old = os.umask(0)
    yield os.umask
    os.umask(old)


@pytest.mark.parametrize("step", ["chmod", "replace", "fdopen"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = write.write_text(tmp_path / "a.tsv", "old\n")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write.write_text(path, "new\n")
    monkeypatch.undo()
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_being_stopped_leaves_nothing(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write.write_text(tmp_path / "a.tsv", "new\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o007, 0o660), (0o077, 0o600)])
def test_the_umask_is_respected_and_left_alone(tmp_path, umask, mask, mode):
    umask(mask)
    path = write.write_text(tmp_path / "below" / "a.tsv", "x\n")
    assert modes(path) == mode
    assert umask(mask) == mask


def test_what_is_missing_in_a_table_is_na(tmp_path):
    rows = [(None, float("nan"), np.float32("nan"), float("inf"), True, np.False_, 3, "a\tb\nc")]
    path = writetable.write_table(tmp_path / "t.tsv", list("abcdefgh"), rows)
    assert (
        path.read_text() == "a\tb\tc\td\te\tf\tg\th\nn/a\tn/a\tn/a\tn/a\ttrue\tfalse\t3\ta b c\n"
    )


def test_json_is_strict(tmp_path):
    content = {
        "nan": float("nan"),
        "deep": [{"x": np.array([1.5, np.nan])}, (np.float32("inf"), np.int64(3), np.True_)],
        2: None,
    }
    text = write.write_json(tmp_path / "a.json", content).read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "nan": None,
        "deep": [{"x": [1.5, None]}, [None, 3, True]],
        "2": None,
    }


def test_a_matrix_keeps_its_digits_and_its_gaps(tmp_path, rng):
    values = np.tanh(rng.normal(size=(7, 7)) * np.logspace(-6, 1, 7))
    values[2] = values[:, 2] = np.nan
    names = [f"R{i}" for i in range(7)]
    path = writetable.write_matrix(tmp_path / "m.tsv", names, values)
    lines = path.read_text().splitlines()
    assert lines[0].split("\t") == ["Node", *names]
    assert lines[3].split("\t") == ["R2", *["n/a"] * 7]
    back, matrix = read_matrix(path)
    assert back == names
    np.testing.assert_allclose(matrix, values, rtol=5e-10, atol=0, equal_nan=True)


def test_an_array_without_rows_or_with_infinities_is_still_a_table(tmp_path):
    empty = writetable.write_array(tmp_path / "e.tsv", ["a", "b"], np.empty((0, 2)))
    assert empty.read_text() == "a\tb\n"
    odd = writetable.write_array(tmp_path / "o.tsv", ["a", "b"], np.array([[np.inf, -np.inf]]))
    assert read_tsv(odd).to_numpy().tolist() == [["n/a", "n/a"]]


def test_a_matrix_needs_a_name_per_row(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        writetable.write_matrix(tmp_path / "m.tsv", ["a"], np.eye(2))


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\x07", "\x9b0m", "a\u202eb"])
def test_no_cell_of_a_table_moves_or_colours_a_terminal(text):
    assert writetable.cell(text).isprintable()
    assert writetable.cell("Müller µ") == "Müller µ"


def test_a_long_table_is_written_in_parts_and_is_the_same(tmp_path, monkeypatch):
    rows = [(str(i), i / 3) for i in range(10)]
    whole = writetable.write_table(tmp_path / "whole.tsv", ["a", "b"], rows).read_bytes()
    for n in (1, 3, 5, 9, 10, 11):
        monkeypatch.setattr(writetable, "ROWS", n)
        path = writetable.write_table(tmp_path / f"{n}.tsv", ["a", "b"], iter(rows))
        assert path.read_bytes() == whole
    assert len(whole.splitlines()) == 11
    empty = writetable.write_table(tmp_path / "empty.tsv", ["a"], [])
    assert empty.read_bytes() == b"a\n"
