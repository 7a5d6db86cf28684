"""Numbers in sentences: rounded, but never so that a rise looks like none."""

import math


def number(value: float, digits: int = 3) -> str:
    """Write a number with some significant digits; n/a where there is none."""
    if not math.isfinite(value):
        return "n/a"
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e" in text and abs(value) >= 1 else text


def signed(value: float) -> str:
    """Write a change with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def apart(before: float, after: float) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to tell them apart.

    Parameters
    ----------
    before, after : float
    """
    for digits in range(3, 11):
        texts = number(before, digits), number(after, digits)
        if texts[0] != texts[1]:
            return texts
    return number(before), number(after)


def p_value(value: float, alpha: float) -> str:
    """Write a p value so that its text lies on the same side of a level as the value.

    Parameters
    ----------
    value : float
    alpha : float
        Significance level.
    """
    for digits in range(3, 11):
        text = number(value, digits)
        if not math.isfinite(value) or (float(text) <= alpha) == (value <= alpha):
            return text
    return text
