"""Maps of every voxel or vertex of one session, from the series that the one read kept."""

from contextlib import chdir
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.mapimages import among
from gradshift.core.cortex.common import Common
from gradshift.core.cortex.session import RegionMaps
from gradshift.core.series.denoise import cleaning_operator
from gradshift.core.series.maps import Grid, Neighbourhoods, Volumes, VoxelRun, session_maps
from gradshift.core.series.series import RegionSeries
from gradshift.core.series.smooth import region_means
from gradshift.errors import ExcludedError
from gradshift.images.neighbours import neighbours_among
from gradshift.images.onsurface import read_series
from gradshift.images.seriesfile import SeriesFile
from gradshift.participant.nodes.atlas import flat_labels, read_atlas, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.parcellate import VOXELS, Parcellate
from gradshift.participant.nodes.records import DenoisedRun, ParcellatedRun
from gradshift.participant.nodes.sessionrecords import (
    CommonGround,
    JoinedRuns,
    JoinedSession,
    SessionMaps,
    VoxelMaps,
)
from gradshift.recipes.recipe import Recipe
from gradshift.running.packing import read

SEED = "PCC"
"""The set of regions that seed maps start from."""


class _Spec(StepSpec):
    parcels = InputMultiPath(File(exists=True), desc="outcomes of Parcellate")
    denoised = InputMultiPath(File(exists=True), desc="outcomes of Denoise")
    reads = traits.List(traits.Dict, nohash=True, desc="what Parcellate was given, for each run")
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    shape = traits.Tuple(traits.Int, traits.Int, traits.Int, desc="voxels along x, y and z")
    surface = traits.List(traits.Str, desc="of a surface, the file or both files of a run on it")
    recipes = traits.List(traits.Any, desc="recipes")
    homogeneity = traits.Bool(mandatory=True, desc="whether to map regional homogeneity")


class Voxelwise(Step):
    """Voxel maps of one session; a `VoxelMaps`.

    The series of voxels are removed as soon as they are mapped: they are the largest of all
    that is kept on the way. Maps that are made again read the image again.
    """

    input_spec = _Spec
    may_fail = True
    seconds = 5.0

    def compute(self) -> VoxelMaps:
        """Make the maps of every recipe that left a session."""
        try:
            return self._compute()
        finally:
            for number in range(len(self.inputs.parcels)):
                for path in self._places_of_voxels(number):
                    path.unlink(missing_ok=True)

    def _compute(self) -> VoxelMaps:
        session = read(self.inputs.session, JoinedSession)
        person = read(self.inputs.person, CommonGround)
        return VoxelMaps(
            recipes={
                recipe.name: self._maps(
                    recipe, session.joined[recipe.name], person.recipes[recipe.name][0]
                )
                for recipe in self.inputs.recipes
                if recipe.name in session.joined
            }
        )

    def _maps(self, recipe: Recipe, session: JoinedRuns, common: Common) -> SessionMaps:
        first = session.series[0]
        runs = np.unique(first.run_of)
        places = self._shared_places(runs)
        names = [read_atlas(path).name for path in self.inputs.atlases]
        seeds = {
            name: seed
            for i, name in enumerate(names)
            if (seed := self._seed(session.series[i], i)) is not None
        }
        made = session_maps(
            [self._run(run, recipe, places, first.tr) for run in runs],
            Volumes(first.volumes, first.run_of, first.tr),
            self._ground(places),
            n_common=common.n_volumes(first.tr),
            band=recipe.band,
            seeds=list(seeds.values()),
            homogeneity=self.inputs.homogeneity,
        )
        regions = []
        for path, atlas in zip(self.inputs.labels, self.inputs.atlases, strict=True):
            labels, n_regions = flat_labels(path)[places], len(read_regions(atlas))
            means = {
                name: region_means(values, labels, n_regions)
                for name, values in made.values.items()
            }
            regions.append(RegionMaps(means, dict(made.missing)))
        return SessionMaps(
            places=places,
            maps=made.values,
            seeds=dict(zip(seeds, made.seeds, strict=True)),
            regions=tuple(regions),
            remarks=made.remarks,
        )

    def _ground(self, places: NDArray[np.intp]) -> Grid | Neighbourhoods:
        """Return where the voxels or vertices in these places lie."""
        if not self.inputs.surface:
            return Grid(places, self.inputs.shape)
        header = read_series(*map(Path, self.inputs.surface))
        pairs, full = neighbours_among(header.places, corners=True)
        return Neighbourhoods(among(pairs, places), full[places])

    def _seed(self, series: RegionSeries, i: int) -> NDArray[np.float64] | None:
        """Return the mean series of the seed in atlas number i, None without one."""
        members = read_regions(self.inputs.atlases[i]).sets.get(SEED, ())
        columns = series.series[:, list(members)]
        usable = np.isfinite(columns).all(axis=0)
        return columns[:, usable].mean(axis=1) if usable.any() else None

    def _shared_places(self, runs: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the voxels that have a signal in all runs."""
        used = [read(self.inputs.parcels[run], ParcellatedRun) for run in runs]
        places = [parcels.places[parcels.run_mask] for parcels in used]
        shared = places[0]
        for others in places[1:]:
            shared = np.intersect1d(shared, others, assume_unique=True)
        if not len(shared):
            raise ExcludedError("The runs of the session share no voxel.")
        return shared

    def _run(self, run: int, recipe: Recipe, places: NDArray[np.intp], tr: float) -> VoxelRun:
        """Return the voxels of a run, to be cleaned as its regions were."""
        path = Path(self.inputs.parcels[run])
        cleaned = read(self.inputs.denoised[run], DenoisedRun).cleaned[recipe.name]
        cleaning, filtering = (
            cleaning_operator(
                cleaned.regressors, cleaned.kept, tr=tr, band=band, detrend=recipe.detrend
            )
            for band in (None, recipe.passband)
        )
        return VoxelRun(
            voxels=SeriesFile(self._voxels(run)),
            columns=np.searchsorted(read(path, ParcellatedRun).places, places),
            kept=cleaned.kept,
            cleaning=cleaning,
            filtering=filtering,
        )

    def _places_of_voxels(self, run: int) -> tuple[Path, Path]:
        """Return where the voxels of a run are: kept by the one read, or read again here."""
        kept = Path(self.inputs.parcels[run]).with_name(VOXELS)
        return kept, Path.cwd() / f"run_{run}" / VOXELS

    def _voxels(self, run: int) -> Path:
        """Return the file of the voxels of a run, which is read again if they were mapped."""
        kept, here = self._places_of_voxels(run)
        if kept.exists():
            return kept
        if not here.exists():
            here.parent.mkdir()
            with chdir(here.parent):
                Parcellate(**self.inputs.reads[run]).compute()
        return here
