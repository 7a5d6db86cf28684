"""The figures of one person's page, drawn beside the other steps."""

from pathlib import Path
from typing import Any

from nipype.interfaces.base import (
    Directory,
    File,
    InputMultiPath,
    SimpleInterface,
    TraitedSpec,
    traits,
)

from gradshift.figures.motion import Carpets
from gradshift.participant.nodes.outcome import StepSpec, prepare
from gradshift.participant.nodes.records import DenoisedRun
from gradshift.report.personfigures import draw_motion, draw_task
from gradshift.report.personresults import Person
from gradshift.running.packing import Failure, load


class _Spec(StepSpec):
    saved = traits.List(traits.Any, desc="what the steps before wrote; it must be there")
    outcomes = InputMultiPath(File(exists=True), desc="what they wrote it from")
    denoised = InputMultiPath(File(exists=True), desc="outcomes of Denoise")
    entities = traits.List(traits.Dict, desc="BIDS entities of the runs, in the same order")
    atlas = traits.Str(desc="name of the primary atlas")
    recipe = traits.Any(desc="the primary recipe")
    sessions = traits.List(traits.Str, desc="sessions in the order of time")
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class _Drawn(TraitedSpec):
    folder = traits.Str(desc="where the figures are")


class Figures(SimpleInterface):
    """Draw what the page of a person and task shows."""

    input_spec = _Spec
    output_spec = _Drawn
    seconds = 10.0

    def _run_interface(self, runtime: Any) -> Any:
        prepare(self.inputs)
        first, recipe = self.inputs.entities[0], self.inputs.recipe
        person = Person(
            output_dir=Path(self.inputs.output_dir),
            participant=f"sub-{first['sub']}",
            atlas=self.inputs.atlas,
            recipe=recipe.name,
            sessions=self.inputs.sessions,
        )
        threshold = recipe.scrub.fd_threshold if recipe.scrub else None
        for path, entities in zip(self.inputs.denoised, self.inputs.entities, strict=True):
            draw_motion(person, entities, threshold, _carpets(path))
        draw_task(person, first.get("task", "n/a"))
        self._results["folder"] = str(person.figures)
        return runtime


def _carpets(path: str) -> Carpets | None:
    """Return the voxels of one run before and after cleaning, where there are such."""
    run = load(path, DenoisedRun)
    if isinstance(run, Failure) or run.carpet is None:
        return None
    bands = run.carpet.bands
    return Carpets(run.carpet.raw, run.carpet.cleaned, bands.names, bands.of, bands.remark)
