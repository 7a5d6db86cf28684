"""Maps of every voxel of one session, from the series that the one read kept."""

from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.core.series.denoise import cleaning_operator
from gradshift.core.series.maps import VoxelRun, region_means, session_maps
from gradshift.errors import ExcludedError
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.participant.nodes.parcellate import VOXELS
from gradshift.recipes.catalogue import Recipe

SEED = "PCC"
"""The set of regions that seed maps start from."""


class _Spec(BaseInterfaceInputSpec):
    parcels = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of Parcellate")
    denoised = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of Denoise")
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    shape = traits.Tuple(traits.Int, traits.Int, traits.Int, desc="voxels along x, y and z")
    recipes = traits.List(traits.Any, desc="recipes")


class Voxelwise(Step):
    """Voxel maps of one session.

    Gives, for recipe name r, ``places_r`` (V,), every map m as ``m_r`` (V,) and its means
    over the regions of atlas number i as ``m_r_i`` (R,), and the seed map ``seed_r_i`` (V,).
    The notes have, per recipe, ``missing`` (why a map could not be made) and ``remarks``.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Make the maps of every recipe that left a session."""
        session = Outcome.load(self.inputs.session)
        arrays: dict[str, NDArray[Any]] = {}
        notes: dict[str, Any] = {}
        for recipe in self.inputs.recipes:
            if session.notes["recipes"][recipe.name]["failure"]:
                continue
            found, notes[recipe.name] = self._maps(recipe, session)
            arrays.update(found)
        return Outcome(arrays, notes)

    def _maps(
        self, recipe: Recipe, session: Outcome
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        name, tr = recipe.name, session.notes["recipes"][recipe.name]["tr"]
        run_of = session.arrays[f"run_{name}"]
        runs = np.unique(run_of)
        places = self._shared_places(runs)
        seeds = {i: seed for i in range(len(self.inputs.atlases))
                 if (seed := self._seed(session, name, i)) is not None}  # fmt: skip
        found = session_maps(
            [self._run(run, recipe, places, tr) for run in runs],
            volumes=session.arrays[f"volumes_{name}"],
            run_of=run_of,
            n_common=Outcome.load(self.inputs.person).notes[name]["n_common"],
            tr=tr,
            band=recipe.band,
            places=places,
            shape=self.inputs.shape,
            seeds=list(seeds.values()),
        )
        arrays: dict[str, NDArray[Any]] = {f"places_{name}": places}
        arrays |= {f"{key}_{name}": values for key, values in found.values.items()}
        arrays |= {f"seed_{name}_{i}": z for i, z in zip(seeds, found.seeds, strict=True)}
        for i, atlas in enumerate(self.inputs.atlases):
            labels, regions = flat_labels(self.inputs.labels[i])[places], read_regions(atlas)
            for key, values in found.values.items():
                arrays[f"{key}_{name}_{i}"] = region_means(values, labels, len(regions))
        return arrays, {"missing": dict(found.missing), "remarks": list(found.remarks)}

    def _seed(self, session: Outcome, name: str, i: int) -> NDArray[np.float64] | None:
        """Return the mean series of the seed in atlas number i, None without one."""
        members = read_regions(self.inputs.atlases[i]).sets.get(SEED, ())
        series = session.arrays[f"series_{name}_{i}"][:, list(members)]
        usable = np.isfinite(series).all(axis=0)
        return series[:, usable].mean(axis=1) if usable.any() else None

    def _shared_places(self, runs: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the voxels that have a signal in all runs."""
        used = [Outcome.load(self.inputs.parcels[run]).arrays for run in runs]
        places = [arrays["places"][arrays["run_mask"]] for arrays in used]
        shared = places[0]
        for others in places[1:]:
            shared = np.intersect1d(shared, others, assume_unique=True)
        if not len(shared):
            raise ExcludedError("The runs of the session share no voxel.")
        return shared

    def _run(self, run: int, recipe: Recipe, places: NDArray[np.intp], tr: float) -> VoxelRun:
        """Return the voxels of a run, to be cleaned as its regions were."""
        path = Path(self.inputs.parcels[run])
        arrays = Outcome.load(self.inputs.denoised[run]).arrays
        regressors, kept = (arrays[f"{key}_{recipe.name}"] for key in ("regressors", "kept"))
        cleaning, filtering = (
            cleaning_operator(regressors, kept, tr=tr, band=band, detrend=recipe.detrend)
            for band in (None, recipe.passband)
        )
        return VoxelRun(
            voxels=np.load(path.with_name(VOXELS), mmap_mode="r"),
            columns=np.searchsorted(Outcome.load(path).arrays["places"], places),
            kept=kept,
            cleaning=cleaning,
            filtering=filtering,
        )
