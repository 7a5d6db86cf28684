"""Weights that were typed with few digits: the simple fractions that they are meant to be."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

LARGEST = 12
"""Denominators up to this are looked for: the mean of so many sessions."""

FEWEST_DIGITS = 2
"""A number with fewer digits after the point is meant as it is written."""


def exact_weights(weights: Mapping[str, float]) -> dict[str, Fraction] | None:
    """Return the fractions of one denominator that weights are rounded from, with a sum of 0.

    Parameters
    ----------
    weights : mapping of str to float
        As they were read, such as 0.333, 0.333 and -0.667.

    Returns
    -------
    dict of str to Fraction, or None
        Each is less than one unit of the last digit away; of the smallest such denominator. None
        where there is none.
    """
    written = {name: Decimal(repr(weight)) for name, weight in weights.items()}
    for denominator in range(1, LARGEST + 1):
        exact = {
            name: Fraction(round(Fraction(number) * denominator), denominator)
            for name, number in written.items()
        }
        near = all(abs(exact[name] - Fraction(n)) < _unit(n) for name, n in written.items())
        if near and any(exact.values()) and sum(exact.values()) == 0:
            return exact
    return None


def _unit(number: Decimal) -> Fraction:
    """Return one unit of the last digit; next to nothing where the number is meant as written."""
    _, _, exponent = number.as_tuple()
    digits = -exponent if isinstance(exponent, int) else 0
    return Fraction(1, 10 ** (digits if digits >= FEWEST_DIGITS else 12))
