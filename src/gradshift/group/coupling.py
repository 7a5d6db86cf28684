"""Between modalities at the group level: coupling of changes, and changes in per cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json, write_table
from gradshift.core.cortex.regions import Regions
from gradshift.core.inference.resampling import Workers
from gradshift.core.statistics import statistics
from gradshift.core.statistics.coupling import (
    FEWEST,
    across_regions,
    bca_interval,
    couple,
    leave_one_out,
    partial,
)
from gradshift.core.statistics.effects import moments, t_interval
from gradshift.core.statistics.signflip import signflip
from gradshift.core.statistics.spin import spin_test, spins
from gradshift.errors import SettingsError
from gradshift.group.percent import PERCENT, percent_rows
from gradshift.images.surface import places_on_sphere
from gradshift.report.results import read_vertices
from gradshift.settings import Settings
from gradshift.study.design import Design

Array = NDArray[np.float64]

DENSITY = ("vtlogan", "vt1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2", "suvr")
"""PET measures in the order of preference for the pairs declared beforehand."""

PAIRS = (
    "{pet}:Default~falff:Default",
    "{pet}:whole~eigenvectorcentrality:PCC",
    "{pet}:ACC~glutamate:ACC",
)
"""Declared beforehand: the outcome of PET with intrinsic activity, with the PCC as a hub, and with
glutamate; those of which there are values."""

LEVELS = ("set", "network", "whole", "network-pair", "region")
"""Where a label is looked for, in this order."""

COUPLING = {
    "pair": "Changes that are compared, as MEASURE:LABEL~MEASURE:LABEL",
    "scope": "between-people: Spearman correlation of the changes over people; "
    "between-people-partial-fd: the same with the change of framewise displacement held "
    "constant; between-people-leave-one-out: lowest and highest value without one person; "
    "across-regions: the correlation of both maps of change within a person, mean over people "
    "(primary); group-maps-spin: correlation of the mean maps against turned maps",
    "n": "People",
    "estimate": "Spearman correlation",
    "ci_low": "Lower end of the 95 % interval (bootstrap over people; of across-regions from t)",
    "ci_high": "Upper end of that interval",
    "p": "Two-sided p: permutation of people, sign flips of people, or turned maps",
    "p_fwe": "p corrected for all pairs of the scope",
    "n_permutations": "Permutations, sign patterns or rotations used",
    "status": "ok, or what limits the result",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One side of a pair: a measure and what it belongs to."""

    measure: str
    label: str


def write_multimodal(
    folder: Path,
    table: pd.DataFrame,
    results: Sequence[SessionResult],
    people: Sequence[Mapping[str, Any]],
    design: Design,
    settings: Settings,
    workers: Workers,
) -> None:
    """Write ``coupling.tsv`` and ``percentchange.tsv``, as far as there is something to write.

    Both are of the change from baseline to (the first) follow-up; a crossover has none.

    Parameters
    ----------
    folder : Path
    table : DataFrame
        All values.
    results : sequence of SessionResult
    people : sequence of mapping
        Who is compared, see `gradshift.study.design.find_people`.
    design : Design
    settings : Settings
    workers : callable
        Where the cortex is turned.
    """
    if design.kind == "crossover":
        return
    changes = _Changes(table, design)
    if percent := percent_rows(table, design, settings):
        _write(folder / "percentchange.tsv", PERCENT, percent, design)
    if pairs := _pairs(settings.group.coupling, changes):
        motion = {
            row["participant_id"]: (row["mean_fd_followup"] or np.nan)
            - (row["mean_fd_baseline"] or np.nan)
            for row in people
            if row["modality"] == "func"
        }
        rows = _between(pairs, changes, motion, settings)
        atlases = _regions(results, settings.output_dir)
        rows += _across(pairs, changes, atlases, settings, workers)
        _write(folder / "coupling.tsv", COUPLING, rows, design)


def _write(
    path: Path, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]], design: Design
) -> None:
    write_table(path, list(columns), ([row[name] for name in columns] for row in rows))
    methods = {name: statistics()[name].methods for name in ("coupling", "spin", "signflip")}
    write_json(
        outputs.sidecar(path),
        {
            **{name: {"Description": text} for name, text in columns.items()},
            "Contrast": design.contrast,
            "Statistics": methods,
            "Software": f"gradshift {__version__}",
        },
    )


