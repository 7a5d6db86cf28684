"""Trees of many versions and pipelines: found and understood, or told in one sentence.

``python tests/bids/test_trees.py`` writes what is seen of each into the documentation.
"""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gradshift import settings as schema
from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.confoundheader import read_header
from gradshift.bids.confoundnames import MOTION, OLD_NAMES
from gradshift.bids.inputs import find_runs
from gradshift.errors import GradshiftError
from synthetic import MNI, RAW, Dangling, Image, grow

TREES = json.loads((Path(__file__).parents[1] / "data" / "trees.json").read_text())
SITUATIONS = json.loads((Path(__file__).parents[1] / "data" / "situations.json").read_text())
PAGE = Path(__file__).parents[2] / "docs" / "inputs-tried.md"
BASES = (*MOTION, "csf", "white_matter", "global_signal")
EXPANSIONS = ("", "_derivative1", "_power2", "_derivative1_power2")
MASKS = {"c": "CSF", "w": "WM", "a": "combined"}


def columns(kind: str) -> tuple[list[str], dict[str, Any]]:
    """The columns of a version's confounds, and the JSON beside them."""
    if kind == "old":
        return [*OLD_NAMES, "aCompCor00", "Cosine00"], {}
    if kind == "plain":
        return [*BASES, "framewise_displacement", "std_dvars", "a_comp_cor_00"], {}
    names = [base + end for base in BASES for end in EXPANSIONS]
    names += ["framewise_displacement", "std_dvars"]
    about = {}
    for place, letter in enumerate("awc"):
        for i in range(5):
            name = f"{letter}_comp_cor_{i:02d}"
            name = name if kind == "letters" else f"a_comp_cor_{5 * place + i:02d}"
            about[name] = {"Method": "aCompCor", "Mask": MASKS[letter], "Retained": True}
    return [*names, *about], about


def content(name: str, kind: str, size: int) -> Any:
    names, about = columns(kind)
    if name.endswith("mask.nii.gz"):  # brainmask as well
        return Image((3, 4, size))
    if name.endswith(("bold.nii.gz", "_preproc.nii.gz")):
        return Image((3, 4, size, 8))
    if "confounds" in name:
        return about if name.endswith(".json") else [names, *[["0"] * len(names)] * 8]
    return {"RepetitionTime": 2.0} if name.endswith(".json") else "x"


def plant(tree: dict[str, Any], folder: Path) -> Path:
    """Grow a tree of one person and two sessions; return what is given as BIDS_DIR."""
    for size, ses in ((5, "pre"), (6, "post")):
        func = folder / tree["root"] / "sub-01" / f"ses-{ses}" / "func"
        stem = f"sub-01_ses-{ses}_{tree['stem']}"
        for name in tree["files"]:
            grow(func, {stem + name: content(stem + name, tree["columns"], size)})
    if tree["raw"]:
        grow(folder, {"dataset_description.json": RAW, "sub-01": {}})
    if tree["description"]:
        about = {**RAW, "DatasetType": "derivative", **tree["description"]}
        grow(folder / tree["root"], {"dataset_description.json": about})
    return folder


class Seen(NamedTuple):
    runs: int
    space: str
    recipes: tuple[str, ...]
    exit: int
    told: str


