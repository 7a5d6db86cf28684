"""The figures of the group page, drawn from the tables of the group level."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.bids.collect import read_map, read_vertices
from gradshift.core.cortex.regions import Regions
from gradshift.figures.cells import cells
from gradshift.figures.coupling import coupling
from gradshift.figures.density import densities
from gradshift.figures.dependence import dependence
from gradshift.figures.forest import Effect, forest
from gradshift.figures.matrices import matrices
from gradshift.figures.slices import slices
from gradshift.figures.slopes import Pairs, slopes
from gradshift.figures.specification import Variant, specification
from gradshift.figures.style import symmetric_limit
from gradshift.report import molecules, words
from gradshift.report.cortex import on_cortex
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number
from gradshift.report.pages import Picture, hover, picture, save
from gradshift.report.questions import Asked
from gradshift.report.results import find_row
from gradshift.report.sentences import Shown, levels
from gradshift.report.verdicts import is_significant

FEWEST = 4
"""People that a correlation with motion needs."""

Named = Iterator[tuple[str, Picture]]


@dataclass(frozen=True)
class Album:
    """Where the figures of one task go."""

    results: GroupResults
    task: str

    def put(
        self, name: str, figure: Figure, alt: str, caption: str, *sources: str, kind: str = "svg"
    ) -> tuple[str, Picture]:
        """Save a figure; `sources` are the files that hold its numbers."""
        stem = "" if self.task == "n/a" else f"task-{self.task}_"
        path = save(figure, self.results.folder / "figures" / f"{stem}{name}.{kind}")
        return name, picture(path, self.results.folder, alt, caption, sources)


def task_pictures(results: GroupResults, task: str) -> Named:
    """Draw the figures of one task; those without data are left out."""
    album = Album(results, task)
    asked = results.asked(task)
    if asked:
        yield from _headlines(album, asked)
        yield from _specification(album, asked)
    if results.regions is not None:
        yield from _networks(album, results.regions)
        yield from _gradients(album, results.regions)
        yield from _seed(album, results.regions)
        yield from _motion_of_edges(album, results.regions)
    yield from _motion(album)


def molecular_pictures(results: GroupResults) -> Named:
    """Draw the figures of PET and MRS, and of what goes together with them."""
    album = Album(results, "n/a")
    yield from _percent(album)
    yield from _density_on_cortex(album)
    panels = list(molecules.coupled_changes(results))
    if panels:
        yield album.put(
            "coupling",
            coupling(panels),
            "Changes of two modalities against each other, a dot per person, for each pair that "
            "was declared beforehand; beneath, the correlation with its interval and the "
            "correlations without one person in turn.",
            "Above: a dot per person. Below: Spearman's correlation of everybody with its 95 % "
            "interval (black), and what it would be without each person in turn (ticks). A "
            "correlation that hangs on one person moves far when that person is left out.",
            "coupling.tsv",
        )


def _headlines(album: Album, asked: Sequence[Asked]) -> Named:
    results, task = album.results, album.task
    values = results.values(task)
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    pairs = [_pairs(values.of(one.key), words.unit(one.measure)) for one in asked]
    panels = {one.short: pair for one, pair in zip(asked, pairs, strict=True)}
    groups = "" if results.effect[1] == "change" else " People of all groups."
    if any(np.isfinite(p.baseline + p.followup).any() for p in pairs):
        yield album.put(
            "slopes",
            slopes(panels, sessions),
            f"One line per person from {sessions[0]} to {sessions[1]} for {len(panels)} measures, "
            "with the mean as a thick line.",
            f"Every person from {sessions[0]} to {sessions[1]}, recipe {results.recipe}; the "
            "thick line is the mean. People without a reliable value in both sessions have no "
            f"line.{groups}",
            "measures.tsv",
        )
    rows = [results.find(one.key, task, recipe) for one in asked for recipe in results.recipes]
    told = levels([row for row in rows if row is not None], results.alpha)
    yield album.put(
        "forest",
        forest(
            _effects(results, task, asked), results.recipes, label=f"Hedges' g, {told} interval"
        ),
        f"Hedges' g with {told} intervals of the headline measures, recipes beside each other; "
        "the numbers are in the table of results.",
        f"Standardised changes with their {told} intervals, simultaneous over the family for what "
        f"was declared beforehand. Filled: {results.recipe}, the primary recipe.",
        "contrasts.tsv",
    )


def _effects(results: GroupResults, task: str, asked: Sequence[Asked]) -> dict[str, list[Effect]]:
    missing = Effect(math.nan, math.nan, math.nan)
    rows = {}
    for one in asked:
        shown = [results.find(one.key, task, recipe) for recipe in results.recipes]
        rows[one.short.replace("\n", " ")] = [
            Effect(*astuple(Shown.of(row))) if row else missing for row in shown
        ]
    return rows


def _specification(album: Album, asked: Sequence[Asked]) -> Named:
    """Draw the confirmatory values under every atlas and recipe, where there are several."""
    results = album.results
    panels = {}
    for one in asked:
        primary = results.find(one.key, album.task, results.recipe)
        if primary is not None and primary.family == "confirmatory":
            panels[one.short] = _variants(results, one, album.task)
    if max(map(len, panels.values()), default=0) < 2:
        return
    yield album.put(
        "specification",
        specification(panels, ("atlas", "recipe", "choice"), label="Hedges' g, 95 % interval"),
        "Effect sizes of the confirmatory measures under every choice of atlas, recipe, kernel "
        "of the gradients and density of the graphs, from the smallest to the largest, with dots "
        "beneath that say what was chosen.",
        "Every choice of atlas and recipe, of gradients also of the kernel (aligned to the mean "
        "of all sessions compared), of graphs also of the density, from the smallest effect to "
        "the largest; the dots beneath say which. Circle: the primary choice. Filled: "
        f"family-wise p at most {results.alpha:g}. A result that depends on one choice is weak.",
        "variants.tsv",
        "robustness.tsv",
    )


AS_RUN = "as run"
"""Neither another kernel nor another density."""


def _variants(results: GroupResults, asked: Asked, task: str) -> list[Variant]:
    fixed = ("func", task, *results.effect, *asked.key)
    names = ("modality", "task", "contrast", "effect", "measure", "level", "label")
    variants = []
    for row in results.variants:
        if tuple(getattr(row, name) for name in names) == fixed and math.isfinite(row.hedges_g):
            choice = row.choice or AS_RUN
            variants.append(
                Variant(
                    choices=(row.atlas, row.recipe, choice.removesuffix(" label-blind")),
                    effect=Effect(row.hedges_g, row.ci_low, row.ci_high),
                    significant=row.p_min <= results.alpha and row.p_fwe <= results.alpha,
                    primary=(row.atlas, row.recipe, choice)
                    == (results.atlas, results.recipe, AS_RUN),
                )
            )
    return variants


def _networks(album: Album, regions: Regions) -> Named:
    results = album.results
    square, marked = _network_cells(results, album.task, regions)
    if np.isfinite(square).any():
        names = [words.network(name) for name in regions.network_names]
        yield album.put(
            "networks",
            cells(square, names, unit="change of Fisher z", marked=marked),
            "Mean change of connectivity within (diagonal) and between networks as a matrix; the "
            "numbers are in the table of results, family network.",
            "Mean change of connectivity within (diagonal) and between networks, recipe "
            f"{results.recipe}. Starred: family-wise p at most {results.alpha:g} over all cells"
            + ("." if marked.any() else " (none)."),
            "contrasts.tsv",
        )
    matrix = results.matrix(album.task, "meanchange", results.recipe)
    if matrix is not None:
        panels = {f"mean change ({results.effect[0]})": matrix}
        figure = matrices(panels, regions.networks, unit="change of Fisher z", names=words.network)
        name, shown = album.put(
            "change",
            figure,
            "Mean change of the connectivity of every pair of regions, ordered by network.",
            f"Mean change of every pair of regions, ordered by network, recipe {results.recipe}. "
            "Not a map of tests: p of every pair is in the matrices stat-p and stat-pfwe.",
            kind="png",
        )
        packed = hover(results.folder / shown.path, panels, regions.networks, regions.names)
        yield name, replace(shown, hover=packed)


def _network_cells(
    results: GroupResults, task: str, regions: Regions
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    names = regions.network_names
    square = np.full((len(names), len(names)), np.nan)
    marked = np.zeros(square.shape, dtype=bool)
    contrast, effect = results.effect
    fixed = {
        **{"task": task, "recipe": results.recipe, "atlas": results.atlas, "family": "network"},
        **{"contrast": contrast, "effect": effect, "covariates": results.covariates},
    }
    for i, first in enumerate(names):
        for j, second in enumerate(names[: i + 1]):
            key = (
                ("withinfc", "network", first)
                if i == j
                else ("betweenfc", "network-pair", "-".join(sorted((first, second))))
            )
            row = find_row(results.rows, key, **fixed)
            if row is not None:
                square[i, j] = square[j, i] = row.mean_change
                marked[i, j] = marked[j, i] = is_significant(row, results.alpha)
    return square, marked


def _gradients(album: Album, regions: Regions) -> Named:
    results = album.results
    gradients = results.values(album.task).regions("gradient1", regions.names)
    if not np.isfinite(gradients).all(axis=0).any():
        return
    before, after = gradients
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    label = f"principal gradient ({words.unit('gradient1')})"
    yield album.put(
        "gradient",
        densities(before, after, sessions, label=label),
        "Density of the principal gradient over regions in both sessions.",
        "How the regions are spread along the principal gradient (means over people). A "
        "compressed hierarchy is narrower.",
        "measures.tsv",
    )
    vertices = read_vertices(results.output_dir, results.sources, results.atlas)
    panels = {
        sessions[0]: before,
        sessions[1]: after,
        f"change ({results.effect[0]})": after - before,
    }
    figure = on_cortex(panels, vertices, unit=label)
    if figure is not None:
        yield album.put(
            "cortex",
            figure,
            "The principal gradient on the inflated cortex in both sessions, and its change.",
            "The principal gradient on the inflated cortex (fsaverage5), mean over people, "
            "and its mean change, on one scale. Not a map of tests.",
            "measures.tsv",
            kind="png",
        )


def _seed(album: Album, regions: Regions) -> Named:
    """Draw the change of the connectivity of voxels with the posterior cingulate."""
    results = album.results
    paths = [results.map_path(album.task, stat) for stat in ("meanchange", "pfwe")]
    members = list(regions.sets.get("PCC", ()))
    if paths[0] is None or paths[1] is None or not members:
        return
    x, y, z = np.nanmean(regions.centroids[members], axis=0).tolist()
    change, affine = read_map(paths[0])
    p, _ = read_map(paths[1])
    if not np.isfinite((x, y, z)).all() or not np.isfinite(change).any():
        return
    below = np.nan_to_num(p, nan=1.0) <= results.alpha
    n = int(below.sum())
    outlined = f"Outlined: {n} voxels with" if n else "No voxel has"
    yield album.put(
        "seed",
        slices(
            {f"mean change ({results.effect[0]})": change}, affine, through=(x, y, z),
            limit=symmetric_limit(change), unit="change of Fisher z", outlined=below,
        ),
        "Slices through the posterior cingulate cortex with the mean change of every voxel's "
        "connectivity with it.",
        "Mean change of every voxel's connectivity with the posterior cingulate cortex, cut "
        f"through it; left is left. {outlined} a family-wise p of at most {results.alpha:g} over "
        "the whole brain.",
        paths[0].name,
        paths[1].name,
        kind="png",
    )  # fmt: skip


def _motion_of_edges(album: Album, regions: Regions) -> Named:
    """Draw how far changes of connections go with changes of motion (QC-FC)."""
    results = album.results
    upper = np.triu_indices(len(regions.names), k=1)
    places = regions.centroids
    distance = np.linalg.norm(places[upper[0]] - places[upper[1]], axis=1)
    panels = {}
    for recipe in results.recipes:
        matrix = results.matrix(album.task, "qcfc", recipe)
        if matrix is not None and (np.isfinite(matrix[upper]) & np.isfinite(distance)).any():
            panels[recipe] = (matrix[upper], distance)
    n = max((row.n for row in results.limits.connections if row.task == album.task), default=0)
    if not panels or n < FEWEST:
        return
    yield album.put(
        "qcfc",
        dependence(panels, n=n),
        "Correlation of the change of every connection with the change of motion: over the "
        "distance of the two regions, and as a histogram beside what chance alone gives; a row "
        "per recipe.",
        "Does the change of a connection go with the change of motion (QC-FC)? A dot per "
        "connection over the distance of its regions with the running median, and all of them "
        f"beside what chance alone gives with {n} people (dashed). A histogram that is shifted or "
        "wider, or a line that slopes, can mean that motion is in the results; connections hang "
        "together, so that some of it comes by chance.",
        "limits.json",
    )


def _motion(album: Album) -> Named:
    results = album.results
    fd = np.array(
        [
            (person.mean_fd_baseline, person.mean_fd_followup)
            for person in results.people
            if person.included and person.task == album.task
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    if not np.isfinite(fd).all(axis=1).any():
        return
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    means = np.nanmean(fd, axis=0)
    yield album.put(
        "motion",
        slopes({"motion (mean FD)": _pairs(fd, "mm")}, sessions),
        f"Mean framewise displacement of every person in {sessions[0]} and {sessions[1]}.",
        f"Motion of those compared: mean framewise displacement {number(means[0])} mm in "
        f"{sessions[0]}, {number(means[1])} mm in {sessions[1]}. A difference in motion "
        "alone can change connectivity.",
        "participants.tsv",
    )


def _percent(album: Album) -> Named:
    """Draw the changes of PET and MRS in per cent, models beside each other."""
    results = album.results
    rows = {(r.measure, r.level, r.label): r for r in results.percent}
    missing = Effect(math.nan, math.nan, math.nan)

    def effect(measure: str, level: str, label: str) -> Effect:
        row = rows.get((measure, level, label))
        ends = (row.mean_percent, row.ci_low, row.ci_high) if row else missing
        return Effect(*ends)

    for molecule in molecules.molecules(results):
        names = molecule.names or [""]
        effects = {
            one.name: [
                effect(name or one.row.measure, one.row.level, one.row.label) for name in names
            ]
            for one in molecule.rows
        }
        if not np.isfinite([e.size for row in effects.values() for e in row]).any():
            continue
        series = [words.measure(name) for name in names] if molecule.names else [""]
        yield album.put(
            "pet" if molecule.names else "mrs",
            forest(effects, series, label="mean change in per cent, 95 % interval"),
            f"{molecule.title}: mean changes in per cent with their 95 % intervals.",
            f"{molecule.title}: mean change in per cent of the baseline with its 95 % interval "
            "(not corrected for the number of tests).",
            "percentchange.tsv",
        )


def _density_on_cortex(album: Album) -> Named:
    results = album.results
    pet = [molecule for molecule in molecules.molecules(results) if molecule.measure]
    if not pet or results.regions is None:
        return
    measure = pet[0].measure
    percent = molecules.percent_of_regions(results, measure, results.regions.names)
    vertices = read_vertices(results.output_dir, results.sources, results.atlas)
    if not np.isfinite(percent).any():
        return
    figure = on_cortex({words.measure(measure): percent}, vertices, unit="mean change (%)")
    if figure is not None:
        yield album.put(
            "petcortex",
            figure,
            "Mean change of PET in per cent on the inflated cortex.",
            f"Mean change of {words.measure(measure)} in per cent, every region on the inflated "
            "cortex (fsaverage5). Not a map of tests.",
            "percentchange.tsv",
            kind="png",
        )


def _pairs(values: NDArray[np.float64], unit: str) -> Pairs:
    return Pairs(values[:, 0], values[:, 1], unit)
