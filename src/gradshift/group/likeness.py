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
from gradshift.group.changes import Coupled
from gradshift.group.pairs import Coupling, PairColumns
from gradshift.group.study import Study
from gradshift.images.surface import places_on_sphere

FEWEST_REGIONS = 10
"""Regions below which maps are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maps:
    """Changes of two measures in the regions of the cortex.

    Parameters
    ----------
    columns : PairColumns
        What the rows of the pair share.
    people : list of str, length n
    first, second : (n, R) array
        NaN where there is none.
    """

    columns: PairColumns
    people: list[str]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def mean_first(self) -> NDArray[np.float64]:
        """(R,) Mean over people of the first."""
        return moments(self.first)[1]

    @property
    def mean_second(self) -> NDArray[np.float64]:
        """(R,) Mean over people of the second."""
        return moments(self.second)[1]

    @property
    def n(self) -> int:
        """People with a change of the first in any region."""
        return int(moments(self.first)[0].max(initial=0))


@dataclass(frozen=True, slots=True)
class Cortex:
    """The regions of an atlas and their (R, 3) places on the sphere, NaN where unknown."""

    regions: Regions
    places: NDArray[np.float64]


def over_regions(coupled: Sequence[Coupled], study: Study) -> list[Coupling]:
    """Correlate maps of change: within people, and the mean maps against rotated ones.

    Parameters
    ----------
    coupled : sequence of Coupled
    study : Study
    """
    every, cortex = _maps(coupled, _atlases(study))
    if cortex is None:
        return []
    people = sorted({person for maps in every for person in maps.people})
    z = np.full((len(people), len(every)), np.nan)
    for j, maps in enumerate(every):
        rows = [people.index(person) for person in maps.people]
        z[rows, j] = across_regions(maps.first, maps.second)
    group = study.group
    test = signflip(z, n_permutations=group.n_permutations, seed=group.random_seed)
    n, mean, sd = moments(z)
    within = []
    for j, maps in enumerate(every):
        low, high = t_interval(int(n[j]), mean[j], sd[j])
        within.append(
            Coupling(
                **maps.columns,
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
    return within + _spun(every, cortex, study)


def _atlases(study: Study) -> list[Cortex]:
    """Read the regions of every atlas that results are of, and their places on the sphere."""
    atlases = {(tuple(result.atlas_entities.items()), result.atlas) for result in study.results}
    every = []
    for entities, name in sorted(atlases):
        path = outputs.regions_path(study.output_dir, dict(entities))
        if entities and path.exists():
            regions = outputs.regions_from(read_json(path))
            every.append(Cortex(regions, places_of(study, name, regions)))
    return every


def places_of(study: Study, atlas: str, regions: Regions) -> NDArray[np.float64]:
    """Return where the regions of an atlas lie on the sphere; NaN where that is not known."""
    vertices = read_vertices(study.output_dir, study.results, atlas)
    if vertices is None:
        return np.full((len(regions), 3), np.nan)
    return places_on_sphere(vertices, regions.hemispheres)


def _maps(
    coupled: Sequence[Coupled], atlases: Sequence[Cortex]
) -> tuple[list[Maps], Cortex | None]:
    """Return the changes of cortical regions, of the pairs that one atlas has both of."""
    every: dict[tuple[str, str], Maps] = {}
    cortex: Cortex | None = None
    for one in coupled:
        first, second = one.pair.first.measure, one.pair.second.measure
        labels = one.changes.regions_of(first) & one.changes.regions_of(second)
        fitting = [atlas for atlas in atlases if labels and labels <= set(atlas.regions.names)]
        if len(labels) < FEWEST_REGIONS or not fitting or first == second:
            continue
        cortex = cortex or fitting[0]
        names = np.array(cortex.regions.names)[cortex.regions.cortical].tolist()
        pair = f"{first}:region~{second}:region"
        every.setdefault(
            (one.place.task, pair),
            Maps(
                columns={**one.columns, "pair": pair},
                people=one.changes.people,
                first=one.changes.of_labels(first, "region", names),
                second=one.changes.of_labels(second, "region", names),
            ),
        )
    return list(every.values()), cortex


def _spun(every: Sequence[Maps], cortex: Cortex, study: Study) -> list[Coupling]:
    """Test the likeness of the mean maps by rotating one of them."""
    positions = np.flatnonzero(cortex.regions.cortical)
    left = np.array([cortex.regions.hemispheres[i] == "L" for i in positions])
    places = cortex.places[positions]
    usable = np.isfinite(places).all(axis=1)
    for maps in every:
        usable &= np.isfinite(maps.mean_first) & np.isfinite(maps.mean_second)
    if usable.sum() < FEWEST_REGIONS:
        why = "fewer than ten regions with a place on fsaverage5 and both changes"
        return [
            Coupling(**maps.columns, scope="group-maps-spin", n=maps.n, status=why)
            for maps in every
        ]
    rotated = spins(
        places[usable],
        left[usable],
        n_spins=study.group.n_permutations,
        seed=study.group.random_seed,
        workers=study.workers,
    )
    tests = [
        spin_test(maps.mean_first[usable], maps.mean_second[usable], rotated) for maps in every
    ]
    largest = np.max([np.abs(null) for _, _, null in tests], axis=0)
    return [
        Coupling(
            **maps.columns,
            scope="group-maps-spin",
            n=maps.n,
            estimate=rho,
            p=p,
            p_fwe=(1 + (largest >= abs(rho) - 1e-10).sum()) / (1 + len(largest)),
            n_permutations=len(rotated),
            status="ok",
        )
        for maps, (rho, p, _) in zip(every, tests, strict=True)
    ]
