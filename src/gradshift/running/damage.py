"""Intermediate results that a power cut left empty or in part count as absent."""

import json
import logging
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gradshift.bids.write import TEMPORARY
from gradshift.running.crashes import UNFORESEEN
from gradshift.running.pickles import is_whole

logger = logging.getLogger("gradshift")


def discard_damaged(steps: Path, people: Sequence[str]) -> int:
    """Remove the steps of some people, and of the atlases, that cannot be read again.

    So is what a step left that failed for an unforeseen cause, such as too little memory.

    To be called before a run, while the locks of these people are held: what a running process
    has not finished writing looks damaged, too. A step is removed with its folder, so that it
    is done again. Of an archive of arrays only the ends are looked at, which a power cut does
    not leave whole; reading it checks every byte.

    Parameters
    ----------
    steps : Path
        See `gradshift.running.workdir.intermediate`.
    people : sequence of str
        With prefix.

    Returns
    -------
    int
        How many were removed.
    """
    files = [steps / "finished" / f"{name}.json" for name in [*people, "code"]]
    files = [path for path in files if path.exists()]
    files += [path for path in (steps / "atlases").glob("*") if TEMPORARY not in path.name]
    removed = [path for path in files if not _is_readable(path)]
    for path in removed:
        path.unlink()
    folders = [
        folder
        for name in people
        for folder in steps.glob(f"gradshift_*/{name.replace('-', '_')}_*/**/")
        if not all(_is_readable(path) for path in folder.iterdir() if path.is_file())
    ]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for name in people:
        for path in list(steps.glob(f"gradshift_*/{name.replace('-', '_')}_*/**/{UNFORESEEN}")):
            shutil.rmtree(path.parent, ignore_errors=True)
    n = len(removed) + len(folders)
    if n:
        logger.warning(
            "%d intermediate results in %s were damaged, as after a power cut, or not written by "
            "this user: they are made again.",
            n, steps,
        )  # fmt: skip
    return n


def _is_readable(path: Path) -> bool:
    """Tell whether a file is ours and whole, as far as can be told in an instant."""
    status = path.stat()
    if status.st_uid != os.geteuid():
        return False
    check = CHECKS.get(path.suffix)
    return check is None or (status.st_size > 0 and check(path))


def _is_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as array:
                    if array.read(6) != b"\x93NUMPY":
                        return False
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError):
        return False
    return True


def _is_array(path: Path) -> bool:
    import numpy as np

    try:
        np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return True


def _is_json(path: Path) -> bool:
    if path.name.startswith("_0x"):  # of nipype, whose name says it all
        return True
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return True


CHECKS: Mapping[str, Callable[[Path], bool]] = {
    ".pklz": is_whole,
    ".npz": _is_archive,
    ".npy": _is_array,
    ".json": _is_json,
}
"""How a file is looked at, by the end of its name."""
