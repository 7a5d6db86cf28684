"""One measurement of a task and session: what may be averaged, and what is kept apart."""

import json
from pathlib import Path

import pytest

from gradshift.bids.chosen import chosen, kept_apart
from gradshift.bids.collect import SessionResult
from gradshift.bids.names import is_label
from gradshift.errors import NothingSelectedError


def result(
    *words: str, ses: str = "pre", excluded: str | None = None, modality: str = "func"
) -> SessionResult:
    entities = dict(word.split("-") for word in ("sub-01", f"ses-{ses}", "task-rest", *words))
    about = {"Entities": entities, "Excluded": excluded, "Modality": modality}
    return SessionResult(Path("_".join(words)), about)


def filters(folder: Path, **bold: object) -> str:
    (folder / "filter.json").write_text(json.dumps({"bold": bold}))
    return str(folder / "filter.json")


@pytest.mark.parametrize("entity", ["acq", "ce", "rec", "echo", "part"])
@pytest.mark.parametrize("other", [(), ("{}-b",)])
def test_what_is_no_run_of_one_measurement_is_kept_apart_and_can_be_chosen(
    tmp_path, entity, other
):
    both = [result(f"{entity}-a"), result(*(word.format(entity) for word in other))]
    apart, (remark, told) = kept_apart(both)
    assert len({one.task for one in apart}) == 2
    assert {one.session for one in apart} == {"ses-pre"}
    assert all(is_label(one.task) and one.task in told for one in apart)
    assert f"{entity}-a" in remark
    path = filters(tmp_path, **{entity: "a"})
    assert chosen(both, path) == both[:1]
    assert kept_apart(both[:1]) == (both[:1], [])


def test_every_session_of_a_task_is_named_alike_where_one_has_several():
    apart, _ = kept_apart([result("acq-a"), result("acq-b"), result("acq-a", ses="post")])
    assert [one.task for one in apart] == ["restAcqA", "restAcqB", "restAcqA"]


def test_runs_atlases_and_recipes_are_chosen():
    same = [result("run-1", "acq-a"), result("run-2", "acq-a"), result("run-1", "acq-a")]
    assert kept_apart(same) == (same, [])


def test_a_measurement_without_values_is_not_told_apart():
    kept = [result("acq-a"), result("acq-b", excluded="too short")]
    assert kept_apart(kept) == (kept, [])


def test_what_files_were_chosen_by_before_does_not_hinder(tmp_path):
    """A filter by run, space or desc was for the images, and results have none of these."""
    path = filters(tmp_path, acquisition="a", run=1, desc="preproc", space="MNI152NLin6Asym")
    assert chosen([result("acq-a"), result("acq-b")], path) == [result("acq-a")]
    with pytest.raises(NothingSelectedError, match="none of 1 results"):
        chosen([result("acq-b")], path)


def test_filters_of_bold_leave_other_kinds_alone(tmp_path):
    kept = [result("acq-a"), result("trc-UCBJ", modality="pet")]
    assert chosen(kept, filters(tmp_path, acquisition="a")) == kept
