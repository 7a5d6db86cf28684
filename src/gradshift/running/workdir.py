"""The folder of the intermediate results: read again only where it was made."""

import logging
from pathlib import Path

logger = logging.getLogger("gradshift")


def intermediate(work_dir: Path) -> Path:
    """Return the folder of the intermediate results, named after when and where it was made.

    nipype keeps its results as pickles, and reading a pickle can run anything. The inode and the
    change time of a folder cannot be brought along: copies, archives, downloads and git get new
    ones. So the name is known here alone, and what a dataset brings is never looked at.
    Processes that start at once agree on it.

    Parameters
    ----------
    work_dir : Path
        The work folder, which may hold other things.
    """
    mark = work_dir / ".made_here"
    mark.mkdir(parents=True, exist_ok=True)
    made = mark.lstat()  # not of what a link leads to, which may be known elsewhere
    return work_dir / f"steps_{made.st_ino:x}_{made.st_ctime_ns:x}"


def warn_of_others(work_dir: Path) -> None:
    """Say which folders of intermediate results are not read."""
    for other in sorted(set(work_dir.glob("steps_*")) - {intermediate(work_dir)}):
        logger.warning(
            "The intermediate results in %s were not made here, or were copied or had their "
            "rights changed: they are not read, since that could run code of others. Remove them.",
            other,
        )
