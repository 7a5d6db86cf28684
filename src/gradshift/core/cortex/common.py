"""What the sessions that are compared have in common."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the sessions of a person have in common, for one atlas and one recipe.

    Parameters
    ----------
    n_common : int
        Number of retained volumes that every session has.
    reasons : mapping of str to str
        Regions left out of the measures of every session, and why.
    dropout : tuple of str, optional
        Regions left out of the gradients of every session; if not given, each session looks
        for its own.
    """

    n_common: int
    reasons: Mapping[str, str]
    dropout: tuple[str, ...] | None = None
