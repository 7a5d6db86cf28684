"""Whether the maps of change of two measures are alike: within people, and on the cortex."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import read_vertices
from gradshift.bids.dataset import read_json
from gradshift.core.cortex.regions import Regions
from gradshift.core.statistics.coupling import across_regions
from gradshift.core.statistics.effects import moments, t_interval
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.spin import spin_test, spins
from gradshift.group.changes import Changes
from gradshift.group.pairs import Coupling, Pair
from gradshift.group.study import Study
from gradshift.images.surface import places_on_sphere

FEWEST_REGIONS = 10
"""Regions below which maps are not compared."""

Maps = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Changes of two measures, people x regions."""


@dataclass(frozen=True, slots=True)
class Cortex:
    """The regions of an atlas and their (R, 3) places on the sphere, NaN where unknown."""

    regions: Regions
    places: NDArray[np.float64]


def over_regions(pairs: Sequence[Pair], changes: Changes, study: Study) -> list[Coupling]:
    """Correlate maps of change: within people, and the mean maps against turned ones.

    Parameters
    ----------
    pairs : sequence of Pair
    changes : Changes
    study : Study
    """
    maps, cortex = _maps(pairs, changes, _atlases(study))
    if cortex is None:
        return []
    z = np.column_stack([across_regions(first, second) for first, second in maps.values()])
    group = study.group
    test = signflip(z, n_permutations=group.n_permutations, seed=group.random_seed)
    n, mean, sd = moments(z)
    rows = []
    for j, name in enumerate(maps):
        low, high = t_interval(int(n[j]), mean[j], sd[j])
        rows.append(
            Coupling(
                pair=name,
                scope="across-regions",
                n=int(n[j]),
                estimate=np.tanh(mean[j]),
                ci_low=np.tanh(low),
                ci_high=np.tanh(high),
                p=test.p[j],
                p_fwe=test.p_fwe[j],
                n_permutations=test.n_permutations,
                status="ok" if n[j] > 1 else f"{n[j]} people with both maps, 2 needed",
            )
        )
    return rows + _spun(maps, cortex, study)


def _atlases(study: Study) -> list[Cortex]:
    """Read the regions of every atlas that results are of, and their places on the sphere."""
    atlases = {
        (tuple(result.about["AtlasEntities"].items()), result.atlas) for result in study.results
    }
    every = []
    for entities, name in sorted(atlases):
        path = outputs.regions_path(study.output_dir, dict(entities))
        if entities and path.exists():
            regions = outputs.regions_from(read_json(path))
            vertices = read_vertices(study.output_dir, study.results, name)
            places = np.full((len(regions), 3), np.nan)
            if vertices is not None:
                places = places_on_sphere(vertices, regions.hemispheres)
            every.append(Cortex(regions, places))
    return every


def _maps(
    pairs: Sequence[Pair], changes: Changes, atlases: Sequence[Cortex]
) -> tuple[dict[str, Maps], Cortex | None]:
    """Return the changes of cortical regions, of the pairs that one atlas has both of."""
    maps: dict[str, Maps] = {}
    cortex: Cortex | None = None
    for pair in pairs:
        first, second = pair.first.measure, pair.second.measure
        labels = changes.regions_of(first) & changes.regions_of(second)
        fitting = [one for one in atlases if labels and labels <= set(one.regions.names)]
        if len(labels) < FEWEST_REGIONS or not fitting or first == second:
            continue
        cortex = cortex or fitting[0]
        regions = cortex.regions
        names = [n for n, is_cortex in zip(regions.names, regions.cortical, strict=True)
                 if is_cortex]  # fmt: skip
        maps.setdefault(
            f"{first}:region~{second}:region",
            (
                changes.of_labels(first, "region", names),
                changes.of_labels(second, "region", names),
            ),
        )
    return maps, cortex


def _spun(maps: dict[str, Maps], cortex: Cortex, study: Study) -> list[Coupling]:
    """Test the likeness of the mean maps by turning one of them."""
    positions = np.flatnonzero(cortex.regions.cortical)
    left = np.array([cortex.regions.hemispheres[i] == "L" for i in positions])
    places = cortex.places[positions]
    means = {name: [moments(side)[1] for side in pair] for name, pair in maps.items()}
    usable = np.isfinite(places).all(axis=1)
    for first, second in means.values():
        usable &= np.isfinite(first) & np.isfinite(second)
    people = {name: int(moments(pair[0])[0].max(initial=0)) for name, pair in maps.items()}
    if usable.sum() < FEWEST_REGIONS:
        why = "fewer than ten regions with a place on fsaverage5 and both changes"
        return [
            Coupling(pair=name, scope="group-maps-spin", n=n, status=why)
            for name, n in people.items()
        ]
    rotated = spins(
        places[usable],
        left[usable],
        n_spins=study.group.n_permutations,
        seed=study.group.random_seed,
        workers=study.workers,
    )
    tests = {
        name: spin_test(first[usable], second[usable], rotated)
        for name, (first, second) in means.items()
    }
    largest = np.max([np.abs(null) for _, _, null in tests.values()], axis=0)
    return [
        Coupling(
            pair=name,
            scope="group-maps-spin",
            n=people[name],
            estimate=rho,
            p=p,
            p_fwe=(1 + (largest >= abs(rho) - 1e-10).sum()) / (1 + len(largest)),
            n_permutations=len(rotated),
            status="ok",
        )
        for name, (rho, p, _) in tests.items()
    ]
