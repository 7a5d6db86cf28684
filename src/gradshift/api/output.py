"""The results in an OUTPUT_DIR, with their figures."""

from functools import cached_property
from typing import TYPE_CHECKING

from gradshift.api.tables import Tables

if TYPE_CHECKING:
    from gradshift.api.plot import Plots


class Output(Tables):
    """The results in an OUTPUT_DIR; `gradshift.load` makes it."""

    @cached_property
    def plot(self) -> "Plots":
        """The figures, as figures of matplotlib."""
        from gradshift.api.plot import Plots

        return Plots(self)
