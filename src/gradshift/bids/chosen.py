"""Results of one task that was measured in several ways: one is chosen, or they are kept apart."""

from collections.abc import Sequence
from dataclasses import replace

from gradshift.bids.collect import SessionResult
from gradshift.bids.filters import read_filters
from gradshift.bids.measurements import DIFFERENT, several_measurements
from gradshift.errors import NothingSelectedError


def chosen(results: Sequence[SessionResult], path: str | None) -> list[SessionResult]:
    """Keep the results of the measurements asked for.

    Parameters
    ----------
    results : sequence of SessionResult
    path : str or None
        Filter file, of which the entities `DIFFERENT` count: others were chosen by when the
        participant level read the images.

    Raises
    ------
    NothingSelectedError
        If the filters leave nothing.
    """
    conditions = {
        key: holds for key, holds in read_filters(path, "bold").items() if key in DIFFERENT
    }
    kept = [
        result
        for result in results
        if result.modality != "func"
        or all(holds.holds(result.entities.get(key)) for key, holds in conditions.items())
    ]
    if results and not kept:
        raise NothingSelectedError(f"The filters of {path} leave none of {len(results)} results.")
    return kept


def kept_apart(results: Sequence[SessionResult]) -> tuple[list[SessionResult], list[str]]:
    """Treat measurements of one task as tasks of their own, where a session has several.

    Parameters
    ----------
    results : sequence of SessionResult

    Returns
    -------
    results : list of SessionResult
        With the label that tells them apart as their task, such as ``restAcqMb``.
    remarks : list of str
        A sentence for each task that this was done of.
    """
    bold = [result for result in results if result.modality == "func"]
    several = several_measurements(_place(result) for result in bold if not result.excluded)
    apart = {one.task for one in several}
    named = [
        replace(result, condition=(result.session, _label(result)))
        if result.modality == "func" and result.task in apart
        else result
        for result in results
    ]
    labels = {
        task: sorted(
            {new.task for old, new in zip(results, named, strict=True) if old.task == task}
        )
        for task in sorted(apart)
    }
    names = [
        f"task-{task} is compared as {', '.join(of_task)}, each by itself."
        for task, of_task in labels.items()
    ]
    return named, [*(one.sentence for one in several), *names]


def _place(result: SessionResult) -> dict[str, str]:
    """Return where a result is compared, and what tells its measurement from others."""
    kind = {key: result.entities[key] for key in DIFFERENT if key in result.entities}
    session = result.session.removeprefix("ses-")
    return {"sub": result.entities["sub"], "ses": session, "task": result.task, **kind}


def _label(result: SessionResult) -> str:
    """Return the task with what tells its measurements apart, as a label of a file name."""
    entities = result.entities
    words = [
        f"{key.capitalize()}{entities[key][:1].upper()}{entities[key][1:]}"
        for key in DIFFERENT
        if key in entities
    ]
    return result.task + "".join(words)
