"""The page of the group: what can be said, the figures behind it, every number with its table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.statistics.effects import detectable_change
from gradshift.group.contrasts import Contrast
from gradshift.group.table import statistics_used
from gradshift.report import wording, words
from gradshift.report.bibliography import known
from gradshift.report.grouped import GroupResults
from gradshift.report.groupfigures import molecular_pictures, task_pictures
from gradshift.report.methods import citations, paragraphs
from gradshift.report.molecules import coupled_rows, coupling_summary, molecules
from gradshift.report.pages import write_page
from gradshift.report.results import family_size, what_was_used
from gradshift.report.trust import facts
from gradshift.report.wording import QUESTIONS, Asked, Question
from gradshift.study.participation import Participation

MAX_ROWS = 4000
"""Rows of results that the page itself shows; the table has them all."""

REGION_FAMILIES = "region-"

MORE = ("limits.json", "robustness.tsv", "variants.tsv", "reliability.tsv", "nbs.tsv")
"""Files of the group that say how far a result can be trusted."""

COLUMNS = (
    *("n", "mean_baseline", "mean_followup", "mean_change", "hedges_g"),
    *("ci_low", "ci_high", "t", "p", "p_fwe", "q_fdr"),
)
"""Numbers of the table of contrasts that the page shows."""


def write_group_page(folder: Path, output_dir: Path) -> Path:
    """Draw the figures of the group and write its page, from the tables alone.

    Parameters
    ----------
    folder : Path
        Where the tables of the group lie, and the page goes.
    output_dir : Path
        Top folder of the results.
    """
    found = GroupResults(folder, output_dir)
    design = str(found.about.get("Design", ""))
    used = what_was_used(output_dir, found.sources, design, statistics_used(folder))
    methods = paragraphs(used)
    listed = _listed(found)
    tasks = [_task(found, task) for task in found.tasks]
    about = {
        "title": f"{found.effect[0]}: group results",
        "span": _span(tasks),
        "sessions": [words.session(name) for name in found.sessions],
        "sides": wording.sides(found.effect[0]),
        "design": design,
        "found": found,
        "tasks": tasks,
        "people": _people(found),
        "with_page": {result.participant for result in found.sources},
        "molecules": molecules(found),
        "coupling": coupled_rows(found),
        "coupling_summary": coupling_summary(found),
        "molecular": dict(molecular_pictures(found)),
        "claims": _claims(found),
        "facts": facts(found),
        "tables": sorted(path.name for path in folder.glob("*.tsv")),
        "others": [name for name in MORE if (folder / name).exists()],
        "results": listed,
        "n_results": len(found.rows),
        "glossary": _glossary(listed),
        "region_families": list(_region_families(found)),
        "columns": COLUMNS,
        "exploratory": wording.EXPLORATORY,
        "methods": methods,
        "references": known(citations(methods)),
        "logs": "../logs",
    }
    return write_page(folder / "index.html", "group.html", about)


def _span(tasks: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return the ends of a scale that holds every interval of the headline values, and 0."""
    ends = [
        getattr(finding["row"], end)
        for task in tasks
        for answer in task["answers"]
        for finding in answer["findings"]
        for end in ("ci_low", "ci_high")
        if finding["row"] is not None and math.isfinite(getattr(finding["row"], end))
    ]
    return min([*ends, -1.0]), max([*ends, 1.0])


def _claims(found: GroupResults) -> list[str]:
    """Say how much can be claimed; limits of the design that the group level found come first."""
    tested = [row for row in found.rows if found.is_headline(row)]
    n = max((row.n for row in tested), default=0)
    people = {row.participant_id for row in found.people}
    compared = {person for task in found.tasks for person in found.included(task)}
    limits = found.limits.get("Limits", [])
    first, *others = wording.claim(
        tested,
        alpha=found.alpha,
        n_left_out=len(people - compared),
        detectable=detectable_change(n, alpha=found.alpha) if n > 1 else math.nan,
        effect="" if limits else found.effect[1],
    )
    return [first, *map(str, limits), *others]


