"""Where an output may lie: outside its input, in a folder of its own that can be written to."""

import os
from pathlib import Path

from gradshift.bids.dataset import (
    describe,
    find_fmriprep,
    find_kinetics,
    find_petprep,
    made_by,
    may,
)
from gradshift.errors import MissingInputError, OutputError
from gradshift.settings import Settings


def preprocessed(settings: Settings) -> list[Path]:
    """List the preprocessed datasets that are read."""
    given = settings.inputs.derivatives
    others = (find(settings.bids_dir, given) for find in (find_petprep, find_kinetics))
    sources = [folder for folder in others if folder is not None]
    try:
        fmriprep = find_fmriprep(
            settings.bids_dir, given, validate=not settings.inputs.skip_bids_validation
        )
    except MissingInputError:
        return sources or [settings.bids_dir]
    return [fmriprep, *sources]


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
    description = describe(output_dir)
    if description is not None and made_by(description) != "gradshift":
        raise OutputError(
            f"OUTPUT_DIR {output_dir} is another dataset, {description.get('Name', 'unnamed')!r}; "
            "choose a folder of its own."
        )
    _check_rights(settings)


def _check_rights(settings: Settings) -> None:
    """Refuse folders that cannot be written to, or that another user may have filled."""
    output_dir = settings.output_dir
    for what, path, made in (
        ("OUTPUT_DIR", output_dir, output_dir / "logs"),
        ("--work-dir", settings.work_dir, settings.work_dir),
    ):
        try:
            made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{what} {path} cannot be created: {error.strerror}.") from error
        if not may(made, os.W_OK):
            raise OutputError(f"{what} {path} cannot be written to.")
    # nipype keeps its results as pickles there, and reading one of those can run anything.
    if os.geteuid() not in (0, settings.work_dir.stat().st_uid):
        raise OutputError(
            f"The intermediate results in {settings.work_dir} belong to another user, and reading "
            "them could run code of theirs; choose a folder of your own with --work-dir."
        )
