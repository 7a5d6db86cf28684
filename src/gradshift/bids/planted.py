"""What a study of known truth holds: the changes that were put into its data."""

from dataclasses import dataclass
from pathlib import Path

from gradshift.bids.rows import column, read_rows

NAME = "planted.tsv"
"""The table of planted changes, in a folder of ``derivatives`` of the study."""

PERCENT = "percent"
"""Unit of changes that are told in per cent of the baseline."""

CORRELATION = "correlation"
"""Unit of the correlation of two changes: `measure` holds the pair, `label` the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One planted change: a row of `NAME`."""

    what: str = column("What was planted, in words")
    modality: str = column("func, pet or mrs")
    atlas: str = column("Atlas that the expectation holds for, as named on the command line")
    recipe: str = column("Recipe that the expectation holds for")
    measure: str = column("Measure, as in contrasts.tsv; for a correlation the pair of changes")
    level: str = column("What the value belongs to, as in contrasts.tsv; n/a for a correlation")
    label: str = column("Region, network or set; for a correlation the scope, as in coupling.tsv")
    unit: str = column("That of the measure; percent (of the baseline); or correlation")
    planted: float = column("Change without noise, motion and denoising; n/a where not known")
    expected: float = column("Mean change that the analysis should find")
    sd: float = column("How much the changes of people differ (standard deviation)")


def read_planted(bids_dir: Path) -> list[Planted]:
    """Read what was planted in a study; nothing for a study of real people.

    Parameters
    ----------
    bids_dir : Path

    Raises
    ------
    InputError
        If a table lacks a column, or has a cell that does not fit.
    """
    paths = sorted(bids_dir.glob(f"derivatives/*/{NAME}"))
    return [row for path in paths for row in read_rows(path, Planted)]
