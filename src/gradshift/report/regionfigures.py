"""Single regions with a corrected result: in words, and on the cortex."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradshift.bids.collect import read_vertices
from gradshift.core.cortex.regions import Regions
from gradshift.group.contrasts import Contrast
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.cortex import on_cortex
from gradshift.report.grouped import GroupResults
from gradshift.report.questions import EXPLORATORY
from gradshift.report.regionwords import region
from gradshift.report.verdicts import is_significant

FAMILIES = ("region-", "pet-region")
"""How the families of single regions begin."""

DRAWN = 6
"""Measures that are drawn at most, those with the most regions first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFamily:
    """The tests of one measure in all regions.

    Parameters
    ----------
    task, measure, title : str
        As in the tables, and the measure in words.
    n_tested : int
    least : float
        Smallest family-wise p; NaN where nothing was tested.
    directions : pair of str
        Up and down, in the words of what is compared.
    rose, fell : list of str
        Regions with a corrected result, in words, the strongest first.
    exploratory : bool
    rows : list of Contrast
        Those of these regions.
    """

    task: str
    measure: str
    title: str
    n_tested: int
    least: float
    directions: tuple[str, str]
    rose: list[str]
    fell: list[str]
    exploratory: bool
    rows: list[Contrast]

    @property
    def n(self) -> int:
        """Regions with a corrected result."""
        return len(self.rows)


def region_families(results: GroupResults) -> list[RegionFamily]:
    """Sum up the families of single regions of the primary atlas, recipe and question."""
    families: dict[tuple[str, str], list[Contrast]] = {}
    for row in results.rows:
        if row.family.startswith(FAMILIES) and results.is_main(row):
            families.setdefault((row.task, row.measure), []).append(row)
    return [_family(key, rows, results) for key, rows in families.items()]


def _family(key: tuple[str, str], rows: Sequence[Contrast], results: GroupResults) -> RegionFamily:
    alpha, directions = results.alpha, results.directions
    tested = [row for row in rows if math.isfinite(row.p_fwe)]
    corrected = sorted((r for r in tested if is_significant(r, alpha)), key=lambda r: -abs(r.t))
    return RegionFamily(
        task=key[0],
        measure=key[1],
        title=words.measure(key[1]),
        n_tested=len(tested),
        least=min((row.p_fwe for row in tested), default=math.nan),
        rose=[region(row.label) for row in corrected if row.mean_change > 0],
        fell=[region(row.label) for row in corrected if row.mean_change <= 0],
        directions=directions,
        exploratory=key[1] in EXPLORATORY,
        rows=corrected,
    )


def region_pictures(album: Album, regions: Regions) -> Named:
    """Draw the regions with a corrected result on the cortex, a row per measure."""
    results = album.results
    families = [f for f in region_families(results) if f.task == album.task and f.n]
    families.sort(key=lambda family: -family.n)
    panels = dict(_panels(families[:DRAWN], regions))
    vertices = read_vertices(results.output_dir, results.sources, results.atlas)
    figure = on_cortex(panels, vertices, unit="Hedges' g") if panels else None
    if figure is None:
        return
    left_out = f" {len(families) - DRAWN} further measures are in the list." * (
        len(families) > DRAWN
    )
    yield album.put(
        "regions",
        figure,
        "Regions with a corrected result on the inflated cortex, a row per measure.",
        f"Hedges' g of the regions with a family-wise p of at most {results.alpha:g}, each "
        f"measure corrected for its regions; grey: not significant or not tested.{left_out}",
        "contrasts.tsv",
        kind="png",
    )


def _panels(
    families: Sequence[RegionFamily], regions: Regions
) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.float64]]]]:
    place = {name: i for i, name in enumerate(regions.names)}
    for family in families:
        values = np.full(len(regions), np.nan)
        for row in family.rows:
            if row.label in place:
                values[place[row.label]] = row.hedges_g
        yield f"{family.title}: {family.n} of {family.n_tested} regions", values
