"""The finer sessions of a person measured again as the coarser ones are: a part of the graph.

Where the sessions of a person differ in repetition time or in the size of voxels, the finer
ones are thinned to the longest repetition time and averaged over the largest voxels, and then
denoised and measured again. What changes is how much of a difference the measurement makes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nipype.interfaces.base import isdefined
from nipype.pipeline import engine as pe

from gradshift.bids.run import Run
from gradshift.bids.sessions import AnyRun
from gradshift.participant.node import collect, step
from gradshift.participant.nodes.atlas import keep_coarser
from gradshift.participant.nodes.connect import Connect
from gradshift.participant.nodes.denoise import Denoise
from gradshift.participant.nodes.measure import Measures
from gradshift.participant.nodes.parcellate import Parcellate
from gradshift.participant.plan import Plan, Session, grid

ALIKE = 0.01
"""Repetition times and sizes of voxels that differ by less than this share are the same."""


DENOISED_BY = (
    "confounds", "source", "atlases", "recipes", "tr", "coverage_threshold", "elsewhere",
    "denoised", "outliers",
)  # fmt: skip
"""What the denoising of a run is given."""


@dataclass(frozen=True, kw_only=True)
class Coarsest:
    """The longest repetition time (s) of a person, and a run with the largest voxels."""

    tr: float
    run: Run

    @classmethod
    def of(cls, runs: Sequence[AnyRun]) -> "Coarsest | None":
        """Find them; None where all runs are alike, or no images are read."""
        good = [run for run in runs if isinstance(run, Run) and not run.problem]
        if not good:
            return None
        coarsest = cls(tr=max(run.tr for run in good), run=max(good, key=_voxel))
        return coarsest if any(map(coarsest.is_finer, good)) else None

    def is_finer(self, run: Run) -> bool:
        """Tell whether a run was measured finer in time or in space."""
        return self.longer_tr(run) > 0 or self.has_smaller_voxels(run)

    def longer_tr(self, run: Run) -> float:
        """Return the repetition time to thin a run to; 0 for none."""
        return self.tr if run.tr < self.tr * (1 - ALIKE) else 0.0

    def has_smaller_voxels(self, run: Run) -> bool:
        """Tell whether the voxels of a run are smaller than the largest."""
        return _voxel(run) < _voxel(self.run) * (1 - ALIKE)


def _voxel(run: Run) -> float:
    """Return the volume of a voxel in cubic millimetres."""
    columns = [[row[axis] for row in run.affine[:3]] for axis in range(3)]
    return math.prod(math.sqrt(sum(x * x for x in column)) for column in columns)


def add_resampled(workflow: pe.Workflow, session: Session, plan: Plan, coarsest: Coarsest) -> bool:
    """Add the steps that measure a session again as the coarsest of its person.

    They end in a node ``measure_<session>_coarser``, which gives a `MeasuredSession`.

    Returns
    -------
    bool
        Whether there are any: a session without a finer run needs none.
    """
    images = [run for run in session.runs if isinstance(run, Run)]
    if not any(not run.problem and coarsest.is_finer(run) for run in images):
        return False
    denoised = [
        _denoise(workflow, run, tag, plan, coarsest)
        for run, tag in zip(images, session.run_tags, strict=True)
    ]
    connect = step(
        Connect,
        f"connect_{session.tag}_coarser",
        plan.plugins,
        **_given(session.connect, "labels", "recipes", "connectivity"),
    )
    measure = step(
        Measures,
        f"measure_{session.tag}_coarser",
        plan.plugins,
        **_given(session.measure, "atlases", "recipes", "measures", "options", "gives"),
    )
    collect(workflow, denoised, connect, "denoised")
    workflow.connect(
        [
            (connect, measure, [("out_file", "session")]),
            (session.person, measure, [("out_file", "person")]),
        ]
    )
    return True


def _given(node: pe.Node, *names: str) -> dict[str, Any]:
    """Return what a node was given."""
    given = {name: getattr(node.inputs, name) for name in names}
    return {name: value for name, value in given.items() if isdefined(value)}


def _denoise(workflow: pe.Workflow, run: Run, tag: str, plan: Plan, coarsest: Coarsest) -> pe.Node:
    """Add the denoising of one run, thinned; it is read again where voxels become larger."""
    parcellate = workflow.get_node(f"parcellate_{tag}")
    if not run.problem and coarsest.has_smaller_voxels(run):
        labels = [
            str(keep_coarser(path, coarsest.run, run, plan.asked.atlas_dir))
            for path in plan.labels[grid(coarsest.run)]
        ]
        parcellate = step(
            Parcellate,
            f"parcellate_{tag}_coarser",
            plan.plugins,
            mem_gb=parcellate.mem_gb,
            **_given(parcellate, "bold", "right", "mask", "atlases", "problem"),
            labels=labels,
            keep_voxels=False,
        )
    denoise = step(
        Denoise,
        f"denoise_{tag}_coarser",
        plan.plugins,
        **_given(workflow.get_node(f"denoise_{tag}"), *DENOISED_BY),
        longer_tr=coarsest.longer_tr(run),
    )
    workflow.connect([(parcellate, denoise, [("out_file", "parcels")])])
    return denoise
