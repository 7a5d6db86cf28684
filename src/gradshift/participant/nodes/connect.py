"""Joining the runs of a session and correlating its regions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.core.series.connectivity import (
    average_matrices,
    correlate,
    partial_correlate,
)
from gradshift.core.series.freedom import check_freedom
from gradshift.core.series.length import check_length
from gradshift.core.series.series import join
from gradshift.errors import ExcludedError, reason
from gradshift.participant.nodes.outcome import Step, StepSpec, keep
from gradshift.participant.nodes.physiology import averaged
from gradshift.participant.nodes.records import CleanedRun, DenoisedRun
from gradshift.participant.nodes.sessionrecords import JoinedRuns, JoinedSession
from gradshift.recipes.recipe import Recipe
from gradshift.running.packing import Failure, load

Array = NDArray[np.float64]

MIN_VOLUMES = 3
"""Retained volumes below which every correlation is 1 or -1, or none."""


class _Spec(StepSpec):
    denoised = InputMultiPath(File(exists=True), desc="outcomes of Denoise")
    labels = traits.List(traits.Str, desc="the runs, as messages name them")
    recipes = traits.List(traits.Any, desc="recipes")
    connectivity = traits.Enum("pearson", "partial", desc="estimator of the matrices")


@dataclass(frozen=True)
class _Used:
    """The runs of a session that a recipe could clean, by number, and what is said of others."""

    runs: dict[int, CleanedRun]
    left_out: list[str]


class Connect(Step):
    """One session and task: its runs joined, its regions correlated; a `JoinedSession`."""

    input_spec = _Spec

    def compute(self) -> JoinedSession:
        """Join and correlate with every recipe."""
        runs = [load(path, DenoisedRun) for path in self.inputs.denoised]
        joined, failures = {}, {}
        for recipe in self.inputs.recipes:
            try:
                joined[recipe.name] = self._connect(recipe, self._used(recipe.name, runs))
            except ExcludedError as error:
                failures[recipe.name] = str(error)
            except Exception as error:  # unforeseen: of this session and recipe alone
                failures[recipe.name] = reason(error)
                keep(error, Path.cwd())
        return JoinedSession(joined=joined, failures=failures)

    def _used(self, recipe: str, runs: Sequence[DenoisedRun | Failure]) -> _Used:
        """Return the runs that a recipe could clean."""
        used, problems = {}, []
        for number, (label, run) in enumerate(zip(self.inputs.labels, runs, strict=True)):
            if isinstance(run, DenoisedRun) and recipe in run.cleaned:
                used[number] = run.cleaned[recipe]
            else:
                why = run.reason if isinstance(run, Failure) else run.failures[recipe]
                problems.append((label, why))
        left_out = [f"{label}: {why}" for label, why in problems]
        if not used:
            raise ExcludedError(problems[0][1] if len(runs) == 1 else " ".join(left_out))
        if len({run.series[0].tr for run in used.values()}) > 1:
            raise ExcludedError(
                "The runs to be joined have different repetition times; use --no-combine-runs."
            )
        return _Used(used, left_out)

    def _connect(self, recipe: Recipe, used: _Used) -> JoinedRuns:
        runs = list(used.runs.values())
        if runs[0].matrices:
            return self._averaged(used)
        series = [
            join([run.series[i].numbered(number) for number, run in used.runs.items()])
            for i in range(len(runs[0].series))
        ]
        first = series[0]
        freedom = [run.freedom for run in runs if run.freedom is not None]
        degrees_of_freedom, few = (
            check_freedom(freedom, tr=first.tr, band=recipe.passband) if freedom else (np.nan, [])
        )
        warnings = [text for run in runs for text in run.warnings] + few + used.left_out
        warnings += check_length(
            np.concatenate([run.kept for run in runs]),
            first.fd,
            tr=first.tr,
            min_minutes=recipe.min_minutes,
            min_share=recipe.min_share,
            max_mean_fd=recipe.mean_fd_limit,
        )
        if (n_retained := len(first.volumes)) < MIN_VOLUMES:
            raise ExcludedError(
                f"{n_retained} volumes are retained, and a correlation needs {MIN_VOLUMES}."
            )
        matrices: list[Array] = []
        shrinkage = []
        for one in series:
            if self.inputs.connectivity == "partial":
                matrix, coefficient = partial_correlate(one.series)
                shrinkage.append(coefficient)
            else:
                matrix = correlate(one.series)
            matrices.append(matrix)
        return JoinedRuns(
            series=tuple(series),
            matrices=tuple(matrices),
            shrinkage=tuple(shrinkage),
            regressor_names=tuple(run.regressor_names for run in runs),
            degrees_of_freedom=degrees_of_freedom,
            warnings=tuple(warnings),
            physiology=averaged([run.physiology for run in runs]),
        )

    def _averaged(self, used: _Used) -> JoinedRuns:
        """Average the matrices of runs, as Fisher z; there are no series to join."""
        if self.inputs.connectivity == "partial":
            raise ExcludedError(
                "Partial correlations need series of regions, and the source has matrices alone; "
                "use --connectivity pearson."
            )
        runs = list(used.runs.values())
        n_atlases = len(runs[0].series)
        return JoinedRuns(
            series=tuple(join([run.series[i] for run in runs]) for i in range(n_atlases)),
            matrices=tuple(
                average_matrices([run.matrices[i] for run in runs]) for i in range(n_atlases)
            ),
            shrinkage=(),
            regressor_names=tuple(run.regressor_names for run in runs),
            degrees_of_freedom=np.nan,
            warnings=tuple(dict.fromkeys(text for run in runs for text in run.warnings))
            + tuple(used.left_out),
        )
