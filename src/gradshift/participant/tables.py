"""The step of runs that are tables of another program."""

import math
from typing import Any

from nipype.pipeline import engine as pe

from gradshift.bids.fingerprint import fingerprint
from gradshift.bids.readyrun import ReadyRun
from gradshift.participant.node import step
from gradshift.participant.nodes.ready import ReadReady
from gradshift.participant.plan import Plan


def add_run(workflow: pe.Workflow, run: ReadyRun, tag: str, plan: Plan) -> pe.Node:
    """Add the step that reads one run; return it: it gives a `DenoisedRun`."""
    names = [atlas.name for atlas in plan.asked.atlases]
    coverage = {i: run.coverage[name] for i, name in enumerate(names) if name in run.coverage}
    beside = {"motion": run.motion, "outliers": run.outliers}
    inputs: dict[str, Any] = {name: str(path) for name, path in beside.items() if path}
    read = step(
        ReadReady,
        f"denoise_{tag}",
        plan.plugins,
        tables=[str(run.tables[name]) for name in names if name in run.tables],
        coverage=[str(path) for path in coverage.values()],
        covered=list(coverage),
        gives=run.gives,
        tr=None if math.isnan(run.tr) else run.tr,
        atlases=plan.atlas_files,
        recipe=plan.recipe_names[0],
        coverage_threshold=plan.analysis.coverage_threshold,
        problem=run.problem,
        content="" if run.problem else fingerprint(run.files),
        **inputs,
    )
    workflow.add_nodes([read])
    return read
