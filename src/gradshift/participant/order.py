"""The order in which the sessions of a person are shown."""

import logging

from gradshift.bids.dates import by_time
from gradshift.bids.sessiontable import read_sessions
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def order_sessions(settings: Settings, participant: str) -> list[str]:
    """Order the sessions of a person by what was said and what dates tell.

    Parameters
    ----------
    settings : Settings
    participant : str
        With prefix.

    Returns
    -------
    list of str
        With prefix; sessions that nothing is known of are not in it.
    """
    try:
        dates = next(iter(read_sessions(settings.bids_dir, [participant])), {})
    except Exception as error:  # the page does without; the group level insists
        logger.debug("%s", error)
        dates = {}
    dated = sorted(dates, key=lambda session: (by_time(dates[session]), session))
    group = settings.group
    first = [f"ses-{group.baseline}"] if group.baseline else []
    last = [f"ses-{group.followup}"] if group.followup else []
    return [*first, *(name for name in dated if name not in (*first, *last)), *last]
