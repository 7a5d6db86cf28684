"""Kinds of input: found by themselves, and missing only where all are."""

import logging
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from gradshift.errors import MissingInputError
from gradshift.levels import participant as level
from gradshift.participant import modality
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.modality import Modality, modalities


@dataclass(frozen=True)
class Heart(Modality):
    """A kind of input that is one file."""

    asked: Asked
    order = 0
    title = "heart beat"

    @classmethod
    def find(cls, asked):
        return cls(asked)

    @property
    def people(self):
        return {"sub-01"}

    def describe(self):
        return "beats"

    def build(self, workflow, untouched):
        """Nothing to do."""

    def summary(self, crashed):
        return 0


def absent(cause):
    def find(asked):
        raise NothingFoundError(cause)

    return SimpleNamespace(find=find, title="breath")


def test_bold_comes_first_and_a_module_in_the_folder_is_a_kind(monkeypatch):
    assert [kind.title for kind in modalities()][:2] == ["BOLD run", "table of regions"]
    names = [SimpleNamespace(name="heart")]
    monkeypatch.setattr(modality, "iter_modules", lambda _: names)
    monkeypatch.setattr(modality, "import_module", lambda _: SimpleNamespace(MODALITY=Heart))
    assert modalities() == [Heart]


def test_what_is_missing_is_a_remark_where_there_is_another_kind(monkeypatch, caplog):
    kinds = [absent(MissingInputError("no belt")), absent(None), Heart]
    monkeypatch.setattr(level, "modalities", lambda: kinds)
    monkeypatch.setattr(logging.getLogger("gradshift"), "propagate", True)
    (found,) = level.find_inputs(None)
    assert found.people == {"sub-01"}
    assert {record.getMessage() for record in caplog.records} == {"No breath is used: no belt"}


def test_nothing_at_all_is_an_error(monkeypatch):
    kinds = [absent(MissingInputError("no belt")), absent(None)]
    monkeypatch.setattr(level, "modalities", lambda: kinds)
    with pytest.raises(MissingInputError, match="no belt"):
        level.find_inputs(None)
