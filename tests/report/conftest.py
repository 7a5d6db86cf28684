"""One small study with its pages: BOLD and PET of four people, and one without any data."""

import shutil
from pathlib import Path

import pytest

from pagereader import EVIL, OPTIONS, PEOPLE
from shared import made_once
from tiny import Study, write_study
from tinypet import write_pet


def write(folder: Path) -> None:
    study, out = write_study(folder, PEOPLE, ("pre", "post"), (None,)), folder / "out"
    write_pet(study.root, PEOPLE, ("pre", "post"))
    with (study.root / "participants.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{EVIL}\n")
    assert study.run(out, "participant", *OPTIONS, page=True) == 0
    assert study.run(out, "group", page=True) == 0


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    """Copy the study: a test may write its pages again while another reads them."""
    folder = tmp_path_factory.mktemp("copy") / "pages"
    made = made_once(tmp_path_factory, "pages", write)
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("work"))
    return Study(folder / "study", folder / "atlas" / "tiny.json")


@pytest.fixture(scope="session")
def out(study) -> Path:
    return study.root.parent / "out"
