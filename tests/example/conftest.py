import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.regions import Regions
from gradshift.example.connectome import ATLAS


@pytest.fixture(scope="session")
def regions() -> Regions:
    return load_atlas(ATLAS).regions()
