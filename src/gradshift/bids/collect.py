"""Reading back what the participant level wrote."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.columnar import Codes, Texts
from gradshift.bids.dataset import read_json
from gradshift.bids.facts import SessionFacts
from gradshift.bids.outputs import (
    MEASURE_COLUMNS,
    VARIANT_COLUMNS,
    Target,
    map_path,
    matrix_path,
    regions_from,
    regions_path,
    series_path,
    sidecar,
    variants_path,
    vertices_path,
)
from gradshift.bids.resulttables import ValueTables, damaged, read_numbers
from gradshift.bids.tables import KEYS, read_table
from gradshift.core.cortex.regions import Regions
from gradshift.core.series.series import RegionSeries
from gradshift.errors import InputError, MissingInputError


class SessionResult(SessionFacts):
    """The results of one session: its measures, and the files that belong to them."""

    __slots__ = ()

    @property
    def target(self) -> Target:
        """What the files of the session belong to."""
        return Target(entities=self.entities, atlas=self.atlas_entities, recipe=self.recipe)

    def matrix_path(self, output_dir: Path) -> Path:
        """Return the path of the connectivity matrix."""
        return matrix_path(output_dir, self.target, self.estimator)

    def map_path(self, output_dir: Path, stat: str) -> Path:
        """Return the path of a voxel map that rests on the atlas."""
        return map_path(output_dir, self.target, stat)

    def series_path(self, output_dir: Path) -> Path:
        """Return the path of the denoised series."""
        return series_path(output_dir, self.target)

    def variants_path(self, output_dir: Path) -> Path:
        """Return the path of the values with other choices."""
        return variants_path(output_dir, self.target)


def find_results(output_dir: Path, participant: str = "sub-*") -> list[SessionResult]:
    """Find every table of measures, in the order of participants and sessions.

    Parameters
    ----------
    output_dir : Path
    participant : str
        With prefix; everybody if not given.

    Raises
    ------
    MissingInputError
        If there is none.
    """
    paths = sorted(output_dir.glob(f"{participant}/**/*_measures.tsv"))
    if not paths:
        raise MissingInputError(
            f"There is no result of the participant level in {output_dir} "
            "(sub-*/.../*_measures.tsv); run the participant level first."
        )
    return [SessionResult(path, read_json(sidecar(path))) for path in paths]


def read_measures(results: Sequence[SessionResult]) -> pd.DataFrame:
    """Put all tables of measures under each other, participant and session in front."""
    return _joined([(result, result.path) for result in results], MEASURE_COLUMNS)


def read_variants(output_dir: Path, results: Sequence[SessionResult]) -> pd.DataFrame:
    """Put the values of sessions with other choices under each other, as their measures.

    Parameters
    ----------
    output_dir : Path
    results : sequence of SessionResult
        Of BOLD; with data.
    """
    paths = [(result, result.variants_path(output_dir)) for result in results]
    return _joined(paths, VARIANT_COLUMNS)


def _joined(paths: Sequence[tuple[SessionResult, Path]], columns: Sequence[str]) -> pd.DataFrame:
    """Put tables of values under each other."""
    texts = {name: Texts() for name in (*KEYS, *columns) if name != "value"}
    tables = ValueTables(columns, texts)
    values: list[NDArray[np.float64]] = []
    parts: list[dict[str, Codes]] = []
    for result, path in paths:
        value, read = tables.read(path)
        own = dict(zip(KEYS, (result.participant, result.session), strict=True))
        own |= {"task": result.task} if result.condition else {}
        values.append(value)
        parts.append(read | {name: texts[name].same(own[name], len(value)) for name in own})
    coded = {name: texts[name].column([part[name] for part in parts]) for name in texts}
    every = {"value": np.concatenate(values) if values else np.empty(0), **coded}
    return pd.DataFrame({name: every[name] for name in (*KEYS, *columns)}, copy=False)


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a table of results as text."""
    return read_table(path)


def read_matrix(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Read a connectivity matrix and the names of its regions."""
    names, values = read_numbers(path, 1)
    if values.shape != (len(names), len(names)):
        raise InputError(damaged(path))
    return names, values


def read_map(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read a voxel map and the (4, 4) affine of its grid; 0 (outside the mask) becomes NaN."""
    import nibabel

    image = nibabel.load(path)
    values = np.asarray(image.dataobj, dtype=np.float64)
    return np.where(values == 0, np.nan, values), np.asarray(image.affine)


def read_regions(output_dir: Path, result: SessionResult) -> Regions:
    """Read the regions of the atlas of a result, as they were used."""
    path = regions_path(output_dir, result.atlas_entities)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:  # that it cannot be read is said below
        changed = 0
    return _regions(path, changed)


@lru_cache(maxsize=32)
def _regions(path: Path, changed: int) -> Regions:
    """Read regions once, unless their file changes: every session asks for them."""
    plain = read_json(path)
    try:
        return regions_from(plain)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(damaged(path)) from error


def read_vertices(
    output_dir: Path, results: Sequence[SessionResult], atlas: str
) -> dict[str, NDArray[np.intp]] | None:
    """Read which region each vertex of fsaverage5 belongs to; None where it is not kept."""
    for result in results:
        if result.atlas == atlas:
            path = vertices_path(output_dir, result.atlas_entities)
            if not path.exists():
                return None
            table = read_tsv(path)
            return {
                str(side): rows["region"].astype(int).to_numpy()
                for side, rows in table.groupby("hemisphere", sort=False)
            }
    return None


def read_array(path: Path) -> NDArray[np.float64]:
    """Read a table of numbers, without its header; n/a becomes NaN."""
    return read_numbers(path)[1]


def read_series(output_dir: Path, result: SessionResult) -> RegionSeries:
    """Read the denoised series of a session back, and what denoising retained.

    The motion of single volumes and the coverage of regions stay in tables of their own; here
    they are NaN.
    """
    path = result.series_path(output_dir)
    series, described = read_array(path), read_json(sidecar(path))
    volumes = np.array(described["RetainedVolumes"], dtype=np.intp)
    names = read_regions(output_dir, result).names
    return RegionSeries(
        names=names,
        series=series,
        volumes=volumes,
        run_of=np.array(described["RetainedVolumesRun"], dtype=np.intp),
        tr=described["RepetitionTime"] or np.nan,
        fd=np.full(described["NumberOfVolumes"] or 0, np.nan),
        fd_retained=np.full(len(volumes), np.nan),
        coverage=np.full(len(names), np.nan),
        reasons=described["RegionsLeftOut"],
        sources=tuple(result.sources),
    )
