"""The changes and differences that a study can detect, and the people it takes."""

from collections.abc import Callable

from scipy import optimize

from gradshift.core.inference.power import power_groups, power_paired


def detectable_change(n: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Give the smallest standardised change that a paired t test finds with some power.

    Parameters
    ----------
    n : int
        People; at least 2.
    alpha : float
        Two-sided significance level.
    power : float
        Wanted probability of finding it.

    Returns
    -------
    float
        dz, in standard deviations of the change.
    """
    return _smallest(lambda dz: power_paired(dz, n, alpha=alpha), power)


def detectable_difference(n1: int, n2: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Give the smallest standardised difference between groups that a t test finds.

    Parameters
    ----------
    n1, n2 : int
        People in the groups; at least 2 each.
    alpha, power : float
        As in `detectable_change`.

    Returns
    -------
    float
        In standard deviations within groups.
    """
    return _smallest(lambda d: power_groups(d, n1, n2, alpha=alpha), power)


def _smallest(power_of: Callable[[float], float], power: float) -> float:
    """Find the effect at which the power is the wanted one."""
    high = 1.0
    while power_of(high) < power:
        high *= 2
    return float(optimize.brentq(lambda effect: power_of(effect) - power, 0, high, xtol=1e-10))


def people_needed(dz: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Give the number of people a paired t test needs to find a change with some power.

    Parameters
    ----------
    dz : float
        Standardised change, not 0.
    alpha : float
        Two-sided significance level.
    power : float
        Wanted probability of finding it.

    Raises
    ------
    ValueError
        If the change is 0: nobody would suffice.
    """
    if dz == 0:
        raise ValueError("No number of people finds a change of 0.")
    n = 2
    while power_paired(dz, n, alpha=alpha) < power:
        n += 1
    return n
