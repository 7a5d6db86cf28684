"""Figures of changes between networks, and of all pairs of regions."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.figures.cells import cells
from gradshift.figures.matrices import matrices
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.grouped import GroupResults
from gradshift.report.hovering import hover
from gradshift.report.results import find_row
from gradshift.report.verdicts import is_significant


def network_pictures(album: Album, regions: Regions) -> Named:
    """Draw changes within and between networks, and those of all pairs of regions."""
    results, held = album.results, album.results.tested
    unit, mean = f"{held.noun} of Fisher z", f"{held.mean[0].upper()}{held.mean[1:]}"
    square, marked = _network_cells(results, album.task, regions)
    if np.isfinite(square).any():
        names = [words.network(name) for name in regions.network_names]
        yield album.put(
            "networks",
            cells(square, names, unit=unit, marked=marked),
            f"{mean} of connectivity within (diagonal) and between networks as a matrix; the "
            "numbers are in the table of results, family network.",
            f"{mean} of connectivity within (diagonal) and between networks, recipe "
            f"{results.recipe}. Starred: family-wise p at most {results.alpha:g} over all cells"
            + ("." if marked.any() else " (none)."),
            "contrasts.tsv",
        )
    matrix = results.matrix(album.task, "meanchange", results.recipe)
    if matrix is not None:
        panels = {f"{held.mean} ({results.effect[0]})": matrix}
        figure = matrices(panels, regions.networks, unit=unit, names=words.network)
        name, shown = album.put(
            "change",
            figure,
            f"{mean} of the connectivity of every pair of regions, ordered by network.",
            f"{mean} of every pair of regions, ordered by network, recipe {results.recipe}. "
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
