"""One small study with its pages: BOLD and PET of four people, and one without any data."""

from pathlib import Path

import pytest

from pagereader import EVIL, OPTIONS, PEOPLE
from tiny import Study, write_study
from tinypet import write_pet


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    study = write_study(tmp_path_factory.mktemp("pages"), PEOPLE, ("pre", "post"), (None,))
    write_pet(study.root, PEOPLE, ("pre", "post"))
    with (study.root / "participants.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{EVIL}\n")
    return study


@pytest.fixture(scope="session")
def out(study) -> Path:
    out = study.root.parent / "out"
    assert study.run(out, "participant", *OPTIONS) == 0
    assert study.run(out, "group", page=True) == 0
    return out
