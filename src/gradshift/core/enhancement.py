"""Components of a graph as a threshold falls, and what every element gains from its own.

The loops are compiled (numba) when this module is imported, a second or two in each process, so
import it where it is used; ``function.py_func`` is the same function uncompiled. Nothing compiled
is kept on disk: it would be code that runs from a folder that others may be able to write to.
Types are given beforehand: left to the first call, compiling would hold on to its arguments,
which processes share through files that are to be removed.

Links (neighbouring voxels, connections of regions) join components from the highest level
down, by union-find. What a component is between two changes is a state: it has a level, the
highest at which it is so, an extent, and an heir, the state it becomes part of further down.
An element gains at every level up to its own from the state that its component is in there;
these sums are made over states, each of which adds to what its heir gains.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import float64, int8, int32, int64, njit, types, void
from numpy.typing import NDArray

STEPS = 100
"""Thresholds, evenly spaced up to the largest |t|."""

HIGHEST = 100.0
"""A larger |t| counts as this: so few people can make it infinite."""

Floats = NDArray[np.float64]
Places = NDArray[np.int32]
Levels = NDArray[np.int8]
F = TypeVar("F", bound=Callable[..., Any])


_FLOATS, _LEVELS, _PLACES, _COUNTS = float64[::1], int8[::1], int32[::1], int64[::1]
_VALUES = types.Array(float64, 1, "C", readonly=True)
_PAIRS = types.Array(int32, 2, "C", readonly=True)


def _compiled(result: Any, *arguments: Any) -> Callable[[F], F]:
    """Compile a function for arguments of these types."""
    made: Callable[[F], F] = njit(
        result(*arguments), nogil=True, error_model="numpy", no_cfunc_wrapper=True
    )
    return made


def voxel_scores(t: Floats, pairs: Places, height: float) -> Floats:
    """Enhance a map; the extent of a component is its number of voxels.

    Parameters
    ----------
    t : (m,) array
    pairs : (2, P) array of int32, in C order
        Voxels that are neighbours. Rising numbers in the first row are read fastest.
    height : float
        Exponent of the threshold; that of the extent is 0.5.

    Returns
    -------
    (m,) array
        ``sum over h <= |t| of extent_h^.5 h^height dh``, without sign.
    """
    t = np.ascontiguousarray(t)
    step = _step(t)
    levels = _levels(t, step)
    links = np.zeros(pairs.shape[1], dtype=np.int8)
    _shared_levels(levels, pairs, links)
    states = _States.of(np.abs(levels), 1, len(links))
    n_states, _ = _grown(links, pairs, states, _Rule(weight=0, apart=0))
    return states.gains(n_states, height, step)[: len(t)]


def connection_scores(t: Floats, ends: Places, n_regions: int, height: float) -> Floats:
    """Enhance connections; the extent of a component is its number of connections.

    Parameters
    ----------
    t : (E,) array
    ends : (2, E) array of int32, in C order
        The regions that each connection joins.
    n_regions : int
    height : float
        Exponent of the threshold; that of the extent is 0.5.

    Returns
    -------
    (E,) array
        As of `voxel_scores`.
    """
    t = np.ascontiguousarray(t)
    step = _step(t)
    links = _levels(t, step)
    states = _States.of(np.zeros(2 * n_regions, dtype=np.int8), 0, len(t))
    n_states, state_of_link = _grown(links, ends, states, _Rule(weight=1, apart=n_regions))
    scores = states.gains(n_states, height, step).take(state_of_link)
    scores[links == 0] = 0.0
    return scores


class Components(NamedTuple):
    """Components of connections above one threshold.

    Parameters
    ----------
    label : (E,) array of int32
        A number below 2 R of the component of each connection; -1 for those that do not pass.
    extent, intensity : (2 R,) array
        By label: number of connections, and sum of how far |t| passes the threshold; 0 for
        labels that no component has.
    """

    label: Places
    extent: Floats
    intensity: Floats


def components(t: Floats, ends: Places, n_regions: int, threshold: float) -> Components:
    """Find the components of the connections with a larger |t|; increases apart from decreases.

    Parameters are those of `connection_scores`.
    """
    label = np.full(len(t), -1, dtype=np.int32)
    extent, intensity = np.zeros((2, 2 * n_regions))
    parent = np.full(2 * n_regions, -1, dtype=np.int32)
    gathered = Components(label, extent, intensity)
    _gather(np.ascontiguousarray(t), threshold, ends, n_regions, parent, gathered)
    return gathered


class _States(NamedTuple):
    """States of components: the first of them are those of the single elements.

    Parameters
    ----------
    level : (n,) array of int8
    heir : (n,) array of int32
        A later state; -1 for none.
    extent : (n,) array of int32
    parent : (elements,) array of int32
        An element of the same component; in the one that all others lead to, minus one minus
        the extent.
    current : (elements,) array of int32
        State of the component of each element that others lead to.
    """

    level: Levels
    heir: Places
    extent: Places
    parent: Places
    current: Places

    @classmethod
    def of(cls, levels: Levels, extent: int, n_links: int) -> "_States":
        """Make those of single elements, and room for one more with each link."""
        n = len(levels)
        room = n + n_links
        level, heir = np.zeros(room, dtype=np.int8), np.full(room, -1, dtype=np.int32)
        level[:n] = levels
        return cls(
            level=level,
            heir=heir,
            extent=np.full(room, extent, dtype=np.int32),
            parent=np.full(n, -1 - extent, dtype=np.int32),
            current=np.arange(n, dtype=np.int32),
        )

    def gains(self, n_states: int, height: float, step: float) -> Floats:
        """Sum ``extent^.5 h^height dh`` over the levels up to that of each state."""
        below = np.append(0.0, np.arange(1, STEPS + 1.0) ** height).cumsum()
        gain = np.zeros(n_states)
        _add_up(self.level, self.heir, self.extent, below, gain)
        gain *= step ** (height + 1)
        return gain


class _Rule(NamedTuple):
    """How links join.

    Parameters
    ----------
    weight : int
        What a link adds to the extent.
    apart : int
        A link of a decrease joins the elements from this one on.
    """

    weight: int
    apart: int


_STATES = types.NamedTuple((_LEVELS, *[_PLACES] * 4), _States)
_RULE = types.NamedUniTuple(int64, 2, _Rule)
_COMPONENTS = types.NamedTuple((_PLACES, _FLOATS, _FLOATS), Components)


def _step(t: Floats) -> float:
    return float(min(np.abs(t).max(initial=0.0), HIGHEST) / STEPS)


def _levels(t: Floats, step: float) -> Levels:
    """Return the highest threshold that each |t| reaches, in steps, with the sign of t."""
    levels = np.zeros(len(t), dtype=np.int8)
    if step > 0:
        _set_levels(t, step, levels)
    return levels


def _grown(links: Levels, ends: Places, states: _States, rule: _Rule) -> tuple[int, Places]:
    """Join components link by link; return the number of states, and that each link led to."""
    order = np.empty(len(links), dtype=np.int32)
    n_linked = _from_the_top(links, order, np.zeros(STEPS + 1, dtype=np.int64))
    state_of_link = np.zeros(len(links), dtype=np.int32)
    n_states = _grow(order[:n_linked], links, ends, states, rule, state_of_link)
    return n_states, state_of_link


@_compiled(void, _VALUES, float64, _LEVELS)
def _set_levels(t: Floats, step: float, levels: Levels) -> None:
    for i in range(len(t)):
        level = min(abs(t[i]) / step + 1e-9, STEPS)
        levels[i] = level if t[i] > 0 else -level


@_compiled(void, _LEVELS, _PAIRS, _LEVELS)
def _shared_levels(levels: Levels, pairs: Places, links: Levels) -> None:
    """Set the level from which on two voxels are joined; it stays 0 if their signs differ."""
    for i in range(len(links)):
        a, b = levels[pairs[0, i]], levels[pairs[1, i]]
        if a > 0 and b > 0:
            links[i] = min(a, b)
        elif a < 0 and b < 0:
            links[i] = max(a, b)


@_compiled(int64, _LEVELS, _PLACES, _COUNTS)
def _from_the_top(levels: Levels, order: Places, start: NDArray[np.int64]) -> int:
    """Sort what has a level, the highest first (by counting); return how many these are."""
    for level in levels:
        start[abs(level)] += 1
    n_above = 0
    for level in range(STEPS, 0, -1):
        count, start[level] = start[level], n_above
        n_above += count
    for i in range(len(levels)):
        level = abs(levels[i])
        if level > 0:
            order[start[level]] = i
            start[level] += 1
    return n_above


@_compiled(int64, _PLACES, int64)
def _root_of(parent: Places, i: int) -> int:
    """Find the element that all others of a component lead to, and shorten the way."""
    up = parent[i]
    while up >= 0:
        if parent[up] >= 0:
            parent[i] = parent[up]
        i, up = up, parent[up]
    return i


@_compiled(int64, _PLACES, _LEVELS, _PAIRS, _STATES, _RULE, _PLACES)
def _grow(
    order: Places,
    links: Levels,
    ends: Places,
    states: _States,
    rule: _Rule,
    state_of_link: Places,
) -> int:
    """Join components link by link; return the number of states.

    An heir always comes later, as the sums over states need: of two states the later is taken.
    """
    level, heir, extent, parent, current = states
    weight, apart = rule
    n_states = len(parent)
    for k in order:
        shift, height = (apart if links[k] < 0 else 0), abs(links[k])
        a, b = _root_of(parent, ends[0, k] + shift), _root_of(parent, ends[1, k] + shift)
        if a == b and weight == 0:
            continue
        state = max(current[a], current[b])
        if level[state] != height:
            state = n_states
            level[state] = height
            n_states += 1
        if current[a] != state:
            heir[current[a]] = state
        if current[b] != state:
            heir[current[b]] = state
        if a != b:
            if parent[b] < parent[a]:
                a, b = b, a
            parent[a] += parent[b] + 1
            parent[b] = a
        parent[a] -= weight
        current[a] = state
        extent[state] = -1 - parent[a]
        state_of_link[k] = state
    return n_states


@_compiled(void, _LEVELS, _PLACES, _PLACES, _FLOATS, _FLOATS)
def _add_up(level: Levels, heir: Places, extent: Places, below: Floats, gain: Floats) -> None:
    """Sum gains, from the last state on; `below` has those of extent one up to each level."""
    for state in range(len(gain) - 1, -1, -1):
        later, until = 0.0, 0
        if heir[state] >= 0:
            later, until = gain[heir[state]], level[heir[state]]
        gain[state] = later + np.sqrt(extent[state]) * (below[level[state]] - below[until])


@_compiled(void, _VALUES, float64, _PAIRS, int64, _PLACES, _COMPONENTS)
def _gather(
    t: Floats,
    threshold: float,
    ends: Places,
    n_regions: int,
    parent: Places,
    gathered: Components,
) -> None:
    """Join the ends of all links that pass the threshold, and add up each component."""
    label, extent, intensity = gathered
    for k in range(len(t)):
        if abs(t[k]) > threshold:
            shift = n_regions if t[k] < 0 else 0
            a, b = _root_of(parent, ends[0, k] + shift), _root_of(parent, ends[1, k] + shift)
            label[k] = a
            if a != b:
                if parent[b] < parent[a]:
                    a, b = b, a
                parent[a] += parent[b]
                parent[b] = a
    for k in range(len(t)):
        if label[k] >= 0:
            label[k] = root = _root_of(parent, label[k])
            extent[root] += 1
            intensity[root] += min(abs(t[k]) - threshold, HIGHEST)
