"""Every command and every piece of code that the documentation shows is run, or named here."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import pytest

import doors
import gradshift
from finished import finish
from gradshift.cli import main
from gradshift.example.__main__ import main as write_example
from tiny import write_atlas

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
BLOCK = re.compile(r"^[ ]*```([^\n]*)\n(.*?)^[ ]*```[ ]*$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its page, its language, what it holds."""

    page: str
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    every = [
        Block(str(page.relative_to(ROOT)), told.strip(), text)
        for page in PAGES
        for told, text in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]
    return [block for block in every if block.language in languages]


def commands() -> Iterator[tuple[str, str]]:
    """Every command of a shell, on one line, with its page."""
    for block in blocks("", "bash", "console", "sh", "shell"):
        for line in block.text.replace("\\\n", " ").splitlines():
            for command in line.split("&&"):
                if command.strip():
                    yield block.page, " ".join(command.removeprefix("$ ").split())


ELSEWHERE = {
    r"make demo$": "runs both levels of the whole study: the tables of the demo are pinned by "
    "tests/example, both levels run in tests/endtoend/test_tiny_study.py",
    r"make demo-more$": "each of its commands is tested by itself: scores and maps in "
    "tests/endtoend/test_scores.py and test_maps.py, pooling in test_pool.py, the second study "
    "and the structures in tests/example",
    r"make (image|sbom)$": "needs Docker: ci/platforms",
    r"make install$": "installs into .venv: .ci/run begins with it",
    r"docker ": "needs Docker: ci/platforms/docker.py",
    r"apptainer ": "needs Apptainer: ci/platforms",
    r"mkdir ": "of the system",
    r"git clone ": "needs the network",
    r"cd gradshift$": "goes into what was cloned",
    r"gradshift-pool ": "three studies are made and pooled in tests/endtoend/test_pool.py",
    r"cd /data/": "of the system",
    r"STUDY=\S+ RESULTS=\S+ sbatch ": "needs Slurm: ci/platforms/slurm.py",
    r"datalad ": "needs DataLad: trees of its links are made by tests/bids/test_trees.py",
    r"\.venv/bin/python -m pytest .*--plugin": "runs the test suite itself",
}
"""Commands that cannot run in a test, and why, or where they do run."""

RUN = [(page, c) for page, c in dict.fromkeys(commands()) if c.startswith("gradshift ")]
OTHERS = [(page, c) for page, c in dict.fromkeys(commands()) if not c.startswith("gradshift ")]


def test_every_command_is_run_or_named_with_a_reason():
    assert len(RUN) > 9
    for page, command in OTHERS:
        assert any(re.match(pattern, command) for pattern in ELSEWHERE), (page, command)
    for pattern in ELSEWHERE:
        assert any(re.match(pattern, command) for _, command in OTHERS), f"{pattern} is no more"


@pytest.fixture(scope="module")
def places(tmp_path_factory, stand_in) -> dict[str, Path]:
    """Put a folder or file in the place of each that the commands name."""
    top = tmp_path_factory.mktemp("commands")
    assert write_example([str(top / "example"), "--participants", "2"]) == 0
    shutil.copytree(stand_in.out, top / "results")
    (top / "results" / "logs" / "settings.toml").unlink()  # of a group level not run yet
    for block in blocks("json"):
        if block.page == "docs/howto/recipe.md":
            (top / "my_recipe.json").write_text(block.text, encoding="utf-8")
        if '"medn"' in block.text:
            (top / "medn.json").write_text(block.text, encoding="utf-8")
        if '"repeated"' in block.text:
            (top / "week.json").write_text(block.text, encoding="utf-8")
    (own,) = (block.text for block in blocks("python") if "MEASURE =" in block.text)
    (top / "unevenness.py").write_text(own, encoding="utf-8")
    names = json.loads(next((top / "results" / "atlases").glob("*_regions.json")).read_text())
    rows = [f"{name}\t{number}" for number, name in enumerate(names["names"])]
    for name in ("receptors", "5HT2a"):
        (top / f"{name}.tsv").write_text("\n".join([f"region\t{name}", *rows, ""]))
    repeated = finish(
        top / "repeated", dict.fromkeys(("01", "02", "03"), ("pre", "day1", "week1"))
    )
    return {
        "/data/study": top / "example",
        "demo/study": top / "example",
        "/data/results": top / "results",
        "repeated": repeated.out,
        "/data/xcp_d": doors.xcp_d(top / "xcp_d"),
        "/data/denoised": doors.denoised(top / "denoised"),
        "/data/tedana": doors.components(top / "tedana", top / "example"),
        "/home/me/medn.json": top / "medn.json",
        "/home/me/my_atlas.json": write_atlas(top / "atlas"),
        "/home/me/my_recipe.json": top / "my_recipe.json",
        "week.json": top / "week.json",
        "unevenness.py": top / "unevenness.py",
        "receptors.tsv": top / "receptors.tsv",
        "5HT2a.nii.gz": top / "5HT2a.tsv",  # the stand-in has no image of its atlas
        "plugin_slurm.yml": ROOT / "examples" / "plugin_slurm.yml",
    }


