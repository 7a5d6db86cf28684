"""Pairs of changes that are compared, and what is said of each."""

import math
from dataclasses import dataclass
from typing import TypedDict

from gradshift.bids.rows import column


@dataclass(frozen=True, slots=True)
class Term:
    """One side of a pair: a measure and what it belongs to."""

    measure: str
    label: str

    def __str__(self) -> str:
        return f"{self.measure}:{self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """The correlation of two changes."""

    contrast: str = column("The change: sessions, or treatments where these are compared")
    task: str = column("Task of the BOLD runs; n/a where neither change is of BOLD")
    atlas: str = column("Atlas of the change of BOLD, else of the first")
    recipe: str = column("Denoising recipe of BOLD, else the correction of the first")
    pair: str = column("Changes that are compared, as MEASURE:LABEL~MEASURE:LABEL")
    scope: str = column(
        "between-people: Spearman correlation of the changes over people; "
        "between-people-partial-fd: the same with the change of framewise displacement held "
        "constant; between-people-leave-one-out: lowest and highest value without one person; "
        "across-regions: the correlation of both maps of change within a person, mean over "
        "people (primary); group-maps-spin: correlation of the mean maps against rotated maps"
    )
    n: int = column("People")
    estimate: float = column("Spearman correlation", default=math.nan)
    ci_low: float = column(
        "Lower end of the 95 % interval (bootstrap over people; of across-regions from t)",
        default=math.nan,
    )
    ci_high: float = column("Upper end of that interval", default=math.nan)
    p: float = column(
        "Two-sided p: permutation of people, sign flips of people, or rotated maps",
        default=math.nan,
    )
    p_fwe: float = column("p corrected for all pairs of the scope", default=math.nan)
    p_page: float = column(
        "p_fwe of between-people corrected by Holm's procedure for all declared families of the "
        "page; n/a elsewhere",
        default=math.nan,
    )
    n_permutations: float = column(
        "Permutations, sign patterns or rotations used", default=math.nan
    )
    status: str = column("ok, or what limits the result")


class PairColumns(TypedDict):
    """What all rows of a pair share, as in the table."""

    contrast: str
    task: str
    atlas: str
    recipe: str
    pair: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the values of a pair are from, and what change they are."""

    contrast: str
    task: str
    atlas: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two changes that are compared."""

    first: Term
    second: Term

    @classmethod
    def parse(cls, text: str) -> "Pair":
        """Read a pair from MEASURE:LABEL~MEASURE:LABEL."""
        first, second = (side.partition(":") for side in text.split("~"))
        return cls(Term(first[0], first[2]), Term(second[0], second[2]))

    def __str__(self) -> str:
        return f"{self.first}~{self.second}"
