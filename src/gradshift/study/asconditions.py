"""Tasks or runs as conditions: they take the place of sessions before a design is looked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from gradshift.bids.collect import SessionResult
from gradshift.errors import InputError, SettingsError
from gradshift.settings import Settings
from gradshift.study.designs import kinds
from gradshift.study.model import read_model
from gradshift.study.observations import Observation, StudyTables

ENDINGS = (("pre", "post"), ("before", "after"))
"""What the names of two tasks end with that are one task before and after a dose."""

Conditions = Mapping[str, Mapping[str, str]]
"""Entities of the runs of each condition."""


def by_condition(
    settings: Settings, tables: StudyTables, results: Sequence[SessionResult]
) -> tuple[StudyTables, list[SessionResult]]:
    """Let tasks or runs take the place of sessions, where these are what is compared.

    They are where a model names them as conditions, where ``--baseline`` and ``--followup`` name
    two tasks, or where people have one session with a task before and one after.

    Parameters
    ----------
    settings : Settings
    tables : StudyTables
    results : sequence of SessionResult

    Returns
    -------
    tables : StudyTables
    results : list of SessionResult
        Without those of no condition.

    Raises
    ------
    SettingsError
        If a condition of the model has no runs, or a run is of two conditions.
    """
    conditions = conditions_of(settings) or _of_tasks(settings, tables, results)
    if not conditions:
        _ask(settings, tables, results)
        return tables, list(results)
    task = _common_task(conditions)
    kept = []
    for result in results:
        names = [name for name, wanted in conditions.items() if _matches(result, wanted)]
        if len(names) > 1:
            raise SettingsError(
                f"{result.path.name} is of the conditions {' and '.join(names)} of the model; "
                "tell them apart."
            )
        if names:
            of_task = task or result.task
            kept.append(replace(result, condition=(f"ses-{names[0]}", of_task)))
    _insist(conditions, kept, results)
    return replace(_tables(tables, results, kept), order=_order(settings, conditions)), kept


def conditions_of(settings: Settings) -> Conditions:
    """Return the tasks, runs or acquisitions that a model has as conditions; none without one."""
    path = settings.group.model
    return read_model(Path(path), tuple(kinds())).conditions if path else {}


def _of_tasks(
    settings: Settings, tables: StudyTables, results: Sequence[SessionResult]
) -> Conditions:
    """Return two tasks as conditions, where they are named, or their names tell the order."""
    tasks = sorted({result.task for result in results if result.modality == "func"})
    named = [name for name in (settings.group.baseline, settings.group.followup) if name]
    sessions = {session.removeprefix("ses-") for session in tables.sessions}
    if settings.group.model or (named and sessions & set(named)):
        return {}
    if named:
        return {name: {"task": name} for name in named} if set(named) <= set(tasks) else {}
    if len(sessions) > 1 or len(tasks) != 2:
        return {}
    for before, after in ENDINGS:
        one = [task for task in tasks if task.lower().endswith(before)]
        other = [task for task in tasks if task.lower().endswith(after)]
        if len(one) == len(other) == 1:
            return {name: {"task": name} for name in (*one, *other)}
    return {}


def _order(settings: Settings, conditions: Conditions) -> tuple[str, ...]:
    """Return the conditions in their order, where the names of tasks told it."""
    return () if settings.group.model else tuple(f"ses-{name}" for name in conditions)


def _ask(settings: Settings, tables: StudyTables, results: Sequence[SessionResult]) -> None:
    """Ask which of several tasks of one session are compared, where no session can be."""
    tasks = sorted({result.task for result in results if result.modality == "func"})
    if len(tables.sessions) < 2 <= len(tasks) and not settings.group.model:
        raise InputError(
            f"A comparison needs two sessions, or two tasks of one session, and it is not clear "
            f"which of these: tasks there are {', '.join(tasks)}. Name the one before and the one "
            "after: --baseline TASK --followup TASK, or weigh conditions in --model FILE."
        )


def _common_task(conditions: Conditions) -> str:
    """Return the one name under which different tasks are compared; empty: their own."""
    tasks = list(dict.fromkeys(entities.get("task", "") for entities in conditions.values()))
    if "" in tasks or len(tasks) == 1:
        return ""
    alike = zip(*tasks, strict=False)
    shared = "".join(letters[0] for letters in takewhile(lambda one: len(set(one)) == 1, alike))
    return shared or "".join(tasks)


def _matches(result: SessionResult, wanted: Mapping[str, str]) -> bool:
    """Tell whether a result is of a condition; runs are numbers, whatever their zeros."""
    return all(
        result.entities.get(entity, "").lstrip("0" if entity == "run" else "")
        == value.lstrip("0" if entity == "run" else "")
        for entity, value in wanted.items()
    )


def _insist(
    conditions: Conditions, kept: Sequence[SessionResult], results: Sequence[SessionResult]
) -> None:
    """Refuse conditions that have no runs."""
    present = {result.session for result in kept}
    if absent := [name for name in conditions if f"ses-{name}" not in present]:
        runs = sorted({"_".join(f"{k}-{v}" for k, v in r.entities.items() if k in
                       ("ses", "task", "acq", "run")) for r in results})  # fmt: skip
        raise SettingsError(
            f"No result is of the condition {', '.join(absent)} of the model; there is "
            f"{', '.join(runs)}. Runs are apart with --no-combine-runs only."
        )


def _tables(
    tables: StudyTables, results: Sequence[SessionResult], kept: Sequence[SessionResult]
) -> StudyTables:
    """Say of each condition what sessions.tsv says of the session it is from."""
    sessions = {(one.person, one.session): one for one in tables.observations}
    own = {result.path: result.session for result in results}
    observations = {
        (result.participant, result.session): sessions.get((result.participant, own[result.path]))
        for result in kept
    }
    return replace(
        tables,
        names=tuple(sorted({result.participant for result in kept})),
        sessions=tuple(sorted({result.session for result in kept})),
        observations=tuple(
            replace(one, person=person, session=session, time="")
            if one
            else Observation(person=person, session=session)
            for (person, session), one in observations.items()
        ),
    )
