"""How often each test of the group level calls a family at .05 where nothing was planted.

    python benchmarks/type_one.py              1000 studies a test (some minutes)
    python benchmarks/type_one.py 200 nbs tfce
    python benchmarks/type_one.py ugly         4000 studies of each case of ugly.py
    python benchmarks/type_one.py designs      4000 studies of every design, see designs.py
    python benchmarks/type_one.py pages        1000 whole pages, see pages.py (20 minutes)

What is printed is kept in ``type_one.json``, ``ugly.json``, ``designs.json`` and
``pages.json``, which the documentation shows.

Every study draws people anew, with noise that the columns share; the share of studies in which
the smallest corrected p is at most .05 is printed with its standard error. Exact tests with few
people have few different p: "attainable" is the largest share they can have at .05.
"""

import json
import sys
from pathlib import Path

import designs
import numpy as np
import pages
import ugly
from scipy import ndimage

from gradshift.core.contrasts import compare_crossover, compare_sessions
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.association import permuted
from gradshift.core.statistics.clusters import cluster_statistic
from gradshift.core.statistics.covariates import flipped_residuals
from gradshift.core.statistics.groupcovariates import adjusted_groups
from gradshift.core.statistics.groups import labelled
from gradshift.core.statistics.nbs import network_statistic
from gradshift.core.statistics.signflip import flipped
from gradshift.core.statistics.specifications import joint_test
from gradshift.images.neighbours import neighbours

N, COLUMNS = 11, 28
GROUP = np.repeat([0.0, 1.0], [5, 6])


def correlated(rng, *shape):
    """Noise of which every column shares half with the others of its row."""
    return rng.normal(size=shape) + rng.normal(size=(*shape[:-1], 1))


def edges(rng, n=N, regions=20):
    first, second = np.triu_indices(regions, 1)
    regional = rng.normal(size=(n, regions))
    return rng.normal(size=(n, len(first))) + regional[:, first] * regional[:, second]


def paired(rng, seed):
    return largest_t(flipped(correlated(rng, N, COLUMNS))).p_fwe.min()


def paired_missing(rng, seed):
    changes = correlated(rng, N, COLUMNS)
    changes[rng.random(changes.shape) < 0.1] = np.nan
    return np.nanmin(largest_t(flipped(changes)).p_fwe)


def crossover(rng, seed):
    """A crossover with period effects: drug and placebo in random order."""
    first = rng.random(N) < 0.5
    sessions = correlated(rng, N, 4, COLUMNS) + np.array([0, 1.0, 0, -1.0])[:, None]
    change = sessions[:, [1, 3]] - sessions[:, [0, 2]]
    drug, placebo = np.where(first[:, None], change.swapaxes(0, 1), change[:, ::-1].swapaxes(0, 1))
    p = compare_crossover(placebo, drug, first.astype(float)).p_fwe
    return np.fmin.reduce(p, initial=1)


def groups(rng, seed):
    return largest_t(labelled(correlated(rng, N, COLUMNS), GROUP)).p_fwe.min()


def days(rng, seed):
    scheme = permuted(
        correlated(rng, N, COLUMNS), rng.integers(1, 9, N).astype(float), ranked=True,
        n_permutations=499, seed=seed,
    )  # fmt: skip
    return largest_t(scheme).p_fwe.min()


def repeated(rng, seed):
    """Three sessions, two of them missing, people of different levels."""
    x = np.tile([0.0, 1, 1], (N, 1))
    x[[1, 2], [2, 1]] = np.nan
    values = correlated(rng, N, 3, COLUMNS) + 5 * rng.normal(size=(N, 1, 1))
    return compare_sessions(values, x).p_fwe.min()


def covariate(rng, seed):
    motion = rng.normal(size=(N, 1))
    changes = correlated(rng, N, COLUMNS) + 1.5 * motion
    return largest_t(flipped_residuals(changes, motion).scheme).p_fwe.min()


def two_covariates(rng, seed):
    motion = rng.normal(size=(N, 2))
    changes = correlated(rng, N, COLUMNS) + motion.sum(axis=1)[:, None]
    return largest_t(flipped_residuals(changes, motion).scheme).p_fwe.min()


