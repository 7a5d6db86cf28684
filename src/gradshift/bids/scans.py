"""The scans.tsv of sessions: when each file was acquired, and which files are listed at all."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradshift.bids.dates import by_time, read_date
from gradshift.bids.numbers import NOTHING
from gradshift.bids.opener import shown
from gradshift.bids.tables import read_table

_PLACES = ("*_scans.tsv", "ses-*/*_scans.tsv")
"""Where a person has them."""


@dataclass(frozen=True, slots=True)
class Scans:
    """What the scans.tsv of one session says.

    Parameters
    ----------
    path : Path
    times : mapping of str to str
        Dates by the path of the file, as the table has it; ``n/a`` where it is not known.
    """

    path: Path
    times: Mapping[str, str]

    @property
    def begun(self) -> str:
        """The earliest date; empty where none is known.

        Raises
        ------
        InputError
            If one is written otherwise than BIDS has it.
        """
        known = {name: when for name, when in self.times.items() if when not in NOTHING}
        for name, when in known.items():
            read_date(when, f"acq_time of {shown(name)} in {shown(self.path)}")
        return min(known.values(), key=by_time, default="")

    @property
    def lists_bold(self) -> bool:
        """Whether any BOLD image is listed."""
        return any(path.endswith(("_bold.nii.gz", "_bold.nii")) for path in self.times)

    def lists(self, name: str) -> bool:
        """Tell whether an image is listed, such as ``sub-01_task-rest_bold.nii.gz``.

        Whether it is compressed, and its echoes and parts, do not matter.
        """
        return any(_whole(Path(path).name) == _whole(name) for path in self.times)


def read_scans(folder: Path) -> dict[str, Scans]:
    """Read the scans.tsv of a person.

    Parameters
    ----------
    folder : Path
        Of the person, in the raw dataset.

    Returns
    -------
    dict of str to Scans
        By session, with prefix; ``n/a`` in a study without sessions.

    Raises
    ------
    InputError
        If a table cannot be read, or has no column ``filename``.
    """
    tables = {}
    for path in sorted(path for pattern in _PLACES for path in folder.glob(pattern)):
        table = read_table(path, required=["filename"])
        dates = table.get("acq_time", table["filename"].map(lambda _: "n/a"))
        session = path.parent.name if path.parent != folder else "n/a"
        tables[session] = Scans(path, dict(zip(table["filename"], dates, strict=True)))
    return tables


def find_scans(places: Iterable[Path], person: str) -> tuple[Path, dict[str, Scans]]:
    """Read the scans.tsv of a person from the first dataset that has any.

    Parameters
    ----------
    places : iterable of Path
        Datasets.
    person : str
        With prefix.

    Returns
    -------
    root : Path
        The dataset; one without meaning where there is none.
    scans : dict of str to Scans
        As `read_scans`.
    """
    for place in places:
        if scans := read_scans(place / person):
            return place, scans
    return Path(), {}


def _whole(name: str) -> str:
    return re.sub(r"_(echo|part)-[A-Za-z0-9]+", "", name.removesuffix(".gz"))
