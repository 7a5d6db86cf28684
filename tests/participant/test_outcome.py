"""Records come back from their files as they were."""

from dataclasses import dataclass, field, make_dataclass
from types import GenericAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from gradshift.running.packing import Failure, load, read, to_bytes


@dataclass(frozen=True)
class Inner:
    values: NDArray[np.float64]
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    plain: float
    names: tuple[str, ...]
    inner: tuple[Inner, ...]
    by_name: dict[str, Inner] = field(default_factory=dict)
    nothing: Inner | None = None


class Alias:
    """What ``type NDArray[T] = ...`` makes, of which Python 3.11 knows nothing."""

    __value__ = NDArray[np.float64]

    def __getitem__(self, parameters):
        return GenericAlias(self, parameters)


@pytest.fixture
def keep(tmp_path):
    def kept(record):
        path = tmp_path / "outcome.npz"
        path.write_bytes(to_bytes(record))
        return path

    return kept


def test_a_record_of_records_comes_back_with_arrays_and_types(keep):
    one, two = Inner(np.array([1.0, np.nan])), Inner(np.arange(3, dtype=np.int16), "two")
    there = Outer(np.nan, ("a", "b"), (one, two), {"x/y": two})
    back = load(keep(there), Outer)
    assert np.isnan(back.plain)
    assert back.names == ("a", "b")
    assert back.nothing is None
    np.testing.assert_array_equal(back.inner[0].values, one.values)
    assert back.by_name["x/y"].values.dtype == np.int16
    assert back.by_name["x/y"].name == "two"


def test_arrays_come_back_where_their_type_is_an_alias(keep):
    """As NDArray is one from numpy 2.5 on."""
    record = make_dataclass("Aliased", [("values", Alias()[np.float64])])
    np.testing.assert_array_equal(
        read(keep(record(values=np.arange(3.0))), record).values, [0, 1, 2]
    )


def test_the_same_record_is_the_same_file():
    record = Inner(np.arange(3.0), "same")
    assert to_bytes(record) == to_bytes(record)


def test_a_failure_comes_back_whatever_is_asked_for(keep):
    path = keep(Failure("no signal"))
    assert load(path, Inner) == Failure("no signal")
    with pytest.raises(TypeError, match="no signal"):
        read(path, Inner)


def test_another_record_is_refused(keep):
    with pytest.raises(TypeError, match=r"holds a Inner, not a Outer"):
        load(keep(Inner(np.zeros(1))), Outer)
