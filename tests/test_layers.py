"""Who may import whom: downward only, and nothing heavy before it is needed."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradshift

ROOT = Path(gradshift.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
EVERYTHING = frozenset({path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES})

MAY_IMPORT = {
    "errors": frozenset(),
    "checks": frozenset({"errors"}),
    "usage": frozenset({"errors"}),
    "settings": frozenset({"errors", "checks"}),
    "core": frozenset({"errors"}),
    "plugins": frozenset({"errors", "core"}),
    "figures": frozenset({"errors", "core.cortex.regions"}),
    "images": frozenset({"errors", "core"}),
    "recipes": frozenset({"errors", "settings.read_small"}),
    "tracers": frozenset({"errors", "settings.read_small"}),
    "atlases": frozenset({"errors", "settings.read_small", "images", "core.cortex.regions"}),
    "bids": frozenset(
        {
            "errors",
            "settings",
            "images",
            "recipes",
            "tracers",
            "core.cortex.regions",
            "core.series.series",
            "core.pet.samples",
            "core.pet.curves",
        }
    ),
    "output": frozenset({"errors", "settings", "bids", "plugins"}),
    "running": frozenset({"errors", "settings", "bids", "output", "plugins", "core.inference"}),
    "study": frozenset({"errors", "settings", "bids", "core", "atlases", "recipes"}),
    "report": EVERYTHING - {"participant", "levels", "cli", "api"},
    "participant": EVERYTHING - {"study", "group", "levels", "cli", "api"},
    "group": EVERYTHING - {"participant", "report", "figures", "levels", "cli", "api"},
    "levels": EVERYTHING - {"cli", "api"},
    "example": EVERYTHING
    - {"study", "group", "participant", "report", "running", "levels", "cli", "api"},
    "cli": frozenset({"errors", "usage", "settings", "running", "levels"}),
    "api": EVERYTHING - {"cli", "participant", "example"},
    "__main__": frozenset({"cli"}),
    "__init__": frozenset({"api"}),
}
"""By folder or module, what else of ours it may import; what is below a name goes with it."""

ROOMS_OF_CORE = {
    "folders": frozenset(),
    "enhancement": frozenset(),
    "series": frozenset({"cortex.regions"}),
    "cortex": frozenset({"folders", "series"}),
    "measures": frozenset({"folders", "series", "cortex"}),
    "pet": frozenset({"folders"}),
    "kinetics": frozenset({"folders", "pet"}),
    "inference": frozenset({"folders"}),
    "statistics": frozenset({"folders", "enhancement", "inference", "cortex"}),
    "contrasts": frozenset({"folders", "inference", "statistics"}),
}
"""By room of the mathematics, what else of it the room may import."""

CORE_MAY_IMPORT = ("numpy", "numba", "scipy", "sklearn", "nilearn.signal")
FIGURES_MAY_IMPORT = ("numpy", "matplotlib", "nilearn")
TOUCHES_FILES = {"os", "pathlib", "io", "shutil", "tempfile", "glob", "subprocess", "socket"}
HEAVY = {
    "numpy",
    "numba",
    "scipy",
    "nibabel",
    "nilearn",
    "nipype",
    "bids",
    "pandas",
    "matplotlib",
    "yaml",
}


def names(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names an import statement brings in, modules as full as they are."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute, so that they can be searched for"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports(path: Path, *, top_only: bool = False) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    return [name for node in nodes for name in names(node)]


def within(name: str, allowed: str) -> bool:
    return name == allowed or name.startswith(f"{allowed}.")


def owner(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_import_only_what_lies_below_them(path):
    own = owner(path)
    assert own in MAY_IMPORT, f"say in MAY_IMPORT what {own} may import"
    ours = [name for name in imports(path) if within(name, "gradshift")]
    allowed = {"gradshift.__version__", *(f"gradshift.{n}" for n in {own, *MAY_IMPORT[own]})}
    wrong = [name for name in ours if not any(within(name, other) for other in allowed)]
    assert not wrong


@pytest.mark.parametrize(
    "path", [p for p in MODULES if owner(p) == "core"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_rooms_of_the_mathematics_import_only_what_lies_below_them(path):
    own = path.relative_to(ROOT / "core").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    ours = [name for name in imports(path) if within(name, "gradshift.core")]
    allowed = [f"gradshift.core.{n}" for n in {own, *ROOMS_OF_CORE[own]}]
    assert not [name for name in ours if not any(within(name, other) for other in allowed)]


def without_files(path: Path, third_party: tuple[str, ...]) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        plain = top in sys.stdlib_module_names and top not in TOUCHES_FILES
        known = any(within(name, allowed) for allowed in (*third_party, "gradshift"))
        assert plain or known, name


@pytest.mark.parametrize(
    "path", [p for p in MODULES if owner(p) == "core"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_core_is_mathematics_without_files(path):
    without_files(path, CORE_MAY_IMPORT)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if owner(p) == "figures"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_figures_are_drawn_from_arrays_without_files(path):
    without_files(path, FIGURES_MAY_IMPORT)
    assert "matplotlib.pyplot" not in " ".join(imports(path)), "pyplot keeps figures open"


@pytest.mark.parametrize("module", ["__init__", "__main__", "cli", "usage", "settings", "errors"])
def test_modules_of_the_command_line_start_with_the_standard_library_only(module):
    files = [ROOT / f"{module}.py", *(ROOT / module).glob("*.py")]
    names = {name for path in files if path.exists() for name in imports(path, top_only=True)}
    assert names
    assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "gradshift"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_who_catches_everything_says_why(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    broad = [line for line in lines if re.match(r" *except( (Base)?Exception\b.*)?:", line)]
    assert not [line for line in broad if "#" not in line]


@pytest.mark.parametrize(
    "used",
    ["from gradshift.cli import build_parser; build_parser().format_help()", "import gradshift"],
)
def test_help_and_import_load_nothing_heavy(used):
    program = f"import sys; {used}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
