"""How often the spin test finds two unrelated smooth maps alike, and how often a plain p does.

Usage: ``python benchmarks/spin.py [MAPS] [SPINS]``. Maps are random Gaussian fields on the
regions of Schaefer2018_200_7, smooth over a given distance, the hemispheres alike to .7.
"""

import sys
import time

import numpy as np
from scipy import stats

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.statistics.spin import spin_test, spins


def main(n_maps: int, n_spins: int) -> None:
    regions = load_atlas("Schaefer2018_200_7").regions()
    left = np.array([side == "L" for side in regions.hemispheres])
    started = time.perf_counter()
    turned = spins(regions.centroids, left, n_spins=n_spins, seed=1)
    print(f"{n_spins} rotations: {time.perf_counter() - started:.1f} s")
    folded = regions.centroids * np.array([1, 1, 1])
    folded[:, 0] = np.abs(folded[:, 0])
    distance = np.linalg.norm(folded[:, None] - folded[None], axis=2)
    across = np.where(left[:, None] == left[None], 1.0, 0.7)
    rng = np.random.default_rng(2)
    print("smooth over   spin p < .05   plain p < .05")
    for width in (15, 25, 40):
        covariance = np.exp(-((distance / width) ** 2) / 2) * across + 1e-6 * np.eye(len(left))
        root = np.linalg.cholesky(covariance)
        found = []
        for _ in range(n_maps):
            x, y = (root @ rng.standard_normal((len(left), 2))).T
            found.append((spin_test(x, y, turned)[1], stats.spearmanr(x, y).pvalue))
        spin, plain = (np.array(found) < 0.05).mean(axis=0)
        print(f"{width:>8} mm   {spin:12.3f}   {plain:13.3f}")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]] or [1000, 1000]
    main(*numbers)
