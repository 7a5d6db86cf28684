"""The place of an output: outside of the input, and nowhere else by way of links."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from gradshift.bids.dataset import (
    describe,
    find_bold,
    find_kinetics,
    find_petprep,
    made_by,
    may,
)
from gradshift.errors import MissingInputError, OutputError
from gradshift.settings import Settings

NOT_RESULTS = frozenset({"work", ".git", ".datalad"})
"""Folders of an output that hold no results."""


def check_outside(output_dir: Path, datasets: Sequence[Path]) -> None:
    """Refuse to write into a dataset that is read, or into another one within it.

    Parameters
    ----------
    output_dir : Path
    datasets : sequence of Path
        An output may lie in a folder below ``derivatives`` of each.

    Raises
    ------
    OutputError
    """
    within = [
        above
        for above in output_dir.parents
        if any(above.is_relative_to(dataset) for dataset in datasets)
        and (above / "dataset_description.json").exists()
    ]
    for dataset in dict.fromkeys([*datasets, *within]):
        below = dataset / "derivatives"
        if output_dir.is_relative_to(dataset) and below not in output_dir.parents:
            raise OutputError(
                f"OUTPUT_DIR {output_dir} lies inside the dataset {dataset}; choose a folder "
                f"outside, or one below {below}."
            )


def check_ours(output_dir: Path) -> None:
    """Refuse a folder that another program made.

    Raises
    ------
    OutputError
    """
    description = describe(output_dir)
    if description is not None and made_by(description) != "gradshift":
        raise OutputError(
            f"OUTPUT_DIR {output_dir} is another dataset, {description.get('Name', 'unnamed')!r}; "
            "choose a folder of its own."
        )


def check_no_links(output_dir: Path, labels: Collection[str] = ()) -> None:
    """Refuse folders of results that are links: what is written there lands elsewhere.

    A file that is a link, as in a DataLad dataset, is replaced when it is written, and what it
    leads to stays as it is.

    Parameters
    ----------
    output_dir : Path
    labels : collection of str
        Of the participants that are written to, without prefix; all, if there are none.

    Raises
    ------
    OutputError
    """
    people = {f"sub-{label}" for label in labels}
    for link in _linked_folders(output_dir, people):
        raise OutputError(
            f"{link} is a link to {os.readlink(link)}: results would be written there, not into "
            f"{output_dir}; remove the link, or put a folder in its place."
        )


def _linked_folders(folder: Path, people: Collection[str] = ()) -> Iterator[Path]:
    """Find folders that are links, in those of some people alone where these are named."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # not there yet, or not to be read: said where it is needed
        return
    for entry in entries:
        of_others = people and entry.name.startswith("sub-") and entry.name not in people
        if entry.name in NOT_RESULTS or of_others:
            continue
        if entry.is_symlink():
            if not entry.is_file():  # a folder, or one that may come to be
                yield Path(entry.path)
        elif entry.is_dir():
            yield from _linked_folders(Path(entry.path))


def preprocessed(settings: Settings) -> list[Path]:
    """List the preprocessed datasets that are read."""
    given = settings.inputs.derivatives
    others = (find(settings.bids_dir, given) for find in (find_petprep, find_kinetics))
    sources = [folder for folder in others if folder is not None]
    try:
        bold = find_bold(
            settings.bids_dir, given, validate=not settings.inputs.skip_bids_validation
        )
    except MissingInputError:
        return sources or [settings.bids_dir]
    return [bold, *sources]


def check_output(settings: Settings) -> None:
    """Refuse to write into the input or another dataset, or where nothing can be written.

    Raises
    ------
    OutputError
    """
    output_dir = settings.output_dir
    for dataset in dict.fromkeys([settings.bids_dir, *preprocessed(settings)]):
        below = dataset / "derivatives"
        for what, path in (("OUTPUT_DIR", output_dir), ("--work-dir", settings.work_dir)):
            if path.is_relative_to(dataset) and below not in path.parents:
                raise OutputError(
                    f"{what} {path} lies inside the dataset {dataset}; choose a folder outside, "
                    f"or one below {below}."
                )
    check_ours(output_dir)
    logs = output_dir / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"OUTPUT_DIR {output_dir} cannot be created: {error.strerror}."
        ) from error
    if not may(logs, os.W_OK):
        raise OutputError(f"OUTPUT_DIR {output_dir} cannot be written to.")
