"""What is said twice, in files for people and for machines, is said alike."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from nipype.pipeline.plugins import SLURMPlugin
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from gradshift.bids import readme
from gradshift.running.execute import _read_plugin
from gradshift.settings import options

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
EXAMPLES = ROOT / "examples"
EXAMPLE = EXAMPLES / "slurm_array.sbatch"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OF_THE_IMAGE = {"extra": "", "python_version": "3.11", "python_full_version": "3.11.2"}


def tool(name: str):
    """Load a script of tools/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(name: str) -> dict[str, Version]:
    """Read a list of versions with hashes; every line must be one or the other."""
    pinned, hashes = {}, {}
    for line in (ROOT / name).read_text().splitlines():
        if version := re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9a-z.]+) \\", line):
            package = canonicalize_name(version[1])
            pinned[package], hashes[package] = Version(version[2]), 0
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
            hashes[package] += 1
    assert all(hashes.values())
    return pinned


def test_the_pinned_versions_are_those_the_package_asks_for():
    pinned = pins("requirements.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for asked in map(Requirement, project["dependencies"]):
        assert pinned[canonicalize_name(asked.name)] in asked.specifier, asked


def test_the_pinned_versions_are_all_that_they_need_of_each_other():
    pinned = pins("requirements.txt")
    for name, version in pinned.items():
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        if Version(installed.version) != version:
            continue
        for asked in map(Requirement, installed.requires or []):
            if asked.marker is None or asked.marker.evaluate(OF_THE_IMAGE):
                assert pinned[canonicalize_name(asked.name)] in asked.specifier, (name, asked)


def test_nothing_gets_into_the_image_without_a_hash():
    pinned = pins("requirements-build.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for asked in map(Requirement, project["build-system"]["requires"]):
        assert pinned[canonicalize_name(asked.name)] in asked.specifier
    commands = re.findall(r"/pip ((?:--python \S+ )?(?:install|wheel) [^&]+)", DOCKERFILE)
    assert len(commands) == 5
    for command in commands:
        assert "--require-hashes" in command or "--no-index" in command, command
        assert not command.startswith("wheel") or "--no-build-isolation" in command, command


def test_the_image_has_no_root_no_version_of_its_own_and_all_that_is_copied_is_there():
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)) == {"${BASE}"}
    assert re.findall(r"^ARG BASE=(.+)$", DOCKERFILE, re.M) == ["debian:bookworm-slim"]
    assert re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.M) == ['""'], (
        "the file version says it"
    )
    assert int(re.findall(r"^USER (\d+)", DOCKERFILE, re.M)[-1]) > 0
    copied = {
        name
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for name in words.split()[:-1]
    }
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied == {line[1:] for line in kept if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


def test_versions_agree_everywhere():
    assert tool("check_release").disagreements(ROOT) == []


def test_a_version_that_was_forgotten_is_named(tmp_path):
    release = tool("check_release")
    others = (
        *("CITATION.cff", ".zenodo.json", "CHANGES.md", "examples/nipoppy/config.json"),
        *("examples/neurodesk/build.yaml", "examples/babs/gradshift.yaml"),
    )
    for name in others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "version").write_text("98.7.6\n")
    wrong = release.disagreements(tmp_path, "v98.7.5")
    assert all(any(s.startswith(name) for s in wrong) for name in others)
    assert any("98.7.5" in sentence for sentence in wrong)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_few_rights_and_actions_by_commit(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"]
    for step in steps:
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    pinned = re.findall(r"uses: (.+)", text)
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in pinned)
    scripts = "\n".join(step.get("run", "") for step in steps)
    assert "${{" not in scripts, "what others wrote would be run as a script"
    called = re.findall(r"(?:^|\s)((?:tools|ci|\.ci)/[\w./]+)", scripts, re.MULTILINE)
    assert all((ROOT / script).exists() for script in called)


def test_one_version_of_an_action_is_used_in_all_workflows():
    text = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pinned = set(re.findall(r"uses: (.+)", text))
    assert len({one.partition("@")[0] for one in pinned}) == len(pinned) > 0


