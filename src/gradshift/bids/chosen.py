"""Results of the one measurement of a task and session that counts."""

from collections.abc import Sequence

from gradshift.bids.collect import SessionResult
from gradshift.bids.filters import read_filters
from gradshift.bids.measurements import DIFFERENT, several_measurements
from gradshift.errors import NothingSelectedError, SettingsError


def one_measurement(results: Sequence[SessionResult], path: str | None) -> list[SessionResult]:
    """Keep the results of the measurements asked for; there must be one of a session.

    Parameters
    ----------
    results : sequence of SessionResult
    path : str or None
        Filter file, of which the entities `DIFFERENT` count: others were chosen by when the
        participant level read the images.

    Raises
    ------
    NothingSelectedError
        If the filters leave no result of BOLD.
    SettingsError
        If a session still has several measurements of one task, with values.
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
    bold = [result for result in kept if result.modality == "func" and not result.excluded]
    if several := several_measurements(result.entities for result in bold):
        raise SettingsError(" ".join(several))
    return kept
