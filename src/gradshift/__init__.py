"""Did the hierarchy of the cortex flatten after a drug?  A BIDS App.

The two functions of this module are gradshift in Python: `run` is the command line, `load` reads
what it wrote. Importing the module is cheap; both import what they need when they are called.
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from gradshift.api.output import Output

__version__ = _version("gradshift")
__all__ = ["__version__", "load", "run"]


def load(output_dir: "str | PathLike[str]") -> "Output":
    """Open the results in an OUTPUT_DIR.

    Tables and matrices are read when they are asked for, not before.

    Parameters
    ----------
    output_dir : path

    Returns
    -------
    gradshift.api.output.Output

    Raises
    ------
    gradshift.errors.MissingInputError
        If there is no result of the participant level.
    """
    from gradshift.api.output import Output

    return Output(output_dir)


def run(
    bids_dir: "str | PathLike[str]",
    output_dir: "str | PathLike[str]",
    level: str,
    **options: object,
) -> int:
    """Run a level, as ``gradshift BIDS_DIR OUTPUT_DIR LEVEL`` does.

    Parameters
    ----------
    bids_dir, output_dir : path
    level : {'participant', 'group'}
    options
        Those of the command line with underscores, such as ``fd_threshold=0.3`` or
        ``atlas=["Schaefer2018_200_7", "TianS2"]``; a switch is True or False.

    Returns
    -------
    int
        Exit code: 0 all done, 1 some runs failed or were left out and the others are there,
        65 none was left.

    Raises
    ------
    gradshift.errors.GradshiftError
        Where the command line would end with one sentence and another exit code, which is the
        `exit_code` of the error.
    """
    from gradshift.api.run import run as run_level

    return run_level(bids_dir, output_dir, level, options)
