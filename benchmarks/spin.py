"""How often the spin test finds two unrelated smooth maps alike, and how often a plain p does.

Usage: ``python benchmarks/spin.py [MAPS] [SPINS]``. Maps are noise on the regions of
Schaefer2018_200_7 that is smooth in one of three ways: along the folded cortex (noise on the
vertices of fsaverage5, diffused over the mesh, averaged in regions), over the sphere that the
spin test turns, and through space, as a blurred image is. Regions are turned from two places:
the middle of their vertices on the sphere, which is what gradshift uses, and the direction of
their centroids from the middle of the hemisphere, which needs no surface.

Of 2000 pairs with 1000 rotations, with p <= .05::

    smooth along      sphere   directions   plain p
    cortex 15 mm       0.064        0.075     0.197
    cortex 30 mm       0.061        0.071     0.439
    cortex 60 mm       0.054        0.061     0.719
    sphere 20 mm       0.065        0.086     0.132
    sphere 40 mm       0.058        0.084     0.413
    sphere 60 mm       0.058        0.076     0.569
    space 15 mm        0.090        0.083     0.267
    space 25 mm        0.102        0.094     0.504
    space 40 mm        0.098        0.086     0.655
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.sparse.linalg import splu

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.regions import Regions
from gradshift.core.statistics.spin import MIRROR, spin_test, spins
from gradshift.images.surface import SIDES, fsaverage5, labels_on_vertices, places_on_sphere

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Array]
ACROSS = 0.7
"""How alike the hemispheres are in the last two kinds of maps."""


def directions(regions: Regions, left: NDArray[np.bool_]) -> Array:
    """Project centroids on a sphere around the middle of their hemisphere."""
    found = np.empty((len(left), 3))
    for side in (left, ~left):
        centroids = regions.centroids[side]
        low, high = centroids.min(axis=0), centroids.max(axis=0)
        away = (centroids - (low + high) / 2) / (high - low)
        found[side] = away / np.linalg.norm(away, axis=1, keepdims=True)
    return found


def along_cortex(vertices: dict[str, NDArray[np.intp]], n: int, width: float) -> Draw:
    """Diffuse noise over each mesh, implicitly in eight steps, and average it in regions."""
    halves = fsaverage5()
    assert halves is not None
    covariance = np.zeros((n, n))
    for side in SIDES:
        cortex, triangles = halves[side].cortex, halves[side].triangles
        pairs = np.unique(np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)), axis=0)
        length = np.linalg.norm(cortex[pairs[:, 0]] - cortex[pairs[:, 1]], axis=1)
        edges = sparse.coo_array((np.ones(len(pairs)), pairs.T), (len(cortex), len(cortex)))
        edges = (edges + edges.T).tocsr()
        laplacian = sparse.diags_array(edges.sum(axis=1)) - edges
        time = width**2 / (3 * np.mean(length**2))  # six neighbours, in two dimensions
        step = splu((sparse.eye_array(len(cortex)) + time / 8 * laplacian).tocsc())
        members = (vertices[side] == np.arange(1, n + 1)[:, None]).astype(float)
        spread = members.T
        for _ in range(8):
            spread = step.solve(spread)
        covariance += spread.T @ spread
    size = sum((vertices[side] == np.arange(1, n + 1)[:, None]).sum(axis=1) for side in SIDES)
    root = np.linalg.cholesky(covariance / np.outer(size, size))
    return lambda rng: root @ rng.standard_normal((n, 2))


def by_distance(distance: Array, left: NDArray[np.bool_], width: float) -> Draw:
    """Draw Gaussian fields whose correlation falls with distance, mirrored across the middle."""
    across = np.where(left[:, None] == left[None], 1.0, ACROSS)
    values, vectors = np.linalg.eigh(np.exp(-((distance / width) ** 2) / 2) * across)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return lambda rng: root @ rng.standard_normal((len(left), 2))


def kinds(
    regions: Regions, left: NDArray[np.bool_], places: Array, vertices: dict[str, NDArray[np.intp]]
) -> Iterator[tuple[str, Draw]]:
    for width in (15, 30, 60):
        yield f"cortex {width} mm", along_cortex(vertices, len(left), width)
    folded = np.where(left[:, None], places, places @ MIRROR)
    arc = 100 * np.arccos(np.clip(folded @ folded.T, -1, 1))
    for width in (20, 40, 60):
        yield f"sphere {width} mm", by_distance(arc, left, width)
    folded = np.where(left[:, None], regions.centroids, regions.centroids @ MIRROR)
    apart = np.linalg.norm(folded[:, None] - folded[None], axis=2)
    for width in (15, 25, 40):
        yield f"space {width} mm", by_distance(apart, left, width)


def main(n_maps: int, n_spins: int) -> None:
    atlas = load_atlas("Schaefer2018_200_7")
    regions = atlas.regions()
    left = np.array([side == "L" for side in regions.hemispheres])
    halves = fsaverage5()
    assert halves is not None
    images = atlas.images("MNI152NLin2009cAsym")
    vertices = {side: labels_on_vertices(images, halves[side].cortex) for side in SIDES}
    places = places_on_sphere(vertices, regions.hemispheres)
    turned = [
        spins(where, left, n_spins=n_spins, seed=1)
        for where in (places, directions(regions, left))
    ]
    print(f"{n_maps} pairs of maps, {n_spins} rotations: share of p <= .05")
    print("smooth along      sphere   directions   plain p")
    for name, draw in kinds(regions, left, places, vertices):
        rng, found = np.random.default_rng(2), []
        for _ in range(n_maps):
            x, y = draw(rng).T
            plain = stats.spearmanr(x, y).pvalue
            found.append([*(spin_test(x, y, t)[1] for t in turned), plain])
        sphere, direction, plain = (np.array(found) <= 0.05).mean(axis=0)
        print(f"{name:<14} {sphere:9.3f} {direction:12.3f} {plain:9.3f}", flush=True)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]] or [1000, 1000]
    main(*numbers)
