"""What is known of a run that another program cleaned."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradshift.core.series.series import Gives

SERIES: Gives = "series"
MATRIX: Gives = "matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRun:
    """One run that another program cleaned: its tables, and what is known of its quality.

    Parameters
    ----------
    entities : mapping of str to str
        Of the acquisition, and its space where the tables have one.
    tables, coverage : mapping of str to Path
        By the name of the atlas; coverage only where there is a table of it.
    gives : {'series', 'matrix'}
        What the tables hold.
    source : Path
        The table of the first atlas.
    motion, outliers : Path, optional
    tr : float
        Repetition time in seconds; NaN for matrices where it is not known.
    problem : str
        Why the run cannot be used; empty if it can.
    remarks : tuple of str
    """

    entities: Mapping[str, str]
    source: Path
    gives: Gives
    tables: Mapping[str, Path] = field(default_factory=dict)
    coverage: Mapping[str, Path] = field(default_factory=dict)
    motion: Path | None = None
    outliers: Path | None = None
    tr: float = math.nan
    problem: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def files(self) -> Sequence[Path]:
        """All files that are read."""
        known = [self.motion, self.outliers]
        quality = [path for path in known if path is not None]
        return [*self.tables.values(), *self.coverage.values(), *quality]

    @property
    def label(self) -> str:
        """The run as a log line names it."""
        return " ".join(f"{key}-{value}" for key, value in self.entities.items() if key != "space")
