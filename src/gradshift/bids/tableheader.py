"""What the first look at a table of numbers tells: its columns."""

from typing import NamedTuple


class Header(NamedTuple):
    """The columns of a table.

    Parameters
    ----------
    names : tuple of str or None
        None where the table has none.
    n_columns : int
    tr : float or None
        Seconds between rows, where the file itself says so.
    """

    names: tuple[str, ...] | None
    n_columns: int
    tr: float | None = None
