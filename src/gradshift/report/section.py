"""What a further section of the page of the group is: it belongs to one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradshift.report.grouped import GroupResults
from gradshift.report.pages import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a section shows.

    Parameters
    ----------
    title : str
    table : str
        The file it is made from, which has every digit.
    lead : sequence of str
        Sentences, the answer first.
    heads : sequence of str
        Of the columns that the page shows.
    rows : sequence of sequence of str or float
    note : str
        Under the table.
    pictures : sequence of Picture
    """

    title: str
    table: str
    lead: Sequence[str]
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str | float]] = ()
    note: str = ""
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """How a section is made.

    Parameters
    ----------
    name : str
        Its anchor on the page.
    rank : int
        Sections come in this order.
    build : callable
        Takes a `GroupResults`, returns the `Section`; None where there is nothing to show.
    """

    name: str
    rank: int
    build: Callable[[GroupResults], Section | None]
