"""The group level: the sessions of everybody compared. Reads what the participants wrote."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gradshift.bids.write import TEMPORARY
from gradshift.group.contrasts import Contrast, contrasts
from gradshift.group.planted import recoveries
from gradshift.group.registration import register
from gradshift.group.study import Study
from gradshift.group.table import parts
from gradshift.levels.comparison import prepare, with_values
from gradshift.levels.log import RunLog
from gradshift.levels.pages import write_group_page
from gradshift.output import bidsprov, record
from gradshift.output.lock import locked
from gradshift.report.direction import noun
from gradshift.report.numbers import p_value, signed
from gradshift.report.planted import as_text, truth
from gradshift.report.sentences import Shown
from gradshift.report.verdicts import verdict
from gradshift.running.progress import progress
from gradshift.settings import Settings
from gradshift.study.participation import Participation

logger = logging.getLogger("gradshift")

PAGE_SECONDS = 30.0
"""About what writing the page takes: its weight in the progress."""


def group(settings: Settings, given: Mapping[str, object], log: RunLog) -> int:
    """Run the group level.

    Parameters
    ----------
    settings : Settings
    given : mapping
        The options that were given; others are as they were at the participant level.
    log : RunLog
        Kept as soon as the output may be written to.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    InputError
        If nobody has both sessions.
    SettingsError
        If it is not clear which sessions to compare, or settings differ from the record.
    """
    study = prepare(settings, given)
    if settings.running.dry_run:
        print("\n".join(_attendance(study.people)))
        return 0
    if (path := settings.group.preregister) is not None and not Path(path).exists():
        logger.info("Registered in %s, digest %s.", path, register(study, Path(path)))
        return 0
    output_dir = settings.output_dir
    with locked(output_dir / "logs", ["group"]):
        log.keep()
        with record.shared(output_dir):
            record.keep(settings, {})
            bidsprov.keep(settings)
        study = with_values(study)
        if settings.running.use_plugin is not None:
            from gradshift.levels.spread import spread

            spread(study, given)
        weights = [*(part.seconds for part in parts()), PAGE_SECONDS]
        with progress(weights, quiet=settings.running.quiet) as advance:
            with _folder(settings.group_dir) as folder:
                for part in parts():
                    part.write(study, folder)
                    advance(part.seconds)
            told = list(_closing(study))
            del study  # the page reads values, too: there is room for them once
            write_group_page(settings)
            advance(PAGE_SECONDS)
    for line in told:
        logger.info("%s", line)
    return 0


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    """Give a folder that takes the place of an earlier one once it is finished."""
    for left in target.parent.glob(f"{TEMPORARY}{target.name}*"):  # by a process killed
        shutil.rmtree(left)
    folder = target.with_name(f"{TEMPORARY}{target.name}")
    try:
        yield folder
        old = target.with_name(f"{TEMPORARY}{target.name}-old")
        if target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _attendance(people: Sequence[Participation]) -> list[str]:
    """Say who is in, and who is not and why."""
    lines = []
    kinds = list(dict.fromkeys((person.modality, person.task) for person in people))
    for modality, task in kinds:
        asked = [one for one in people if (one.modality, one.task) == (modality, task)]
        n = sum(person.included for person in asked)
        which = f" ({modality}{'' if task == 'n/a' else f' {task}'})" if len(kinds) > 1 else ""
        lines.append(f"{n} of {len(asked)} participants are compared{which}.")
        lines += [
            f"Left out{which}: {person.participant_id} ({person.reason})."
            for person in asked
            if person.reason
        ]
    return lines


def _closing(study: Study) -> Iterator[str]:
    """Say in the end who was compared and what the confirmatory family shows."""
    yield from _attendance(study.people)
    for row in contrasts(study):
        main = (row.contrast, row.effect, row.covariates) == (*study.main.name, study.covariates)
        primary = (row.atlas, row.recipe) == study.primary
        if row.family == "confirmatory" and primary and main:
            yield sentence(row, study.group.alpha)
    if known := truth(recoveries(study)):
        yield from as_text(known).splitlines()
    yield f"Results are in {study.settings.group_dir}."


def sentence(row: Contrast, alpha: float) -> str:
    """Say what one result shows, no stronger than its statistics allow.

    Parameters
    ----------
    row : Contrast
    alpha : float
        Significance level.
    """
    what = f"{row.measure} {row.label}"
    if not np.isfinite(row.p_fwe):
        return f"{what}: no test ({row.status})."
    shown = Shown.of(row)
    return (
        f"{what}: {noun(row)} {signed(row.mean_change)}, g {shown.g:.2f} [{shown.low:.2f}, "
        f"{shown.high:.2f}], n {row.n}, p_fwe {p_value(row.p_fwe, alpha)}: "
        f"{verdict(row, alpha).text}."
    )
