"""The page of the group: what can be said, the figures behind it, every number with its table."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.group.contrasts import Contrast
from gradshift.report import connections, words
from gradshift.report.bibliography import known
from gradshift.report.direction import sides
from gradshift.report.groupcontent import (
    Answer,
    Entry,
    FindingShown,
    People,
    PersonRow,
    TaskSection,
)
from gradshift.report.grouped import GroupResults
from gradshift.report.groupfigures import task_pictures
from gradshift.report.headline import headline
from gradshift.report.kinds import name_of, rank
from gradshift.report.methods import Used, citations, paragraphs
from gradshift.report.molecularfigures import molecular_pictures
from gradshift.report.molecules import coupled_rows, coupling_summary, molecules, question
from gradshift.report.origin import origin
from gradshift.report.pages import write_page
from gradshift.report.personwarnings import warnings_of
from gradshift.report.planted import truth
from gradshift.report.questions import GLOBAL, QUESTIONS, Asked, Question
from gradshift.report.regionfigures import RegionFamily, region_families
from gradshift.report.resultstable import listed, packed, printed
from gradshift.report.sections import sections
from gradshift.report.sentences import Shown, Terms, adjusted, finding, in_subset, remarks
from gradshift.report.summaries import agreement, answer, beside, claim, shift
from gradshift.report.timing import further
from gradshift.report.trust import facts
from gradshift.report.verdicts import is_declared, verdict
from gradshift.report.viewers import viewers
from gradshift.study.participation import Participation

MORE = ("limits.json", "robustness.tsv", "variants.tsv", "reliability.tsv", "nbs.tsv")
"""Files of the group that say how far a result can be trusted."""


def write_group_page(results: GroupResults, used: Used, formats: Sequence[str] = ()) -> Path:
    """Draw the figures of the group and write its page, from the tables alone.

    Parameters
    ----------
    results : GroupResults
        The tables of the group; the page goes where they lie.
    used : Used
        What they were made with.
    formats : sequence of str
        In which figures are written for print, too.
    """
    folder, made = results.folder, origin(results.output_dir, results.folder)
    design = str(results.about.get("Design", ""))
    methods = paragraphs(used)
    rows = listed(results)
    tasks = [_task(results, task, formats) for task in results.tasks]
    families = region_families(results)
    content = {
        "title": made.title(f"{results.effect[0]}, group results"),
        "origin": made,
        "truth": truth(results.planted),
        "span": _span(tasks),
        "sessions": [words.session(name) for name in results.sessions],
        "sides": sides(results.effect[0]),
        "design": design,
        "group": results,
        "tasks": tasks,
        "people": _people(results.people, warnings_of(results)),
        "with_page": {result.participant for result in results.sources},
        "molecules": molecules(results),
        "molecular_question": question(results),
        "coupling": coupled_rows(results),
        "coupling_summary": coupling_summary(results),
        "molecular": dict(molecular_pictures(results, formats)),
        "claims": _claims(results),
        "facts": facts(results),
        "sections": sections(results),
        "tables": sorted(path.name for path in folder.glob("*.tsv")),
        "others": [name for name in MORE if (folder / name).exists()],
        "packed": packed(results),
        "n_listed": len(rows),
        "printed": printed(results),
        "n_results": len(results.rows),
        "glossary": _glossary(rows),
        "region_families": families,
        "tested_summary": _tested(families),
        "further": further(results),
        "methods": methods,
        "references": known(citations(methods)),
        "logs": "../logs",
    }
    return write_page(folder / "index.html", "group.html", content)


def _tested(families: Sequence[RegionFamily]) -> str:
    """Sum up what single regions gave; empty without any."""
    if not families:
        return ""
    n = sum(family.n > 0 for family in families)
    return (
        f"Corrected results in single regions: {n or 'none'} of {len(families)} measures. "
        "Connections and further questions."
    )


def _span(tasks: Sequence[TaskSection]) -> tuple[float, float]:
    """Return the ends of a scale that holds every interval of the headline values, and 0."""
    ends = [
        end
        for task in tasks
        for answered in task.answers
        for one in answered.findings
        if one.shown is not None
        for end in (one.shown.low, one.shown.high)
        if math.isfinite(end)
    ]
    return min([*ends, -1.0]), max([*ends, 1.0])


def _claims(results: GroupResults) -> list[str]:
    """Say how much can be claimed; limits of the design that the group level found come first."""
    tested = [row for row in results.rows if results.is_headline(row)]
    people = {row.participant_id for row in results.people}
    compared = {person for task in results.tasks for person in results.included(task)}
    first, *others = claim(
        tested,
        alpha=results.alpha,
        n_left_out=len(people - compared),
        chance=results.limits.chance_families,
    )
    return [first, *results.limits.of_design, *others]


def _people(people: Sequence[Participation], warnings: Mapping[str, Sequence[str]]) -> People:
    """Put the people in a row each: what of them is compared, and why something is not."""
    kinds = list(dict.fromkeys((row.modality, row.task) for row in people))
    kinds.sort(key=lambda kind: rank(kind[0]))
    by_person: dict[str, dict[tuple[str, str], Participation]] = {}
    for row in people:
        by_person.setdefault(row.participant_id, {})[row.modality, row.task] = row
    several = sum(kind == "func" for kind, _ in kinds) > 1
    titles = [
        f"{name_of(kind)}{f' {task}' if kind == 'func' and several else ''}"
        for kind, task in kinds
    ]
    counts = [
        f"{sum(kind in rows and rows[kind].included for rows in by_person.values())} of "
        f"{len(by_person)} people are compared in {title}"
        for kind, title in zip(kinds, titles, strict=True)
    ]
    return People(
        counts=f"{'; '.join(counts)}.",
        kinds=titles,
        moved=[title for (kind, _), title in zip(kinds, titles, strict=True) if kind == "func"],
        rows=[
            PersonRow(
                name=name,
                cells=[rows.get(kind) for kind in kinds],
                motion=[rows.get(kind) for kind in kinds if kind[0] == "func"],
                remarks=[
                    *dict.fromkeys(r.remarks for r in rows.values() if r.remarks),
                    *warnings.get(name, ()),
                ],
            )
            for name, rows in by_person.items()
        ],
    )


def _glossary(rows: Sequence[Contrast]) -> list[Entry]:
    """Explain the measures in the listed results: what they are, what high and low mean."""
    entries = []
    for name in sorted({row.measure for row in rows}):
        measure, model = measures().get(name), models().get(name)
        if measure is not None:
            entries.append(
                Entry(name, measure.title, measure.unit, measure.caveat, measure.high, measure.low)
            )
        elif model is not None:
            entries.append(Entry(name, model.title, model.unit, model.caveat))
    return entries


def _task(results: GroupResults, task: str, formats: Sequence[str]) -> TaskSection:
    """Collect what the page says and shows of one task."""
    return TaskSection(
        name=task,
        headline=headline(results, task),
        everywhere=_shift(results, task),
        connections=connections.shown(results, task),
        viewers=viewers(results, task),
        answers=[_answer(results, task, question) for question in QUESTIONS],
        pictures=dict(task_pictures(results, task, formats)),
    )


def _answer(results: GroupResults, task: str, question: Question) -> Answer:
    """Answer one of the first four questions."""
    rows = [(asked, results.find(asked.key, task, results.recipe)) for asked in question.asked]
    names = {asked.key: asked.name for asked in question.asked}
    differences = [
        row
        for row in results.recipe_differences
        if row.task == task and (row.measure, row.level, row.label) in names
    ]
    return Answer(
        text=question.text,
        summary=answer(rows, results.alpha),
        agreement=agreement(differences, names, results.alpha),
        findings=[_finding(results, task, asked) for asked in question.asked],
    )


def _shift(results: GroupResults, task: str) -> str:
    """Tell what changed over the whole cortex, with every recipe."""
    by_recipe = {
        recipe: [row for key in GLOBAL if (row := results.find(key, task, recipe)) is not None]
        for recipe in results.recipes
    }
    return shift(by_recipe, results.alpha)


def _finding(results: GroupResults, task: str, asked: Asked) -> FindingShown:
    """Tell one value that answers a question."""
    row = results.find(asked.key, task, results.recipe)
    sentence, more = f"The {asked.name} was not measured.", []
    if row is not None:
        terms = Terms(
            name=asked.name,
            unit=words.unit(asked.measure),
            alpha=results.alpha,
            smallest=results.smallest,
            n_tests=results.family_sizes[row.together],
        )
        sentence = finding(row, terms)
        others = [results.find(asked.key, task, name) for name in results.recipes[1:]]
        more = [adjusted(row, results.with_motion(row), results.alpha)]
        more += [in_subset(row, subset, results.alpha) for subset in results.subsets(row)]
        more += [beside(row, other, results.alpha) for other in others if other is not None]
        more += [remarks(row)] if math.isfinite(row.p_fwe) else []
    return FindingShown(
        key=f"{asked.measure} {asked.label}",
        name=asked.name,
        shown=Shown.of(row) if row else None,
        verdict=verdict(row, results.alpha),
        sentence=sentence,
        more=list(filter(None, more)),
        confirmatory=row is not None and is_declared(row),
    )
