"""Means over the same regions in all sessions of a person.

A region may have a value in one session and none in another: no connection left in a thresholded
graph, too few voxels in a map, a curve that could not be fitted. A mean over the regions of a
network or set would then be one of other regions after the drug than before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import SessionResult, read_regions
from gradshift.core.cortex.regions import Regions
from gradshift.group.arrange import counted
from gradshift.study.design import Design

PLACE = ["participant_id", "modality", "task", "atlas", "recipe", "measure"]
"""What the sessions of a person are compared within."""

AVERAGED = ("network", "set", "whole")

ROWS = 500_000
"""About how many rows are compared at a time."""


class _Mean(NamedTuple):
    """A value that replaces the one of a row of the table."""

    at: int
    value: float
    status: str


def over_same_regions(
    table: pd.DataFrame, results: Sequence[SessionResult], design: Design, output_dir: Path
) -> pd.DataFrame:
    """Take the means of regions over those with a value in every session that counts.

    Parameters
    ----------
    table : DataFrame
        All values of people and sessions.
    results : sequence of SessionResult
    design : Design
    output_dir : Path

    Returns
    -------
    DataFrame
        The table; where a person lacks regions in one session only, values of networks, sets
        and the cortex that are means of their regions leave these out in the other sessions
        too, and say how many.
    """
    known = {
        result.atlas: read_regions(output_dir, result)
        for result in results
        if result.atlas_entities
    }
    return evened(table, known, design)


def evened(table: pd.DataFrame, known: Mapping[str, Regions], design: Design) -> pd.DataFrame:
    """Do what `over_same_regions` says, with the regions of every atlas at hand."""
    made = [mean for part in _in_parts(table) for mean in _evened(part, known, design)]
    if not made:
        return table
    index = [mean.at for mean in made]
    texts = [mean.status for mean in made]
    status = table["status"].astype("category")
    new = set(texts) - set(status.cat.categories)
    status = status.cat.add_categories(sorted(new))
    status.loc[index] = texts
    table = table.assign(status=status)
    table.loc[index, "value"] = [mean.value for mean in made]
    return table


def _in_parts(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the rows of some people at a time: what is compared within people takes room."""
    codes = table["participant_id"].astype("category").cat.codes.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    together = len(starts) == len(np.unique(codes))
    cuts = starts[np.flatnonzero(np.diff(starts // ROWS, prepend=-1))] if together else [0]
    for start, stop in pairwise([*cuts, len(table)]):
        yield table.iloc[start:stop]


def _evened(table: pd.DataFrame, known: Mapping[str, Regions], design: Design) -> Iterator[_Mean]:
    """Yield the values that take the place of others."""
    uneven = _uneven(table, design)
    where = table.groupby(PLACE, sort=False, observed=True).indices if uneven else {}
    for keys in uneven:
        person, atlas = str(keys[0]), str(keys[PLACE.index("atlas")])
        if atlas in known:
            rows = table.iloc[where[keys]]
            rows = rows[rows["session_id"].isin(design.sessions_of(person))]
            yield from _means(rows, known[atlas])


def _uneven(table: pd.DataFrame, design: Design) -> list[tuple[str, ...]]:
    """List the people and measures with a region in some sessions only."""
    regions = table[table["level"] == "region"]
    regions = regions[counted(regions, design)]
    measured = regions[regions["value"].notna()]
    of_session = measured.groupby([*PLACE, "session_id", "run"], observed=True).size()
    sessions = of_session.groupby(level=PLACE, observed=True).size()
    of_region = measured.groupby([*PLACE, "label"], observed=True).size()
    least = of_region.groupby(level=PLACE, observed=True).min()
    return [tuple(key) for key in sessions.index[least < sessions]]


def _means(rows: pd.DataFrame, regions: Regions) -> list[_Mean]:
    """Take means of regions over those that every session has."""
    of_regions = _by_session(rows[rows["level"] == "region"], regions)
    shared = np.isfinite(np.array([*of_regions.values()])).all(axis=0)
    members = _members(regions)
    made: list[_Mean] = []
    means = rows[rows["level"].isin(AVERAGED)]
    columns = (means[name] for name in ("session_id", "run", "level", "label", "value"))
    for index, session, run, level, label, value in zip(means.index, *columns, strict=True):
        positions, values = members.get((level, label)), of_regions.get((session, run))
        if positions is None or values is None:
            continue
        lost = positions & ~shared
        if not (np.isfinite(values) & lost).any() or not _is_mean(value, values[positions]):
            continue
        left = values[positions & shared]
        status = f"{lost.sum()} of {positions.sum()} regions without a value in some session"
        made.append(_Mean(index, float(left.mean()) if len(left) else np.nan, status))
    return made


def _by_session(
    rows: pd.DataFrame, regions: Regions
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return the (R,) values of every session and run that has any."""
    place = {name: i for i, name in enumerate(regions.names)}
    values: dict[tuple[str, str], NDArray[np.float64]] = {}
    columns = (rows[name] for name in ("session_id", "run", "label", "value"))
    for session, run, label, value in zip(*columns, strict=True):
        if label in place and np.isfinite(value):
            of_session = values.setdefault((session, run), np.full(len(regions), np.nan))
            of_session[place[label]] = value
    return values


def _members(regions: Regions) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """Return the regions of every network and set, and of the cortex."""
    every = np.arange(len(regions))
    named = {"ACC": regions.anterior_cingulate, **regions.sets}
    sets = {("set", name): np.isin(every, positions) for name, positions in named.items()}
    networks = {
        ("network", name): regions.network_index == i
        for i, name in enumerate(regions.network_names)
    }
    return {**networks, **sets, ("whole", "whole"): regions.cortical}


def _is_mean(value: float, of_regions: NDArray[np.float64]) -> bool:
    """Tell whether a value is the mean of its regions, as far as tables have digits."""
    known = of_regions[np.isfinite(of_regions)]
    return bool(len(known)) and bool(np.isclose(value, known.mean(), rtol=1e-6, atol=0))
