from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.regions import Regions
from gradshift.example.connectome import ATLAS
from gradshift.example.measured import QUANTITIES, Cleaned, Quantity, measure_person

Measured = Callable[[NDArray[np.float64]], dict[Quantity, float]]


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    # Small matrices: more threads do not help, and where cores are shared they hinder much.
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def regions() -> Regions:
    return load_atlas(ATLAS).regions()


@pytest.fixture(scope="session")
def measured(regions) -> Measured:
    """Measure (T, R) series."""

    def measure(series):
        session = Cleaned(series=series, volumes=np.arange(len(series)))
        return dict(zip(QUANTITIES, measure_person([session], regions)[0], strict=True))

    return measure


@pytest.fixture(scope="session")
def measured_matrix(measured) -> Measured:
    """Measure a connectome, by way of series with exactly these correlations."""

    def measure(matrix):
        noise = np.random.default_rng(0).standard_normal((2 * len(matrix), len(matrix)))
        white, _ = np.linalg.qr(noise - noise.mean(axis=0))
        return measured(white @ np.linalg.cholesky(matrix).T)

    return measure
