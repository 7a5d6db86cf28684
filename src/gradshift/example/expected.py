"""What an analysis should find: the planted change, seen through cleaning and measuring.

The expectations that ship with the package come from many simulated people, cleaned and
measured by the app's own functions; ``tools/make_expected_changes.py`` makes them anew.
"""

import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from gradshift.example.connectome import ATLAS, STATE_DRAWS, TRAIT_DRAWS
from gradshift.example.measured import QUANTITIES, RECIPE, Quantity
from gradshift.example.people import EFFECT_SD, N_VOLUMES
from gradshift.example.planting import PLANTING
from gradshift.example.signals import TR
from gradshift.recipes.catalogue import load_recipe

EFFECTS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Sizes of the effect for which there are expectations."""

TABLE = "expected_changes.json"
"""The expectations shipped with the package."""


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
