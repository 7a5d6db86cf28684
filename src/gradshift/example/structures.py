"""Structures beyond the cortex: the thalamus couples to sensory networks."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.regions import Regions
from gradshift.example.people import SESSIONS, Person, generator
from gradshift.example.planting import PLANTING
from gradshift.example.signals import (
    REGION_NOISE_SD,
    SimulatedSession,
    coloured_noise,
)

COMPOSITE = "Schaefer2018_200_7+TianS2"
"""Atlas of the cortex and these structures, the cortex first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What the drug does to one structure.

    Parameters
    ----------
    system : str
        The structure; all others stay without coupling.
    networks : tuple of str
        Whose mean signal its regions carry.
    share : float
        Standard deviation of that signal in them without the drug; their own is 1.
    gain : float
        What an effect of 1 adds to it.
    """

    system: str = "Thalamus"
    networks: tuple[str, ...] = PLANTING.partners
    share: float = 0.15
    gain: float = 0.35


RELAY = Relay()
"""The planting of the example study."""


def with_structures(
    simulated: SimulatedSession, person: Person, session: str, regions: Regions, *, seed: int
) -> NDArray[np.float64]:
    """Add the series of structures to those of the cortex.

    They are drawn apart: the cortex is the same whether or not they are looked at.

    Parameters
    ----------
    simulated : SimulatedSession
        Of T volumes and the R regions of the cortex.
    person : Person
    session : str
        One of `SESSIONS`; only the second has the planted change.
    regions : Regions
        R + S regions of `COMPOSITE`.
    seed : int

    Returns
    -------
    (T, R + S) array
        In percent, as those of the session.
    """
    rng = generator(seed, 5, person.number, SESSIONS.index(session))
    n_volumes, n_cortex = simulated.series.shape
    n_structures = len(regions) - n_cortex
    series = coloured_noise(n_volumes, n_structures, rng)
    carried = np.isin(regions.networks[:n_cortex], RELAY.networks)
    common = simulated.neural[:, carried].mean(axis=1)
    gain = RELAY.gain * person.effect if session == SESSIONS[1] else 0.0
    relayed = np.array([system == RELAY.system for system in regions.systems[n_cortex:]])
    series[:, relayed] += (RELAY.share + gain) * (common / common.std())[:, None]
    series += REGION_NOISE_SD * rng.standard_normal(series.shape)
    return np.hstack([simulated.series, series])


def told() -> dict[str, object]:
    """Describe what is planted, for the truth of the study."""
    return asdict(RELAY)
