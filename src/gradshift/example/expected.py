"""What an analysis should find: the planted change, seen through cleaning and measuring.

The expectations that ship with the package come from many simulated people, cleaned and
measured by the app's own functions; ``tools/make_expected_changes.py`` makes them anew.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.templates import load_template
from gradshift.bids.confounds import Confounds, select
from gradshift.core.cortex.gradients import search_dropout
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.core.series.censor import retained
from gradshift.core.series.connectivity import correlate
from gradshift.core.series.denoise import clean
from gradshift.example.connectome import (
    ATLAS,
    PLANTING,
    STATE_DRAWS,
    TRAIT_DRAWS,
    group_connectome,
)
from gradshift.example.people import EFFECT_SD, N_VOLUMES, SESSIONS, draw_person, scan
from gradshift.example.signals import TR, SimulatedSession
from gradshift.recipes.catalogue import Recipe, load_recipe

RECIPE = "aCompCor"
"""The recipe that the expectations hold for, with its defaults."""

EFFECTS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Sizes of the effect for which there are expectations."""

TABLE = "expected_changes.json"
"""The expectations shipped with the package."""


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
class Expected:
    """What to expect of a value; the names are those of the group table.

    Parameters
    ----------
    n : int
        Simulated people with a usable value in both sessions.
    mean_change : float
        Over them; the unit is that of the measure.
    sd_change : float
        From person to person: the power of a study follows from it.
    se : float
        Standard error of `mean_change` itself, from the number of simulated people.
    """

    n: int
    mean_change: float
    sd_change: float
    se: float


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


class Row(TypedDict):
    """One expected change: a `Quantity` and an `Expected` at one effect, and `place`."""

    effect: float
    measure: str
    level: str
    label: str
    atlas: str
    recipe: str
    n: int
    mean_change: float
    sd_change: float
    se: float


class Table(TypedDict):
    """The content of `TABLE`, as far as it is read."""

    People: int
    Seed: int
    Changes: list[Row]


def tabulate(changes: NDArray[np.float64], *, seed: int) -> dict[str, object]:
    """Make the content of `TABLE`.

    Parameters
    ----------
    changes : (N, number of effects, Q) array
        Of N people, by `person_changes` with `EFFECTS` and `QUANTITIES`.
    seed : int
        That of the changes.

    Returns
    -------
    dict
        As stored, with the settings that it holds for.
    """
    rows = [
        {"effect": effect}
        | asdict(quantity)
        | place()
        | asdict(_expected(changes[:, i, j], effect))
        for i, effect in enumerate(EFFECTS)
        for j, quantity in enumerate(QUANTITIES)
    ]
    return {
        "Description": (
            "Expected changes from first to second session, after cleaning, by Monte Carlo. Made "
            "by tools/make_expected_changes.py."
        ),
        "People": len(changes),
        "Seed": seed,
        **settings(),
        "Changes": rows,
    }


def settings() -> dict[str, object]:
    """Describe what the expectations hold for: the simulation and the cleaning."""
    recipe = load_recipe(RECIPE)
    return {
        "Planting": asdict(PLANTING),
        "EffectSD": EFFECT_SD,
        "Simulation": {
            "Volumes": N_VOLUMES,
            "RepetitionTime": TR,
            "TraitDraws": TRAIT_DRAWS,
            "StateDraws": STATE_DRAWS,
        },
        "Cleaning": {
            "Recipe": recipe.name,
            "Description": recipe.description,
            "Band": recipe.band,
            "Scrub": recipe.scrub and asdict(recipe.scrub),
        },
    }


def place() -> dict[str, str]:
    """Return the columns of the app's tables that all expectations share."""
    return {"atlas": ATLAS, "recipe": RECIPE}


def table() -> Table:
    """Read the expectations shipped with the package, as `tabulate` makes them."""
    stored: Table = json.loads((files("gradshift.example") / TABLE).read_text())
    return stored


def expected_changes(effect: float) -> dict[Quantity, Expected] | None:
    """Look up the expected changes for an effect.

    The changes level off as the effect grows: nothing is read between tabulated effects.

    Parameters
    ----------
    effect : float
        Mean effect in the population.

    Returns
    -------
    dict of Quantity to Expected, or None
        None for an effect that is not in the table.
    """
    changes = {
        Quantity(row["measure"], row["level"], row["label"]): Expected(
            n=row["n"],
            mean_change=row["mean_change"],
            sd_change=row["sd_change"],
            se=row["se"],
        )
        for row in table()["Changes"]
        if row["effect"] == effect
    }
    return changes or None


def _values(session: Session, quantities: Sequence[Quantity]) -> NDArray[np.float64]:
    """(Q,) values of a session."""
    computed = {
        Quantity(row.measure, row.level, row.label): row
        for name in dict.fromkeys(quantity.measure for quantity in quantities)
        for row in evaluate(measures()[name], session)
    }
    return np.array([computed[quantity].value for quantity in quantities])


def _expected(changes: NDArray[np.float64], effect: float) -> Expected:
    """Summarise the changes of one value; without an effect the true mean is known: zero."""
    finite = changes[np.isfinite(changes)]
    sd = float(finite.std(ddof=1))
    return Expected(
        n=len(finite),
        mean_change=round(float(finite.mean()), 6) if effect else 0.0,
        sd_change=round(sd, 6),
        se=round(sd / np.sqrt(len(finite)), 6) if effect else 0.0,
    )