def _people(found: GroupResults) -> dict[str, Any]:
    """Put the people in a row each: what of them is compared, and why something is not.

    Returns
    -------
    dict
        `kinds` are modality and task in words; `moved` those of them with values of motion;
        `rows` have as many cells as there are kinds.
    """
    kinds = list(dict.fromkeys((row.modality, row.task) for row in found.people))
    kinds.sort(key=lambda kind: ("func", "pet", "mrs").index(kind[0]))
    rows: dict[str, dict[tuple[str, str], Participation]] = {}
    for row in found.people:
        rows.setdefault(row.participant_id, {})[row.modality, row.task] = row
    names = {"func": "BOLD", "pet": "PET", "mrs": "MRS"}
    several = sum(kind == "func" for kind, _ in kinds) > 1
    titles = [
        f"{names[kind]}{f' {task}' if kind == 'func' and several else ''}" for kind, task in kinds
    ]
    counts = [
        f"{sum(kind in mine and mine[kind].included for mine in rows.values())} of "
        f"{len(rows)} people are compared in {title}"
        for kind, title in zip(kinds, titles, strict=True)
    ]
    return {
        "counts": f"{'; '.join(counts)}.",
        "kinds": titles,
        "moved": [title for (kind, _), title in zip(kinds, titles, strict=True) if kind == "func"],
        "rows": [
            {
                "name": name,
                "cells": [mine.get(kind) for kind in kinds],
                "motion": [mine.get(kind) for kind in kinds if kind[0] == "func"],
                "remarks": "; ".join(dict.fromkeys(r.remarks for r in mine.values() if r.remarks)),
            }
            for name, mine in rows.items()
        ],
    }


def _listed(found: GroupResults) -> list[Contrast]:
    """Choose the results the page lists: the primary atlas, all recipes, no single regions."""
    listed = [
        row
        for row in found.rows
        if row.atlas == found.atlas and not row.family.startswith(REGION_FAMILIES)
    ]
    return listed[:MAX_ROWS]


def _region_families(found: GroupResults) -> Iterator[dict[str, Any]]:
    """Sum up the families of single regions of the primary atlas and recipe."""
    families: dict[tuple[str, str], list[Contrast]] = {}
    for row in found.rows:
        if found.is_headline(row) and row.family.startswith(REGION_FAMILIES):
            families.setdefault((row.task, row.measure), []).append(row)
    for (task, measure), rows in families.items():
        tested = [row for row in rows if math.isfinite(row.p_fwe)]
        least = min(tested, key=lambda row: row.p_fwe, default=None)
        yield {
            "task": task,
            "measure": measure,
            "n_tested": len(tested),
            "n_significant": sum(wording.is_significant(row, found.alpha) for row in tested),
            "least": least.p_fwe if least else math.nan,
            "label": least.label if least else "",
        }


def _glossary(rows: Sequence[Contrast]) -> list[dict[str, str]]:
    """Explain the measures in the listed results: what they are, what high and low mean."""
    told = []
    for name in sorted({row.measure for row in rows}):
        measure, model = measures().get(name), models().get(name)
        about = measure or model
        if about is not None:
            told.append(
                {
                    "name": name,
                    "title": about.title,
                    "unit": about.unit,
                    "high": measure.high if measure else "",
                    "low": measure.low if measure else "",
                    "caveat": about.caveat,
                }
            )
    return told


def _task(found: GroupResults, task: str) -> dict[str, Any]:
    """Collect what the page says and shows of one task."""
    return {
        "name": task,
        "answers": [_answer(found, task, question) for question in QUESTIONS],
        "pictures": dict(task_pictures(found, task)),
    }


def _answer(found: GroupResults, task: str, question: Question) -> dict[str, Any]:
    """Answer one of the first four questions."""
    names = [asked.name for asked in question.asked]
    rows = {
        recipe: [found.find(asked.key, task, recipe) for asked in question.asked]
        for recipe in found.recipes
    }
    primary = rows.pop(found.recipe)
    return {
        "text": question.text,
        "summary": wording.summary(list(zip(names, primary, strict=True)), found.alpha),
        "agreement": wording.agreement(names, primary, rows, found.alpha),
        "findings": [_finding(found, task, asked) for asked in question.asked],
    }


def _finding(found: GroupResults, task: str, asked: Asked) -> dict[str, Any]:
    row = found.find(asked.key, task, found.recipe)
    others = [found.find(asked.key, task, name) for name in found.recipes[1:]]
    told, more = f"The {asked.name} was not measured.", []
    if row is not None:
        n_tests = family_size(found.rows, row)
        unit = words.unit(asked.measure)
        told = wording.finding(row, asked.name, unit, found.alpha, n_tests)
        more = [wording.beside(row, other, found.alpha) for other in others if other is not None]
        if math.isfinite(row.p_fwe):
            more.append(wording.remarks(row))
    return {
        "key": f"{asked.measure} {asked.label}",
        "name": asked.name,
        "row": row,
        "verdict": wording.verdict(row, found.alpha),
        "kind": wording.kind(row, found.alpha),
        "sentence": told,
        "more": more,
        "confirmatory": row is not None and row.family == "confirmatory",
    }
