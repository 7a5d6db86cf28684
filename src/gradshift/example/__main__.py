"""Write the simulated example study: ``gradshift-example DIR``."""

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from gradshift.errors import GradshiftError, OutputError, SettingsError, StorageError
from gradshift.usage import Parser


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = Parser(
        prog="gradshift-example",
        description="Write a SIMULATED study of scans before and after one dose of ketamine: a "
        "BIDS dataset with fMRIPrep derivatives and a known answer. About 130 MB.",
    )
    made.add_argument("folder", metavar="DIR", type=Path, help="new or empty folder")
    made.add_argument(
        "--participants", metavar="N", type=int, default=11, help="number of people (default 11)"
    )
    made.add_argument(
        "--effect",
        metavar="E",
        type=float,
        default=1.0,
        help="size of the planted change, up to 2; 0 plants nothing (default 1); expected results "
        "are written for 0, 0.5, 1, 1.5 and 2",
    )
    made.add_argument(
        "--seed",
        metavar="S",
        type=int,
        default=1,
        help="the same seed gives the same files (default 1)",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the study and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line; those of the process if not given.
    """
    options = parser().parse_args(arguments)
    try:
        _check(options)
        _write(options)
    except GradshiftError as error:
        print(f"gradshift-example: {error}", file=sys.stderr)
        return error.exit_code
    print(f"The simulated study is in {options.folder}.")
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.participants < 1:
        raise SettingsError(
            f"A study needs participants, --participants is {options.participants}."
        )
    if not 0 <= options.effect <= 2:
        raise SettingsError(f"--effect must be between 0 and 2, not {options.effect:g}.")
    if options.seed < 0:
        raise SettingsError(f"--seed must not be negative, it is {options.seed}.")
    folder: Path = options.folder
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a new or empty folder.")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"{folder} is not empty, and nothing in it will be replaced; name a new or empty "
            "folder."
        )


def _write(options: argparse.Namespace) -> None:
    from gradshift.example.writer import Study, write_study

    study = Study(participants=options.participants, effect=options.effect, seed=options.seed)
    try:
        write_study(options.folder, study)
    except OSError as error:
        kind = StorageError if error.errno in (errno.ENOSPC, errno.EIO) else OutputError
        raise kind(f"Cannot write the study to {options.folder}: {error}.") from error


if __name__ == "__main__":
    sys.exit(main())
