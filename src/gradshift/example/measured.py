"""Simulated people, denoised and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.templates import load_template
from gradshift.bids.confounds import Confounds
from gradshift.bids.regressors import select
from gradshift.core.cortex.dropout import search_dropout
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.core.series.censor import retained
from gradshift.core.series.connectivity import correlate
from gradshift.core.series.denoise import clean
from gradshift.example.connectome import (
    ATLAS,
    group_connectome,
)
from gradshift.example.people import SESSIONS, draw_person, scan
from gradshift.example.signals import TR, SimulatedSession
from gradshift.recipes.catalogue import load_recipe
from gradshift.recipes.recipe import Recipe

RECIPE = "aCompCor"
"""The recipe that the expectations hold for, with its defaults."""


@dataclass(frozen=True, order=True)
class Quantity:
    """A value of one session, named as in the app's tables.

    Parameters
    ----------
    measure, level, label : str
        Such as ``betweenfc``, ``network-pair`` and ``Default-SomMot``.
    """

    measure: str
    level: str
    label: str


QUANTITIES = (
    Quantity("withinfc", "network", "Default"),
    Quantity("segregation", "network", "Default"),
    Quantity("lowhighfc", "whole", "whole"),
    Quantity("ordercollapse", "whole", "whole"),
    Quantity("lambdaref", "whole", "whole"),
    Quantity("eigenvectorcentrality", "set", "PCC"),
    Quantity("betweenfc", "network-pair", "Default-SomMot"),
    Quantity("betweenfc", "network-pair", "Default-Vis"),
    Quantity("gradientrange", "whole", "whole"),
    Quantity("gradientdistance", "network-pair", "Default-SomMot"),
    Quantity("hierarchydistance", "whole", "whole"),
    Quantity("strength", "set", "PCC"),
)
"""The values for which an expectation is written down, the confirmatory ones first."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A session after cleaning.

    Parameters
    ----------
    series : (number of retained volumes, R) array
    volumes : (number of retained volumes,) array of int
        Their positions in the run.
    """

    series: NDArray[np.float64]
    volumes: NDArray[np.intp]


def clean_session(session: SimulatedSession, recipe: Recipe | None = None) -> Cleaned:
    """Clean a session as the app does.

    Parameters
    ----------
    session : SimulatedSession
    recipe : Recipe, optional
        The shipped `RECIPE` if not given.

    Returns
    -------
    Cleaned
    """
    recipe = recipe or load_recipe(RECIPE)
    confounds = Confounds(
        path=Path("simulated"),
        columns=session.confounds.columns,
        metadata=session.confounds.components,
    )
    steady = confounds.non_steady_state & recipe.drop_non_steady_state
    censoring = retained(confounds.fd, confounds.dvars, steady, recipe.scrub)
    series = clean(
        session.series,
        select(confounds, recipe).values,
        censoring.kept,
        tr=TR,
        band=recipe.passband,
        detrend=recipe.detrend,
    )
    return Cleaned(series=series, volumes=censoring.indices)


def measure_person(
    sessions: Sequence[Cleaned], regions: Regions, quantities: Sequence[Quantity] = QUANTITIES
) -> NDArray[np.float64]:
    """Measure the sessions of one person as the app does.

    What depends on length uses as many volumes of each session as the shortest has, and a
    region that dropped out of one session is left out of the gradients of all.

    Parameters
    ----------
    sessions : sequence of Cleaned
    regions : Regions
        Those of `ATLAS`.
    quantities : sequence of Quantity

    Returns
    -------
    (number of sessions, Q) array
        NaN for values that the group level does not use (gradients too unlike the reference).
    """
    reference = load_template(ATLAS)
    n_common = min(len(session.series) for session in sessions)
    dropout = np.logical_or.reduce(
        [search_dropout(correlate(s.series[:n_common]), regions, reference) for s in sessions]
    )
    return np.array(
        [
            _values(
                Session(
                    regions=regions,
                    series=session.series,
                    volumes=session.volumes,
                    run_of=np.zeros_like(session.volumes),
                    tr=TR,
                    matrix=correlate(session.series),
                    n_common=n_common,
                    reference=reference,
                    dropout=dropout,
                ),
                quantities,
            )
            for session in sessions
        ]
    )


def person_changes(
    number: int,
    effects: Sequence[float],
    regions: Regions,
    *,
    seed: int,
    quantities: Sequence[Quantity] = QUANTITIES,
) -> NDArray[np.float64]:
    """Simulate one person's change from first to second session.

    Parameters
    ----------
    number : int
        The person's, from 1.
    effects : sequence of float
        Mean effects in the population; the same person under each of them.
    regions : Regions
    seed : int
    quantities : sequence of Quantity

    Returns
    -------
    (number of effects, Q) array
    """
    base = group_connectome()
    before, after = SESSIONS
    people = [draw_person(base, number=number, effect=e, seed=seed) for e in effects]
    first = clean_session(scan(people[0], before, regions, seed=seed))
    seconds = [clean_session(scan(person, after, regions, seed=seed)) for person in people]
    pairs = [measure_person((first, second), regions, quantities) for second in seconds]
    return np.array([pair[1] - pair[0] for pair in pairs])


def _values(session: Session, quantities: Sequence[Quantity]) -> NDArray[np.float64]:
    """(Q,) values of a session."""
    computed = {
        Quantity(row.measure, row.level, row.label): row
        for name in dict.fromkeys(quantity.measure for quantity in quantities)
        for row in evaluate(measures()[name], session)
    }
    return np.array([computed[quantity].value for quantity in quantities])
