"""The graph of BOLD runs: a part per person and task, in which the sessions meet.

What comes before denoising differs with the kind of run, see `READERS`. Everything after it
takes a `DenoisedRun`, which holds series of regions, whatever they were read from.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from nipype.pipeline import engine as pe

from gradshift import __version__
from gradshift.bids.readyrun import ReadyRun
from gradshift.bids.run import Run
from gradshift.bids.sessions import AnyRun, group_runs, unit_entities
from gradshift.core.cortex.options import Options
from gradshift.errors import reason
from gradshift.output import record
from gradshift.output.identity import digest
from gradshift.participant import tables, volumes
from gradshift.participant.node import collect, step
from gradshift.participant.nodes.atlas import read_atlas
from gradshift.participant.nodes.connect import Connect
from gradshift.participant.nodes.figures import Figures
from gradshift.participant.nodes.measure import Measures
from gradshift.participant.nodes.person import Person
from gradshift.participant.nodes.save import SaveSession
from gradshift.participant.nodes.saverun import SaveRun
from gradshift.participant.origin import digest_of, origins
from gradshift.participant.plan import (
    Plan,
    Session,
    run_tags,
    session_label,
    session_tag,
)
from gradshift.participant.resampled import Coarsest, add_resampled

READERS: Mapping[type, Callable[[pe.Workflow, Any, str, Plan], pe.Node]] = {
    Run: volumes.add_run,
    ReadyRun: tables.add_run,
}
"""What adds the steps up to denoising, by the class of a run."""

logger = logging.getLogger("gradshift")


def add_runs(workflow: pe.Workflow, runs: Sequence[AnyRun], plan: Plan) -> None:
    """Add the steps of all runs to a workflow.

    Adds ``sub_<label>_task_<label>`` for every person and task: sessions of a person meet in
    its ``person`` node, nothing crosses from one person to another. A run with a problem gets
    rows without values, and the reason.

    Parameters
    ----------
    workflow : nipype Workflow
    runs : sequence of Run
    plan : Plan
    """
    # All at once: nipype goes through all that is there each time something is added.
    workflow.add_nodes(
        [
            _part(f"sub_{sub}_task_{task}", list(of_person), plan)
            for (sub, task), of_person in groupby(sorted(runs, key=_person), key=_person)
        ]
    )


def _part(name: str, runs: Sequence[AnyRun], plan: Plan) -> pe.Workflow:
    """Connect the steps of one person and task; what hinders that is the problem of the runs."""
    try:
        return _person_workflow(name, runs, plan)
    except Exception as error:  # of these runs, whatever it is
        logger.debug("%s", name, exc_info=error)
        marked = [replace(run, problem=run.problem or reason(error)) for run in runs]
        return _person_workflow(name, marked, plan)


def _person(run: AnyRun) -> tuple[str, str]:
    return run.entities["sub"], run.entities.get("task", "none")


def _person_workflow(name: str, runs: Sequence[AnyRun], plan: Plan) -> pe.Workflow:
    """Connect the steps of one person and task."""
    workflow = pe.Workflow(name=name)
    units = group_runs(runs, combine=plan.analysis.combine_runs)
    coarsest = Coarsest.of(runs) if len(units) > 1 else None
    person = step(
        Person,
        "person",
        plan.plugins,
        labels=[session_label(unit) for unit in units],
        atlases=plan.atlas_files,
        recipes=plan.recipe_names,
        options=_options(plan),
        gives=units[0][0].gives,
    )
    sessions = [_add_session(workflow, unit, plan, person) for unit in units]
    for session in sessions:
        if coarsest and add_resampled(workflow, session, plan, coarsest):
            again = workflow.get_node(f"measure_{session.tag}_coarser")
            save = workflow.get_node(f"save_{session.tag}")
            workflow.connect([(again, save, [("out_file", "coarser")])])
    collect(workflow, [session.connect for session in sessions], person, "sessions")
    _add_figures(workflow, units, plan)
    return workflow


def _options(plan: Plan) -> Options:
    return Options.of(record.numbers(plan.asked.settings))


def _add_session(
    workflow: pe.Workflow, unit: Sequence[AnyRun], plan: Plan, person: pe.Node
) -> Session:
    """Add the steps of one session to a person's graph."""
    tag = session_tag(unit)
    denoised = [
        _add_run(workflow, run, name, plan) for run, name in zip(unit, run_tags(unit), strict=True)
    ]
    connect = step(
        Connect,
        f"connect_{tag}",
        plan.plugins,
        labels=[run.label for run in unit],
        recipes=list(plan.recipes),
        connectivity=plan.analysis.connectivity,
    )
    session = Session(
        runs=unit,
        tag=tag,
        denoised=denoised,
        connect=connect,
        person=person,
        measure=_measure(unit, tag, plan),
    )
    save = _save(unit, tag, plan)
    collect(workflow, denoised, connect, "denoised")
    workflow.connect(
        [
            (connect, session.measure, [("out_file", "session")]),
            (person, session.measure, [("out_file", "person")]),
            (connect, save, [("out_file", "session")]),
            (person, save, [("out_file", "person")]),
            (session.measure, save, [("out_file", "measures")]),
        ]
    )
    if unit[0].gives in ("voxels", "vertices"):
        volumes.add_maps(workflow, session, plan)
    return session


