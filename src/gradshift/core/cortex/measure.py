"""What a measure is, and how it is evaluated on a session."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.graph import Graph
from gradshift.core.cortex.regions import LEVELS, Regions
from gradshift.core.cortex.session import Session
from gradshift.core.series.series import Gives

TOPICS = {
    "networks": "Connectivity of networks",
    "gradients": "Gradients of the cortex",
    "graph": "Hubs and graphs",
    "voxels": "Intrinsic activity",
    "direction": "Direction (exploratory)",
    "other": "Others",
}
"""What measures are about, in the order in which the documentation has them."""

DEFAULT, ALL = "default", "all"
"""Words that stand for the measures of no group, and for those of all groups, too."""

OPT_IN = {
    "entropy": "entropy of distances in graphs",
    "homogeneity": "regional homogeneity",
    "paths": "shortest paths through regions",
    "reversal": "the arrow of time",
    "tangent": "connectivity in the tangent space at the mean of everybody",
}
"""Groups of measures that are computed only if asked for, and what they are of: each measure
more is a family, or values in a family, that a result can be found in by chance."""


LACKING: Mapping[Gives, str] = {
    "series": "needs series of regions, and the source has connectivity matrices alone",
    "vertices": "needs voxels or vertices, and the source has {gives} alone",
    "voxels": "needs voxels, and the source has {gives} alone",
}
"""Why a measure cannot be had from a source that gives less."""

GIVEN: Mapping[Gives, str] = {
    "matrix": "connectivity matrices",
    "series": "series of regions",
    "vertices": "vertices of a surface",
    "voxels": "voxels",
}
"""What a source gives, in words."""

NEEDED: Mapping[Gives, str] = {**GIVEN, "vertices": "voxels, or vertices of a surface"}
"""What a measure is made of, in words."""


Kind = Literal["ok", "unlike", "coarse", "incomplete", "missing", "other"]
"""What a status says: nothing; a session unlike the reference gradient; an atlas too coarse for
gradients; a mean over fewer regions; no value; something else."""


class UnavailableError(Exception):
    """A measure that cannot be had from this session; the message is the reason."""


@dataclass(frozen=True)
class Flagged:
    """Values that come with a remark of their own.

    Parameters
    ----------
    values : array
        One value per label of the level.
    status : sequence of str
        ``ok``, or what a reader must know; as many as values.
    kinds : sequence of Kind, optional
        What each status says; ``other`` where it is not ``ok``, if not given.
    """

    values: NDArray[np.float64]
    status: Sequence[str]
    kinds: Sequence[Kind] = ()

    def __post_init__(self) -> None:
        if not self.kinds:
            own: list[Kind] = ["ok" if text == "ok" else "other" for text in self.status]
            object.__setattr__(self, "kinds", own)


Values = Mapping[str, NDArray[np.float64] | Flagged]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number, or a set of numbers, that describes one session.

    Parameters
    ----------
    name : str
        Lower case, no spaces; the ``measure`` column of the tables.
    title : str
        What it is called in a sentence or a figure, without article and label.
    topic : str
        A key of `TOPICS`.
    levels : tuple of str
        What its values belong to. ``network`` and ``set`` values of a measure that
        computes ``region`` values only are the unweighted means over their regions.
    unit : str
    compute : callable
        Takes a `Session`, returns values by level, NaN where there is none. Leaves its
        input untouched. Raises `UnavailableError` when nothing can be computed.
    formula, high, low : str
        For the documentation: the formula in LaTeX, what a high and what a low value mean.
    methods : str
        The sentence for the methods section.
    cite : tuple of str
        Keys of ``report/references.bib``.
    caveat : str
        What the value must not be taken for.
    needs_reference : bool
        Whether it rests on the reference gradients of the session. The group level computes
        it again where the regions or the reference depend on everybody.
    needs_everybody : bool
        Whether it rests on the mean of all sessions compared, `Session.centre`: only the group
        level can compute it.
    needs : {'matrix', 'series', 'voxels'}
        What it is made of; a source that gives less yields no value.
    labels : callable, optional
        Takes `Regions`, returns the labels of its only level, where they are not those that the
        regions have at this level.
    group : str
        A key of `OPT_IN`; empty for a measure that is computed by default.
    curve : callable, optional
        Of a measure that is the area under a curve over densities: takes a `Session` and its
        graph at some of them, returns the value of each region, or of the whole, at each.
    """

    name: str
    title: str
    levels: tuple[str, ...]
    unit: str
    compute: Callable[[Session], Values]
    formula: str
    high: str
    low: str
    methods: str
    cite: tuple[str, ...] = ()
    caveat: str = ""
    needs_reference: bool = False
    needs_everybody: bool = False
    needs: Gives = "matrix"
    topic: str = "other"
    group: str = ""
    labels: Callable[[Regions], tuple[str, ...]] | None = None
    curve: Callable[[Session, Sequence[Graph]], NDArray[np.float64]] | None = None

    def at(self, place: int) -> "Measure":
        """Return the measure that is this point of the curve, named without ``auc``."""
        curve = self.curve
        assert curve is not None
        level = self.levels[0]
        return replace(
            self,
            name=self.name.removesuffix("auc"),
            compute=lambda session: {level: curve(session, [session.thresholded[place]])[0]},
            curve=None,
        )

    def labels_at(self, regions: Regions, level: str) -> tuple[str, ...]:
        """Return the labels of a level, in the order in which values come."""
        return self.labels(regions) if self.labels else regions.labels(level)

    def __post_init__(self) -> None:
        if self.topic not in TOPICS:
            raise ValueError(f"Measure {self.name}: topic {self.topic!r} is none of {[*TOPICS]}.")
        if self.group and self.group not in OPT_IN:
            raise ValueError(f"Measure {self.name}: group {self.group!r} is none of {[*OPT_IN]}.")
        if unknown := set(self.levels) - set(LEVELS):
            raise ValueError(f"Measure {self.name}: unknown levels {sorted(unknown)}.")


