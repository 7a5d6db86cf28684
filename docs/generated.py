"""The parts of the documentation that are written from the code, so that they cannot fall behind.

A page says ``<!-- generated: NAME -->`` where the text of ``PAGES[NAME]`` belongs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import gradshift
from gradshift import errors
from gradshift import settings as schema
from gradshift.atlases import catalogue as atlases
from gradshift.atlases.templates import load_template
from gradshift.bids.planted import Planted
from gradshift.bids.rows import columns as columns_of
from gradshift.cli import build_parser
from gradshift.core.cortex.measure import NEEDED, OPT_IN, TOPICS, Measure
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.kinetics import models
from gradshift.core.measures import measures, opt_in
from gradshift.core.pet.model import NEEDS
from gradshift.core.statistics import statistics
from gradshift.group.table import tables
from gradshift.recipes import catalogue as recipes
from gradshift.report.bibliography import known, references
from gradshift.tracers.catalogue import shipped
from gradshift.tracers.tracer import HALF_LIFE_SOURCE, Tracer

ROOT = Path(__file__).parents[1]

CHANGED = {
    "participant": "Changes the numbers of both levels.",
    "group": "Changes the numbers of the group level.",
    "": "",
}


class Entry(NamedTuple):
    """What the documentation says of a measure, a model or a statistic."""

    kind: str
    name: str
    title: str
    facts: Mapping[str, str]
    formula: str
    high: str
    low: str
    methods: str
    caveat: str
    cite: Sequence[str]


def demo() -> Path:
    """Return the folder that holds ``demo/out``: of ``make demo``, or of a stand-in made now."""
    if (ROOT / "demo" / "out" / "group" / "contrasts.tsv").exists():
        return ROOT
    folder = ROOT / "docs" / "_build" / "standin"
    if not (folder / "demo" / "out" / "group").exists():
        program = f"from finished import stand_in; stand_in({str(folder / 'demo')!r})"
        paths = [str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return folder


def escaped(text: str) -> str:
    """Keep Markdown from reading a text as more than text, and code between backticks."""
    parts = re.split(r"(`[^`]+`)", text)
    parts[::2] = (re.sub(r"([\\`*_<>\[\]|$])", r"\\\1", part) for part in parts[::2])
    return "".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cited(keys: Iterable[str]) -> str:
    """Name references, each with a link to its entry in the list."""
    return "; ".join(f"[{r.named}](#ref-{r.key.lower()})" for r in known(keys))


def section(entry: Entry, level: int = 2) -> str:
    """Write all that is known of one measure, model or statistic."""
    facts = " · ".join(f"{k}: {v}".removeprefix(": ") for k, v in entry.facts.items())
    said = {
        "High": entry.high,
        "Low": entry.low,
        "How": entry.methods,
        "Caveat": entry.caveat,
    }
    formula = entry.formula.replace(r"\%", "per cent")  # MathJax shows backslashes inside of text
    lines = [
        f"({entry.kind}-{entry.name})=",
        f"{'#' * level} `{entry.name}`" + (f": {entry.title}" if entry.title else ""),
        facts,
        f"```{{math}}\n\\begin{{gathered}}\n{formula}\n\\end{{gathered}}\n```",
        *(f"**{name}.** {escaped(text)}" for name, text in said.items()),
        f"**Reference.** {cited(entry.cite)}" if entry.cite else "",
    ]
    return "\n\n".join(line for line in lines if line)


def options() -> str:
    """Write the options by group, as the parser has them."""
    parser = build_parser()
    known = {f.name for _, f in schema.options()} | {"help", "version", "config_file"}
    shown = {action.dest: action for action in parser._actions if action.dest in known}
    parts = []
    for name, cls in schema.GROUPS.items():
        parts.append(f"### {str(cls.__doc__).rstrip('.')}")
        parts += [_option(f, shown[f.name]) for group, f in schema.options() if group == name]
    parts.append("### Further words that users of other programs type")
    parts += [
        f"```{{option}} {' '.join(action.option_strings)}\n{escaped(str(action.help))}.\n```"
        for action in parser._actions
        if action.option_strings and action not in shown.values()
    ]
    return "\n\n".join(parts)


def _option(field: Any, action: argparse.Action) -> str:
    words = argparse.HelpFormatter("gradshift")._format_args(
        action, action.dest.upper() if action.nargs != 0 else ""
    )
    flags = ", ".join(f"{flag} {words}".rstrip() for flag in action.option_strings)
    text = str(action.help).replace("%%", "%")
    text = text[:1].upper() + text[1:] + "."
    return f"```{{option}} {flags}\n{escaped(text)} {CHANGED[field.metadata['numbers']]}\n```"


def usage() -> str:
    """Write the shape of the command and what it takes by position."""
    rows = [
        (f"`{a.metavar or '{' + ','.join(a.choices or ()) + '}'}`", escaped(str(a.help)))
        for a in build_parser()._actions
        if not a.option_strings
    ]
    return table(("argument", "meaning"), rows)


def exit_codes() -> str:
    """Write the exit codes, from the tree of errors."""
    found: dict[int, list[str]] = {
        0: ["all done"],
        1: ["some runs failed or were left out, and the others are there"],
    }
    for error in _descendants(errors.GradshiftError):
        text = str(error.__doc__).strip().rstrip(".")
        if error is not errors.ExcludedError:
            found.setdefault(error.exit_code, []).append(text[0].lower() + text[1:])
    return table(("code", "means"), ((f"{k}", "; ".join(v)) for k, v in sorted(found.items())))


def _descendants(error: type[errors.GradshiftError]) -> Iterator[type[errors.GradshiftError]]:
    for child in error.__subclasses__():
        yield child
        yield from _descendants(child)


def of_topic(topic: str) -> Callable[[], str]:
    """Return what writes every measure of a topic."""

    def write() -> str:
        found = [measure for measure in measures().values() if measure.topic == topic]
        return "\n\n".join(section(_of_measure(measure), 2) for measure in found)

    return write


def opt_in_groups() -> str:
    """List the measures that are computed only if asked for, by group."""
    rows = [
        (f"`{group}`", OPT_IN[group], ", ".join(f"[`{m}`](#measure-{m})" for m in members))
        for group, members in opt_in().items()
    ]
    return table(("group", "is of", "measures"), rows)


def topics() -> str:
    """List every measure with a link to its section, by topic."""
    rows = []
    for topic in used_topics():
        found = [measure for measure in measures().values() if measure.topic == topic]
        links = ", ".join(f"[`{m.name}`](#measure-{m.name})" for m in found)
        rows.append((f"[{TOPICS[topic]}](measures/{topic}.md)", links))
    return table(("topic", "measures"), rows)


def used_topics() -> list[str]:
    """Return the topics that have a measure, in their order."""
    used = {measure.topic for measure in measures().values()}
    return [topic for topic in TOPICS if topic in used]


def needs() -> str:
    """Write which measures need what of a source."""
    links = {
        text: [f"[`{m.name}`](#measure-{m.name})" for m in measures().values() if m.needs == need]
        for need, text in NEEDED.items()
    }
    rows = [[text, ", ".join(names)] for text, names in links.items() if names]
    return table(["what they are made of", "measures"], rows)


def _of_measure(measure: Measure) -> Entry:
    return Entry(
        kind="measure",
        name=measure.name,
        title=measure.title,
        facts={
            "Unit": escaped(measure.unit),
            "Level": ", ".join(measure.levels),
            "Made of": NEEDED[measure.needs],
            "Computed": f"if asked for, with the group `{measure.group}`"
            if measure.group
            else "by default",
        },
        formula=measure.formula,
        high=measure.high,
        low=measure.low,
        methods=measure.methods,
        caveat=measure.caveat,
        cite=measure.cite,
    )


def all_models() -> str:
    """Write every kinetic model."""
    return "\n\n".join(
        section(
            Entry(
                kind="model",
                name=model.name,
                title=model.title,
                facts={
                    "Unit": escaped(model.unit),
                    "Needs": "; ".join(escaped(NEEDS[need]) for need in model.needs),
                },
                formula=model.formula,
                high=model.high,
                low=model.low,
                methods=model.methods,
                caveat=model.caveat,
                cite=model.cite,
            )
        )
        for model in models().values()
    )


def shipped_tracers() -> str:
    """Write the tracers that come with gradshift, every fact with its source."""
    parts = []
    for tracer in shipped():
        rows = [(what, escaped(value), cited([source])) for what, value, source in _facts(tracer)]
        told = table(("fact", "value", "source"), rows)
        parts.append(f"## {escaped(tracer.name)}\n\n{told}")
    return "\n\n".join(parts)


def _facts(tracer: Tracer) -> Iterator[tuple[str, str, str]]:
    """Yield what is known of a tracer: what it is, its value, the key of its source."""
    named = {
        "radionuclide": tracer.radionuclide,
        "target": tracer.target,
        "stands for": tracer.meaning,
        "reference region": tracer.reference_region,
        "caveat": tracer.caveat,
    }
    for what, fact in named.items():
        if fact.value:
            yield what, fact.value, fact.source
        if what == "radionuclide" and tracer.half_life:
            yield "half-life", f"{tracer.half_life:g} min", HALF_LIFE_SOURCE
    for usual in tracer.plausible:
        told = f"{usual.low:g} to {usual.high:g}; a warning beyond"
        yield f"{usual.outcome} of the {usual.where}", told, usual.source
    for model, why in tracer.refused.items():
        yield f"not offered: {model}", why.value, why.source


def all_statistics() -> str:
    """Write every statistic."""
    return "\n\n".join(
        section(
            Entry(
                kind="statistic",
                name=statistic.name,
                title="",
                facts={"": _first_line(statistic.name)},
                formula=statistic.formula,
                high=statistic.high,
                low=statistic.low,
                methods=statistic.methods,
                caveat=statistic.caveat,
                cite=statistic.cite,
            )
        )
        for statistic in statistics().values()
    )


def _first_line(name: str) -> str:
    module = import_module(f"gradshift.core.statistics.{name}")
    return escaped(str(module.__doc__).splitlines()[0])


def _benchmark(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def type_one() -> str:
    """Write how often each test of a family errs, as last measured."""
    header = ("test", "studies", "called at .05", "standard error", "attainable")
    rows = (
        (row["test"], str(row["studies"]), *(f"{row[k]:.3f}" for k in ("share", "error")),
         f"{row['attainable']:.3f}")
        for row in _benchmark("type_one")
    )  # fmt: skip
    return table(header, rows)


def ugly() -> str:
    """Write how often tests err where they err most, as last measured."""
    header = ("studies in which nothing is there", "test", "studies", "called at .05",
              "standard error", "bound")  # fmt: skip
    rows = (
        (row["case"], row["test"], str(row["studies"]),
         *(f"{row[k]:.3f}" for k in ("share", "error")),
         "reported" if row["bound"] is None else f"{row['bound']:g}")
        for row in _benchmark("ugly")
    )  # fmt: skip
    return table(header, rows)


def designs() -> str:
    """Write how often every design errs, and what it finds of a planted change."""
    header = (
        "design", "contrast", "people", "studies", "called at .05 where nothing is there",
        "planted", "mean of what is found", "intervals of 95 % that hold it", "called",
    )  # fmt: skip
    rows = (
        (row["design"], f"`{row['contrast']}`", str(row["people"]), str(row["studies"]),
         f"{row['share']:.3f} ± {row['error']:.3f}", f"{row['planted']:g}", f"{row['found']:.3f}",
         f"{row['holds']:.3f}", f"{row['seen']:.2f}")
        for row in _benchmark("designs")
    )  # fmt: skip
    return table(header, rows)


def retest() -> str:
    """Write how alike sessions of a person are in what might be measured, and those of two."""
    header = ("of a session", "two sessions of a person", "sessions of two people")
    rows = (
        (
            row["measure"],
            *(", ".join(f"{r:.2f}" for r in row[who]) for who in ("within", "between")),
        )
        for row in _benchmark("retest")
    )
    return table(header, rows)


def pages() -> str:
    """Write how often whole null pages claim something, as last measured."""
    header = ("part of the page", "pages", "share that claims", "standard error", "bound")
    rows = (
        (row["claims"], str(row["pages"]), *(f"{row[k]:.3f}" for k in ("share", "error")),
         "reported" if row["bound"] is None else f"{row['bound']:g}")
        for row in _benchmark("pages")
    )  # fmt: skip
    return table(header, rows)


def confirmatory() -> str:
    """Write the values that were declared beforehand."""
    rows = (
        (f"[`{measure}`](#measure-{measure})", level, label)
        for measure, level, label in sorted(CONFIRMATORY)
    )
    return table(("measure", "level", "label"), rows)


def shipped_atlases() -> str:
    """Write the atlases that come with gradshift."""
    rows = []
    for name in atlases.available():
        atlas = atlases.load_atlas(name)
        (part,) = atlas.parts
        gradients = "yes" if load_template(name, "cosine") is not None else "no"
        spaces = ", ".join(part.images)
        rows.append(
            (f"`{name}`", str(len(atlas.rows)), spaces, gradients, escaped(part.release),
             cited(part.cite))
        )  # fmt: skip
    header = ("name", "regions", "spaces", "reference gradients", "release", "reference")
    return table(header, rows)


def shipped_recipes() -> str:
    """Write the recipes that come with gradshift."""
    parts = []
    for name in recipes.available():
        recipe = recipes.load_recipe(name)
        scrub, facts = recipe.scrub, []
        if recipe.filter:
            facts.append(f"{recipe.band[0]:g} to {recipe.band[1]:g} Hz")
        if scrub is not None:
            facts.append(f"volumes with framewise displacement above {scrub.fd_threshold:g} mm "
                         "left out")  # fmt: skip
            facts.append(f"at least {recipe.min_minutes:g} minutes retained")
        if recipe.cite:
            facts.append(cited(recipe.cite))
        told = f"{escaped(recipe.description)}\n\n{'; '.join(facts)}".strip()
        parts.append(f"## `{name}`\n\n{told}")
    return "\n\n".join(parts)


def planted() -> str:
    """Write the columns of the table of planted changes that a study may bring."""
    described = columns_of(Planted).items()
    return table(("column", "holds"), ((f"`{k}`", escaped(v)) for k, v in described))


def columns() -> str:
    """Write the columns of the tables of the group level, as their sidecars do."""
    return "\n\n".join(
        f"### Columns of `{one.name}.tsv`\n\n"
        + table(("column", "holds"), ((f"`{k}`", escaped(v)) for k, v in one.columns.items()))
        for one in tables()
    )


def measured() -> str:
    """Name the pages of measurements that are there."""
    names = ("reliability", "platforms", "performance")
    there = (Path(__file__).parent / f"{name}.md" for name in names)
    return "\n".join(path.stem for path in there if path.exists())


def versions() -> str:
    """Write what the package asks for, and what it is pinned to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(
        re.findall(
            r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M
        )
    )
    rows = [("Python", project["requires-python"], "3.11, 3.12, 3.13")]
    for asked in project["dependencies"]:
        name, wanted = re.fullmatch(r"([\w-]+)([^;]*)(?:;.*)?", asked).groups()
        rows.append((f"`{name}`", escaped(wanted.strip()), pinned.get(name.lower(), "")))
    return table(("program", "asked for", "in the image"), rows)


