"""Figures of what was found among connections."""

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.figures.connections import glass_brain, marked_matrix
from gradshift.images.surface import fsaverage5
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.connections import read_tested, strongest

DRAWN = 150
"""Connections that the glass brain shows at most."""

EVERY = 5
"""Every so-manieth vertex of the cortex makes its shadow."""


def connection_pictures(album: Album, regions: Regions) -> Named:
    """Draw the connections with a corrected result: in their matrix and in a glass brain."""
    results = album.results
    tested = read_tested(results, album.task)
    if tested is None or not tested.n:
        return
    marked = tested.marked(tested.enhanced, results.alpha)
    n = int(np.triu(marked, k=1).sum())
    which = f"threshold-free enhancement, family-wise p at most {results.alpha:g}"
    yield album.put(
        "connections",
        marked_matrix(tested.t, marked, regions.networks, unit="t", names=words.network),
        "Matrix of regions ordered by network: t of every connection above the diagonal, below "
        "it the connections with a corrected result.",
        f"t of the {results.tested.noun} of every connection, recipe {results.recipe}. Above the "
        f"diagonal all, below it those with a corrected result ({which}): {n or 'none'}.",
        *_sources(album),
        kind="png",
    )
    up, down = results.directions
    lines = strongest(tested, tested.enhanced, results.alpha, DRAWN)
    if not lines or not np.isfinite(regions.centroids).all():
        return
    yield album.put(
        "glass",
        glass_brain(
            regions.centroids,
            lines,
            [bool(tested.t[i, j] > 0) for i, j in lines],
            regions.networks,
            outline=_shadow(),
        ),
        "Connections with a corrected result drawn in a glass brain from the left, from behind "
        "and from above.",
        f"The {len(lines)} strongest of the {n} connections with a corrected result ({which}): "
        f"red {up}, blue {down}. Dots are coloured by network; left is left.",
        *_sources(album),
        kind="png",
    )


def _sources(album: Album) -> list[str]:
    """Name the matrices behind the figures."""
    names = [album.results.matrix_name(album.task, stat) for stat in ("t", "pfwetfce")]
    return [name for name in names if name]


def _shadow() -> NDArray[np.float64] | None:
    halves = fsaverage5()
    if halves is None:
        return None
    return np.concatenate([half.cortex for half in halves.values()])[::EVERY]
