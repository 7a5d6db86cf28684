"""Which recipe a scan is long enough for."""

from collections.abc import Mapping, Sequence

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


def lean_recipe(
    sessions: Sequence[Mapping[str, float]], asked: Sequence[str], fewest: float
) -> str | None:
    """Choose a lean recipe for a study whose scans are too short for the recipes asked for.

    One recipe serves all sessions, since sessions that were cleaned differently are not
    comparable: the leanest step that every session affords.

    Parameters
    ----------
    sessions : sequence of mapping of str to float
        Degrees of freedom that each recipe, asked for or lean, leaves in each session. A recipe
        whose columns are not there is left out.
    asked : sequence of str
        Recipes asked for.
    fewest : float
        Degrees of freedom that are needed.

    Returns
    -------
    str or None
        None where in some session a recipe asked for leaves enough, or where no lean one does.
    """
    if not sessions or any(set(asked) & set(fitting(s, fewest)) for s in sessions):
        return None
    return next((name for name in LEAN if all(name in fitting(s, fewest) for s in sessions)), None)
