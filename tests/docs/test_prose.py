"""What the documentation claims is so: options, files, snippets, references."""

import importlib.util
import json
import re
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from gradshift.atlases.catalogue import available as atlases
from gradshift.atlases.catalogue import load_atlas
from gradshift.atlases.definition import read_definition
from gradshift.bids import atlascopies, outputs
from gradshift.bids.filters import read_filters
from gradshift.cli import build_parser
from gradshift.core.cortex.measure import Measure, evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate
from gradshift.core.statistics import statistics
from gradshift.example.__main__ import parser as example_parser
from gradshift.group.edges import MATRICES
from gradshift.group.voxels import MAPS
from gradshift.recipes.catalogue import available as recipes
from gradshift.recipes.catalogue import load_recipe
from gradshift.report.bibliography import references
from gradshift.running.execute import _read_plugin
from gradshift.study.designs import kinds
from gradshift.study.model import read_families, read_model
from gradshift.tracers.catalogue import load_tracer, shipped

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]
QUOTING = ("reliability.md", "platforms.md", "performance.md")
"""Pages of measurements: they quote what was typed, mistakes included."""

SOURCES = sorted((ROOT / "src").rglob("*.py"))

FOREIGN = {
    "--array", "--bind", "--cap-drop", "--cifti-output", "--cleanenv", "--containall", "--level",
    "--me-output-echos", "--memory", "--minutes",
    "--network",
    "--no-home", "--output-spaces", "--read-only", "--rm", "--security-opt", "--tmpfs", "--userns",
}  # fmt: skip
"""Options of other programs that the pages name."""


@pytest.fixture(scope="module")
def generated():
    """The module of docs/ that writes from the code."""
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "generated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def snippets(language: str) -> list[tuple[str, str]]:
    """Every block of a language, with the name of its page."""
    pattern = re.compile(rf"^[ ]*```{language}\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
    return [
        (page.name, text)
        for page in PAGES
        for text in pattern.findall(page.read_text(encoding="utf-8"))
    ]


def test_every_option_that_a_page_names_exists():
    parsers = (build_parser(), example_parser())
    known = {flag for p in parsers for action in p._actions for flag in action.option_strings}
    known |= {flag.replace("-", "_").replace("__", "--", 1) for flag in known}
    for page in (page for page in PAGES if page.name not in QUOTING):
        named = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", page.read_text(encoding="utf-8")))
        assert named <= known | FOREIGN, page.name


def names_of_outputs() -> set[str]:
    """One name for every kind of file that the code writes."""
    root = Path()
    entities = {"sub": "01", "ses": "pre", "task": "rest", "space": "MNI152NLin2009cAsym"}
    atlas = {"atlas": "Schaefer2018", "seg": "7n", "scale": "200"}
    target = outputs.Target(entities=entities, atlas=atlas, recipe="36P")
    pet = outputs.Target(
        entities={"sub": "01", "ses": "pre", "trc": "UCBJ"}, atlas=atlas, recipe="n/a"
    )
    mapped = outputs.Target(entities=entities, atlas={}, recipe="36P")
    paths = [
        outputs.series_path(root, target),
        *(outputs.matrix_path(root, target, name) for name in outputs.STATISTICS),
        outputs.measures_path(root, target),
        outputs.coverage_path(root, entities, atlas),
        outputs.quality_path(root, entities),
        outputs.outliers_path(root, entities),
        *(outputs.map_path(root, mapped, s) for s in ("alff", "malff", "falff", "zfalff", "reho")),
        outputs.map_path(root, target, "zpcc"),
        outputs.tacs_path(root, pet),
        outputs.tacs_path(root, pet, "vtlogan"),
        outputs.kinetics_path(root, pet),
        outputs.pet_measures_path(root, pet),
        outputs.mrs_measures_path(root, entities),
        *(
            root / "atlases" / atlascopies.image_name(atlas, "MNI", Path(f"a{end}"))
            for end in atlascopies.ENDS
        ),
        root / "atlases" / atlascopies.table_name(atlas),
        outputs.regions_path(root, atlas),
        outputs.reference_path(root, atlas),
        outputs.vertices_path(root, atlas),
    ]
    names = {str(path) for path in paths} | {path.name for path in paths}
    names |= {outputs.group_matrix_name("rest", atlas, stat, "36P") for stat in MATRICES}
    names |= {outputs.group_map_name(target, stat) for stat in MAPS}
    return names


def test_every_file_that_a_page_names_is_written():
    names = names_of_outputs()
    literal = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for page in (ROOT / "README.md", ROOT / "docs" / "outputs.md"):
        text = page.read_text(encoding="utf-8")
        patterns = re.findall(r"`([^`\s]*\*[^`\s]*\.(?:tsv|json|nii\.gz))`", text)
        assert patterns
        for pattern in patterns:
            options = re.search(r"\{([^}]*)\}", pattern)
            each = options[1].split(",") if options else [""]
            for option in each:
                one = pattern.replace(options[0], option) if options else pattern
                one = one.replace("<model>", "vtlogan")
                sidecar = one.replace(".json", ".tsv")
                found = [n for n in names if fnmatch(n, one) or fnmatch(n, sidecar)]
                assert found or one.split("*")[-1].lstrip("_") in literal, f"{page.name}: {one}"
        for name in re.findall(r"`(?:group/)?([a-z]+\.(?:tsv|json|html))`", text):
            assert name in literal, f"{page.name}: {name}"


@pytest.mark.parametrize(("page", "text"), snippets("json"))
def test_every_json_snippet_is_read_by_what_reads_it(page, text, tmp_path):
    path = tmp_path / "snippet.json"
    path.write_text(text, encoding="utf-8")
    if page == "atlas.md":
        (table,) = (t for p, t in snippets("text") if p == page)
        (tmp_path / json.loads(text)["labels"]).write_text(table, encoding="utf-8")
        part = read_definition(path)
        assert [row.network for row in part.rows] == ["Vis", "Vis", "Default"]
    elif page == "recipe.md":
        assert load_recipe(path).scrub is not None
    elif '"series"' in text:
        assert read_filters(str(path), "series")
    elif page == "inputs.md":
        assert load_recipe(path).elsewhere
    elif page == "tracers.md":
        assert load_tracer(path).plausible
    elif "Design" in text or "Contrasts" in text:
        model = read_model(path, tuple(kinds()))
        assert model.contrasts or model.baselines
    else:
        assert {member[0] for members in read_families(path).values() for member in members} <= (
            measures().keys()
        )


def test_every_warning_that_is_explained_is_given():
    text = (ROOT / "docs" / "warnings.md").read_text(encoding="utf-8")
    literal = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    joined = re.sub(r'"\s*\n\s*f?"', "", literal)
    rows = re.findall(r"^\| ([^|`]+) \|", text, re.MULTILINE)
    warnings = [row for row in rows if row not in ("warning", "status", "---")]
    assert len(warnings) > 14
    for warning in warnings:
        for part in re.split(r"\.\.\.|\d+|: ", warning):
            assert part.strip() in joined, f"{warning}: {part}"


def test_snippets_of_all_kinds_are_there():
    pages = [page for page, _ in snippets("json")]
    assert {"atlas.md", "recipe.md", "design.md"} <= set(pages)


def test_the_plugin_of_the_examples_is_one():
    _read_plugin(ROOT / "examples" / "plugin_slurm.yml")


def test_the_measure_of_the_how_to_is_a_measure(tmp_path, rng):
    (text,) = (t for p, t in snippets("python") if p == "measure.md")
    path = tmp_path / "own.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("own", path)
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    networks = ("Vis",) * 5 + ("Default",) * 7
    regions = Regions(
        names=tuple(f"region_{i}" for i in range(12)),
        networks=networks,
        hemispheres=("L",) * 12,
        centroids=rng.normal(size=(12, 3)),
        sets={"PCC": (7, 8)},
    )
    series = rng.normal(size=(90, 12))
    series[:, 3] = np.nan
    session = Session(
        regions=regions,
        series=series,
        volumes=np.arange(90),
        run_of=np.zeros(90, dtype=np.intp),
        tr=2.0,
        matrix=correlate(series),
        n_common=90,
    )
    rows = {(row.level, row.label): row for row in evaluate(own.MEASURE, session)}
    z = np.delete(session.z[5], [3, 5])
    assert rows["region", "region_5"].value == pytest.approx(z.std(ddof=1))
    assert np.isnan(rows["region", "region_3"].value)
    assert {"network", "set"} <= {level for level, _ in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_every_marker_is_filled_in(generated):
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"<!-- generated: (\w+) -->", text)) == generated.PAGES.keys()


