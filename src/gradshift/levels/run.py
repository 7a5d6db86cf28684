"""One run of gradshift, from settings to exit code."""

import errno
import logging
import sys
from collections.abc import Mapping
from typing import Any

from gradshift import plugins
from gradshift.errors import (
    StorageError,
)
from gradshift.levels.pages import (
    rebuild,
    write_citation,
)
from gradshift.levels.participant import participant
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


def run(settings: Settings, given: Mapping[str, Any]) -> int:
    """Run one level.

    Parameters
    ----------
    settings : Settings
    given : mapping
        The options that were given, by field name.

    Returns
    -------
    int
        Exit code: 0 all done, 1 some runs failed or were left out, 65 none was left.
    """
    _start_log(verbose=settings.running.verbose)
    try:
        plugins.load(settings.analysis.plugin)
        if settings.running.reports_only:
            return rebuild(settings)
        if settings.running.boilerplate_only and settings.level == "group":
            write_citation(settings.output_dir)
            return 0
        if settings.level == "participant":
            return participant(settings)
        from gradshift.levels.group import group

        return group(settings, given)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk of {settings.output_dir} is full: make room and run the same "
                "command again; what is finished is kept."
            ) from error
        raise StorageError(
            f"{error.filename or settings.output_dir} cannot be used: {error.strerror or error}; "
            "run the same command again when it can; what is finished is kept."
        ) from error


def _start_log(*, verbose: bool) -> None:
    """Write log lines as NiPreps users know them: time, logger, level, message."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(
            "%(asctime)s,%(msecs)d %(name)s %(levelname)s:\n\t %(message)s", "%y%m%d-%H:%M:%S"
        )
    )
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
