"""What the sessions that are compared have in common."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALIKE = 1.01
"""Ratio of repetition times up to which they are the same."""


def seconds_of(n_volumes: int, tr: float) -> float:
    """Return how long volumes take; their number where the repetition time (s) is not known."""
    return n_volumes * (1.0 if math.isnan(tr) else tr)


def alike(trs: Sequence[float]) -> bool:
    """Tell whether sessions have one repetition time (s), or none that is known."""
    known = [tr for tr in trs if not math.isnan(tr)]
    return not known or (len(known) == len(trs) and max(known) <= ALIKE * min(known))


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the sessions of a person have in common, for one atlas and one recipe.

    Parameters
    ----------
    seconds : float
        Retained time that every session has, whatever its repetition time; with the same
        regressors as many degrees of freedom. See `seconds_of`.
    reasons : mapping of str to str
        Regions left out of the measures of every session, and why.
    dropout : tuple of str, optional
        Regions left out of the gradients of every session; if not given, each session looks
        for its own.
    same_tr : bool
        Whether the sessions have one repetition time.
    """

    seconds: float
    reasons: Mapping[str, str]
    dropout: tuple[str, ...] | None = None
    same_tr: bool = True

    def n_volumes(self, tr: float) -> int:
        """Return how many volumes of a session with this repetition time (s) are in `seconds`."""
        return int(self.seconds / seconds_of(1, tr) + 1e-6)
