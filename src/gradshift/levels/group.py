"""The group level: the sessions of everybody compared. Reads what the participants wrote."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift.bids.chosen import chosen, kept_apart
from gradshift.bids.collect import SessionResult, find_results, read_measures
from gradshift.bids.columnar import numbered, stacked
from gradshift.bids.held import still_held
from gradshift.bids.write import TEMPORARY
from gradshift.core.cortex.options import Options
from gradshift.errors import InputError
from gradshift.group.alignment import align
from gradshift.group.contrasts import Contrast, contrasts
from gradshift.group.given import given_maps
from gradshift.group.notcomputed import of_some_only
from gradshift.group.planted import recoveries
from gradshift.group.registration import register
from gradshift.group.sameregions import over_same_regions
from gradshift.group.study import Study
from gradshift.group.table import parts
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
from gradshift.running.workers import workers
from gradshift.settings import Settings
from gradshift.study.asconditions import by_condition
from gradshift.study.drawing import drawn
from gradshift.study.find import find_design
from gradshift.study.model import read_families
from gradshift.study.observations import StudyTables
from gradshift.study.outcomes import take_part, values_of
from gradshift.study.participation import Participation, find_people
from gradshift.study.questions import find_effects

logger = logging.getLogger("gradshift")

VALUES_SECONDS, PAGE_SECONDS = 3.0, 30.0
"""About what reading the values and writing the page take: their weights in the progress."""


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
        weights = [VALUES_SECONDS, *(part.seconds for part in parts()), PAGE_SECONDS]
        with progress(weights, quiet=settings.running.quiet) as advance:
            study = with_values(study)
            advance(VALUES_SECONDS)
            with _folder(settings.group_dir) as folder:
                for part in parts():
                    part.write(study, folder)
                    advance(part.seconds)
            write_group_page(settings)
            advance(PAGE_SECONDS)
    _report(study)
    return 0


def prepare(settings: Settings, given: Mapping[str, object]) -> Study:
    """Find who is compared with what, and what is asked, before anything is computed.

    Returns
    -------
    Study
        Without values, see `with_values`.
    """
    recorded = record.participant_level(settings.output_dir, given)
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
    tables = StudyTables.read(settings, results)
    tables, results = by_condition(settings, tables, results)
    results, remarks = kept_apart(results)
    for remark in remarks:
        logger.warning("%s", remark)
    design = find_design(settings, tables, results, given, recorded)
    record.check(settings)
    people = find_people(results, design, settings.bids_dir, settings.inputs.participant_label)
    measured = any(person.included for person in people)
    people += take_part(design, people)
    effects = find_effects(design, people)
    if settings.group.families:
        read_families(Path(settings.group.families))
    if settings.group.maps:
        atlas = next(result for result in results if result.atlas == design.atlases[0])
        given_maps(settings.group.maps, settings.output_dir, atlas)
    logger.info("%s", design)
    for line in drawn(design, effects, people):
        logger.info("%s", line)
    logger.info("Tested: %s.", "; ".join(map(str, effects)))
    if not measured:
        reasons = "; ".join(f"{person.participant_id}: {person.reason}" for person in people[:3])
        raise InputError(
            f"Nobody has usable data in all sessions that count. {design} "
            f"({reasons}{' ...' if len(people) > 3 else ''})."
        )
    return Study(
        table=pd.DataFrame(),
        results=results,
        people=people,
        tables=tables,
        design=design,
        effects=effects,
        options=Options.of(recorded),
        settings=settings,
        workers=workers(settings),
    )


def with_values(study: Study) -> Study:
    """Read the values that a study compares; those that need everybody are computed."""
    table = over_same_regions(
        read_measures(study.results), study.results, study.design, study.output_dir
    )
    table = align(
        table,
        study.results,
        study.people,
        study.design,
        study.output_dir,
        study.options,
    )
    if study.design.outcomes:
        scores = values_of(study.design, study.people, list(table.columns))
        table = stacked([table, numbered(scores)])
    return replace(study, table=table)


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


def _report(study: Study) -> None:
    """Close with who was compared and what the confirmatory family shows."""
    for line in _attendance(study.people):
        logger.info("%s", line)
    for row in contrasts(study):
        main = (row.contrast, row.effect, row.covariates) == (*study.main.name, study.covariates)
        primary = (row.atlas, row.recipe) == study.primary
        if row.family == "confirmatory" and primary and main:
            logger.info("%s", sentence(row, study.group.alpha))
    if known := truth(recoveries(study)):
        for line in as_text(known).splitlines():
            logger.info("%s", line)
    logger.info("Results are in %s.", study.settings.group_dir)


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
