"""Curves with a known answer, in closed form: they share no line with the code under test.

The input is that of Feng et al. (1993), ``(A1 t - A2 - A3) exp(-l1 t) + A2 exp(-l2 t) +
A3 exp(-l3 t)``. Tissue is a sum of exponentials convolved with it; averages over frames are
exact, from the amount that came in less the amount that is still there.
"""

from dataclasses import dataclass

import numpy as np

EDGES = np.concatenate(
    [np.arange(0, 2, 0.25), np.arange(2, 10, 1), np.arange(10, 30, 2.5), np.arange(30, 91, 5)]
).astype(float)


@dataclass(frozen=True)
class Feng:
    """An input function; A in kBq/mL (A1 per minute), l in 1/min."""

    a1: float = 500.0
    a2: float = 15.0
    a3: float = 12.0
    l1: float = 4.0
    l2: float = 0.12
    l3: float = 0.008

    def parent(self, t):
        """Return the activity (kBq/mL) at minutes `t`."""
        return (
            (self.a1 * t - self.a2 - self.a3) * np.exp(-self.l1 * t)
            + self.a2 * np.exp(-self.l2 * t)
            + self.a3 * np.exp(-self.l3 * t)
        )

    def area(self, t):
        """Integrate the activity from 0 to `t`."""
        fast = np.exp(-self.l1 * t)
        found = self.a1 * ((1 - fast) / self.l1**2 - t * fast / self.l1)
        found = found - (self.a2 + self.a3) * (1 - fast) / self.l1
        found = found + self.a2 * (1 - np.exp(-self.l2 * t)) / self.l2
        return found + self.a3 * (1 - np.exp(-self.l3 * t)) / self.l3

    def response(self, t, rate):
        """Convolve the activity with ``exp(-rate t)``."""
        stays = np.exp(-rate * t)
        apart = self.l1 - rate
        fast = np.exp(-self.l1 * t)
        found = self.a1 * (stays - fast * (1 + apart * t)) / apart**2
        found = found - (self.a2 + self.a3) * (stays - fast) / apart
        for a, rate_in in ((self.a2, self.l2), (self.a3, self.l3)):
            found = found + a * (stays - np.exp(-rate_in * t)) / (rate_in - rate)
        return found

    def tissue(self, parts, start, end):
        """Average ``sum(k exp(-rate t)) * Cp`` over frames, exactly.

        `parts` holds (k, rate) pairs; frames lie after the injection.
        """
        total = np.zeros_like(start)
        for k, rate in parts:
            arrived = self.area(end) - self.area(start)
            stayed = self.response(end, rate) - self.response(start, rate)
            total = total + k * (arrived - stayed) / rate
        return total / (end - start)


def one_tissue(k1, volume):
    """Return the (k, rate) pair of a one-tissue compartment with this volume."""
    return [(k1, k1 / volume)]


def two_tissue(k1, k2, k3, k4):
    """Return the two (k, rate) pairs of a two-tissue model; VT is the sum of k / rate."""
    total = k2 + k3 + k4
    root = np.sqrt(total**2 - 4 * k2 * k4)
    slow, fast = (total - root) / 2, (total + root) / 2
    scale = k1 / (fast - slow)
    return [(scale * (k3 + k4 - slow), slow), (scale * (fast - k3 - k4), fast)]
