"""The values of a session measured otherwise: from either half of it, at one density of graphs.

What robustness and reliability are told from, of every session by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradshift.core.cortex.measure import Measure, Value, evaluate, unavailable
from gradshift.core.cortex.session import Session
from gradshift.core.series.connectivity import correlate, partial_correlate
from gradshift.core.series.maps import MAPS

HALVES = ("first half", "second half")
"""Choices that are a part of the retained volumes."""

NO_HALVES = "halves need series of regions, and the source has matrices alone"
"""Why a session that came as a matrix has none."""


@dataclass(frozen=True)
class Variant:
    """A value, and what differs from the choices of the participant level."""

    choice: str
    value: Value


def variants(
    session: Session, whole: Session, measures: Sequence[Measure], estimator: str
) -> list[Variant]:
    """Measure a session otherwise; of regions nothing is kept.

    Parameters
    ----------
    session : Session
        As it was measured: its graphs are cut at each density of the options.
    whole : Session
        Without the regions that its gradients do without: its halves are measured.
    measures : sequence of Measure
    estimator : {'pearson', 'partial'}
        Of the matrices.
    """
    every = [*_at_densities(session, measures), *_of_halves(whole, measures, estimator)]
    return [variant for variant in every if variant.value.level != "region"]


def _at_densities(session: Session, measures: Sequence[Measure]) -> Iterator[Variant]:
    """Yield the points of areas under a curve."""
    curves = [measure for measure in measures if measure.curve is not None]
    for place, density in enumerate(session.options.densities):
        for measure in curves:
            for value in evaluate(measure.at(place), session):
                yield Variant(f"density {density:g}", value)


def _of_halves(session: Session, measures: Sequence[Measure], estimator: str) -> Iterator[Variant]:
    """Yield every measure of the first and of the second half of the volumes."""
    if session.gives == "matrix":
        for name in HALVES:
            for measure in measures:
                for value in unavailable(measure, session.regions, NO_HALVES):
                    yield Variant(name, value)
        return
    middle = len(session.series) // 2
    parts = (slice(0, middle), slice(middle, 2 * middle))
    for name, part in zip(HALVES, parts, strict=True):
        half = _part(session, part, estimator)
        for measure in measures:
            for value in evaluate(measure, half):
                yield Variant(name, value)


def _part(session: Session, part: slice, estimator: str) -> Session:
    """Cut volumes out of a session."""
    series = session.series[part]
    matrix = correlate(series) if estimator == "pearson" else partial_correlate(series)[0]
    return replace(
        session,
        series=series,
        volumes=session.volumes[part],
        run_of=session.run_of[part],
        matrix=matrix,
        n_common=min(session.n_common // 2, part.stop - part.start),
        maps={},
        missing_maps=_NO_MAPS,
    )


_NO_MAPS: Mapping[str, str] = dict.fromkeys(MAPS, "no map of half a session")
