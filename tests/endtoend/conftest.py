"""A study small enough to be run whole in a test."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tiny import Study, write_study


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Study]:
    """Return a function that writes a study: people, sessions, runs."""

    def make(
        people: Sequence[str] = ("01", "02"),
        sessions: Sequence[str] = ("pre", "post"),
        runs: Sequence[str | None] = (None,),
    ) -> Study:
        return write_study(tmp_path, people, sessions, runs)

    return make