def test_what_is_written_from_the_code_is_all_there(generated):
    written = {name: write() for name, write in generated.PAGES.items()}
    topics = "".join(text for name, text in written.items() if name.startswith("measures_"))
    for name in measures():
        assert f"(measure-{name})=" in topics
        assert f"#measure-{name})" in written["topics"]
    for name in models():
        assert f"(model-{name})=" in written["models"]
    for name in statistics():
        assert f"(statistic-{name})=" in written["statistics"]
    for name in atlases():
        assert f"`{name}`" in written["atlases"]
    for name in recipes():
        assert f"`{name}`" in written["recipes"]
    assert written["confirmatory"].count("\n") == len(CONFIRMATORY) + 1
    for action in build_parser()._actions:
        if action.dest not in ("help", "version", "config_file"):
            named = action.option_strings or [action.metavar or ",".join(action.choices)]
            assert named[0] in written["options"] + written["usage"]


DESCRIBED = [*measures().values(), *models().values(), *statistics().values()]


@pytest.mark.parametrize("described", DESCRIBED, ids=lambda described: described.name)
def test_formulas_are_latex_and_results_have_two_ends(described):
    formula = described.formula
    assert formula.isascii()
    assert formula.count("{") == formula.count("}")
    assert formula.count(r"\left") == formula.count(r"\right")
    assert described.high
    assert described.low
    assert isinstance(described, Measure) is (described.name in measures())


def test_every_reference_is_cited_and_every_key_is_known():
    cited = {key for found in DESCRIBED for key in found.cite}
    cited |= {key for name in atlases() for key in load_atlas(name).cite}
    cited |= {key for name in recipes() for key in load_recipe(name).cite}
    cited |= {key for tracer in shipped() for key in tracer.sources}
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    known = references().keys()
    assert cited <= known
    quoted = {key for key in known if f'"{key}"' in code}
    assert known == cited | quoted


def test_archives_are_told_the_same_as_those_who_cite():
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    version = (ROOT / "version").read_text(encoding="utf-8").strip()
    assert zenodo["title"] in cff
    assert zenodo["creators"][0]["name"] in cff
    for told in (zenodo["version"], re.search(r"^version: (.*)$", cff, re.MULTILINE)[1]):
        assert told == version
    assert zenodo["license"] in cff
