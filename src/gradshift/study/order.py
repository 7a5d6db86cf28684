"""Which treatment of the same people came first, and what the periods and orders add."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradshift.bids.dates import is_before
from gradshift.bids.numbers import read_number
from gradshift.errors import SettingsError
from gradshift.study.effect import Effect, sizes
from gradshift.study.observations import Observation

logger = logging.getLogger("gradshift")


def one_of(matching: Sequence[Observation], what: str) -> Observation | None:
    """Return the one session of a person that is looked for; None without one.

    Raises
    ------
    SettingsError
        If there are several.
    """
    if len(matching) > 1:
        raise SettingsError(
            f"{matching[0].person}_sessions.tsv has several sessions of {what}: "
            f"{', '.join(one.session for one in matching)}. Name one with --session-label, or "
            'weigh them in "Contrasts" of --model FILE.'
        )
    return matching[0] if matching else None


def came_first(reference: Observation | None, other: Observation | None) -> float | None:
    """Return 1 if the other treatment came before the reference, 0 if after, None if unknown."""
    if reference is None or other is None:
        return None
    if reference.period and other.period:
        one, two = (read_number(o.period, f"period of {o.person} {o.session}", low=0)
                    for o in (reference, other))  # fmt: skip
        if one != two:
            return float(two < one)
    if not (reference.time and other.time):
        return None
    other_first = is_before(other.time, reference.time)
    if other_first is None:
        logger.warning(
            "%s: acq_time does not tell which of %s and %s came first (%s and %s).",
            other.person, reference.session, other.session, reference.time, other.time,
        )  # fmt: skip
    return None if other_first is None else float(other_first)


def order_words(first: Mapping[str, float]) -> str:
    """Say what is exchangeable between two treatments of the same people, and why."""
    after, before = sizes(first)
    if not first:
        return (
            "which came first is not known, so signs of the differences are exchangeable under "
            "the null hypothesis, and what the periods add cannot be told from the treatment."
        )
    if not (after and before):
        return (
            "the order was the same in all, so signs of the differences are flipped, and what "
            "the periods add cannot be told from the treatment."
        )
    return (
        f"the order is known of {after + before} people, {before} of whom had it first; orders "
        "are exchangeable under the null hypothesis, and what the periods add drops out."
    )


def period_and_order(difference: Effect, against: str, reference: str) -> list[Effect]:
    """Ask whether periods and orders differ; nothing where an order has fewer than two people.

    Parameters
    ----------
    difference : Effect
        Between the treatments, the reference on its minus side, with the order of people as its
        predictor.
    against, reference : str
        Their names.
    """
    if min(sizes(difference.predictor)) < 2:
        return []
    sides = list(zip(difference.minus, difference.plus, strict=True))
    asked = replace(difference, kind="groups", everywhere=False)
    return [
        replace(
            asked,
            contrast="period1-period2",
            effect="period",
            minus=tuple(one / 2 for one, _ in sides),
            plus=tuple(other / 2 for _, other in sides),
        ),
        replace(
            asked,
            contrast=f"{against} first-{reference} first",
            effect="order",
            minus=tuple(max(0.0, -(one + other)) / 2 for one, other in sides),
            plus=tuple(max(0.0, one + other) / 2 for one, other in sides),
        ),
    ]
