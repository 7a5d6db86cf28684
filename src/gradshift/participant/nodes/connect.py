"""Joining the runs of a session and correlating its regions."""

from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.core.series.censor import check_length
from gradshift.core.series.connectivity import correlate, join_runs, partial_correlate
from gradshift.errors import ExcludedError
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.recipes.catalogue import Recipe

MIN_VOLUMES = 3
"""Retained volumes below which every correlation is 1 or -1, or none."""


class _Spec(BaseInterfaceInputSpec):
    denoised = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of Denoise")
    labels = traits.List(traits.Str, desc="the runs, as messages name them")
    n_atlases = traits.Int(mandatory=True, desc="number of atlases")
    recipes = traits.List(traits.Any, desc="recipes")
    tr = traits.List(traits.Float, desc="repetition time of each run in seconds")
    connectivity = traits.Enum("pearson", "partial", desc="estimator of the matrices")


class Connect(Step):
    """One session and task: its runs joined, its regions correlated.

    Gives, for recipe name r and atlas number i, ``series_r_i``, ``matrix_r_i``, and
    ``volumes_r``, ``run_r`` (retained volumes). The notes have an entry per recipe under
    ``recipes``, and ``reasons`` per atlas.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Join and correlate with every recipe."""
        runs = [Outcome.load(path) for path in self.inputs.denoised]
        arrays: dict[str, NDArray[Any]] = {}
        recipes: dict[str, Any] = {}
        for recipe in self.inputs.recipes:
            try:
                found, recipes[recipe.name] = self._connect(recipe, runs)
                arrays.update(found)
            except ExcludedError as error:
                recipes[recipe.name] = {"failure": str(error)}
        reasons: list[dict[str, str]] = [{} for _ in range(self.inputs.n_atlases)]
        for run in runs:
            for all_runs, one_run in zip(reasons, run.notes.get("reasons", ()), strict=False):
                all_runs.update(one_run)
        return Outcome(arrays, {"recipes": recipes, "reasons": reasons})

    def _connect(
        self, recipe: Recipe, runs: list[Outcome]
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        name = recipe.name
        problems = [run.failure or run.notes["recipes"][name]["failure"] for run in runs]
        used = [i for i, problem in enumerate(problems) if not problem]
        told = [f"{self.inputs.labels[i]}: {p}" for i, p in enumerate(problems) if p]
        if not used:
            raise ExcludedError(told[0].partition(": ")[2] if len(runs) == 1 else " ".join(told))
        if len({self.inputs.tr[i] for i in used}) > 1:
            raise ExcludedError(
                "The runs to be joined have different repetition times; use --no-combine-runs."
            )
        fd = np.concatenate([runs[i].arrays["fd"] for i in used])
        kept = [runs[i].arrays[f"kept_{name}"] for i in used]
        tr = self.inputs.tr[used[0]]
        notes = [runs[i].notes["recipes"][name] for i in used]
        warnings = [text for note in notes for text in note["warnings"]] + told
        warnings += check_length(
            np.concatenate(kept),
            fd,
            tr=tr,
            min_minutes=recipe.min_minutes,
            min_share=recipe.min_share,
            max_mean_fd=recipe.mean_fd_limit,
        )
        volumes = [np.flatnonzero(k) for k in kept]
        if (n_retained := sum(map(len, volumes))) < MIN_VOLUMES:
            raise ExcludedError(
                f"{n_retained} volumes are retained, and a correlation needs {MIN_VOLUMES}."
            )
        arrays: dict[str, NDArray[Any]] = {
            f"volumes_{name}": np.concatenate(volumes),
            f"run_{name}": np.repeat(used, [len(v) for v in volumes]),
        }
        shrinkage = []
        for a in range(self.inputs.n_atlases):
            series = join_runs([runs[i].arrays[f"series_{name}_{a}"] for i in used])
            if self.inputs.connectivity == "partial":
                matrix, coefficient = partial_correlate(series)
                shrinkage.append(coefficient)
            else:
                matrix = correlate(series)
            arrays[f"series_{name}_{a}"], arrays[f"matrix_{name}_{a}"] = series, matrix
        return arrays, {
            "failure": "",
            "warnings": warnings,
            "tr": tr,
            "n_volumes": len(fd),
            "n_retained": n_retained,
            "mean_fd": float(np.nanmean(fd)) if np.isfinite(fd).any() else None,
            "mean_fd_retained": _mean_fd(fd, np.concatenate(kept)),
            "regressors": [note["regressors"] for note in notes],
            "degrees_of_freedom": sum(note["degrees_of_freedom"] for note in notes),
            "shrinkage": shrinkage,
        }


def _mean_fd(fd: NDArray[np.float64], kept: NDArray[np.bool_]) -> float | None:
    found = fd[kept]
    return float(np.nanmean(found)) if np.isfinite(found).any() else None
