"""What a run left of each person, so that the next one leaves alone what is finished."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gradshift.bids import atlascopies
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json


def files(output_dir: Path, participant: str) -> dict[str, list[int]]:
    """List the files of a person, and of the atlases, with their sizes and times of change.

    Parameters
    ----------
    output_dir : Path
    participant : str
        With prefix.
    """
    paths = [
        *(output_dir / participant).rglob("*"),
        *atlascopies.files(output_dir),
        output_dir / f"{participant}.html",
    ]
    return {
        path.relative_to(output_dir).as_posix(): [status.st_size, status.st_mtime_ns]
        for path in sorted(paths)
        if path.is_file() and (status := path.stat())
    }


def untouched(output_dir: Path, steps: Path, people: Iterable[str]) -> set[str]:
    """Return the people whose files are as the last run left them.

    Parameters
    ----------
    output_dir, steps : Path
        Of the results, and of the intermediate results.
    people : iterable of str
        With prefix.
    """
    return {name for name in people if _kept(steps, name).get("Files") == files(output_dir, name)}


def is_current(
    output_dir: Path, steps: Path, participant: str, page: Mapping[str, object]
) -> bool:
    """Tell whether a page was made of the same files in the same way."""
    now = {"Files": files(output_dir, participant), "Page": page}
    return now == _kept(steps, participant)


def keep(output_dir: Path, steps: Path, participant: str, page: Mapping[str, object]) -> None:
    """Keep what a person's files are like, and how the page was made of them."""
    now = {"Files": files(output_dir, participant), "Page": page}
    write_json(_path(steps, participant), now)


def _path(steps: Path, participant: str) -> Path:
    return steps / "finished" / f"{participant}.json"


def _kept(steps: Path, participant: str) -> dict[str, object]:
    path = _path(steps, participant)
    return read_json(path) if path.exists() else {}