def look(root: Path) -> Seen:
    """Say what is made of a tree."""
    settings = schema.make(root, Path("/out"), "participant", {})
    atlas = load_atlas("Schaefer2018_200_7")
    try:
        runs = find_runs(settings, {atlas.name: atlas.spaces})
    except GradshiftError as error:
        return Seen(0, "", (), error.exit_code, str(error).replace(str(root), "BIDS_DIR"))
    usable = [run for run in runs if not run.problem]
    working = {read_header(run.confounds).working() for run in usable}
    (recipes,) = working or {()}
    space = usable[0].entities["space"] if usable else ""
    return Seen(len(usable), space, recipes, 0, "; ".join(r.problem for r in runs if r.problem))


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree["name"])
def test_a_tree_is_found_or_told(tree, tmp_path):
    seen, expected = look(plant(tree, tmp_path)), tree["expected"]
    assert seen.exit == expected.get("exit", 0), seen
    for word in expected.get("words", ()):
        assert word in seen.told
    if "runs" in expected:
        assert (seen.runs, seen.told) == (expected["runs"], "")
        assert seen.space == expected.get("space", MNI)
        assert set(expected["recipes"]) <= set(seen.recipes)
        kinds = ("aCompCor", "AROMA")  # need what not every version writes
        surplus = set(seen.recipes) - set(expected["recipes"])
        assert not any(name.startswith(kinds) for name in surplus)


def test_at_least_ten_versions_of_fmriprep_are_kept_with_their_origin():
    assert len(versions()) >= 10
    assert all(tree["origin"] for tree in TREES)
    readme = (PAGE.parents[1] / "README.md").read_text()
    assert f"({', '.join(versions())};" in " ".join(readme.split())


def test_every_situation_is_held_by_a_test():
    """All of the 20 trees and 11 threads are told, each with a test that there is."""
    kinds = [one["case"].split()[0] for one in SITUATIONS]
    assert (kinds.count("tree"), kinds.count("bug")) == (20, 11)
    names = {tree["name"] for tree in TREES}
    for one in SITUATIONS:
        if "tree" in one:
            assert one["tree"] in names
        else:
            path, _, test = one["test"].partition("::")
            assert f"def {test}(" in (PAGE.parents[1] / "tests" / path).read_text()


def test_the_page_says_what_is_seen():
    assert PAGE.read_text() == page(), "python tests/bids/test_trees.py writes it"


# Folders that are something else


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (".", r"is no dataset, but holds study"),
        ("study/sub-01", r"folder of one participant.*study, and choose with --participant-label"),
        ("study/sub-01/ses-pre/func", "folder of one participant"),
        ("hcp", "HCP"),
        ("study/derivatives", "but holds fmriprep"),
    ],
)
def test_a_folder_above_or_below_the_dataset_is_told_with_the_right_one(tmp_path, given, told):
    tree = {**next(t for t in TREES if t["version"] == "25.2.0"), "root": "derivatives/fmriprep"}
    plant({**tree, "raw": True}, tmp_path / "study")
    grow(tmp_path, {"study": {"sub-01": {"ses-pre": {"func": {}}}}, "notes": {}})
    grow(tmp_path, {"hcp": {"100307": {"MNINonLinear": {"Results": {}}}}})
    seen = look(tmp_path / given)
    assert seen.exit in (16, 66)
    assert re.search(told, seen.told.replace("BIDS_DIR", str(tmp_path / given)))


def test_all_that_datalad_has_not_brought_is_one_command(tmp_path):
    tree = next(t for t in TREES if t["version"] == "22.0.0")
    root = plant(tree, tmp_path)
    links = list(root.rglob("func/*"))
    for path in links:
        path.unlink()
        path.symlink_to("../.git/annex/objects/xx")
    seen = look(root)
    assert seen.exit == 66
    command = seen.told.split("datalad get ")[1].split()
    assert sorted(command) == sorted(str(path.relative_to(root)) for path in links)


# Hostile things in place of files


