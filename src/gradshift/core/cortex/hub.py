"""What the measures of the graph share: a session's graph, thresholds, areas under curves."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid

from gradshift.core.cortex.graph import Graph
from gradshift.core.cortex.measure import Flagged, Measure, UnavailableError, Values
from gradshift.core.cortex.session import Session

GRAPH_METHODS = (
    "Regions were the nodes of a graph whose weights were Fisher-transformed correlations, "
    "negative ones set to zero, without a threshold."
)

CAVEAT = (
    "The graph has the usable regions of cortical networks only, and depends on how long a "
    "session is: those of a person enter with the same time."
)


def connected(session: Session) -> Graph:
    """Return the unthresholded graph of a session.

    Raises
    ------
    UnavailableError
        If there are fewer than three nodes, or no positive connection.
    """
    graph = session.graph
    if len(graph) < 3:
        raise UnavailableError(f"a graph needs 3 usable cortical regions, there are {len(graph)}")
    if not graph.weights.any():
        raise UnavailableError("no two regions are positively connected")
    return graph


def per_region(values: NDArray[np.float64], session: Session) -> NDArray[np.float64]:
    """Give every region of the atlas its node's value, NaN where it is no node."""
    spread = np.full(len(session.regions), np.nan)
    spread[session.nodes] = values
    return spread


def of_regions(metric: Callable[[Graph], NDArray[np.float64]]) -> Callable[[Session], Values]:
    """Turn a metric of nodes into what a measure computes."""

    def compute(session: Session) -> Values:
        return {"region": per_region(metric(connected(session)), session)}

    return compute


def of_whole(metric: Callable[[Graph], float]) -> Callable[[Session], Values]:
    """Turn a metric of the graph into what a measure computes."""

    def compute(session: Session) -> Values:
        return {"whole": np.array([metric(connected(session))])}

    return compute


def thresholded(
    measure: Measure, metric: Callable[[Graph], NDArray[np.float64]] | Callable[[Graph], float]
) -> Measure:
    """Make the variant of a measure over thresholded graphs.

    Parameters
    ----------
    measure : Measure
        Of the unthresholded graph, with values per region or for the whole cortex.
    metric : callable
        What it computes from a graph.

    Returns
    -------
    Measure
        The area under the curve of the metric over the densities of the session's options.
    """
    level = measure.levels[0]

    def curve(session: Session, graphs: Sequence[Graph]) -> NDArray[np.float64]:
        connected(session)
        points = [np.atleast_1d(metric(graph)) for graph in graphs]
        return np.array(
            [per_region(values, session) for values in points] if level == "region" else points
        )

    def compute(session: Session) -> Values:
        values = curve(session, session.thresholded)
        area = trapezoid(values, session.options.densities, axis=0)
        return {level: Flagged(area, _remarks(area, session, level))}

    return replace(
        measure,
        name=f"{measure.name}auc",
        title=f"{measure.title} over thresholds",
        compute=compute,
        curve=curve,
        unit=f"{measure.unit} x density",
        formula=rf"\int x \; \mathrm{{d}}(\text{{density}}), \\ x = {measure.formula}",
        methods=(
            f"{measure.methods} In addition only the strongest connections were kept, at "
            "densities from 10 to 30 % in steps of 5 % (where not stated otherwise), and the "
            "area under the curve of the values was taken."
        ),
        caveat=f"{measure.caveat} Thresholds cut off regions with weak signal first.",
    )


def _remarks(area: NDArray[np.float64], session: Session, level: str) -> list[str]:
    """Say where fewer connections were kept than asked, or a value is not defined."""
    wanted = session.options.densities[-1]
    density = session.graph.density
    few = f"only {density:.0%} of connections are positive, densities go to {wanted:.0%}"
    given = few if density < wanted * 0.999 else "ok"
    nodes = session.nodes if level == "region" else np.ones(len(area), dtype=bool)
    return [
        given if np.isfinite(value) else "not defined at every density" if node else "ok"
        for value, node in zip(area, nodes, strict=True)
    ]
