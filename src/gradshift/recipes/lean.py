"""Which recipe a scan is long enough for."""

from collections.abc import Collection, Mapping, Sequence

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


def instead(short: Sequence[bool], fits: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Return the recipes for a study whose scans are too short for the usual ones.

    One choice for a study: recipes that differ between people or sessions could not be compared.

    Parameters
    ----------
    short : sequence of bool
        By session, whether the usual recipes leave too few degrees of freedom.
    fits : sequence of collection of str
        By session, the recipes that leave enough.

    Returns
    -------
    tuple of str
        Lean recipes that fit most of the short sessions, the one with more regressors first;
        none where less than half of the sessions are short.
    """
    if 2 * sum(short) < len(short) or not any(short):
        return ()
    of_short = [names for is_short, names in zip(short, fits, strict=True) if is_short]
    return tuple(
        name for name in LEAN if 2 * sum(name in names for names in of_short) > len(of_short)
    )
