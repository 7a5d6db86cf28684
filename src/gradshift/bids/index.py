"""The index of a dataset, made by pybids: no metadata, only the folders that are needed."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import may
from gradshift.bids.names import ENTITIES
from gradshift.errors import OutputError

CONFIG = Path(__file__).with_name("pybids.json")
SKIPPED = re.compile(r"^/(?!sub-)|^/sub-[^/]+/(ses-[^/]+/)?(anat|dwi|fmap|figures|log)(/|$)")
"""What is not looked at: all but ``sub-*`` at the top, and folders without images of function."""


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file with its entities by short name, in BIDS order."""

    path: Path
    entities: Mapping[str, str]
    suffix: str


BOLD: Mapping[str, Sequence[str]] = {
    "suffix": ("bold", "mask", "timeseries", "regressors"),
    "desc": ("preproc", "brain", "confounds"),
    "extension": (".nii.gz", ".nii", ".tsv"),
}
"""Preprocessed BOLD files with their masks and confounds."""

PET: Mapping[str, Sequence[str]] = {
    "datatype": ("pet",),
    "suffix": ("pet", "mask", "tacs", "timeseries", "kinpar", "mimap"),
    "extension": (".nii.gz", ".nii", ".tsv"),
}
"""What PETPrep writes, and finished tables and maps of kinetic parameters."""

BLOOD: Mapping[str, Sequence[str]] = {
    "datatype": ("pet",), "suffix": ("blood",), "extension": (".tsv",)
}  # fmt: skip
"""Blood samples of a raw dataset."""


def index(
    root: Path,
    participants: Sequence[str],
    database_dir: str | None,
    wanted: Mapping[str, Sequence[str]] = BOLD,
) -> list[IndexedFile]:
    """List the files of participants.

    Parameters
    ----------
    root : Path
        A dataset with ``sub-*`` folders.
    participants : sequence of str
        Labels whose folders are looked at.
    database_dir : str, optional
        Folder that keeps the index of the whole dataset for the next time. It is made anew
        when folders of the dataset have changed since.
    wanted : mapping of str to sequence of str
        Entities by their names in pybids: `BOLD`, `PET` or `BLOOD`.

    Returns
    -------
    list of IndexedFile
    """
    layout = _layout(root, participants) if database_dir is None else _kept(root, database_dir)
    query: dict[str, Any] = {name: list(values) for name, values in wanted.items()}
    if database_dir is not None:
        query["subject"] = list(participants)
    found = [_indexed(file) for file in layout.get(**query)]
    layout.session.close()  # or else the database stays open
    layout.connection_manager.engine.dispose()
    return found


def _indexed(file: Any) -> IndexedFile:
    found = file.get_entities()
    entities = {key: str(found[name]) for key, name in ENTITIES.items() if name in found}
    return IndexedFile(Path(file.path), entities, found["suffix"])


def _layout(root: Path, participants: Sequence[str] | None, database: Path | None = None) -> Any:
    """Index a dataset with pybids, looking into the folders of these participants only."""
    from bids.layout import BIDSLayoutIndexer

    from bids import BIDSLayout

    ignore = [
        SKIPPED,
        *(re.compile(f"^{re.escape(path)}(/|$)") for path in _closed(root, participants)),
    ]
    if participants is not None:
        labels = "|".join(re.escape(label) for label in participants)
        ignore.append(re.compile(rf"^/sub-(?!({labels})(/|$))"))
    return BIDSLayout(
        root,
        validate=False,
        config=[str(CONFIG)],
        database_path=database,
        indexer=BIDSLayoutIndexer(validate=False, index_metadata=False, ignore=ignore),
    )


def closed_folders(root: Path, participants: Sequence[str]) -> list[Path]:
    """List the folders of participants, all if none is named, that may not be read."""
    return [root / path[1:] for path in _closed(root, participants or None)]


def _closed(root: Path, participants: Sequence[str] | None) -> list[str]:
    """List the folders that may not be read, as they start from the dataset: ``/sub-01``."""
    closed = []
    asked = None if participants is None else {f"/sub-{label}" for label in participants}
    for folder, below, _ in os.walk(root, followlinks=True):
        start = folder.removeprefix(str(root))
        names = [f"{start}/{name}" for name in below]
        wanted = [name for name in names if not SKIPPED.match(name)]
        if not start and asked is not None:
            wanted = [name for name in wanted if name in asked]
        closed += [name for name in wanted if not may(f"{root}{name}", os.R_OK | os.X_OK)]
        below[:] = [name.rpartition("/")[2] for name in wanted if name not in closed]
    return closed


def _kept(root: Path, database_dir: str) -> Any:
    """Load the kept index of a dataset, or make it; a made one appears in one step."""
    state = _state(root)
    name = hashlib.sha256(f"{root}\n{state}\n{CONFIG.read_text()}".encode()).hexdigest()[:16]
    kept = Path(database_dir).resolve() / f"gradshift-{name}"
    if kept.exists():
        return _layout(root, None, kept)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        _forget(kept.parent, root)
        made = Path(tempfile.mkdtemp(dir=kept.parent, prefix="tmp-"))
    except OSError as error:
        raise OutputError(f"The index cannot be kept in {database_dir}: {error}.") from error
    _layout(root, None, made)
    (made / "dataset.json").write_text(json.dumps(str(root)))
    try:
        made.rename(kept)
    except OSError:  # another process was quicker
        shutil.rmtree(made)
    return _layout(root, None, kept)


def _forget(database_dir: Path, root: Path) -> None:
    """Remove older indexes of the same dataset."""
    for note in database_dir.glob("gradshift-*/dataset.json"):
        if note.read_text() == json.dumps(str(root)):
            shutil.rmtree(note.parent, ignore_errors=True)


def _state(root: Path) -> str:
    """Sum up the folders of people: any file added or taken away changes the result.

    The time of the top folder does not count: it changes with every log or output put there.
    """
    digest = hashlib.sha256()
    for folder, below, _ in os.walk(root, followlinks=True):
        below.sort()
        relative = folder.removeprefix(str(root))
        below[:] = [name for name in below if not SKIPPED.match(f"{relative}/{name}")]
        if relative:
            digest.update(f"{relative}\t{os.stat(folder).st_mtime_ns}\n".encode())
    return digest.hexdigest()
