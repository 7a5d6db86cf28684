"""Simulated PET: blood, frames and activity of regions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.core.pet.curves import Frames, InputFunction, tissue_response
from gradshift.core.pet.parent import hill

Array = NDArray[np.float64]

NOISE = 0.01
"""Noise of a five-minute frame, as a share of the largest activity."""

BLOOD = 0.05
"""Share of a region that is blood."""

DURATIONS = (0.5,) * 6 + (1.0,) * 3 + (2.0,) * 2 + (5.0,) * 16
SAMPLED = (
    0.25,
    0.5,
    0.75,
    1,
    1.25,
    1.5,
    2,
    2.5,
    3,
    4,
    5,
    6,
    8,
    10,
    15,
    20,
    30,
    40,
    50,
    60,
    75,
    90,
)
FRACTION = (0.15, 1.3, 14.0)
"""Parent fraction: a Hill function of time."""


def simulated_frames() -> Frames:
    """Return the frames of a scan."""
    end = np.cumsum(DURATIONS)
    return Frames(end - np.array(DURATIONS), end)


class Blood(NamedTuple):
    """Samples of blood: minutes, activities in kBq/mL, and the share of the parent."""

    time: Array
    plasma: Array
    whole: Array
    parent_fraction: Array


def simulated_blood() -> Blood:
    """Return the blood of a scan after a bolus."""
    time = np.array(SAMPLED, dtype=np.float64)
    bolus = np.clip(time - 0.25, 0, None)
    plasma = 1.2 * (
        (160 * bolus - 8.0) * np.exp(-3.0 * bolus)
        + 6.5 * np.exp(-0.12 * bolus)
        + 1.5 * np.exp(-0.004 * bolus)
    )
    fraction = hill(time, np.array(FRACTION))
    return Blood(time, plasma, plasma * (0.9 - 0.1 * fraction), fraction)


def simulated_activity(
    volumes: Array, frames: Frames, blood: Blood, rng: np.random.Generator
) -> Array:
    """Simulate the measured curves of all regions and, last, of the reference region."""
    source = InputFunction(
        np.append(0.0, blood.time),
        np.append(0.0, blood.plasma * blood.parent_fraction),
        np.append(0.0, blood.whole),
    )
    k1 = np.append(np.full(len(volumes), 0.34), 0.10)
    rates = k1 / np.append(volumes, 4.8)
    mixed = (1 - BLOOD) * k1 * tissue_response(source, frames, rates)
    in_blood = source.blood_in(frames)
    assert in_blood is not None
    mixed += BLOOD * in_blood[:, None]
    noise = NOISE * mixed.max() * np.sqrt(5 / frames.duration)
    noise[frames.end < 1] *= 0.1
    size = np.append(np.ones(len(volumes)), 0.2)  # the reference region is large
    mixed += noise[:, None] * size * rng.standard_normal(mixed.shape)
    return 1000 * mixed