class _Changes:
    """Changes of every person, by measure, level and label: the primary atlas and recipe."""

    def __init__(self, table: pd.DataFrame, design: Design) -> None:
        self.design = design
        primary = []
        for _, found in table.groupby("modality", sort=False):
            for name, order in (("atlas", design.atlases), ("recipe", design.recipes)):
                there = set(found[name])
                found = found[found[name] == next(n for n in order if n in there)]
            tasks = sorted(set(found["task"]))
            primary.append(found[found["task"] == tasks[0]])
        self.table = pd.concat(primary)
        self.people = sorted(set(self.table["participant_id"]))
        self.levels: dict[tuple[str, str], str] = {}
        known = self.table[["measure", "level", "label"]].drop_duplicates()
        for measure, level, label in known.itertuples(index=False):
            best = self.levels.get((measure, label), level)
            self.levels[measure, label] = min(best, level, key=LEVELS.index)

    def of(self, measure: str, level: str, labels: Sequence[str]) -> Array:
        """Return the (people, labels) changes; NaN where there is none."""
        mine = self.table[(self.table["measure"] == measure) & (self.table["level"] == level)]
        mine = mine[~mine["status"].str.startswith("unreliable")]
        means = mine.groupby(["participant_id", "session_id", "label"])["value"].mean()
        wide = means.unstack("label").reindex(columns=list(labels))
        before, after = (
            wide.reindex(pd.MultiIndex.from_product([self.people, [session]])).to_numpy(float)
            for session in (self.design.baseline, self.design.followup)
        )
        change: Array = after - before
        return change

    def term(self, term: Term) -> Array | None:
        """Return the (people,) changes of one side of a pair; None where there is no such."""
        level = self.levels.get((term.measure, term.label))
        return None if level is None else self.of(term.measure, level, [term.label])[:, 0]

    def labels(self, measure: str) -> set[str]:
        """Return the regions of a measure."""
        mine = self.table[(self.table["measure"] == measure) & (self.table["level"] == "region")]
        return set(mine["label"])


def _pairs(given: Sequence[str], changes: _Changes) -> list[tuple[Term, Term]]:
    """Return the pairs asked for, or those declared beforehand."""
    measures = {measure for measure, _ in changes.levels}
    words = list(given)
    if not words:
        pet = next((name for name in DENSITY if name in measures), None)
        possible = [text.format(pet=pet) for text in PAIRS]
        words = [word for word in possible if _there(word, changes)]
    pairs = []
    for word in words:
        first, second = ((side.partition(":")) for side in word.split("~"))
        pairs.append((Term(first[0], first[2]), Term(second[0], second[2])))
    unknown = sorted({t.measure for pair in pairs for t in pair} - measures)
    if given and unknown:
        raise SettingsError(
            f"--coupling names {', '.join(unknown)}, of which there are no values; there are "
            f"{', '.join(sorted(measures))}."
        )
    return pairs


def _there(word: str, changes: _Changes) -> bool:
    """Tell whether both sides of a pair have values."""
    return all(tuple(side.split(":")) in changes.levels for side in word.split("~"))


def _name(pair: tuple[Term, Term]) -> str:
    return "~".join(f"{term.measure}:{term.label}" for term in pair)


def _row(pair: str, scope: str, n: int, status: str = "ok", **values: float) -> dict[str, Any]:
    empty = dict.fromkeys(("estimate", "ci_low", "ci_high", "p", "p_fwe", "n_permutations"))
    return {"pair": pair, "scope": scope, "n": n, **empty, **values, "status": status}


def _between(
    pairs: Sequence[tuple[Term, Term]],
    changes: _Changes,
    motion: Mapping[str, float],
    settings: Settings,
) -> list[dict[str, Any]]:
    """Correlate changes over people."""
    nothing = np.full(len(changes.people), np.nan)
    found = [[changes.term(term) for term in pair] for pair in pairs]
    known_sides = [[nothing if v is None else v for v in sides] for sides in found]
    x = np.column_stack([sides[0] for sides in known_sides])
    y = np.column_stack([sides[1] for sides in known_sides])
    seed, n_permutations = settings.group.random_seed, 10 * settings.group.n_permutations
    result = couple(x, y, n_permutations=n_permutations, seed=seed)
    fd = np.array([motion.get(person, np.nan) for person in changes.people])
    rows = []
    for j, pair in enumerate(pairs):
        name, there = _name(pair), np.isfinite(x[:, j]) & np.isfinite(y[:, j])
        a, b, n = x[there, j], y[there, j], int(there.sum())
        missing = [
            f"{t.measure} {t.label}" for t, v in zip(pair, found[j], strict=True) if v is None
        ]
        status = f"no values of {' and '.join(missing)}" if missing else "ok"
        if not missing and not np.isfinite(result.rho[j]):
            few = f"{n} people with both changes, {FEWEST} needed"
            status = few if n < FEWEST else "one of the changes is the same in everybody"
        low, high = bca_interval(a, b, seed=seed)
        rows.append(
            _row(
                name, "between-people", n, status, estimate=result.rho[j], ci_low=low,
                ci_high=high, p=result.p[j], p_fwe=result.p_fwe[j],
                n_permutations=result.n_permutations,
            )
        )  # fmt: skip
        if status != "ok":
            continue
        left_out = leave_one_out(a, b)
        rows.append(
            _row(
                name, "between-people-leave-one-out", n, "range without each person in turn",
                ci_low=np.nanmin(left_out), ci_high=np.nanmax(left_out),
            )
        )  # fmt: skip
        known = there & np.isfinite(fd)
        if known.sum() > FEWEST:
            left = partial(x[known, j], y[known, j], fd[known])
            held = couple(
                left[0][:, None], left[1][:, None], n_permutations=n_permutations, seed=seed,
                ranks=False,
            )  # fmt: skip
            rows.append(
                _row(
                    name, "between-people-partial-fd", int(known.sum()),
                    estimate=held.rho[0], p=held.p[0], n_permutations=held.n_permutations,
                )
            )  # fmt: skip
    return rows


