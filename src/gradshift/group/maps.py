"""Whether maps of change are like maps that are given: receptors, genes, gradients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts import Comparison
from gradshift.core.cortex.regions import Regions
from gradshift.core.statistics.coupling import across_regions
from gradshift.core.statistics.effects import moments, t_interval
from gradshift.group.changes import Changes, changes_by_task
from gradshift.group.given import given_maps
from gradshift.group.mapnulls import Pairing, beyond, spun
from gradshift.group.maprows import MapRow
from gradshift.group.pieces import Key, as_a_whole, piece
from gradshift.group.primary import primary_model
from gradshift.group.study import Study
from gradshift.group.table import Table
from gradshift.group.testing import compare_sides
from gradshift.group.written import Written

Array = NDArray[np.float64]

MEASURES = ("gbc", "gradient1", "eigenvectorcentrality", "falff")
"""Measures of regions whose changes are compared with maps, besides the primary one of PET."""


def _asked(study: Study) -> list[Key]:
    return as_a_whole(study) if study.group.maps else []


@piece(_asked, seconds=10)
def maps(study: Study) -> list[MapRow]:
    """Compare the changes of regions with every map that is given."""
    if not study.group.maps:
        return []
    given, regions = given_maps(study.group.maps, study.output_dir, study.of_primary_atlas())
    pairings = [
        pairing
        for i, changes in enumerate(changes_by_task(study))
        for pairing in _pairings(study, changes, given, regions, first=i == 0)
    ]
    if not pairings:
        return []
    return [
        *_within(study, pairings),
        *spun(study, pairings, regions),
        *beyond(study, pairings, regions),
    ]


def _pairings(
    study: Study, changes: Changes, given: Mapping[str, Array], regions: Regions, *, first: bool
) -> Iterator[Pairing]:
    """Pair the measures of one task with the maps; those of PET once."""
    pet = primary_model(study)
    for measure in (*MEASURES, *([pet] if pet and first else [])):
        if not changes.regions_of(measure) & set(regions.names):
            continue
        modality, atlas, recipe = changes.places[measure]
        values = changes.of_labels(measure, "region", regions.names)
        for name, numbers in given.items():
            known = np.isfinite(values).any(axis=0) & np.isfinite(numbers)
            row = MapRow(
                contrast=changes.contrast,
                task=changes.task if modality == "func" else "n/a",
                atlas=atlas,
                recipe=recipe,
                measure=measure,
                map=name,
                scope="within-people",
                n=0,
                n_regions=int(known.sum()),
            )
            yield Pairing(row=row, people=changes.people, changes=values, given=numbers)


def _within(study: Study, pairings: Sequence[Pairing]) -> Iterator[MapRow]:
    """Correlate over regions within every person, and test over people."""
    people = sorted({person for one in pairings for person in one.people})
    z = np.full((len(people), len(pairings)), np.nan)
    for j, one in enumerate(pairings):
        rows = [people.index(person) for person in one.people]
        z[rows, j] = across_regions(one.changes, np.tile(one.given, (len(one.people), 1)))
    test = _tested(study, people, z)
    n, mean, sd = moments(z)
    for j, one in enumerate(pairings):
        low, high = t_interval(int(n[j]), mean[j], sd[j])
        groups = study.main.kind == "groups"
        yield replace(
            one.row,
            n=int(test.n[j]),
            estimate=float(np.tanh(test.mean_change[j])),
            ci_low=np.nan if groups else float(np.tanh(low)),
            ci_high=np.nan if groups else float(np.tanh(high)),
            p=float(test.p[j]),
            p_fwe=float(test.p_fwe[j]),
            n_permutations=test.n_permutations,
            status=test.status[j],
        )


def _tested(study: Study, people: Sequence[str], z: Array) -> Comparison:
    """Test correlations as changes are: against none, between groups, or between orders."""
    return compare_sides(study.main, people, np.zeros(z.shape), z, None, study.group)


def _scopes(written: Written) -> set[str]:
    return {row.scope for row in written.rows("maps", MapRow) if np.isfinite(row.estimate)}


TABLE = Table(
    name="maps",
    rank=55,
    row=MapRow,
    rows=maps,
    optional=True,
    uses={
        "coupling": lambda written: "within-people" in _scopes(written),
        "spin": lambda written: "group-maps-spin" in _scopes(written),
        "variogram": lambda written: "group-maps-variogram" in _scopes(written),
    },
)