@dataclass(frozen=True)
class Value:
    """One row of a table of measures; `kind` sorts what `status` says in words."""

    measure: str
    level: str
    label: str
    value: float
    unit: str
    status: str
    kind: Kind = "ok"


class Named(Protocol):
    """What values can be of: a measure, or a kinetic model."""

    @property
    def name(self) -> str:
        """The ``measure`` column of the tables."""

    @property
    def unit(self) -> str:
        """The unit of the values."""


def evaluate(
    measure: Measure, session: Session, reasons: Mapping[str, str] | None = None
) -> list[Value]:
    """Compute a measure and give every label of its levels a row.

    Parameters
    ----------
    measure : Measure
    session : Session
    reasons : mapping of str to str
        Why a region, by name, cannot be used.

    Returns
    -------
    list of Value
        A value that could not be computed is NaN, with the reason as its status.
    """
    if reason := lacking(measure, session.gives):
        return unavailable(measure, session.regions, reason)
    try:
        computed = measure.compute(session)
    except UnavailableError as error:
        return unavailable(measure, session.regions, str(error))
    labels = partial(measure.labels_at, session.regions)
    return tabulate(measure, session.regions, computed, measure.levels, reasons or {}, labels)


def lacking(measure: Measure, gives: Gives) -> str:
    """Say why a measure cannot be had from what a source gives; empty if it can."""
    order = get_args(Gives)
    if order.index(measure.needs) <= order.index(gives):
        return ""
    return LACKING[measure.needs].format(gives=GIVEN[gives])


def tabulate(
    measure: Named,
    regions: Regions,
    computed: Values,
    levels: Sequence[str],
    reasons: Mapping[str, str],
    labels: Callable[[str], tuple[str, ...]] | None = None,
) -> list[Value]:
    """Give every label of the levels a row.

    Parameters
    ----------
    measure : Measure or Model
    regions : Regions
    computed : mapping of str to values
        By level; a level that is missing gets the averages of the regions.
    levels : sequence of str
    reasons : mapping of str to str
        Why a region, by name, has no value.
    labels : callable, optional
        Takes a level, returns its labels; those of the regions if not given.
    """
    rows = []
    for level in levels:
        if level in computed:
            values = computed[level]
        else:
            values = averages(regions, level, computed["region"])
        names = (labels or regions.labels)(level)
        marked = _flagged(values)
        if not len(marked.values) == len(marked.status) == len(names):
            raise ValueError(
                f"Measure {measure.name} gave {len(marked.values)} values at level {level}, "
                f"which has {len(names)} labels."
            )
        for label, value, status, kind in zip(
            names, marked.values, marked.status, marked.kinds, strict=True
        ):
            finite = bool(np.isfinite(value))
            if kind == "ok" and not finite:
                status = reasons.get(label, "too few usable regions")
            rows.append(
                Value(
                    measure.name,
                    level,
                    label,
                    float(value),
                    measure.unit,
                    status,
                    kind if finite else "missing",
                )
            )
    return rows


def _flagged(values: NDArray[np.float64] | Flagged) -> Flagged:
    """Give plain values the status that nothing is to be said of them."""
    return values if isinstance(values, Flagged) else Flagged(values, ("ok",) * len(values))


def unavailable(measure: Measure, regions: Regions, reason: str) -> list[Value]:
    """Give every label of a measure a row without a value, for one reason."""
    return [
        Value(measure.name, level, label, np.nan, measure.unit, reason, "missing")
        for level in measure.levels
        for label in measure.labels_at(regions, level)
    ]


def averages(regions: Regions, level: str, of_regions: NDArray[np.float64] | Flagged) -> Flagged:
    """Average region values within networks, sets or the cortex, over regions that have one.

    Parameters
    ----------
    regions : Regions
    level : {'network', 'set', 'whole'}
    of_regions : (R,) array, or Flagged
        Values of the regions.

    Returns
    -------
    Flagged
        The unweighted means, one per label of the level.
    """
    marked = _flagged(of_regions)
    values, remarks = marked.values, marked.status
    if level == "network":
        members = [
            np.flatnonzero(regions.network_index == i) for i in range(len(regions.network_names))
        ]
    elif level == "set":
        members = [np.array(positions, dtype=np.intp) for positions in regions.sets.values()]
    elif level == "whole":
        members = [np.flatnonzero(regions.cortical)]
    else:
        raise ValueError(f"No rule gives values at level {level} from regions.")
    means, status = [], []
    kinds: list[Kind] = []
    for positions in members:
        finite = positions[np.isfinite(values[positions])]
        means.append(values[finite].mean() if len(finite) else np.nan)
        missing = len(positions) - len(finite)
        reasons = [f"{missing} of {len(positions)} regions missing"] if missing else []
        reasons += sorted({remarks[i] for i in finite} - {"ok"})
        status.append("; ".join(reasons) or "ok" if len(finite) else "no usable region")
        own = sorted({marked.kinds[i] for i in finite} - {"ok"}) or ["ok"]
        kinds.append("incomplete" if missing else own[0])
    return Flagged(np.array(means), status, kinds)