MEASURED = re.compile(
    r"^\| (\d+ sessions[^|]*|`participant`, one[^|]*volumes of[^|]*|"
    r"find the runs of \d+ people|`group`[^|]*)"
    r" \| ([\d.]+ s) \|[^|]*\|[^|]*\|[^|]*\| (\d+ MB)",
    re.MULTILINE,
)
"""A row of a table of benchmarks that tells what whole commands take."""


def grown() -> str:
    """Write what commands took when they were measured last."""
    folder = ROOT / "benchmarks" / "results"
    text = "\n".join(
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["text"]
        for name in ("finding", "commands", "people")
    )
    rows = dict.fromkeys(found.groups() for found in MEASURED.finditer(text))
    return table(("what", "time", "most memory"), rows)


def sizes() -> str:
    """Write the sizes of an output by kind of file."""
    out = demo() / "demo" / "out"
    by_kind: dict[str, list[int]] = {}
    for path in out.rglob("*"):
        if path.is_file():
            by_kind.setdefault(_kind_of_file(path.relative_to(out)), []).append(
                path.stat().st_size
            )
    people = len(list(out.glob("sub-*/")))
    by_person = [kind for kind in by_kind if kind.startswith(("`*_", "figures", "`work"))]
    rows = [
        (
            kind,
            str(len(sizes)),
            f"{sum(sizes) / 1e6:.1f}",
            f"{sum(sizes) / 1e6 / people:.2f}" if kind in by_person else "",
        )
        for kind, sizes in sorted(by_kind.items(), key=lambda item: -sum(item[1]))
    ]
    head = ("files", "number", "MB", "MB per person")
    return f"{people} participants with two sessions.\n\n{table(head, rows)}"


