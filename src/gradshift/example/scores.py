"""Ratings, heart rates and plasma levels of the simulated people, and a model that names them.

They stand in sessions.tsv.
"""

from pathlib import Path

import numpy as np

from gradshift.example.people import SESSIONS, Person, generator
from gradshift.example.texts import NOTE

RISE = 18.0
"""Points by which dissociation rises at the usual plasma level."""

HEART_RISE = 6.0
"""Beats per minute by which the heart is faster."""

PLASMA = 150.0
"""Nanograms per millilitre in a usual person after the dose."""

SPREAD = 0.3
"""Standard deviation of the logarithm of the plasma level; dissociation rises as it does."""

MODEL = Path("code", "model.json")

COLUMNS = {
    "dissociation": {
        "Description": "Dissociative states during the scan (simulated)",
        "Units": "points",
        "Minimum": 0,
        "Maximum": 92,
    },
    "heart_rate": {"Description": "Heart rate (simulated)", "Units": "beats per minute"},
    "plasma": {"Description": "Ketamine in plasma (simulated)", "Units": "ng/ml"},
}


def scores_of(person: Person, *, effect: float, seed: int) -> dict[str, dict[str, str]]:
    """Draw the scores of one person, as a table has them, by session.

    Parameters
    ----------
    person : Person
    effect : float
        Mean size of what is planted: of the rises, not of the plasma level.
    seed : int
    """
    rng = generator(seed, 6, person.number)
    level = float(np.exp(SPREAD * rng.standard_normal()))
    points, rate = 2 + 1.5 * rng.random(), 62 + 6 * rng.standard_normal()
    more = effect * RISE * level + 2 * rng.random()
    faster = effect * HEART_RISE + 3 * rng.standard_normal()
    values = {
        SESSIONS[0]: (points, rate, 0.0),
        SESSIONS[1]: (points + more, rate + faster, PLASMA * level),
    }
    return {
        session: dict(
            zip(COLUMNS, (f"{min(92, round(one))}", f"{two:.1f}", f"{three:.1f}"), strict=True)
        )
        for session, (one, two, three) in values.items()
    }


def model() -> dict[str, object]:
    """Return the model that names the scores for the group level."""
    return {
        "Name": "ratings",
        "Description": NOTE,
        "Design": "paired",
        "Baseline": SESSIONS[0],
        "Followup": SESSIONS[1],
        "Outcomes": ["dissociation", "heart_rate"],
        "Moderators": ["plasma"],
    }


def told(effect: float) -> dict[str, object]:
    """Describe what is planted, for the truth of the study."""
    return {
        "dissociation": effect * RISE,
        "heart_rate": effect * HEART_RISE,
        "Description": "Mean rises; that of dissociation is as many times larger in a person as "
        "the plasma level is, whose logarithm has the standard deviation PlasmaSpread.",
        "PlasmaSpread": SPREAD,
    }
