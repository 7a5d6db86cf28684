"""Which recipe a scan is long enough for."""

from collections.abc import Mapping

LEAN = ("12P", "simple")
"""Recipes for short scans, the one with more regressors first."""


def fitting(degrees: Mapping[str, float], fewest: float) -> tuple[str, ...]:
    """Return the recipes that leave enough degrees of freedom.

    Parameters
    ----------
    degrees : mapping of str to float
        Degrees of freedom that each recipe leaves.
    fewest : float
        How many are needed.

    Returns
    -------
    tuple of str
        In the order of `degrees`.
    """
    return tuple(name for name, df in degrees.items() if df >= fewest)
