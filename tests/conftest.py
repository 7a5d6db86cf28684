"""Shared fixtures."""

import hypothesis
import numpy as np
import pytest

# A machine that is busy is no fault of a test.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded source of random numbers."""
    return np.random.default_rng(20240501)