def groups_covariate(rng, seed):
    motion = rng.normal(size=(N, 1)) + GROUP[:, None]
    values = correlated(rng, N, COLUMNS) + 1.5 * motion
    held = adjusted_groups(values, GROUP, motion, n_permutations=499, seed=seed)
    return largest_t(held.scheme).p_fwe.min()


def nbs_extent(rng, seed):
    found = network_statistic(flipped(edges(rng, 8)), thresholds=(2.5,))
    return min((one.p_extent for one in found.components), default=1)


def nbs_intensity(rng, seed):
    found = network_statistic(flipped(edges(rng, 8)), thresholds=(2.5,))
    return min((one.p_intensity for one in found.components), default=1)


def nbs_groups(rng, seed):
    scheme = labelled(edges(rng, 9), np.repeat([0.0, 1], [4, 5]))
    found = network_statistic(scheme, thresholds=(2.5,))
    return min((one.p_intensity for one in found.components), default=1)


def tfce_edges(rng, seed):
    return network_statistic(flipped(edges(rng, 8)), thresholds=(2.5,)).p_tfce.min()


def tfce_voxels(rng, seed, shape=(10, 10, 10)):
    maps = np.array([ndimage.gaussian_filter(rng.normal(size=shape), 1).ravel() for _ in range(7)])
    pairs = neighbours(np.arange(maps.shape[1]), shape)
    return cluster_statistic(flipped(maps), pairs).p_fwe.min()


def specifications(rng, seed):
    changes = rng.normal(size=(N, 1)) + 0.5 * rng.normal(size=(N, 8))
    return joint_test(flipped(changes)).p


TESTS = {
    "paired, 28 columns": (paired, 2**10),
    "paired, a tenth of values missing": (paired_missing, 2**10),
    "crossover with a period effect": (crossover, 462),
    "parallel, 5 against 6": (groups, 462),
    "days since the dose, by ranks": (days, 500),
    "three sessions, two missing": (repeated, 2**10),
    "paired, one covariate (Freedman-Lane)": (covariate, 2**10),
    "paired, two covariates (Freedman-Lane)": (two_covariates, 2**10),
    "parallel, one covariate (Freedman-Lane)": (groups_covariate, 500),
    "nbs extent, 8 people": (nbs_extent, 2**7),
    "nbs intensity, 8 people": (nbs_intensity, 2**7),
    "nbs intensity, 4 against 5": (nbs_groups, 126),
    "tfce of connections, 8 people": (tfce_edges, 2**7),
    "tfce of voxels, 7 people": (tfce_voxels, 2**6),
    "specification curve, 8 variants": (specifications, 2**10),
}
"""The tests, and how many different p they can give."""


def rows(studies, wanted=()):
    """Yield one row for each test."""
    for name, (test, steps) in TESTS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        streams = map(np.random.default_rng, np.random.SeedSequence(1).spawn(studies))
        share = float(np.mean([test(rng, int(rng.integers(2**31))) <= 0.05 for rng in streams]))
        yield {
            "test": name,
            "studies": studies,
            "share": round(share, 4),
            "error": round(float(np.sqrt(share * (1 - share) / studies)), 4),
            "attainable": round(int(0.05 * steps) / steps, 4),
        }


def main(words):
    """Run what is asked for, print it, and keep it unless it is a part."""
    numbers = [int(word) for word in words if word.isdigit()]
    wanted = tuple(word for word in words if not word.isdigit())
    makers = {"ugly": ugly.rows, "designs": designs.rows, "pages": pages.rows}
    name = wanted[0] if len(wanted) == 1 and wanted[0] in makers else "type_one"
    studies = numbers[0] if numbers else 4000 if name in ("ugly", "designs") else 1000
    made = []
    for row in makers[name](studies) if name in makers else rows(studies, wanted):
        print(json.dumps(row), flush=True)
        made.append(row)
    if name in makers or not wanted:
        path = Path(__file__).with_name(f"{name}.json")
        path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
