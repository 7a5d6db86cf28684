"""Cleaning the region series of one run, with every recipe."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, traits
from numpy.typing import NDArray

from gradshift.bids.confounds import Confounds, read_confounds
from gradshift.bids.elsewhere import Located
from gradshift.bids.elsewhere import read as read_elsewhere
from gradshift.bids.readyread import of_image
from gradshift.bids.regressors import Regressors, select
from gradshift.core.series.breathing import without_breathing
from gradshift.core.series.censor import retained
from gradshift.core.series.denoise import check_band, clean
from gradshift.core.series.freedom import freedom_of_run
from gradshift.core.series.parcellate import RegionMeans
from gradshift.core.series.series import RegionSeries
from gradshift.core.series.thin import thinned
from gradshift.errors import ExcludedError, InputError
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.physiology import from_maps, from_motion, from_recordings
from gradshift.participant.nodes.records import (
    Carpet,
    CleanedRun,
    DenoisedRun,
    ParcellatedRun,
    RegionQuality,
)
from gradshift.recipes.recipe import Recipe
from gradshift.running.packing import Failure, load

Array = NDArray[np.float64]


class _Spec(StepSpec):
    parcels = File(exists=True, mandatory=True, desc="outcome of Parcellate")
    confounds = File(mandatory=True, desc="fMRIPrep's confounds")
    content = traits.Str(desc="digest of the confounds and their JSON, whatever their times")
    source = traits.Str(desc="name of the image")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Any, desc="recipes; the first is the primary one")
    tr = traits.Float(mandatory=True, desc="repetition time in seconds")
    longer_tr = traits.Float(0.0, usedefault=True, desc="thin the run to it; 0 for as it is")
    coverage_threshold = traits.Float(mandatory=True, desc="share of voxels in the mask")
    elsewhere = traits.Dict(desc="tables of other datasets that recipes take columns from")
    denoised = traits.Bool(desc="whether another program denoised the image")
    outliers = File(desc="table of the volumes that it left out")
    phase_encoding = traits.Str(desc="direction of phase encoding; empty where nothing tells")
    recordings = traits.List(traits.Str, desc="recordings of breathing and heart")
    systemic = traits.Dict(desc="maps of fMRIPost-rapidtide, by their desc")


@dataclass(frozen=True)
class _Known:
    """What is known of the T volumes of an image.

    Parameters
    ----------
    confounds : Confounds
    index : (T,) array of int
        Which volume of the run each is.
    outliers : (T,) array of bool, optional
        Those that another program left out, and filled.
    physiology : mapping of str to float
        Breaths and heartbeats per minute.
    remarks : tuple of str
    """

    confounds: Confounds
    index: NDArray[np.intp]
    outliers: NDArray[np.bool_] | None = None
    physiology: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def at(self, volumes: NDArray[np.intp]) -> "_Known":
        """Return what is known of some volumes, evenly spaced.

        Raises
        ------
        InputError
            If another program took volumes out: what is left is not evenly spaced in time.
        """
        if not np.array_equal(self.index, np.arange(len(self.index))):
            raise InputError(
                "Runs from which another program took volumes out cannot be thinned to a longer "
                "repetition time."
            )
        outliers = None if self.outliers is None else self.outliers[volumes]
        return _Known(self.confounds.at(volumes), np.arange(len(volumes)), outliers)


class Denoise(Step):
    """Censor and clean the series of one run; gives a `DenoisedRun`."""

    input_spec = _Spec
    may_fail = True
    seconds = 1.0

    def compute(self) -> DenoisedRun | Failure:
        """Clean with every recipe; one that cannot be used does not hinder the others."""
        parcels = load(self.inputs.parcels, ParcellatedRun)
        if isinstance(parcels, Failure):
            return parcels
        names = [read_regions(path).names for path in self.inputs.atlases]
        quality = tuple(
            _quality(means, of_atlas, self.inputs.coverage_threshold)
            for means, of_atlas in zip(parcels.atlases, names, strict=True)
        )
        n_volumes = len(parcels.carpet)
        try:
            _insist_on_regions(quality)
            known = self._known(n_volumes)
            if self.inputs.longer_tr:
                volumes = thinned(n_volumes, self.inputs.tr, self.inputs.longer_tr)
                parcels, known = _at(parcels, volumes), known.at(volumes)
                n_volumes = len(volumes)
        except InputError as error:
            unknown = np.full(n_volumes, np.nan)
            failures = {recipe.name: str(error) for recipe in self.inputs.recipes}
            return DenoisedRun(fd=unknown, dvars=unknown, quality=quality, failures=failures)
        cleaned, failures = {}, {}
        for recipe in self.inputs.recipes:
            try:
                cleaned[recipe.name] = self._clean(recipe, known, parcels, quality)
            except InputError as error:
                failures[recipe.name] = str(error)
        return DenoisedRun(
            fd=_or_nan(known.confounds.fd, n_volumes),
            dvars=_or_nan(known.confounds.dvars, n_volumes),
            quality=quality,
            cleaned=cleaned,
            failures=failures,
            carpet=self._carpet(parcels, cleaned),
            unfiltered_fd=known.confounds.unfiltered_fd,
        )

    def _known(self, n_volumes: int) -> _Known:
        """Read what is known of the volumes; of a denoised image also which they are."""
        if not self.inputs.denoised:
            confounds = self._confounds(n_volumes)
            rates, remarks = self._physiology(confounds)
            return _Known(confounds, np.arange(n_volumes), physiology=rates, remarks=remarks)
        table = Path(self.inputs.outliers) if self.inputs.outliers else None
        volumes = of_image(self.inputs.source, n_volumes, table)
        index = volumes.index(n_volumes)
        confounds = self._confounds(len(volumes.kept)).as_measured(index)
        return _Known(confounds, index, volumes.left_out(n_volumes) if volumes.known else None)

    def _physiology(self, confounds: Confounds) -> tuple[dict[str, float], tuple[str, ...]]:
        """Read breathing, heart rate and the systemic signal, and what hinders that."""
        tr, paths = self.inputs.tr, [Path(path) for path in self.inputs.recordings or ()]
        rates, remarks = from_recordings(paths, confounds.n_volumes * tr)
        axis = str(self.inputs.phase_encoding or "")
        systemic, more = from_maps(self.inputs.systemic or {})
        return {**from_motion(confounds, tr, axis), **rates, **systemic}, (*remarks, *more)

    @property
    def _tr(self) -> float:
        """Seconds between the volumes that are used."""
        return float(self.inputs.longer_tr or self.inputs.tr)

    def _confounds(self, n_volumes: int) -> Confounds:
        """Read the confounds; recipes that need none do without the file."""
        path = Path(self.inputs.confounds)
        if not path.exists() and not any(needs_confounds(r) for r in self.inputs.recipes):
            return Confounds(path=path, columns={"none": np.zeros(n_volumes)}, metadata={})
        confounds = read_confounds(path, n_volumes)
        chosen = self.inputs.recipes[0].motion_filter  # the same in all
        if chosen is None:
            return confounds
        chosen.check(self.inputs.tr)
        motion = confounds.motion
        return confounds.moved_by(
            without_breathing(motion, self.inputs.tr, chosen.low, chosen.high)
        )

    def _clean(
        self,
        recipe: Recipe,
        known: _Known,
        parcels: ParcellatedRun,
        quality: Sequence[RegionQuality],
    ) -> CleanedRun:
        confounds = known.confounds
        regressors = self._regressors(recipe, confounds)
        tr, band = self._tr, recipe.passband
        if band is not None:
            check_band(tr, band)
        bad = np.zeros(len(parcels.carpet), dtype=bool)
        bad[parcels.bad_volumes] = True
        steady = confounds.non_steady_state & recipe.drop_non_steady_state
        if recipe.dummy_scans is not None:
            steady = known.index < recipe.dummy_scans
        censoring = retained(
            confounds.fd, confounds.dvars, steady, recipe.scrub, bad, known.outliers
        )
        kept = censoring.kept
        if not kept.any():
            counts = [f"{n.sum()} ({why})" for why, n in censoring.reasons.items() if n.any()]
            text = (
                f"No volume of {len(kept)} is retained by the recipe {recipe.name!r}; left out "
                f"are {', '.join(counts)}."
            )
            raise ExcludedError(" ".join([text, *confounds.remarks]))
        freedom, warnings = freedom_of_run(
            regressors.values, kept, tr=tr, band=band, detrend=recipe.detrend
        )
        fd = _or_nan(confounds.fd, len(kept))
        return CleanedRun(
            series=tuple(
                replace(
                    self._series(recipe, regressors, kept, fd, i, of_atlas),
                    volumes=known.index[kept],
                    fd_unfiltered=confounds.unfiltered_fd,
                )
                for i, of_atlas in enumerate(zip(parcels.atlases, quality, strict=True))
            ),
            kept=kept,
            censored=np.column_stack(list(censoring.reasons.values())),
            censored_for=tuple(censoring.reasons),
            regressors=regressors.values,
            regressor_names=tuple(regressors.names),
            freedom=None if self.inputs.denoised else freedom,
            warnings=(*regressors.notes, *warnings, *known.remarks),
            physiology=known.physiology,
        )

    def _regressors(self, recipe: Recipe, confounds: Confounds) -> Regressors:
        """Select what the recipe takes of the confounds, and of other datasets."""
        regressors = select(confounds, recipe)
        if not recipe.elsewhere:
            return regressors
        if self.inputs.longer_tr:
            raise InputError(
                "Columns of other datasets are not thinned to a longer repetition time."
            )
        if recipe.name not in self.inputs.elsewhere:
            datasets = ", ".join(source.dataset for source in recipe.elsewhere)
            raise InputError(f"There is no table of {datasets} for the recipe {recipe.name!r}.")
        names, values = list(regressors.names), [regressors.values]
        for source, paths in zip(
            recipe.elsewhere, self.inputs.elsewhere[recipe.name], strict=True
        ):
            more, columns = read_elsewhere(source, Located(*map(Path, paths)), confounds.n_volumes)
            names += more
            values.append(columns)
        return regressors._replace(names=tuple(names), values=np.column_stack(values))

    def _series(
        self,
        recipe: Recipe,
        regressors: Regressors,
        kept: NDArray[np.bool_],
        fd: Array,
        i: int,
        of_atlas: tuple[RegionMeans, RegionQuality],
    ) -> RegionSeries:
        """Clean the series of atlas number i, without the regions that must not be used."""
        regions, quality = of_atlas
        names = read_regions(self.inputs.atlases[i]).names
        means = regions.means.copy()
        means[:, np.isin(names, list(quality.reasons))] = np.nan
        tr, band = self._tr, recipe.passband
        return RegionSeries(
            names=names,
            series=clean(means, regressors.values, kept, tr=tr, band=band, detrend=recipe.detrend),
            volumes=np.flatnonzero(kept),
            run_of=np.zeros(int(kept.sum()), dtype=np.intp),
            tr=tr,
            fd=fd,
            fd_retained=fd[kept],
            coverage=quality.coverage,
            reasons=quality.reasons,
            sources=(self.inputs.source,),
        )

    def _carpet(self, parcels: ParcellatedRun, cleaned: dict[str, CleanedRun]) -> Carpet | None:
        """Clean the sample of voxels as the regions were cleaned by the primary recipe."""
        recipe = self.inputs.recipes[0]
        if recipe.name not in cleaned:
            return None
        run, raw = cleaned[recipe.name], parcels.carpet.astype(np.float64)
        clear = np.full(raw.shape, np.nan)
        clear[run.kept] = clean(
            raw,
            run.regressors,
            run.kept,
            tr=self._tr,
            band=recipe.passband,
            detrend=recipe.detrend,
        )
        return Carpet(raw=_scaled(raw), cleaned=_scaled(clear), bands=parcels.bands)


def _at(parcels: ParcellatedRun, volumes: NDArray[np.intp]) -> ParcellatedRun:
    """Return some volumes of a run."""
    return replace(
        parcels,
        atlases=tuple(replace(one, means=one.means[volumes]) for one in parcels.atlases),
        carpet=parcels.carpet[volumes],
        bad_volumes=np.flatnonzero(np.isin(volumes, parcels.bad_volumes)),
    )


def _quality(means: RegionMeans, names: Sequence[str], threshold: float) -> RegionQuality:
    reasons = means.reasons(threshold)
    return RegionQuality(
        coverage=means.coverage,
        n_voxels=means.n_voxels,
        tsnr=means.tsnr,
        reasons={names[position]: text for position, text in reasons.items()},
    )


def _insist_on_regions(quality: Sequence[RegionQuality]) -> None:
    """Refuse a run without a single region in any atlas."""
    if any(len(of_atlas.reasons) < len(of_atlas.coverage) for of_atlas in quality):
        return
    counts = Counter(text for of_atlas in quality for text in of_atlas.reasons.values())
    listed = ", ".join(f"{n} have {text}" for text, n in counts.most_common(3))
    raise InputError(
        f"No region of the atlas has a value: {listed}; look at the image and its mask, and "
        "whether they lie in the space of the atlas."
    )


def _scaled(voxels: Array) -> Array:
    """Scale each voxel to standard deviations; those without a signal are 0."""
    known = np.isfinite(voxels).all(axis=1)
    mean, spread = voxels[known].mean(axis=0), voxels[known].std(axis=0)
    scaled: Array = (voxels - mean) / np.where(spread > 0, spread, np.inf)
    return scaled


def needs_confounds(recipe: Recipe) -> bool:
    """Tell whether a recipe reads anything from the confounds file."""
    return recipe.regresses


def _or_nan(values: Array | None, n: int) -> Array:
    return np.full(n, np.nan) if values is None else values
