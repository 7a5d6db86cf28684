"""Every command of README.md and of the documentation does what its page says it does.

The commands below one heading are a story: they are given in order, in a shell, on a small
simulated study, in a folder where all that the page names is there. Docker, Apptainer, Slurm and
DataLad are stood in for by the programs in `bin/`, which take the options that the real ones
take, see no more of the machine than was mounted, and run gradshift.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import world as worlds
from shared import made_once
from stories import SHELL, Story, blocks, not_run, stories
from world import World

STORIES = [
    Story(story.page, story.heading, commands)
    for story in stories()
    if (commands := tuple(c for c in story.commands if not c.startswith(tuple(not_run()))))
]


@pytest.fixture(scope="session")
def studies(tmp_path_factory) -> Path:
    """Return a folder of simulated studies, not to be changed."""
    return made_once(tmp_path_factory, "studies", worlds.make_studies)


@pytest.fixture(scope="session")
def usual(tmp_path_factory, studies) -> World:
    """Return the world of all who run the usual analysis: what was done there before stays."""
    place = made_once(
        tmp_path_factory, "usual", lambda top: worlds.make_world(top, studies / "pair")
    )
    return World(place)


def is_usual(story: Story) -> bool:
    """Say whether a story works on the results of the usual analysis."""
    told = " ".join(story.commands)
    return not re.search(r"participant --|week\.json|gradshift-pool|datalad run", told)


USUAL = pytest.mark.xdist_group("usual")
"""One process gives the commands that share a world; another has the others meanwhile."""

PARAMETERS = [
    pytest.param(story, id=story.name, marks=[USUAL] if is_usual(story) else [])
    for story in STORIES
]


@pytest.mark.parametrize("story", PARAMETERS)
def test_a_story_can_be_told_again(story, studies, tmp_path_factory, request):
    if is_usual(story):
        usual = request.getfixturevalue("usual")
        if not any(" participant" in command for command in story.commands):
            usual.run(["gradshift /data/study /data/results participant"])
            usual.forget_comparisons()
        usual.run(story.commands)
        return
    told = " ".join(story.commands)
    study = studies / ("few" if " group" in told else "one")
    world = worlds.make_world(tmp_path_factory.mktemp("world"), study)
    data = world.top / "data"
    if "xcp_d=" in told:
        worlds.write_xcp_d(data / "xcp_d")
    if "--space fsLR" in told:
        worlds.write_surfaces(data / "study")
    if "denoised=" in told:
        worlds.write_denoised(data / "denoised", study)
    if "tedana=" in told:
        worlds.doors.components(data / "tedana", study)
    if "week.json" in told:
        worlds.write_week(world.top)
    if "gradshift-pool" in told:
        worlds.write_sites(world.top)
    world.run(story.commands)


@USUAL
def test_the_figure_in_r_is_drawn(usual):
    (block,) = blocks("r")
    libraries = "; ".join(re.findall(r"library\(\w+\)", block.text))
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed here")
    if subprocess.run(["Rscript", "-e", libraries], capture_output=True, check=False).returncode:
        pytest.skip(f"not all of these are installed here: {libraries}")
    (usual.desk / "figure.R").write_text(block.text, encoding="utf-8")
    usual.run(
        [
            "gradshift /data/study /data/results participant",
            "gradshift /data/study /data/results group",
            "Rscript figure.R",
        ]
    )
    assert (usual.desk / "Rplots.pdf").stat().st_size > 3000


@USUAL
def test_the_python_of_the_page_on_python_runs(usual):
    (block,) = (block for block in blocks("python") if block.page == "docs/api.md")
    program = usual.put(block.text).replace('"/data', f'"{usual.top}/data')
    (usual.desk / "page.py").write_text(program, encoding="utf-8")
    usual.run(["python page.py"])


def test_what_is_not_run_is_listed_with_a_reason_and_nothing_else_is():
    every = [command for story in stories() for command in story.commands]
    for begin, why in not_run().items():
        assert any(command.startswith(begin) for command in every), f"{begin} is no more"
        assert len(why.split()) > 2, begin
    assert len(STORIES) > 12


def test_every_piece_of_code_is_run():
    assert {b.page for b in blocks("python")} == {"docs/api.md", "docs/howto/measure.md"}
    assert {b.page for b in blocks("{code-cell} python")} == {
        "docs/notebook.md",
        "docs/gallery.md",
    }
    read = {"json", "text", "toml", "python", "r", "{code-cell} python"}
    others = {b.language for b in blocks()} - read - set(SHELL)
    assert {name for name in others if not name.startswith("{")} == set()