def _kind_of_file(path: Path) -> str:
    if path.parts[0].startswith("sub-") and len(path.parts) > 1:
        name = path.name.partition(".")[0].rpartition("_")[2]
        return "figures of participants" if "figures" in path.parts else f"`*_{name}.*`"
    return f"`{path.parts[0]}/`" if len(path.parts) > 1 else "pages and descriptions"


def tutorial() -> str:
    """Write what the confirmatory family of an output shows, read from its tables."""
    results = gradshift.load(demo() / "demo" / "out")
    atlas, recipe = results.primary
    rows = results.contrasts
    main = rows[
        (rows["family"] == "confirmatory")
        & (rows["effect"] == "change")
        & rows["covariates"].isna()
        & (rows["atlas"] == atlas)
        & (rows["recipe"] == recipe)
    ]
    shown = [
        (
            f"`{row.measure}` {row.label}",
            str(row.n),
            f"{row.mean_change:+.3f}",
            f"{row.hedges_g:.2f} [{row.ci_low_fwe:.2f}, {row.ci_high_fwe:.2f}]",
            f"{row.p_fwe:.3f}",
            str(row.verdict),
        )
        for row in main.itertuples()
    ]
    head = ("value", "n", "mean change", "Hedges' g, simultaneous interval", "p_fwe", "verdict")
    return f"Atlas `{atlas}`, recipe `{recipe}`:\n\n{table(head, shown)}"


