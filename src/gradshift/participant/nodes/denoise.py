"""Cleaning the region series of one run, with every recipe."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, traits
from numpy.typing import NDArray

from gradshift.bids.confounds import Confounds, read_confounds, select
from gradshift.core.series.censor import retained
from gradshift.core.series.denoise import check_band, check_degrees_of_freedom, clean
from gradshift.errors import ExcludedError, InputError
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.participant.nodes.parcellate import regions_of
from gradshift.recipes.catalogue import Recipe


class _Spec(BaseInterfaceInputSpec):
    parcels = File(exists=True, mandatory=True, desc="outcome of Parcellate")
    confounds = File(mandatory=True, desc="fMRIPrep's confounds")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Any, desc="recipes")
    tr = traits.Float(mandatory=True, desc="repetition time in seconds")
    coverage_threshold = traits.Float(mandatory=True, desc="share of voxels in the mask")


class Denoise(Step):
    """Censor and clean the series of one run.

    Gives ``fd`` and ``dvars`` (T,), and for recipe name r and atlas number i ``series_r_i``
    (retained volumes, R), ``kept_r`` (T,), ``censored_r`` (T, reasons) and ``regressors_r``
    (T, K). The notes have an entry per recipe under ``recipes``, and ``reasons``: per atlas,
    why a region has no value.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Clean with every recipe; one that cannot be used does not hinder the others."""
        parcels = Outcome.load(self.inputs.parcels)
        if parcels.failure:
            return parcels
        means, reasons = self._usable_means(parcels)
        _insist_on_regions(means, reasons)
        n_volumes = len(means[0])
        bad = np.zeros(n_volumes, dtype=bool)
        bad[parcels.arrays["bad_volumes"]] = True
        confounds = self._confounds(n_volumes)
        arrays = {
            "fd": _or_nan(confounds.fd, n_volumes),
            "dvars": _or_nan(confounds.dvars, n_volumes),
        }
        recipes = {}
        for recipe in self.inputs.recipes:
            try:
                found, notes = self._clean(recipe, confounds, means, bad)
            except InputError as error:
                recipes[recipe.name] = {"failure": str(error)}
            else:
                arrays.update(found)
                recipes[recipe.name] = notes
        return Outcome(
            arrays, {"recipes": recipes, "reasons": reasons, "tsnr": parcels.notes["tsnr"]}
        )

    def _usable_means(
        self, parcels: Outcome
    ) -> tuple[list[NDArray[np.float64]], list[dict[str, str]]]:
        """Take out the regions that must not be used, with the reason for each."""
        means, reasons = [], []
        for i, path in enumerate(self.inputs.atlases):
            names = read_regions(path).names
            regions = regions_of(parcels, i)
            series = regions.means.copy()
            found = regions.reasons(self.inputs.coverage_threshold)
            series[:, list(found)] = np.nan
            means.append(series)
            reasons.append({names[position]: text for position, text in found.items()})
        return means, reasons

    def _confounds(self, n_volumes: int) -> Confounds:
        """Read the confounds; recipes that need none do without the file."""
        path = Path(self.inputs.confounds)
        if not path.exists() and not any(needs_confounds(r) for r in self.inputs.recipes):
            return Confounds(path=path, columns={"none": np.zeros(n_volumes)}, metadata={})
        return read_confounds(path, n_volumes)

    def _clean(
        self,
        recipe: Recipe,
        confounds: Confounds,
        means: list[NDArray[np.float64]],
        bad: NDArray[np.bool_],
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        regressors = select(confounds, recipe)
        tr, band = self.inputs.tr, recipe.passband
        if band is not None:
            check_band(tr, band)
        steady = confounds.non_steady_state & recipe.drop_non_steady_state
        censoring = retained(confounds.fd, confounds.dvars, steady, recipe.scrub, bad)
        kept = censoring.kept
        if not kept.any():
            counts = [f"{n.sum()} ({why})" for why, n in censoring.reasons.items() if n.any()]
            raise ExcludedError(
                f"No volume of {len(kept)} is retained by the recipe {recipe.name!r}; left out "
                f"are {', '.join(counts)}."
            )
        df, warnings = check_degrees_of_freedom(
            regressors.values, kept, tr=tr, band=band, detrend=recipe.detrend
        )
        arrays: dict[str, NDArray[Any]] = {
            f"kept_{recipe.name}": kept,
            f"regressors_{recipe.name}": regressors.values,
            f"censored_{recipe.name}": np.column_stack(list(censoring.reasons.values())),
        }
        for i, series in enumerate(means):
            arrays[f"series_{recipe.name}_{i}"] = clean(
                series, regressors.values, kept, tr=tr, band=band, detrend=recipe.detrend
            )
        notes = {
            "failure": "",
            "warnings": [*regressors.notes, *warnings],
            "regressors": list(regressors.names),
            "degrees_of_freedom": df,
            "censored": list(censoring.reasons),
        }
        return arrays, notes


def _insist_on_regions(means: list[NDArray[np.float64]], reasons: list[dict[str, str]]) -> None:
    """Refuse a run without a single region in any atlas."""
    if any(len(found) < series.shape[1] for series, found in zip(means, reasons, strict=True)):
        return
    counts = Counter(text for found in reasons for text in found.values())
    told = ", ".join(f"{n} have {text}" for text, n in counts.most_common(3))
    raise InputError(
        f"No region of the atlas has a value: {told}; look at the image and its mask, and whether "
        "they lie in the space of the atlas."
    )


def needs_confounds(recipe: Recipe) -> bool:
    """Tell whether a recipe reads anything from the confounds file."""
    return bool(recipe.columns or recipe.acompcor or recipe.scrub)


def _or_nan(values: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    return np.full(n, np.nan) if values is None else values
