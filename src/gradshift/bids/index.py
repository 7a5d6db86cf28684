"""The index of a dataset: names of files in the folders of people, read once and not followed.

Only ``sub-*/func``, ``sub-*/ses-*/func`` and the same of PET are listed, so that links that
lead in circles, copies such as ``func_old`` and whatever else lies in a dataset are never entered.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gradshift.bids.folderlists import FolderLists
from gradshift.bids.names import is_label
from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile, parse

BOLD: Mapping[str, Sequence[str]] = {"datatype": ("func",)}
"""Whatever lies beside BOLD files: what is not read is needed to say what is there."""

TABLES: Mapping[str, Sequence[str]] = {**BOLD, "within": ("task-",)}
"""The same, and what lies in ``func/task-*``, where HALFpipe writes its tables."""

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

logger = logging.getLogger("gradshift")


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
        Folder that keeps the lists of folders for the next time; one that changed since is
        listed anew.
    wanted : mapping of str to sequence of str
        ``datatype``, ``suffix`` and ``extension``, and how folders begin that are looked at
        ``within`` that of the datatype: `BOLD`, `TABLES`, `PET` or `BLOOD`.

    Returns
    -------
    list of IndexedFile
        In the order of their names, whatever the file system gives.
    """
    lists = FolderLists.load(root, database_dir)
    files = []
    for label in sorted(participants):
        for folder, folders in _folders(root / f"sub-{label}", wanted, lists):
            for name in lists.names(folder):
                file = parse(folder / name, folders)
                if all(
                    getattr(file, key) in values
                    for key, values in wanted.items()
                    if key not in ("datatype", "within")
                ):
                    files.append(file)
    lists.keep()
    return files


def people(root: Path) -> list[str]:
    """List the labels of participants with a folder; a folder that is no label is said."""
    names = sorted(path.name.removeprefix("sub-") for path in root.glob("sub-*") if path.is_dir())
    for odd in (name for name in names if not is_label(name)):
        logger.warning(
            "The folder sub-%s in %s is left out: a BIDS label has letters and digits only; "
            "rename it.", shown(odd), root,
        )  # fmt: skip
    return [name for name in names if is_label(name)]


def _folders(
    person: Path, wanted: Mapping[str, Sequence[str]], lists: "FolderLists"
) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the folders of images of a person with what their path says: sub, ses."""
    own = {"sub": person.name.removeprefix("sub-")}
    places = [(person, own)]
    for name in lists.names(person):
        if name.startswith("ses-") and "." not in name:
            if is_label(name[4:]):
                places.append((person / name, {**own, "ses": name[4:]}))
            else:
                _say_left_out(person / name)
    for place, folders in places:
        names = lists.names(place)
        for datatype in wanted["datatype"]:
            if datatype in names:
                yield place / datatype, folders
                for name in _within(lists.names(place / datatype), wanted):
                    yield place / datatype / name, folders
            for name in names:
                if name.startswith(datatype) and name != datatype and "." not in name:
                    _say_left_out(place / name)


def _within(names: Iterable[str], wanted: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the folders among names that are looked at within one of a datatype."""
    starts = tuple(wanted.get("within", ()))
    return [name for name in names if starts and name.startswith(starts) and "." not in name]


def _say_left_out(folder: Path) -> None:
    logger.warning(
        "The folder %s is not looked at: it has no name that BIDS knows.", shown(folder)
    )