def _regions(
    results: Sequence[SessionResult], output_dir: Path
) -> dict[str, tuple[Regions, Array]]:
    """Read the regions of every atlas that results are of, and their places on the sphere."""
    found = {}
    for entities, name in {(tuple(r.about["AtlasEntities"].items()), r.atlas) for r in results}:
        path = outputs.regions_path(output_dir, dict(entities))
        if entities and path.exists():
            regions = outputs.regions_from(read_json(path))
            vertices = read_vertices(output_dir, results, name)
            places = np.full((len(regions), 3), np.nan)
            if vertices is not None:
                places = places_on_sphere(vertices, regions.hemispheres)
            found[name] = (regions, places)
    return found


def _across(
    pairs: Sequence[tuple[Term, Term]],
    changes: _Changes,
    atlases: Mapping[str, tuple[Regions, Array]],
    settings: Settings,
    workers: Workers,
) -> list[dict[str, Any]]:
    """Correlate maps of change: within people, and the mean maps against turned ones."""
    seed = settings.group.random_seed
    names, maps, atlas = [], [], None
    for pair in pairs:
        labels = changes.labels(pair[0].measure) & changes.labels(pair[1].measure)
        fitting = [a for a in atlases.values() if labels and labels <= set(a[0].names)]
        if len(labels) < 10 or not fitting or pair[0].measure == pair[1].measure:
            continue
        atlas = atlas or fitting[0]
        regions = atlas[0]
        ordered = [n for n, c in zip(regions.names, regions.cortical, strict=True) if c]
        names.append("~".join(f"{term.measure}:region" for term in pair))
        maps.append([changes.of(term.measure, "region", ordered) for term in pair])
    if not maps or atlas is None:
        return []
    keep = [names.index(name) for name in dict.fromkeys(names)]
    names, maps = [names[k] for k in keep], [maps[k] for k in keep]
    z = np.column_stack([across_regions(pair[0], pair[1]) for pair in maps])
    test = signflip(z, n_permutations=settings.group.n_permutations, seed=seed)
    n, mean, sd = moments(z)
    rows = []
    for j, name in enumerate(names):
        low, high = t_interval(int(n[j]), mean[j], sd[j])
        rows.append(
            _row(
                name, "across-regions", int(n[j]),
                "ok" if n[j] > 1 else f"{n[j]} people with both maps, 2 needed",
                estimate=np.tanh(mean[j]), ci_low=np.tanh(low), ci_high=np.tanh(high),
                p=test.p[j], p_fwe=test.p_fwe[j], n_permutations=test.n_permutations,
            )
        )  # fmt: skip
    return rows + _spun(names, maps, atlas, settings, workers)


def _spun(
    names: Sequence[str],
    maps: Sequence[Sequence[Array]],
    atlas: tuple[Regions, Array],
    settings: Settings,
    workers: Workers,
) -> list[dict[str, Any]]:
    """Test the likeness of the mean maps by turning one of them."""
    regions, places = atlas
    cortex = np.flatnonzero(regions.cortical)
    left = np.array([regions.hemispheres[i] == "L" for i in cortex])
    means = [[moments(side)[1] for side in pair] for pair in maps]
    usable = np.isfinite(places[cortex]).all(axis=1)
    for pair in means:
        usable &= np.isfinite(pair[0]) & np.isfinite(pair[1])
    counts = [int(moments(side)[0].max(initial=0)) for pair in maps for side in pair[:1]]
    if usable.sum() < 10:
        why = "fewer than ten regions with a place on fsaverage5 and both changes"
        return [
            _row(name, "group-maps-spin", n, why) for name, n in zip(names, counts, strict=True)
        ]
    turned = spins(
        places[cortex][usable],
        left[usable],
        n_spins=settings.group.n_permutations,
        seed=settings.group.random_seed,
        workers=workers,
    )
    tests = [spin_test(pair[0][usable], pair[1][usable], turned) for pair in means]
    largest = np.max([np.abs(null) for _, _, null in tests], axis=0)
    return [
        _row(
            name, "group-maps-spin", n, estimate=rho, p=p,
            p_fwe=(1 + (largest >= abs(rho) - 1e-10).sum()) / (1 + len(largest)),
            n_permutations=len(turned),
        )
        for name, n, (rho, p, _) in zip(names, counts, tests, strict=True)
    ]  # fmt: skip
