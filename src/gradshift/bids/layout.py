"""Where the folders of a study lie: raw data and tables beside what was derived from them."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gradshift.bids.dataset import describe
from gradshift.errors import GradshiftError

RAW_FOLDERS = ("rawbids", "rawdata", "sourcedata/raw", "sourcedata/rawdata", "sourcedata")
"""Where raw data lie in a study folder, or below what was derived from them."""

UPWARDS = 3
"""Folders to climb: ``derivatives/fmriprep-20.2.7/fmriprep`` is three below its study."""


def study_root(bids_dir: Path, *names: str) -> Path | None:
    """Find the folder with the tables of a study.

    Looked at, in this order: the dataset itself; what its ``DatasetLinks`` and
    ``SourceDatasets`` name; ``rawbids``, ``sourcedata/raw`` and the like inside it; the folders
    that it lies in, when they are datasets, with theirs.

    Parameters
    ----------
    bids_dir : Path
        A raw dataset, a study, or a derivative dataset.
    *names : str
        Paths of which one must be there, such as ``participants.tsv``; or patterns, such as
        ``sub-*/sub-*_sessions.tsv``.

    Returns
    -------
    Path or None
        None where there is no such file anywhere.
    """
    for folder in dict.fromkeys(raw_folders(bids_dir)):
        if any(_holds(folder, name) for name in names):
            return folder
    return None


def _holds(folder: Path, name: str) -> bool:
    if "*" in name:
        return next(folder.glob(name), None) is not None
    return os.path.lexists(folder / name)


def raw_folders(bids_dir: Path) -> Iterator[Path]:
    """Yield the folders where the raw data of a dataset may lie, the dataset itself first."""
    yield bids_dir
    yield from _linked(bids_dir)
    yield from _inside(bids_dir)
    for folder in list(bids_dir.parents)[:UPWARDS]:
        if (folder / "dataset_description.json").exists():
            yield folder
            yield from _inside(folder)


def _inside(folder: Path) -> Iterator[Path]:
    for name in RAW_FOLDERS:
        if (folder / name).is_dir():
            yield folder / name


def _linked(bids_dir: Path) -> Iterator[Path]:
    """Yield the local datasets that a description names as its source."""
    try:
        description: Mapping[str, object] = describe(bids_dir) or {}
    except GradshiftError:
        return
    links = description.get("DatasetLinks")
    if isinstance(links, dict):
        yield from _local(bids_dir, [links[name] for name in sorted(links, key=_raw_first)])
    sources = description.get("SourceDatasets")
    if isinstance(sources, list):
        yield from _local(bids_dir, [s.get("URL") for s in sources if isinstance(s, dict)])


def _raw_first(name: str) -> tuple[bool, str]:
    return "raw" not in name.lower(), name


def _local(bids_dir: Path, targets: list[Any]) -> Iterator[Path]:
    """Yield the folders among targets that are here; others are those of another machine."""
    for target in targets:
        if not isinstance(target, str) or "\x00" in target:
            continue
        parts = urlsplit(target)
        if parts.scheme not in ("", "file"):
            continue
        folder = (bids_dir / unquote(parts.path)).resolve()
        if parts.path and folder.is_dir() and _shares(bids_dir, folder):
            yield folder


def _shares(bids_dir: Path, folder: Path) -> bool:
    """Tell whether datasets share people: ``/data`` of a container may be anything here."""
    own = {path.name for path in bids_dir.glob("sub-*")}
    return any(path.name in own for path in folder.glob("sub-*"))
