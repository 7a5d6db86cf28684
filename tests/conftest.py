"""Shared fixtures."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import finished
from finished import Finished
from shared import made_once

# A machine that is busy is no fault of a test.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take files of plug-ins, so that what every measure is asked is asked of theirs, too."""
    parser.addoption("--plugin", nargs="+", type=Path, default=[], metavar="FILE")


def pytest_configure(config: pytest.Config) -> None:
    """Load them before the tests are collected, which are made from what is found."""
    from gradshift import plugins

    plugins.load(config.getoption("--plugin"))


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test cuts the power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda number: None)
        yield


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A small study of which both levels are done; not to be changed."""
    top = made_once(tmp_path_factory, "standin", lambda top: finished.stand_in(top / "demo"))
    return Finished(top / "demo" / "study", top / "demo" / "out")


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded source of random numbers."""
    return np.random.default_rng(20240501)