def _add_run(workflow: pe.Workflow, run: AnyRun, tag: str, plan: Plan) -> pe.Node:
    """Add the steps of one run, and what writes its quality."""
    denoise = READERS[type(run)](workflow, run, tag, plan)
    save = step(
        SaveRun,
        f"save_run_{tag}",
        plan.plugins,
        overwrite=plan.writes_again(run),
        entities=dict(run.entities),
        atlases=plan.atlas_files,
        recipe=plan.recipe_names[0],
        recipe_digest=digest(plan.recipes[0].as_dict()),
        motion_filter=plan.motion_filter,
        provenance=plan.provenance,
        output_dir=str(plan.asked.output_dir),
    )
    workflow.connect([(denoise, save, [("out_file", "denoised")])])
    return denoise


def _measure(unit: Sequence[AnyRun], tag: str, plan: Plan) -> pe.Node:
    return step(
        Measures,
        f"measure_{tag}",
        plan.plugins,
        atlases=plan.atlas_files,
        recipes=plan.recipe_names,
        measures={name: digest_of("MEASURE", name) for name in plan.asked.measures},
        options=_options(plan),
        connectivity=plan.analysis.connectivity,
        gives=unit[0].gives,
    )


def _save(unit: Sequence[AnyRun], tag: str, plan: Plan) -> pe.Node:
    return step(
        SaveSession,
        f"save_{tag}",
        plan.plugins,
        overwrite=plan.writes_again(unit[0]),
        entities=unit_entities(unit),
        atlases=plan.atlas_files,
        recipes=list(plan.recipes),
        connectivity=plan.analysis.connectivity,
        gives=unit[0].gives,
        sources=plan.sources(unit),
        runs=[dict(run.entities) for run in unit],
        contents=plan.contents(unit),
        acquisitions=[plan.acquisition(run) for run in unit],
        software=f"gradshift {__version__}",
        settings=record.numbers(plan.asked.settings),
        origins=origins("MEASURE", plan.asked.measures),
        provenance=plan.provenance,
        output_dir=str(plan.asked.output_dir),
    )


def _add_figures(workflow: pe.Workflow, units: Sequence[Sequence[AnyRun]], plan: Plan) -> None:
    """Add the step that draws the figures of a person once everything is saved."""
    runs = [run for unit in units for run in unit]
    figures = step(
        Figures,
        "figures",
        plan.plugins,
        overwrite=plan.writes_again(runs[0]),
        entities=[dict(run.entities) for run in runs],
        atlas=read_atlas(plan.atlases[0]).name,
        recipe=plan.recipes[0],
        sessions=list(plan.sessions.get(runs[0].entities["sub"], ())),
        output_dir=str(plan.asked.output_dir),
    )
    tags = [session_tag(unit) for unit in units]
    of_runs = [tag for unit in units for tag in run_tags(unit)]
    denoised = [workflow.get_node(f"denoise_{tag}") for tag in of_runs]
    measured = [workflow.get_node(f"measure_{tag}") for tag in tags]
    names = [*(f"save_run_{tag}" for tag in of_runs), *(f"save_{tag}" for tag in tags)]
    names += [f"save_maps_{tag}" for tag in tags]
    saved = [node for name in names if (node := workflow.get_node(name)) is not None]
    collect(workflow, denoised, figures, "denoised")
    collect(workflow, measured, figures, "outcomes")
    collect(workflow, saved, figures, "saved", "files")
