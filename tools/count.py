"""Count how the house is built, by the method of the project's house rules.

Run from the top of the repository: ``python tools/count.py [FOLDER]``; ``--check`` ends with
exit code 1 where a goal is missed, ``--names`` lists what is over.

Lines are those of the file, blank ones included; a function's lines leave its docstring out.
Arguments are those that must be given; a function that only hands its own on, in one call, is
plain data. An import is upward where two rooms import each other, directly or not: in a house
of floors one of the two then points up.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
PACKAGE = HERE / "src" / "gradshift"

VAGUE = frozenset({"found", "there", "told", "mine", "said", "about"})
"""Names that do not name the thing."""

UNTYPED = ("dict[str, Any]", "Mapping[str, Any]")


@dataclass(frozen=True)
class Function:
    """One function or method."""

    where: str
    lines: int
    arguments: int
    plain: bool
    names: frozenset[str]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    seen: float
    goal: float | None
    over: Sequence[str] = ()

    @property
    def missed(self) -> bool:
        """Whether the goal is missed."""
        return self.goal is not None and self.seen > self.goal


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="count", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=PACKAGE)
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--names", action="store_true", help="list what is over the goal")
    options = parser.parse_args()
    rows = count(options.folder)
    print(f"{'measure':<58}{'seen':>7}{'goal':>7}")
    for row in rows:
        goal = "" if row.goal is None else f"{row.goal:g}"
        print(f"{row.what:<58}{row.seen:>7g}{goal:>7}{'  missed' if row.missed else ''}")
        if options.names:
            print(*(f"    {name}" for name in row.over), sep="\n")
    return int(options.check and any(row.missed for row in rows))


def count(package: Path) -> list[Row]:
    """Count everything in a package."""
    trees = {
        path.relative_to(package): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }
    lengths = {path: len((package / path).read_text().splitlines()) for path in trees}
    return [*_of_modules(lengths), *_of_functions(trees), *_of_imports(trees)]


def _of_modules(lengths: Mapping[Path, int]) -> list[Row]:
    """Count modules; those that only mark a folder as a package are left out."""
    real = {path: n for path, n in lengths.items() if path.name != "__init__.py"}
    largest = sorted(real, key=lambda path: -real[path])[:5]
    return [
        Row("modules", len(real), None),
        Row("lines of code", sum(lengths.values()), None),
        Row("median lines of a module", median(real.values()), 100),
        Row(
            "longest module", max(real.values()), None, [f"{p}: {real[p]} lines" for p in largest]
        ),
    ]


def _of_functions(trees: Mapping[Path, ast.Module]) -> list[Row]:
    functions = [one for path, tree in trees.items() for one in functions_of(path, tree)]
    many = [one for one in functions if one.arguments > 6 and not one.plain]
    vague = [one for one in functions if one.names & VAGUE]
    untyped = [f"{p}:{line}" for p, tree in trees.items() for line in untyped_mappings(tree)]

    def longer(than: int) -> list[str]:
        return [f"{one.where}: {one.lines} lines" for one in functions if one.lines > than]

    return [
        Row("functions", len(functions), None),
        Row("median lines of a function", median(one.lines for one in functions), None),
        Row("functions over 60 lines", len(longer(60)), 0, longer(60)),
        Row("functions over 50 lines", len(longer(50)), 3, longer(50)),
        Row(
            "functions with more than 6 arguments, not plain data",
            len(many),
            0,
            [f"{one.where}: {one.arguments} arguments" for one in many],
        ),
        Row("dict[str, Any] or Mapping[str, Any]", len(untyped), 40, untyped),
        Row(
            f"functions naming {', '.join(sorted(VAGUE))}",
            len(vague),
            20,
            [f"{one.where}: {', '.join(sorted(one.names & VAGUE))}" for one in vague],
        ),
    ]


def functions_of(path: Path, tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method of a module, those inside others as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(
                where=f"{path}:{node.lineno} {node.name}",
                lines=_lines(node),
                arguments=len(_required(node)),
                plain=_is_plain(node),
                names=frozenset(_assigned(node)),
            )


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def _required(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Name the arguments, without the object itself and keywords that may be left out."""
    asked = node.args
    optional = {
        word.arg
        for word, default in zip(asked.kwonlyargs, asked.kw_defaults, strict=True)
        if default is not None
    }
    every = [a.arg for a in (*asked.posonlyargs, *asked.args, *asked.kwonlyargs)]
    return [name for name in every if name not in ("self", "cls", *optional)]


def _is_plain(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function only hands its arguments on: one statement, one call."""
    body = [one for one in node.body if not _is_text(one)]
    return (
        len(body) == 1 and isinstance(body[0], ast.Return) and isinstance(body[0].value, ast.Call)
    )


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _assigned(function: ast.AST) -> Iterator[str]:
    """Yield the names a function gives itself: arguments, and what is assigned in it."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def untyped_mappings(tree: ast.AST) -> Iterator[int]:
    """Yield the lines on which a mapping of text to anything is named as a type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node) in UNTYPED:
            yield node.lineno


def _of_imports(trees: Mapping[Path, ast.Module]) -> list[Row]:
    graph = imports(trees)
    rooms: dict[str, set[str]] = {}
    for module, others in graph.items():
        room = _room(module)
        rooms.setdefault(room, set()).update({_room(other) for other in others} - {room})
    circles = [" -> ".join(circle) for circle in find_circles(graph)]
    upward = [", ".join(circle) for circle in find_circles(rooms)]
    return [
        Row("circles of modules", len(circles), 0, circles),
        Row("imports upward: rooms that import each other", len(upward), 0, upward),
    ]


def imports(trees: Mapping[Path, ast.Module]) -> dict[str, set[str]]:
    """Say which module of the package imports which, those inside functions as well.

    The top of the package is a door for users: what its functions open is no part of the house.
    """
    modules = {_dotted(path) for path in trees}
    return {
        _dotted(path): {
            target
            for node in ast.walk(tree)
            for name in _imported(node)
            if (target := _module(name, modules)) and target != _dotted(path)
        }
        for path, tree in trees.items()
        if path != Path("__init__.py")
    }


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__") or "__init__"


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(name: str, modules: set[str]) -> str:
    """Return the module of the package that a full name lies in, or nothing."""
    parts = name.split(".")
    if parts[0] != "gradshift":
        return ""
    starts = (".".join(parts[1:end]) for end in range(len(parts), 1, -1))
    return next((start for start in starts if start in modules), "")


def find_circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other."""
    reached = {module: _reach(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return sorted(map(list, groups))


def _reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += graph.get(module, ())
    return seen


def _room(module: str) -> str:
    """Return the room of a module; those of the mathematics are rooms of their own."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "core" else parts[0]


if __name__ == "__main__":
    sys.exit(main())