def truth() -> str:
    """Write what was planted in the demo beside what it finds, and why something was missed."""
    path = demo() / "demo" / "out" / "group" / "planted.tsv"
    if not path.exists():
        return (
            "(This documentation was built without `make demo`: nothing was planted in its study.)"
        )
    rows = pd.read_csv(path, sep="\t", na_values="n/a", keep_default_na=False)
    shown = [
        (
            f"`{row.measure}` {'' if pd.isna(row.label) else row.label}".strip(),
            escaped(str(row.unit)),
            *(f"{value:.3g}" for value in (row.planted, row.expected, row.found)),
            f"{row.ci_low:.3g} to {row.ci_high:.3g}",
            "yes" if row.inside else "no",
            "yes" if row.detected else "no",
        )
        for row in rows.itertuples()
    ]
    missed = [
        f"- `{row.measure}` {row.label}: {escaped(row.reason)}."
        for row in rows.itertuples()
        if not pd.isna(row.reason)
    ]
    head = (
        "value", "unit", "planted", "expected", "found", "95 % interval", "holds the expected",
        "found significant",
    )  # fmt: skip
    why = ["What was missed, and why:", "\n".join(missed)] if missed else []
    return "\n\n".join([table(head, shown), *why])


def bibliography() -> str:
    """Write the list of references."""
    listed = []
    for reference in known(references()):
        link = f" <{reference.link}>" if reference.link else ""
        listed.append(f"(ref-{reference.key.lower()})=\n{escaped(reference.listed)}{link}")
    return "\n\n".join(listed)


PAGES: Mapping[str, Callable[[], str]] = {
    "usage": usage,
    "options": options,
    "exit_codes": exit_codes,
    **{f"measures_{topic}": of_topic(topic) for topic in used_topics()},
    "topics": topics,
    "opt_in_groups": opt_in_groups,
    "versions": versions,
    "grown": grown,
    "sizes": sizes,
    "tutorial": tutorial,
    "truth": truth,
    "needs": needs,
    "models": all_models,
    "tracers": shipped_tracers,
    "statistics": all_statistics,
    "type_one": type_one,
    "ugly": ugly,
    "designs": designs,
    "retest": retest,
    "pages": pages,
    "confirmatory": confirmatory,
    "atlases": shipped_atlases,
    "recipes": shipped_recipes,
    "columns": columns,
    "planted": planted,
    "measured": measured,
    "bibliography": bibliography,
}
"""What a marker stands for."""
