"""Digests of code: what a result was computed with, so that a change is noticed.

The digest of a module is that of its source and of all modules of its package that it can
reach by imports. It changes with a comment, too: too often rather than too seldom.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from gradshift import __version__

PACKAGE = "gradshift"
ROOT = Path(__file__).parents[1]
LENGTH = 16
"""Hexadecimal digits of a digest."""

IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([\w.]+))",
    re.MULTILINE,
)
"""An import statement: a module with what is taken from it, or a module."""


def digest(files: Iterable[str | Path], packages: Mapping[str, Path] | None = None) -> str:
    """Return the digest of files of code and all that they reach.

    Parameters
    ----------
    files : iterable of path-like
    packages : mapping of str to Path
        Packages whose modules are followed besides ours, and their folders.
    """
    roots = {PACKAGE: ROOT, **(packages or {})}
    waiting, reached = [Path(file) for file in files], dict[str, str]()
    while waiting:
        path = waiting.pop()
        name = _name(path, roots)
        if name in reached:
            continue
        changes = 0 if name.startswith(f"{PACKAGE}/") else path.stat().st_mtime_ns
        reached[name], modules = _read(path, changes)
        for module in modules:
            package, _, within = module.partition(".")
            if package in roots:
                waiting += _files(roots[package], within)
    text = "\n".join(f"{name} {reached[name]}" for name in sorted(reached))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def of(*kinds: type) -> str:
    """Return the version and the digest of what classes compute with, for a cache key."""
    return f"{__version__} {of_code(*kinds)}"


def of_code(*kinds: type) -> str:
    """Return the digest of what classes compute with."""
    return digest(str(sys.modules[kind.__module__].__file__) for kind in kinds)


def _name(path: Path, roots: Mapping[str, Path]) -> str:
    """Return the place of a file in its package, or its name."""
    text = str(path)
    for package, root in roots.items():
        if text.startswith(start := f"{root}{os.sep}"):
            return f"{package}/{text.removeprefix(start)}"
    return path.name


@cache
def _files(root: Path, module: str) -> tuple[Path, ...]:
    """Return the file of a module of a package; none for what is no module."""
    path = root.joinpath(*filter(None, module.split(".")))
    candidates = [path / "__init__.py", *([path.with_suffix(".py")] if module else [])]
    return tuple(candidate for candidate in candidates if candidate.is_file())


@cache
def _read(path: Path, changed: int) -> tuple[str, tuple[str, ...]]:
    """Return the digest of a file, and what may be modules that it imports."""
    content = path.read_bytes()
    modules = []
    for match in IMPORT.finditer(content.decode("utf-8", errors="replace")):
        start, taken, plain = match.groups()
        if plain:
            modules.append(plain)
            continue
        names = re.findall(r"\w+", re.sub(r"#[^\n]*|\bas\s+\w+", "", taken))
        modules += [start, *(f"{start}.{name}" for name in names)]
    return hashlib.sha256(content).hexdigest(), tuple(dict.fromkeys(modules))