def test_the_descriptor_of_boutiques_is_that_of_the_options():
    boutiques = tool("make_boutiques")
    kept = boutiques.DESCRIPTOR.read_text(encoding="utf-8")
    assert kept == boutiques.text(), "run python tools/make_boutiques.py"
    described = json.loads(kept)
    named = [one["id"] for one in described["inputs"]]
    assert named == ["bids_dir", "output_dir", "level", *(f.name for _, f in options())]
    assert described["command-line"].split()[1:] == [x["value-key"] for x in described["inputs"]]


def test_recipes_of_other_tools_give_options_that_exist_and_keep_work_out_of_results():
    known = {f"--{f.name}".replace("_", "-") for _, f in options()} | {"-w"}
    babs = yaml.safe_load((EXAMPLES / "babs" / "gradshift.yaml").read_text())
    given = babs["bids_app_args"]
    assert given.pop("$SUBJECT_SELECTION_FLAG") in known
    assert given.keys() <= known
    assert given["-w"] == "$BABS_TMPDIR"
    assert babs["all_results_in_one_zip"] is True
    config = json.loads((EXAMPLES / "nipoppy" / "config.json").read_text())
    described = json.loads((EXAMPLES / "nipoppy" / "descriptor.json").read_text())
    names = {one["id"] for one in described["inputs"]}
    for step in config["STEPS"]:
        files = [value for key, value in step.items() if key.endswith("_FILE")]
        assert all((EXAMPLES / "nipoppy" / file).exists() for file in files)
        invocation = json.loads((EXAMPLES / "nipoppy" / step["INVOCATION_FILE"]).read_text())
        assert invocation.keys() <= names
        assert invocation["level"] == step["NAME"]


WITHOUT_A_NAME = {
    "/work": "intermediate results, which may be removed",
    "/logs": "settings, methods text and crash files: no data",
    "/prov": "BEP028, provenance: tests/output/test_bidsprov.py holds it against the proposal",
    "/atlases": "regions and reference gradients as they were used, in formats of our own",
    "/atlas-*_description.json": "its data files have names the validator does not know yet; "
    "test_validation lets it see both",
    "/group": "comparisons of people: BIDS has no names above the participant",
    "/group-*": "further comparisons",
    "figures": "pictures of the pages",
    "*.html": "pages",
}
"""What BIDS has no place for, and why."""

PROPOSED = {
    "relmat": "BEP017, connectivity matrices",
    "timeseries": "BEP012, series of regions",
    "outliers": "BEP012, volumes left out",
    "boldmap": "BEP012, maps of the BOLD signal",
    "bold": "BEP012, coverage: a table that shares its suffix with the image",
    "tacs": "BEP023, curves of PET",
    "kinpar": "BEP023, parameters of kinetic models",
    "measures": "no proposal: values of regions, networks and pairs of them",
    "variants": "no proposal: the same with other choices",
}
"""Suffixes that the schema does not know yet, and where they come from; test_validation checks
the names of these files against a schema that knows them."""


def test_the_validator_leaves_out_what_it_must_and_nothing_else():
    lines = readme.BIDSIGNORE.splitlines()
    assert [line for line in lines if line in WITHOUT_A_NAME] == list(WITHOUT_A_NAME)
    patterns = [line for line in lines if line not in WITHOUT_A_NAME]
    form = r"\*_(?:stat-coverage_)?([a-z]+)\.(tsv|json|nii\.gz|dscalar\.nii|shape\.gii)"
    found = [re.fullmatch(form, pattern) for pattern in patterns]
    assert {match[1] for match in found} == set(PROPOSED)
    for suffix in PROPOSED:
        assert {match[2] for match in found if match[1] == suffix} in (
            {"tsv", "json"},
            {"nii.gz", "dscalar.nii", "shape.gii", "json"},
        )
    assert [p for p in patterns if p.endswith("_bold.json")] == ["*_stat-coverage_bold.json"]


