"""The results of the participant level that a comparison may use."""

import logging
from collections.abc import Sequence

from gradshift.bids.chosen import chosen
from gradshift.bids.collect import SessionResult, find_results
from gradshift.bids.held import still_held
from gradshift.errors import InputError
from gradshift.group.notcomputed import of_some_only
from gradshift.output import record
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def usable_results(settings: Settings) -> list[SessionResult]:
    """Find the results asked for that the study still holds, all made with the same settings.

    Raises
    ------
    InputError
        If there is none.
    SettingsError
        If they were made with different settings or code.
    """
    results = _asked_for(find_results(settings.output_dir), settings)
    results = chosen(results, settings.inputs.bids_filter_file)
    results = _still_held(results, settings)
    record.check_same(results)
    for name, lacking in of_some_only(results).items():
        logger.warning(
            "%s was not computed for %s, and is compared without them; run the participant level "
            "again for everybody with this measure.",
            name,
            ", ".join(lacking),
        )
    return results


def _asked_for(results: Sequence[SessionResult], settings: Settings) -> list[SessionResult]:
    """Keep the participants and tasks asked for."""
    people = {f"sub-{label}" for label in settings.inputs.participant_label}
    tasks = set(settings.inputs.task_id)
    kept = [
        result
        for result in results
        if (not people or result.participant in people) and (not tasks or result.task in tasks)
    ]
    if not kept:
        raise InputError(
            f"No result in {settings.output_dir} is for the participants and tasks asked for. "
            f"Participants there: {', '.join(sorted({r.participant for r in results}))}; tasks: "
            f"{', '.join(sorted({r.task for r in results}))}."
        )
    return kept


def _still_held(results: Sequence[SessionResult], settings: Settings) -> list[SessionResult]:
    """Leave out what the study no longer holds, and say so."""
    kept, remarks = still_held(results, settings)
    for remark in remarks:
        logger.warning("%s", remark)
    if not kept:
        raise InputError(f"The study no longer holds any of the scans compared. {remarks[0]}")
    return kept
