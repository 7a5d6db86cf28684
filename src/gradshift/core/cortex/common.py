"""What the sessions that are compared have in common."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the sessions of a person have in common, for one atlas and one recipe.

    Parameters
    ----------
    seconds : float
        Retained time that every session has, whatever its repetition time; with the same
        regressors as many degrees of freedom.
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
        return int(self.seconds / tr + 1e-6)
