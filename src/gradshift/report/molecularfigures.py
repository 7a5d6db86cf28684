"""Figures of PET and spectroscopy, and of what goes together with them."""

import math
from collections.abc import Sequence

import numpy as np

from gradshift.bids.collect import read_vertices
from gradshift.figures.coupling import coupling
from gradshift.figures.forest import Effect, forest
from gradshift.report import molecules, words
from gradshift.report.album import Album, Named
from gradshift.report.cortex import on_cortex
from gradshift.report.grouped import GroupResults


def molecular_pictures(results: GroupResults, formats: Sequence[str] = ()) -> Named:
    """Draw the figures of PET and MRS, and of what goes together with them."""
    album = Album(results, "n/a", formats)
    yield from percent_pictures(album)
    yield from density_pictures(album)
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


def percent_pictures(album: Album) -> Named:
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


def density_pictures(album: Album) -> Named:
    """Draw the change of the primary measure of PET on the cortex."""
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
