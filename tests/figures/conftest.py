"""Small arrays for figures: four networks of unequal size."""

import pytest

NETWORKS = ("Vis",) * 3 + ("SomMot",) * 4 + ("",) + ("Default",) * 5


@pytest.fixture
def networks() -> tuple[str, ...]:
    """Network of each of 13 regions; one belongs to none."""
    return NETWORKS