def test_one_bad_item_stops_nothing_and_nothing_hangs(tmp_path, caplog):
    tree = next(t for t in TREES if t["version"] == "25.2.0")
    root = plant(tree, tmp_path)
    func = root / "sub-01" / "ses-pre" / "func"
    (func / "loop").symlink_to("..")
    (func / "again").symlink_to(".")
    (root / "sub-01" / "ses-post" / "round").symlink_to("..")
    (func.parent / "func_old").mkdir()
    for path in func.glob("*bold.nii.gz"):
        (func.parent / "func_old" / path.name).write_bytes(path.read_bytes())
    grow(root, {"sub-01": {"ses-post_old": {"func": {}}}, "sub-02": {}, "sub-03": Dangling()})
    os.mkdir(os.fsencode(root) + b"/sub-0\xff4")
    (Path(os.fsdecode(os.fsencode(func) + b"/M\xfcller.svg"))).touch()
    other = root / "derivatives" / "other"
    other.mkdir(parents=True)
    os.mkfifo(other / "dataset_description.json")
    assert look(root)[:2] == (2, MNI)
    assert "func_old" in caplog.text
    assert "ses-post_old" in caplog.text
    assert "\udcff" not in caplog.text
    assert "\udcfc" not in caplog.text


@pytest.mark.parametrize(
    "which", ["preproc_bold.nii.gz", "preproc_bold.json", "brain_mask.nii.gz"]
)
@pytest.mark.parametrize("kind", ["pipe", "folder", "nothing", "loop"])
def test_what_stands_in_place_of_a_file_costs_its_run_only(tmp_path, which, kind):
    root = plant(next(t for t in TREES if t["version"] == "25.2.0"), tmp_path)
    (path,) = (root / "sub-01" / "ses-pre" / "func").glob(f"*{which}")
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path.name)
    else:
        path.touch()
    seen = look(root)
    assert seen.runs == 1
    assert path.name in seen.told


def page() -> str:
    """Write the page of the documentation."""
    rows, told = [], {}
    for tree in TREES:
        with tempfile.TemporaryDirectory() as folder:
            seen = look(plant(tree, Path(folder)))
        expected = (
            f"{tree['expected']['runs']} runs" if "runs" in tree["expected"]
            else f"told, exit code {tree['expected']['exit']}"
        )  # fmt: skip
        found = (
            seen.told or f"{seen.runs} runs in {seen.space}; recipes: {', '.join(seen.recipes)}"
        )
        told[tree["name"]] = (expected, found, "bids/test_trees.py::test_a_tree_is_found_or_told")
        rows.append(_row(tree["name"], tree["version"], tree["origin"], expected, found))
    situations = [
        _row(
            one["case"],
            one["situation"],
            *(told[one["tree"]] if "tree" in one else (one["expected"], one["seen"], one["test"])),
        )
        for one in SITUATIONS
    ]
    return (
        HEAD.format(versions=", ".join(versions()))
        + "\n".join(rows)
        + "\n"
        + MIDDLE
        + "\n".join(situations)
        + "\n"
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(re.sub(r"([|*_])", r"\\\1", cell) for cell in cells) + " |"


def versions() -> list[str]:
    """Return the versions of fMRIPrep that there is a tree of, in their order."""
    of_trees = {t["version"] for t in TREES if re.fullmatch(r"fMRIPrep \d.*", t["name"])}
    return sorted(of_trees, key=lambda version: [int(part) for part in version.split(".")])


HEAD = """# Inputs tried

What gradshift makes of the output of many versions of fMRIPrep, and of other pipelines. The table
is written from the tests: each tree has one participant with two sessions, with the names, the
JSON files and the columns of the version, and small images. "Told" means that the command ends
with the sentence on the right. The versions of fMRIPrep are {versions}.

Tables of the study (`participants.tsv`, `sessions.tsv`, `phenotype/`) are looked for in BIDS_DIR,
in what its `DatasetLinks` and `SourceDatasets` name, in `rawbids`, `rawdata`, `sourcedata/raw` and
`sourcedata` inside it, and in the datasets that it lies in, up to three folders up.

| tree | version | names from | expected | seen |
|---|---|---|---|---|
"""


MIDDLE = """
## Situations tried

Derivative trees as they stand in public repositories (tree), and inputs after public issue threads
(bug), each tried whole; what another program wrote, or lists as its output (real). The last column
names the test that holds what is seen.

| case | situation | expected | seen | held by |
|---|---|---|---|---|
"""


if __name__ == "__main__":
    PAGE.write_text(page())
