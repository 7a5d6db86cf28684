"""Who takes part in the simulated study, and when they were scanned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.example.connectome import (
    STATE_DRAWS,
    TRAIT_DRAWS,
    planted_connectome,
    varied_connectome,
)
from gradshift.example.signals import SimulatedSession, simulate_session

SESSIONS = ("pre", "post")
"""Labels of the sessions, the one before the drug first."""

EFFECT_SD = 0.2
"""How much people differ in the effect, as a share of it."""

N_VOLUMES = 248
"""Usual number of volumes (a little over 8 minutes); sessions differ by a few."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One simulated participant.

    Parameters
    ----------
    number : int
        From 1.
    age : int
        Years.
    effect : float
        Size of what is planted in this person; 0 plants nothing.
    restlessness : float
        How much this person moves, in either session.
    days_since_dose : int
        When the second scan was made.
    acquired : mapping of str to datetime
        Start of each session (dates moved far into the past, as BIDS asks for).
    connectome : (R, R) array
        This person's own, before the drug.
    """

    number: int
    age: int
    effect: float
    restlessness: float
    days_since_dose: int
    acquired: dict[str, datetime]
    connectome: NDArray[np.float64]

    @property
    def label(self) -> str:
        """Participant label without ``sub-``."""
        return f"{self.number:02d}"


def draw_person(base: NDArray[np.float64], *, number: int, effect: float, seed: int) -> Person:
    """Draw a participant; depends on the seed and the number only, not on who else there is.

    Odd numbers come back after a day, even ones after about a week.

    Parameters
    ----------
    base : (R, R) array
        The group's connectome.
    number : int
        From 1.
    effect : float
        Mean effect in the population.
    seed : int

    Returns
    -------
    Person
    """
    rng = generator(seed, 0, number)
    days = 1 if number % 2 else int(rng.integers(6, 9))
    dose = datetime(1924, 3, 3, 11) + timedelta(days=7 * number)
    clock = [timedelta(minutes=int(m)) for m in rng.integers(-90, 91, 2)]
    before = timedelta(days=int(rng.integers(1, 8)))
    return Person(
        number=number,
        age=int(rng.integers(25, 61)),
        effect=effect * (1 + EFFECT_SD * float(rng.standard_normal())),
        restlessness=float(np.exp(0.25 * rng.standard_normal())),
        days_since_dose=days,
        acquired={
            "pre": dose - before + clock[0],
            "post": dose + timedelta(days=days) + clock[1],
        },
        connectome=varied_connectome(base, n_draws=TRAIT_DRAWS, rng=rng),
    )


def scan(person: Person, session: str, regions: Regions, *, seed: int) -> SimulatedSession:
    """Simulate what scanning a person gives.

    Parameters
    ----------
    person : Person
    session : str
        One of `SESSIONS`; only the second has the planted change.
    regions : Regions
    seed : int

    Returns
    -------
    SimulatedSession
    """
    rng = generator(seed, 1, person.number, SESSIONS.index(session))
    connectome = varied_connectome(person.connectome, n_draws=STATE_DRAWS, rng=rng)
    if session == SESSIONS[1]:
        connectome = planted_connectome(connectome, regions, person.effect)
    n_volumes = N_VOLUMES + int(rng.integers(-4, 5))
    return simulate_session(
        connectome, regions, n_volumes=n_volumes, restlessness=person.restlessness, rng=rng
    )


def generator(seed: int, *key: int) -> np.random.Generator:
    """Make the source of random numbers for one purpose, person and session."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
