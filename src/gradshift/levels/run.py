"""One run of gradshift, from settings to exit code."""

import errno
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from gradshift import plugins
from gradshift.errors import StorageError
from gradshift.levels.log import RunLog
from gradshift.levels.pages import rebuild, write_citation
from gradshift.levels.participant import participant
from gradshift.output.heal import heal
from gradshift.output.lock import locked
from gradshift.output.place import check_no_links, check_ours, check_outside
from gradshift.participant.lean import for_short_scans
from gradshift.running.number import check_room
from gradshift.running.workdir import check_above
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")

LIMITS = {
    errno.EAGAIN: "no further process or thread can be started here; give --nprocs 1, or raise "
    "the number of processes that the container, the job or the user may have",
    errno.EMFILE: "this process may open no further file; raise the limit (ulimit -n)",
    errno.ENFILE: "the machine can open no further file; try when less runs on it",
    errno.ENOMEM: "there is no memory left; give more, or fewer --nprocs",
}
"""What the system did not give, where no file is to blame."""


def run(settings: Settings, given: Mapping[str, object]) -> int:
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

    Raises
    ------
    GradshiftError
        Of any kind, with one sentence for the user.
    """
    with RunLog(settings, given) as log:
        try:
            plugins.load(settings.analysis.plugin)
            if not settings.running.dry_run:
                check_room(settings.running)
                _check_place(settings)
            code = _level(settings, given, log)
        except OSError as error:
            raise StorageError(_told(error, settings.output_dir)) from error
        except MemoryError as error:
            raise StorageError(f"The run stopped: {LIMITS[errno.ENOMEM]}.") from error
        log.close(code)
    return code


def _level(settings: Settings, given: Mapping[str, object], log: RunLog) -> int:
    """Do what was asked for."""
    if settings.running.reports_only:
        log.keep()
        return rebuild(settings)
    if settings.running.boilerplate_only and settings.level == "group":
        write_citation(settings.output_dir, settings.group_dir)
        return 0
    if settings.level == "participant":
        return participant(for_short_scans(settings, given), log)
    from gradshift.levels.group import group

    with _nobody_writes(settings):
        return group(settings, given, log)


def _check_place(settings: Settings) -> None:
    """Refuse to write where this output has no business."""
    named = [Path(word.partition("=")[2]).resolve() for word in settings.inputs.derivatives]
    check_outside(settings.output_dir, [settings.bids_dir, *named])
    check_no_links(settings.output_dir, settings.inputs.participant_label)
    if settings.running.work_dir is not None:
        check_above(settings.work_dir)
    if damaged := heal(settings.output_dir):
        logger.warning(
            "%s of %s were damaged, as after a power cut; they are written again by the "
            "participant level.",
            ", ".join(damaged),
            settings.output_dir,
        )
    check_ours(settings.output_dir)


def _nobody_writes(settings: Settings) -> AbstractContextManager[object]:
    """Keep the participant level from the people that the group level reads."""
    asked = {f"sub-{label}" for label in settings.inputs.participant_label}
    people = sorted(
        path.name
        for path in settings.output_dir.glob("sub-*")
        if path.is_dir() and (not asked or path.name in asked)
    )
    if settings.running.dry_run or not people:
        return nullcontext()
    return locked(settings.output_dir / "logs", people)


def _told(error: OSError, output_dir: Path) -> str:
    """Say which file an error of the system came from, or what the system did not give."""
    again = "once it can, run the same command again to resume; what is finished is kept."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" of {error.filename}" if error.filename else ""
        return (
            f"The disk{where} is full: make room and run the same command again to resume; what "
            "is finished is kept."
        )
    if error.filename is None and error.errno in LIMITS:
        return f"The run stopped: {LIMITS[error.errno]}."
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{error.filename} cannot be opened: {LIMITS[error.errno]}."
    what = error.filename or f"A file or process of the run into {output_dir}"
    return f"{what} cannot be used: {error.strerror or error}; {again}"
