"""Taking in region series and matrices that another program cleaned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.readyread import (
    Retained,
    read_coverage,
    read_matrix,
    read_motion,
    read_series,
    read_unfiltered,
    retained,
)
from gradshift.bids.readyrun import MATRIX
from gradshift.core.series.series import RegionSeries
from gradshift.errors import InputError
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.records import CleanedRun, DenoisedRun, RegionQuality

Array = NDArray[np.float64]

NOT_SAID = "Which volumes were left out before is not known: all rows are taken as they are."
NO_LENGTH = "Matrices alone: the number of volumes behind them is not known."


class _Spec(StepSpec):
    content = traits.Str(desc="digest of the content of all files")
    tables = InputMultiPath(File, desc="a table of each atlas")
    coverage = InputMultiPath(File, desc="tables of coverage")
    covered = traits.List(traits.Int, desc="the atlas of each of these, by its place")
    gives = traits.Enum("series", "matrix", desc="what the tables hold")
    motion = File(desc="table with framewise displacement")
    outliers = File(desc="table of volumes that are outliers")
    tr = traits.Either(None, traits.Float, desc="repetition time in seconds")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe = traits.Str(desc="name of the recipe, which does nothing")
    coverage_threshold = traits.Float(mandatory=True, desc="share that must be measured")
    problem = traits.Str(desc="why the run cannot be used; empty if it can")


class ReadReady(Step):
    """One run as another program left it; a `DenoisedRun`."""

    input_spec = _Spec
    may_fail = True

    def compute(self) -> DenoisedRun:
        """Read the tables of all atlases."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        names = [read_regions(path).names for path in self.inputs.atlases]
        shares = [np.full(len(of_atlas), np.nan) for of_atlas in names]
        for i, path in zip(self.inputs.covered or (), self.inputs.coverage or (), strict=True):
            shares[i] = read_coverage(Path(path), names[i])
        read = self._matrices if self.inputs.gives == MATRIX else self._series
        run, fd = read(names, shares)
        quality = [
            RegionQuality(coverage=share, reasons=series.reasons)
            for share, series in zip(shares, run.series, strict=True)
        ]
        known = any(np.isfinite(share).any() for share in shares)
        return DenoisedRun(
            fd=fd,
            dvars=np.full(len(fd), np.nan),
            quality=tuple(quality) if known else (),
            cleaned={self.inputs.recipe: run},
            unfiltered_fd=run.series[0].fd_unfiltered,
        )

    def _series(
        self, names: list[tuple[str, ...]], shares: list[Array]
    ) -> tuple[CleanedRun, Array]:
        paths = [Path(path) for path in self.inputs.tables]
        tables = [read_series(path, of) for path, of in zip(paths, names, strict=True)]
        known = [
            retained(path, len(rows), _path(self.inputs.outliers))
            for path, rows in zip(paths, tables, strict=True)
        ]
        if any(not np.array_equal(one.kept, known[0].kept) for one in known):
            raise InputError(
                f"{paths[0].name} and {paths[-1].name} hold different volumes of one run."
            )
        first = known[0]
        fd = read_motion(_path(self.inputs.motion), len(first.kept))
        before = read_unfiltered(_path(self.inputs.motion), len(first.kept))
        series = []
        for path, rows, one, share, of in zip(paths, tables, known, shares, names, strict=True):
            regions = self._regions(path, rows[one.rows], first, fd, (of, share))
            series.append(replace(regions, fd_unfiltered=before))
        out = ~first.kept
        run = CleanedRun(
            series=tuple(series),
            kept=first.kept,
            censored=out[:, None],
            censored_for=("outlier",),
            regressors=np.zeros((len(first.kept), 0)),
            regressor_names=(),
            warnings=() if first.known else (NOT_SAID,),
        )
        return run, fd

    def _regions(
        self,
        path: Path,
        rows: Array,
        volumes: Retained,
        fd: Array,
        regions: tuple[tuple[str, ...], Array],
    ) -> RegionSeries:
        """Take the series of one atlas as they are, but for their means."""
        names, share = regions
        reasons = self._reasons(path, names, share, np.isfinite(rows))
        values = rows - rows.mean(axis=0)
        values[:, np.isin(names, list(reasons))] = np.nan
        kept = np.flatnonzero(volumes.kept)
        return RegionSeries(
            names=names,
            series=values,
            volumes=kept,
            run_of=np.zeros(len(kept), dtype=np.intp),
            tr=_number(self.inputs.tr),
            fd=fd,
            fd_retained=fd[volumes.kept],
            coverage=share,
            reasons=reasons,
            sources=(path.name,),
        )

    def _matrices(
        self, names: list[tuple[str, ...]], shares: list[Array]
    ) -> tuple[CleanedRun, Array]:
        paths = [Path(path) for path in self.inputs.tables]
        matrices, series = [], []
        nothing = np.zeros(0)
        for path, of, share in zip(paths, names, shares, strict=True):
            matrix = read_matrix(path, of)
            reasons = self._reasons(path, of, share, np.isfinite(np.diagonal(matrix))[None])
            left_out = np.isin(of, list(reasons))
            matrix[left_out] = matrix[:, left_out] = np.nan
            matrices.append(matrix)
            series.append(
                RegionSeries(
                    names=of,
                    series=np.zeros((0, len(of))),
                    volumes=np.zeros(0, dtype=np.intp),
                    run_of=np.zeros(0, dtype=np.intp),
                    tr=_number(self.inputs.tr),
                    fd=nothing,
                    fd_retained=nothing,
                    coverage=share,
                    reasons=reasons,
                    sources=(path.name,),
                )
            )
        run = CleanedRun(
            series=tuple(series),
            kept=np.zeros(0, dtype=bool),
            censored=np.zeros((0, 0), dtype=bool),
            censored_for=(),
            regressors=np.zeros((0, 0)),
            regressor_names=(),
            warnings=(NO_LENGTH,),
            matrices=tuple(matrices),
        )
        return run, nothing

    def _reasons(
        self, path: Path, names: tuple[str, ...], share: Array, finite: NDArray[np.bool_]
    ) -> dict[str, str]:
        """Say which regions have no value, and why."""
        threshold = self.inputs.coverage_threshold
        reasons = {}
        for name, covered, known in zip(names, share, finite.T, strict=True):
            if not known.any():
                reasons[name] = f"no value in {path.name}"
            elif not known.all():
                reasons[name] = f"n/a in {int((~known).sum())} rows of {path.name}"
            elif covered < threshold:
                reasons[name] = f"coverage {covered:.2f} below {threshold:g}"
        if len(reasons) == len(names):
            raise InputError(f"No region has a value in {path.name}.")
        return reasons


def _path(value: str) -> Path | None:
    return Path(value) if value else None


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
