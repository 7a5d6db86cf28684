"""Who is compared with what at the group level, and the values."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from gradshift.bids.chosen import kept_apart
from gradshift.bids.collect import read_measures
from gradshift.bids.columnar import numbered, stacked
from gradshift.core.cortex.options import Options
from gradshift.errors import InputError
from gradshift.group.alignment import align
from gradshift.group.given import given_maps
from gradshift.group.otheroutputs import other_outputs
from gradshift.group.sameregions import over_same_regions
from gradshift.group.study import Study
from gradshift.levels.usable import usable_results
from gradshift.output import record
from gradshift.running.workers import workers
from gradshift.settings import Settings
from gradshift.study.asconditions import by_condition
from gradshift.study.drawing import drawn
from gradshift.study.find import find_design
from gradshift.study.model import read_families
from gradshift.study.observations import StudyTables
from gradshift.study.outcomes import take_part, values_of
from gradshift.study.participation import find_people
from gradshift.study.questions import find_effects

logger = logging.getLogger("gradshift")


def prepare(settings: Settings, given: Mapping[str, object]) -> Study:
    """Find who is compared with what, and what is asked, before anything is computed.

    Returns
    -------
    Study
        Without values, see `with_values`.
    """
    recorded = record.participant_level(settings.output_dir, given)
    results = usable_results(settings)
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
    study = Study(
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
    other_outputs(study)
    return study


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
