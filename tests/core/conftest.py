"""Group matrices as sessions."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.series.connectivity import correlate

DATA = Path(__file__).parents[1] / "data"

PCC = {
    100: (50, 100),
    200: (97, 99, 199, 200),
    400: (191, 192, 193, 195, 196, 200, 393, 395, 397, 399, 400),
}


@cache
def group(scale):
    with np.load(DATA / f"S{scale}_fc.npz") as stored:
        matrix = stored["fc"].astype(np.float64)
        names = tuple(stored["names"].tolist())
        networks = tuple(stored["network"].tolist())
        centroids = stored["xyz_mm"]
    matrix.setflags(write=False)
    regions = Regions(
        names=names,
        networks=networks,
        hemispheres=tuple(name.split("_")[1][0] for name in names),
        centroids=centroids,
        sets={"PCC": tuple(number - 1 for number in PCC[scale])},
    )
    return SimpleNamespace(matrix=matrix, regions=regions)


@pytest.fixture
def hcp():
    """The group matrix (read only) and the regions of an atlas, by number of regions."""
    return group


def series_with(matrix):
    """Make series whose correlations are exactly these; NaN where the matrix is."""
    there = np.isfinite(np.diagonal(matrix))
    n = int(there.sum())
    noise = np.random.default_rng(1).standard_normal((n + 2, n + 1))
    noise[:, 0] = 1
    unit = np.linalg.qr(noise)[0][:, 1:]
    series = np.full((n + 2, len(matrix)), np.nan)
    series[:, there] = unit @ np.linalg.cholesky(matrix[np.ix_(there, there)]).T
    return series


@pytest.fixture
def as_session():
    """Build a session from a correlation matrix, or from series."""

    def build(regions, matrix=None, series=None, **fields):
        if series is None:
            series = series_with(matrix)
        fields.setdefault("volumes", np.arange(len(series)))
        fields.setdefault("run_of", np.zeros(len(series), dtype=np.intp))
        fields.setdefault("tr", 2.0)
        fields.setdefault("n_common", len(series))
        return Session(regions=regions, series=series, matrix=correlate(series), **fields)

    return build


@pytest.fixture
def make_regions():
    """Build regions from the sizes of networks."""

    def build(sizes, sets=None):
        networks = tuple(name for name, size in sizes.items() for _ in range(size))
        return Regions(
            names=tuple(f"region{i + 1}" for i in range(len(networks))),
            networks=networks,
            hemispheres=("L",) * len(networks),
            centroids=np.zeros((len(networks), 3)),
            sets=sets or {},
        )

    return build


@pytest.fixture
def like_brainspace(monkeypatch):
    """Keep as many connections per region as BrainSpace 0.3 does, one less for most atlases."""
    for module in ("embedding", "gradients"):
        monkeypatch.setattr(
            f"gradshift.core.cortex.{module}.n_kept", lambda n_regions: int(n_regions * (1 - 0.9))
        )
