"""One measurement of a task and session: what may be averaged, and what must be asked for."""

import json
from pathlib import Path

import pytest

from gradshift.bids.chosen import one_measurement
from gradshift.bids.collect import SessionResult
from gradshift.errors import NothingSelectedError, SettingsError


def result(*words: str, excluded: str | None = None, modality: str = "func") -> SessionResult:
    entities = dict(word.split("-") for word in ("sub-01", "ses-pre", "task-rest", *words))
    about = {"Entities": entities, "Excluded": excluded, "Modality": modality}
    return SessionResult(Path("_".join(words)), about)


def filters(folder: Path, **bold: object) -> str:
    (folder / "filter.json").write_text(json.dumps({"bold": bold}))
    return str(folder / "filter.json")


@pytest.mark.parametrize("entity", ["acq", "ce", "rec", "echo", "part"])
@pytest.mark.parametrize("other", [(), ("{}-2",)])
def test_what_is_no_run_of_one_measurement_is_asked_for(tmp_path, entity, other):
    both = [result(f"{entity}-1"), result(*(word.format(entity) for word in other))]
    with pytest.raises(SettingsError, match=rf"{entity}-1.*sub-01 ses-pre.*--bids-filter-file"):
        one_measurement(both, None)
    path = filters(tmp_path, **{entity: "1"})
    assert one_measurement(both, path) == both[:1]


def test_runs_atlases_and_recipes_are_one_measurement():
    same = [result("run-1", "acq-a"), result("run-2", "acq-a"), result("run-1", "acq-a")]
    assert one_measurement(same, None) == same


def test_a_measurement_without_values_is_not_asked_about():
    kept = [result("acq-a"), result("acq-b", excluded="too short")]
    assert one_measurement(kept, None) == kept


def test_what_files_were_chosen_by_before_does_not_hinder(tmp_path):
    """A filter by run, space or desc was for the images, and results have none of these."""
    path = filters(tmp_path, acquisition="a", run=1, desc="preproc", space="MNI152NLin6Asym")
    assert one_measurement([result("acq-a"), result("acq-b")], path) == [result("acq-a")]
    with pytest.raises(NothingSelectedError, match="none of 1 results"):
        one_measurement([result("acq-b")], path)


def test_filters_of_bold_leave_other_kinds_alone(tmp_path):
    kept = [result("acq-a"), result("trc-UCBJ", modality="pet")]
    assert one_measurement(kept, filters(tmp_path, acquisition="a")) == kept
