"""How the sessions compared were acquired: what differs, and how much of a change it could be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gradshift.bids.audit import Difference, differences
from gradshift.bids.collect import SessionResult, read_measures
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.group.arrange import NAMES, Column, arrange, weighted
from gradshift.group.sessions import compared_sessions
from gradshift.group.study import Study, once


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """A change with the finer sessions as they are, and measured again as the coarser ones are.

    Parameters
    ----------
    task : str
    column : Column
    n : int
        People with a session that was measured again.
    change, again : float
        Mean change of these people.
    """

    task: str
    column: Column
    n: int
    change: float
    again: float


@once
def acquisition_differences(study: Study) -> Sequence[Difference]:
    """List what differs between the sessions compared."""
    runs = {
        tuple(entities.items()): (entities, how)
        for result in _compared(study)
        for entities, how in result.acquired
    }
    return differences(list(runs.values()))


def acquisition_remark(study: Study, modality: str, task: str) -> str:
    """Say in what that bears on numbers the sessions of a task differ; empty if in nothing."""
    if modality != "func":
        return ""
    bearing: dict[str, set[str]] = {}
    for row in acquisition_differences(study):
        if row.scope == "person" and row.bears_on_numbers and row.task == task:
            bearing.setdefault(row.what.replace("_", " "), set()).update(row.participants)
    return "; ".join(
        f"sessions of {len(people)} {'person' if len(people) == 1 else 'people'} differ in {what}"
        for what, people in bearing.items()
    )


def resampled(study: Study) -> list[Resampled]:
    """Compare the confirmatory changes with those of the sessions measured again."""
    rows = []
    sessions = _compared(study)
    for task in sorted({result.task for result in sessions}):
        used = [result for result in sessions if result.task == task]
        again = {place: values for result in used if (values := _again(result))
                 for place in [(result.participant, result.session)]}  # fmt: skip
        people = {person for person, _ in again}
        own = [result for result in used if result.participant in people]
        if own:
            rows += _rows(study, task, read_measures(own), again)
    return rows


def _compared(study: Study) -> list[SessionResult]:
    return [
        result
        for result in compared_sessions(study.results, study.people, study.design)
        if (result.atlas, result.recipe) == study.primary
    ]


def _again(result: SessionResult) -> Mapping[Column, float]:
    """Return the values of a session measured again, where it was."""
    return {
        (row["measure"], row["level"], row["label"]): row["value"]
        for row in result.resampled
        if row["value"] is not None
    }


def _rows(
    study: Study,
    task: str,
    values: pd.DataFrame,
    again: Mapping[tuple[str, str], Mapping[Column, float]],
) -> list[Resampled]:
    """Compare the mean changes of people with a session measured again."""
    chosen = values[
        [key in CONFIRMATORY for key in values[NAMES].itertuples(index=False, name=None)]
    ]
    if chosen.empty:
        return []
    keys = zip(chosen["participant_id"], chosen["session_id"], strict=True)
    columns = chosen[NAMES].itertuples(index=False, name=None)
    replaced = [
        again.get(place, {}).get(column, value)
        for place, column, value in zip(keys, columns, chosen["value"], strict=True)
    ]
    _, first, names = arrange(chosen, study.design)
    _, second, _ = arrange(chosen.assign(value=replaced), study.design)
    weights = study.main.weights
    before, after = weighted(first, weights), weighted(second, weights)
    known = np.isfinite(before) & np.isfinite(after)
    return [
        Resampled(
            task=task,
            column=column,
            n=int(known[:, i].sum()),
            change=float(before[known[:, i], i].mean()),
            again=float(after[known[:, i], i].mean()),
        )
        for i, column in enumerate(names)
        if known[:, i].any()
    ]
