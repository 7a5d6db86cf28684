"""The figures of one person's page, drawn beside the other steps."""

from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    Directory,
    File,
    InputMultiPath,
    SimpleInterface,
    TraitedSpec,
    traits,
)
from numpy.typing import NDArray

from gradshift.core.series.denoise import clean
from gradshift.participant.nodes.outcome import Outcome
from gradshift.report.person import Carpets, Person, draw_motion, draw_task


class _Spec(BaseInterfaceInputSpec):
    saved = InputMultiPath(traits.Any, desc="what the steps before wrote; it must be there")
    outcomes = InputMultiPath(File(exists=True), desc="what they wrote it from")
    parcels = InputMultiPath(File(exists=True), desc="outcomes of Parcellate")
    denoised = InputMultiPath(File(exists=True), desc="outcomes of Denoise, in the same order")
    entities = traits.List(traits.Dict, desc="BIDS entities of the runs, in the same order")
    tr = traits.List(traits.Float, desc="repetition time of each run in seconds")
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

    def _run_interface(self, runtime: Any) -> Any:
        first, recipe = self.inputs.entities[0], self.inputs.recipe
        person = Person(
            output_dir=Path(self.inputs.output_dir),
            participant=f"sub-{first['sub']}",
            atlas=self.inputs.atlas,
            recipe=recipe.name,
            sessions=self.inputs.sessions,
        )
        threshold = recipe.scrub.fd_threshold if recipe.scrub else None
        for i, entities in enumerate(self.inputs.entities):
            draw_motion(person, entities, threshold, self._carpets(i))
        draw_task(person, first.get("task", "n/a"))
        self._results["folder"] = str(person.figures)
        return runtime

    def _carpets(self, i: int) -> Carpets | None:
        """Clean the sample of voxels of one run as its regions were cleaned."""
        parcels = Outcome.load(self.inputs.parcels[i])
        denoised = Outcome.load(self.inputs.denoised[i])
        recipe = self.inputs.recipe
        notes = denoised.notes.get("recipes", {}).get(recipe.name)
        if parcels.failure or not notes or notes["failure"]:
            return None
        raw = parcels.arrays["carpet"].astype(np.float64)
        kept = denoised.arrays[f"kept_{recipe.name}"]
        cleaned = np.full(raw.shape, np.nan)
        cleaned[kept] = clean(
            raw,
            denoised.arrays[f"regressors_{recipe.name}"],
            kept,
            tr=self.inputs.tr[i],
            band=recipe.passband,
            detrend=recipe.detrend,
        )
        return _scaled(raw), _scaled(cleaned)


def _scaled(voxels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale each voxel to standard deviations; those without a signal are 0."""
    there = np.isfinite(voxels).all(axis=1)
    mean, spread = voxels[there].mean(axis=0), voxels[there].std(axis=0)
    scaled: NDArray[np.float64] = (voxels - mean) / np.where(spread > 0, spread, np.inf)
    return scaled
