"""The page of the group: what can be said, the figures behind it, every number with its table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, find_results, read_matrix, read_tsv
from gradshift.bids.dataset import read_json
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.regions import Regions
from gradshift.core.statistics.effects import detectable_change
from gradshift.figures.cells import cells
from gradshift.figures.density import densities
from gradshift.figures.forest import Effect, forest
from gradshift.figures.matrices import matrices
from gradshift.figures.slopes import Pairs, slopes
from gradshift.report import wording
from gradshift.report.bibliography import known
from gradshift.report.cortex import on_cortex
from gradshift.report.methods import citations, paragraphs
from gradshift.report.pages import Picture, save, write_page
from gradshift.report.results import (
    PairedValues,
    family_size,
    find_row,
    read_contrasts,
    read_regions,
    read_values,
    read_vertices,
    what_was_used,
)
from gradshift.report.wording import QUESTIONS, Asked, Row

MAX_ROWS = 4000
"""Rows of results that the page itself shows; the table has them all."""

REGION_FAMILIES = "region-"

MORE = ("limits.json", "robustness.tsv", "reliability.tsv", "coupling.tsv", "nbs.tsv")
"""Files of the group that say how far a result can be trusted."""


@dataclass(frozen=True)
class GroupResults:
    """What the group level wrote.

    Parameters
    ----------
    folder : Path
        The folder of the group level, finished or being made.
    output_dir : Path
    """

    folder: Path
    output_dir: Path

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """All results."""
        return read_contrasts(self.folder / "contrasts.tsv")

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """What the sidecar of the results says."""
        return read_json(self.folder / "contrasts.json")

    @cached_property
    def people(self) -> list[dict[str, str]]:
        """Who is in, who is not and why."""
        table = read_tsv(self.folder / "participants.tsv")
        return [{str(k): str(v) for k, v in row.items()} for row in table.to_dict("records")]

    @cached_property
    def sources(self) -> list[SessionResult]:
        """The results of the participants."""
        return find_results(self.output_dir)

    @property
    def alpha(self) -> float:
        """Level of significance."""
        return float(self.about.get("Alpha", 0.05))

    @property
    def atlas(self) -> str:
        """The primary atlas."""
        return str(self.about.get("PrimaryAtlas") or self.rows[0]["atlas"])

    @property
    def recipe(self) -> str:
        """The primary recipe."""
        return str(self.about.get("PrimaryRecipe") or self.rows[0]["recipe"])

    @property
    def sessions(self) -> tuple[str, str]:
        """Baseline and follow-up."""
        return str(self.about.get("Baseline", "n/a")), str(self.about.get("Followup", "n/a"))

    @property
    def tasks(self) -> list[str]:
        """Tasks with results of BOLD, each once; ``n/a`` where there are none."""
        bold = dict.fromkeys(row["task"] for row in self.rows if row["modality"] == "func")
        return list(bold) or ["n/a"]

    @property
    def recipes(self) -> list[str]:
        """Recipes of the primary atlas, the primary one first."""
        there = dict.fromkeys(row["recipe"] for row in self.rows if row["atlas"] == self.atlas)
        return [self.recipe, *(name for name in there if name != self.recipe)]

    @cached_property
    def effect(self) -> tuple[str, str]:
        """Contrast and effect of the headlines: those of the first row."""
        return (self.rows[0]["contrast"], self.rows[0]["effect"]) if self.rows else ("", "")

    @cached_property
    def regions(self) -> Regions | None:
        """Regions of the primary atlas."""
        return read_regions(self.output_dir, self.sources, self.atlas)

    def included(self, task: str) -> list[str]:
        """Name the people who are compared in a task."""
        return [
            row["participant_id"]
            for row in self.people
            if row["included"] == "true" and row["task"] == task
        ]

    def find(self, key: tuple[str, str, str], task: str, recipe: str) -> Row | None:
        """Find the headline result of a value."""
        contrast, effect = self.effect
        return find_row(
            self.rows,
            key,
            task=task,
            recipe=recipe,
            atlas=self.atlas,
            contrast=contrast,
            effect=effect,
            covariates="n/a",
        )

    def is_headline(self, row: Row) -> bool:
        """Tell whether a result is of the primary atlas, recipe, contrast and effect."""
        primary = (row["atlas"], row["recipe"]) == (self.atlas, self.recipe)
        headline = (row["contrast"], row["effect"], row["covariates"]) == (*self.effect, "n/a")
        return primary and headline

    def values(self, task: str) -> PairedValues:
        """Read the values of the primary atlas and recipe."""
        path = self.folder / "measures.tsv"
        wanted = {"task": task, "atlas": self.atlas, "recipe": self.recipe}
        return PairedValues(
            table=read_values(path, wanted),
            people=self.included(task),
            sessions=self.sessions,
        )


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
    used = what_was_used(output_dir, found.sources, str(found.about.get("Design", "")))
    methods = paragraphs(used)
    about = {
        "title": f"{found.effect[0]}: group results",
        "contrast": found.effect[0],
        "design": str(found.about.get("Design", "")),
        "found": found,
        "tasks": [_task(found, task) for task in found.tasks],
        "people": found.people,
        "with_page": {result.participant for result in found.sources},
        "claims": _claims(found),
        "tables": _tables(folder),
        "others": [name for name in MORE if (folder / name).exists()],
        "results": _listed(found),
        "n_results": len(found.rows),
        "region_families": list(_region_families(found)),
        "columns": ("n", "mean_baseline", "mean_followup", "mean_change", "hedges_g", "ci_low",
                    "ci_high", "t", "p", "p_fwe", "q_fdr"),
        "exploratory": wording.EXPLORATORY,
        "caveats": {m: measures()[m].caveat for m in wording.EXPLORATORY if m in measures()},
        "methods": methods,
        "references": known(citations(methods)),
        "logs": "../logs",
    }  # fmt: skip
    return write_page(folder / "index.html", "group.html", about)


def _claims(found: GroupResults) -> list[str]:
    """Say how much can be claimed; limits of the design that the group level found come first."""
    tested = [row for row in found.rows if found.is_headline(row)]
    n = max((row["n"] for row in tested), default=0)
    people = {row["participant_id"] for row in found.people}
    compared = {person for task in found.tasks for person in found.included(task)}
    path = found.folder / "limits.json"
    limits = read_json(path).get("Limits", []) if path.exists() else []
    first, *others = wording.claim(
        tested,
        alpha=found.alpha,
        n_left_out=len(people - compared),
        detectable=detectable_change(n, alpha=found.alpha) if n > 1 else math.nan,
        effect="" if limits else found.effect[1],
    )
    return [first, *map(str, limits), *others]


def _tables(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.tsv"))


def _listed(found: GroupResults) -> list[dict[str, Any]]:
    """Choose the results the page lists: the primary atlas, all recipes, no single regions."""
    listed = [
        row
        for row in found.rows
        if row["atlas"] == found.atlas and not row["family"].startswith(REGION_FAMILIES)
    ]
    return listed[:MAX_ROWS]


def _region_families(found: GroupResults) -> Iterator[dict[str, Any]]:
    """Sum up the families of single regions of the primary atlas and recipe."""
    families: dict[tuple[str, str], list[Row]] = {}
    for row in found.rows:
        if found.is_headline(row) and row["family"].startswith(REGION_FAMILIES):
            families.setdefault((row["task"], row["measure"]), []).append(row)
    for (task, measure), rows in families.items():
        tested = [row for row in rows if math.isfinite(row["p_fwe"])]
        least = min(tested, key=lambda row: row["p_fwe"], default=None)
        yield {
            "task": task,
            "measure": measure,
            "n_tested": len(tested),
            "n_significant": sum(wording.is_significant(row, found.alpha) for row in tested),
            "least": least["p_fwe"] if least else math.nan,
            "label": least["label"] if least else "",
        }


def _unit(measure: str) -> str:
    found = measures().get(measure) or models().get(measure)
    return found.unit if found else ""


def _answers(found: GroupResults, task: str) -> list[dict[str, Any]]:
    """Answer the first four questions."""
    answers = []
    for question in QUESTIONS:
        findings = [_finding(found, task, asked) for asked in question.asked]
        answers.append({"text": question.text, "findings": findings})
    return answers


def _finding(found: GroupResults, task: str, asked: Asked) -> dict[str, Any]:
    row = found.find(asked.key, task, found.recipe)
    others = [found.find(asked.key, task, name) for name in found.recipes[1:]]
    told, more = f"The {asked.name} was not measured.", []
    if row is not None:
        n_tests = family_size(found.rows, row)
        told = wording.finding(row, asked.name, _unit(asked.measure), found.alpha, n_tests)
        more = [wording.beside(row, other, found.alpha) for other in others if other is not None]
        if math.isfinite(row["p_fwe"]):
            more.append(wording.remarks(row))
    return {
        "key": " ".join(asked.key),
        "name": asked.name,
        "verdict": wording.verdict(row, found.alpha),
        "kind": wording.kind(row, found.alpha),
        "sentence": told,
        "more": more,
        "confirmatory": row is not None and row["family"] == "confirmatory",
    }


def _molecules(found: GroupResults, task: str) -> list[dict[str, Any]]:
    """Tell the results of PET and MRS, sets of regions first."""
    rows = [
        row
        for row in found.rows
        if row["modality"] in ("pet", "mrs")
        and (row["contrast"], row["effect"]) == found.effect
        and row["covariates"] == "n/a"
        and row["level"] in ("set", "whole", "network")
    ]
    rows.sort(key=lambda row: (row["modality"], row["level"] != "set"))
    told = []
    for row in rows[:12]:
        name = f"{row['measure']} of {row['label']} ({row['modality'].upper()})"
        sentence = wording.finding(
            row, name, _unit(row["measure"]), found.alpha, family_size(found.rows, row)
        )
        told.append(
            {
                "name": name,
                "verdict": wording.verdict(row, found.alpha),
                "kind": wording.kind(row, found.alpha),
                "sentence": sentence,
            }
        )
    return told


def _task(found: GroupResults, task: str) -> dict[str, Any]:
    """Collect what the page says and shows of one task."""
    return {
        "name": task,
        "answers": _answers(found, task),
        "molecules": _molecules(found, task),
        "pictures": dict(_pictures(found, task)),
    }


def _pictures(found: GroupResults, task: str) -> Iterator[tuple[str, Picture]]:
    """Draw the figures of one task; those without data are left out."""
    values = found.values(task)
    folder = found.folder / "figures"
    stem = "" if task == "n/a" else f"task-{task}_"
    sessions = (found.sessions[0], found.sessions[1])
    headline = [asked for question in QUESTIONS for asked in question.asked]
    there = [asked for asked in headline if found.find(asked.key, task, found.recipe)]

    def put(name: str, figure: Any, alt: str, caption: str, kind: str = "svg") -> Any:
        path = save(figure, folder / f"{stem}{name}.{kind}")
        return name, Picture(f"figures/{path.name}", alt, caption)

    if there:
        panels = {
            _short(asked): _pairs(values.of(asked.key), _unit(asked.measure)) for asked in there
        }
        yield put(
            "slopes",
            slopes(panels, sessions),
            f"One line per person from {sessions[0]} to {sessions[1]} for "
            f"{len(panels)} measures, with the mean as a thick line.",
            f"Every person from {sessions[0]} to {sessions[1]}, recipe {found.recipe}; the thick "
            "line is the mean. People without a reliable value in both sessions have no line.",
        )
        yield put(
            "forest",
            forest(_effects(found, task, there), found.recipes, label="Hedges' g, 95 % interval"),
            "Hedges' g with 95 % intervals of the headline measures, recipes beside each other; "
            "the numbers are in the table of results.",
            "Standardised changes with their 95 % intervals (not corrected for the number of "
            f"tests). Filled: {found.recipe}, the primary recipe.",
        )
    yield from _region_pictures(found, task, values, put)
    fd = _motion(found, task)
    if np.isfinite(fd).all(axis=1).any():
        means = np.nanmean(fd, axis=0)
        yield put(
            "motion",
            slopes({"mean FD": _pairs(fd, "mm")}, sessions),
            f"Mean framewise displacement of every person in {sessions[0]} and {sessions[1]}.",
            f"Motion of those compared: mean framewise displacement {means[0]:.3g} mm in "
            f"{sessions[0]}, {means[1]:.3g} mm in {sessions[1]}. A difference in motion alone "
            "can change connectivity.",
        )


def _region_pictures(
    found: GroupResults, task: str, values: PairedValues, put: Any
) -> Iterator[tuple[str, Picture]]:
    regions = found.regions
    if regions is None:
        return
    square, marked = _network_cells(found, task, regions)
    if np.isfinite(square).any():
        yield put(
            "networks",
            cells(square, regions.network_names, unit="change of Fisher z", marked=marked),
            "Mean change of connectivity within (diagonal) and between networks as a matrix; the "
            "numbers are in the table of results, family network.",
            "Mean change of connectivity within (diagonal) and between networks, recipe "
            f"{found.recipe}. Starred: family-wise p at most {found.alpha:g} over all cells"
            + ("." if marked.any() else " (none)."),
        )
    matrix = _change_matrix(found, task)
    if matrix is not None:
        yield put(
            "change",
            matrices(
                {f"{found.effect[0]}: mean change": matrix},
                regions.networks,
                unit="change of Fisher z",
            ),
            "Mean change of the connectivity of every pair of regions, ordered by network.",
            f"Mean change of every pair of regions, ordered by network, recipe {found.recipe}.",
            "png",
        )
    gradients = values.regions("gradient1", regions.names)
    if np.isfinite(gradients).all(axis=0).any():
        before, after = gradients
        unit = _unit("gradient1")
        yield put(
            "gradient",
            densities(
                before, after, (found.sessions[0], found.sessions[1]), label=f"gradient 1 ({unit})"
            ),
            "Density of the principal gradient over regions in both sessions.",
            "How the regions are spread along the principal gradient (means over people). A "
            "compressed hierarchy is narrower.",
        )
        vertices = read_vertices(found.output_dir, found.sources, found.atlas)
        panels = {
            found.sessions[0]: before,
            found.sessions[1]: after,
            found.effect[0]: after - before,
        }
        figure = on_cortex(panels, vertices, unit=f"gradient 1 ({unit})")
        if figure is not None:
            yield put(
                "cortex",
                figure,
                "The principal gradient on the inflated cortex in both sessions, and its change.",
                "The principal gradient on the inflated cortex (fsaverage5), mean over people, "
                "and its mean change, on one scale. Not a map of tests.",
                "png",
            )


def _short(asked: Asked) -> str:
    where = "" if asked.level == "whole" else f"\n{asked.label}"
    return f"{asked.measure}{where}"


def _effects(found: GroupResults, task: str, there: Sequence[Asked]) -> dict[str, list[Effect]]:
    missing = Effect(math.nan, math.nan, math.nan)
    rows = {}
    for asked in there:
        results = [found.find(asked.key, task, recipe) for recipe in found.recipes]
        label = asked.measure if asked.level == "whole" else f"{asked.measure} {asked.label}"
        rows[label] = [
            Effect(row["hedges_g"], row["ci_low"], row["ci_high"]) if row else missing
            for row in results
        ]
    return rows


def _network_cells(
    found: GroupResults, task: str, regions: Regions
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    names = regions.network_names
    square = np.full((len(names), len(names)), np.nan)
    marked = np.zeros(square.shape, dtype=bool)
    contrast, effect = found.effect
    fixed = {
        **{"task": task, "recipe": found.recipe, "atlas": found.atlas, "family": "network"},
        **{"contrast": contrast, "effect": effect, "covariates": "n/a"},
    }
    for i, first in enumerate(names):
        for j, second in enumerate(names[: i + 1]):
            key = (
                ("withinfc", "network", first)
                if i == j
                else ("betweenfc", "network-pair", "-".join(sorted((first, second))))
            )
            row = find_row(found.rows, key, **fixed)
            if row is not None:
                square[i, j] = square[j, i] = row["mean_change"]
                marked[i, j] = marked[j, i] = wording.is_significant(row, found.alpha)
    return square, marked


def _change_matrix(found: GroupResults, task: str) -> NDArray[np.float64] | None:
    bold = [r for r in found.sources if (r.modality, r.atlas) == ("func", found.atlas)]
    if not bold:
        return None
    entities = bold[0].about["AtlasEntities"]
    name = outputs.group_matrix_name(task, entities, "meanchange", found.recipe)
    path = found.folder / name
    return read_matrix(path)[1] if path.exists() else None


def _motion(found: GroupResults, task: str) -> NDArray[np.float64]:
    chosen = set(found.included(task))
    table = pd.DataFrame(found.people)
    used = table[table["participant_id"].isin(chosen) & (table["task"] == task)]
    columns = used[["mean_fd_baseline", "mean_fd_followup"]]
    return np.asarray(columns.apply(pd.to_numeric, errors="coerce"), dtype=np.float64)


def _pairs(values: NDArray[np.float64], unit: str) -> Pairs:
    return Pairs(values[:, 0], values[:, 1], unit)
