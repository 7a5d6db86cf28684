"""The page of the group: what can be said, the figures behind it, every number with its table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.group.contrasts import Contrast
from gradshift.group.table import statistics_used
from gradshift.report import words
from gradshift.report.bibliography import known
from gradshift.report.grouped import GroupResults
from gradshift.report.groupfigures import molecular_pictures, task_pictures
from gradshift.report.methods import citations, paragraphs
from gradshift.report.molecules import coupled_rows, coupling_summary, molecules, question
from gradshift.report.pages import write_page
from gradshift.report.questions import EXPLORATORY, QUESTIONS, Asked, Question
from gradshift.report.results import family_size, what_was_used
from gradshift.report.sentences import Shown, Terms, adjusted, finding, remarks, sides
from gradshift.report.summaries import agreement, answer, beside, claim
from gradshift.report.trust import facts
from gradshift.report.verdicts import is_declared, is_significant, verdict
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
        "sides": sides(found.effect[0]),
        "design": design,
        "found": found,
        "tasks": tasks,
        "people": _people(found),
        "with_page": {result.participant for result in found.sources},
        "molecules": molecules(found),
        "molecular_question": question(found),
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
        "exploratory": EXPLORATORY,
        "methods": methods,
        "references": known(citations(methods)),
        "logs": "../logs",
    }
    return write_page(folder / "index.html", "group.html", about)


def _span(tasks: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return the ends of a scale that holds every interval of the headline values, and 0."""
    ends = [
        end
        for task in tasks
        for answered in task["answers"]
        for one in answered["findings"]
        if one["shown"] is not None
        for end in (one["shown"].low, one["shown"].high)
        if math.isfinite(end)
    ]
    return min([*ends, -1.0]), max([*ends, 1.0])


def _claims(found: GroupResults) -> list[str]:
    """Say how much can be claimed; limits of the design that the group level found come first."""
    tested = [row for row in found.rows if found.is_headline(row)]
    people = {row.participant_id for row in found.people}
    compared = {person for task in found.tasks for person in found.included(task)}
    first, *others = claim(
        tested,
        alpha=found.alpha,
        n_left_out=len(people - compared),
        chance=(found.limits.get("Tests") or {}).get("ChanceFamilies") or {},
    )
    return [first, *map(str, found.limits.get("Limits", [])), *others]


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
            "n_significant": sum(is_significant(row, found.alpha) for row in tested),
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
    results = [(asked, found.find(asked.key, task, found.recipe)) for asked in question.asked]
    names = {asked.key: asked.name for asked in question.asked}
    differences = [
        row
        for row in found.recipe_differences
        if row.task == task and (row.measure, row.level, row.label) in names
    ]
    return {
        "text": question.text,
        "summary": answer(results, found.alpha),
        "agreement": agreement(differences, names, found.alpha),
        "findings": [_finding(found, task, asked) for asked in question.asked],
    }


def _finding(found: GroupResults, task: str, asked: Asked) -> dict[str, Any]:
    """Tell one value that answers a question."""
    row = found.find(asked.key, task, found.recipe)
    sentence, more = f"The {asked.name} was not measured.", []
    if row is not None:
        terms = Terms(
            name=asked.name,
            unit=words.unit(asked.measure),
            alpha=found.alpha,
            smallest=found.smallest,
            n_tests=family_size(found.rows, row),
        )
        sentence = finding(row, terms)
        others = [found.find(asked.key, task, name) for name in found.recipes[1:]]
        more = [adjusted(row, found.with_motion(row), found.alpha)]
        more += [beside(row, other, found.alpha) for other in others if other is not None]
        more += [remarks(row)] if math.isfinite(row.p_fwe) else []
    return {
        "key": f"{asked.measure} {asked.label}",
        "name": asked.name,
        "row": row,
        "shown": Shown.of(row) if row else None,
        "verdict": verdict(row, found.alpha),
        "sentence": sentence,
        "more": list(filter(None, more)),
        "confirmatory": row is not None and is_declared(row),
    }