def put(word: str, places: dict[str, Path]) -> str:
    """Name the folder or file that stands in the place of one in a word."""
    name, equals, path = word.rpartition("=")
    place = places.get(word, places.get(path))
    return word if place is None else f"{name}{equals}{place}"


@pytest.mark.parametrize(("page", "command"), RUN, ids=[command for _, command in RUN])
def test_commands_of_the_pages_do_what_they_say(page, command, places, tmp_path, capsys):
    """As far as a dry run goes: options, files and what would be done with them."""
    words = [put(word, places) for word in shlex.split(command)[1:]]
    if "participant" in words:
        words[1] = str(tmp_path / "out")
        if "xcp_d=" in command or "denoised=" in command:  # whose stand-in has regions of its own
            words += ["--atlas", str(places["/home/me/my_atlas.json"])]
    elif "--model" in words:
        words[1] = str(places["repeated"])
    elif words[1] == "out":
        words[1] = str(places["/data/results"])
    if "group" in words and not {"--model", "--baseline"} & set(words):
        words += ["--baseline", "pre", "--followup", "post"]
    assert main([*words, *([] if "--dry-run" in words else ["--dry-run"])]) == 0, (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().out.strip()


def test_the_code_of_the_python_page_runs(stand_in, monkeypatch, tmp_path):
    (block,) = [b for b in blocks("python") if b.page == "docs/api.md"]
    text = block.text.replace("/data/results", str(stand_in.out))
    asked = []
    monkeypatch.setattr(gradshift, "run", lambda *words, **options: asked.append((words, options)))
    exec(text, {})
    assert [words[2] for words, _ in asked] == ["participant", "group"]
    assert asked[0][1] == {"nprocs": 4}


@pytest.mark.parametrize("page", ["docs/notebook.md", "docs/gallery.md"])
def test_notebooks_run(page, stand_in, monkeypatch):
    """On the stand-in; ``make docs`` runs it in Jupyter, on the demo if it is there."""
    monkeypatch.chdir(stand_in.out.parents[1])
    monkeypatch.setenv("GRADSHIFT_DEMO", str(stand_in.out.parents[1]))
    cells = [b.text for b in blocks("{code-cell} python") if b.page == page]
    assert len(cells) >= 6
    names: dict[str, object] = {}
    for cell in cells:
        code = [line for line in cell.splitlines() if not line.startswith((":", "%"))]
        exec("\n".join(code), names)
    if page == "docs/notebook.md":
        assert names["main"]["hedges_g"].notna().all()
        assert names["change"].dropna().shape == (7, 4), "people by networks"
    plt.close("all")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed here")
def test_the_figure_in_r_is_drawn(stand_in, tmp_path):
    (block,) = blocks("r")
    program = tmp_path / "figure.R"
    program.write_text(block.text, encoding="utf-8")
    folder = stand_in.out.parents[1]
    subprocess.run(["Rscript", str(program)], cwd=folder, check=True, timeout=300)


def test_every_piece_of_python_is_run():
    assert {b.page for b in blocks("python")} == {"docs/api.md", "docs/howto/measure.md"}, (
        "the first is run above, the second in test_prose.py"
    )
    assert {b.page for b in blocks("{code-cell} python")} == {
        "docs/notebook.md",
        "docs/gallery.md",
    }


def test_no_block_is_of_a_language_that_nobody_looks_at():
    known = {"", "bash", "console", "json", "python", "r", "text", "toml", "{code-cell} python"}
    other = {block.language for page in PAGES for block in blocks_of(page)} - known
    assert {name for name in other if not name.startswith("{")} == set()


def blocks_of(page: Path) -> list[Block]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(page.name, told.strip(), text) for told, text in found]