def test_the_counter_counts_what_was_planted(tmp_path):
    long = "\n".join(["    pass"] * 60)
    (tmp_path / "upper").mkdir()
    (tmp_path / "lower").mkdir()
    (tmp_path / "upper" / "one.py").write_text(
        "from gradshift.lower.two import inner\n\n"
        f'def outer(a, b, c, d, e, f, g, *, h=1):\n    """Text.\n\n    More.\n    """\n{long}\n'
        "    found = 1\n"
    )
    (tmp_path / "lower" / "two.py").write_text(
        "def inner(x: dict[str, Any]) -> Mapping[str, float]:\n"
        "    from gradshift.upper import one\n"
        "    return dict(a=x, b=one)\n\n"
        "def plain(a, b, c, d, e, f, g):\n    return dict(a=a)\n"
    )
    rows = tool("count").count(tmp_path)
    seen = {re.sub(r"(naming|upward).*", r"\1", row.what): row.seen for row in rows}
    assert seen["functions over 60 lines"] == 1
    assert seen["functions with more than 6 arguments, not plain data"] == 1
    assert seen["dict[str, Any] or Mapping[str, Any]"] == 1
    assert seen["functions naming"] == 1
    assert seen["circles of modules"] == 1
    assert seen["imports upward"] == 1


def test_the_picture_of_the_house_is_true():
    count = tool("count")
    paths = count.PACKAGE.rglob("*.py")
    graph = count.imports(
        {path.relative_to(count.PACKAGE): ast.parse(path.read_bytes()) for path in paths}
    )
    text = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    (picture,) = re.findall(r"## The house\n.*?```text\n(.*?)```", text, re.DOTALL)
    floors = {}
    for number, line in enumerate(picture.splitlines()):
        for word in re.findall(r"[a-z]+", line[:60]):
            floors.setdefault(word, number)
    for module, others in graph.items():
        for other in others:
            above, below = drawn(module), drawn(other)
            assert above == below or floors[above] < floors[below], (module, other)


def drawn(module: str) -> str:
    """Return the word that stands for a module in the picture."""
    first, *rest = module.split(".")
    name = rest[0] if first == "core" and rest else first
    base = dict.fromkeys(("__init__", "folders", "checks", "usage"), "errors")
    return {"__main__": "cli", **base}.get(name, name)


def test_the_paper_cites_what_it_lists_as_the_program_does():
    entry = re.compile(r"@\w+\{(\w+),.*?\n\}", re.DOTALL)
    listed = {m[1]: m[0] for m in entry.finditer((ROOT / "paper.bib").read_text("utf-8"))}
    cited = re.findall(r"[\[; ]@([A-Za-z]+\d{4})", (ROOT / "paper.md").read_text("utf-8"))
    assert set(cited) == set(listed)
    ours = ROOT / "src" / "gradshift" / "report" / "references.bib"
    same = {m[1]: m[0] for m in entry.finditer(ours.read_text("utf-8")) if m[1] in listed}
    assert same
    assert same.items() <= listed.items()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_each_task_of_the_array_takes_its_person(tmp_path, newline):
    people = ["participant_id", "sub-02", "sub-07"]
    (tmp_path / "participants.tsv").write_bytes(newline.join([*people, ""]).encode())
    done = subprocess.run(
        ["bash", str(EXAMPLE)],
        env={
            "PATH": "/usr/bin:/bin",
            "STUDY": str(tmp_path),
            "RESULTS": str(tmp_path / "out"),
            "GRADSHIFT": "echo app --flag",
            "OPTIONS": "--denoise 36P",
            "SLURM_ARRAY_TASK_ID": "2",
            "SLURM_CPUS_PER_TASK": "3",
            "SLURM_MEM_PER_NODE": "6144",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.rstrip("\n").split(" ") == [
        *("app", "--flag", str(tmp_path), str(tmp_path / "out"), "participant"),
        *("--participant-label", "sub-07", "--denoise", "36P"),
        *("--nprocs", "3", "--mem", "6"),
    ]


def test_the_example_of_a_plugin_is_one_that_can_be_used():
    plugin, arguments = _read_plugin(ROOT / "examples" / "plugin_slurm.yml")
    assert issubclass(plugin, SLURMPlugin)
    assert "--mem" in arguments["sbatch_args"]
