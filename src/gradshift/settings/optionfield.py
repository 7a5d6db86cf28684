"""One option: a field, and what the command line, files and docs say of it."""

from dataclasses import field
from typing import Any

from gradshift.checks import Check


def option(
    default: Any,
    help: str,
    *,
    kind: type = str,
    metavar: str | None = None,
    nargs: str | int | None = None,
    choices: tuple[str, ...] | None = None,
    numbers: str = "",
    local: bool = False,
    aliases: tuple[str, ...] = (),
    check: Check | None = None,
) -> Any:
    """Describe one option.

    Parameters
    ----------
    default : object
    help : str
        One line for ``--help``; the default is added by the command line.
    kind : type
        What one word of the option is converted to; ``bool`` makes a switch.
    metavar, nargs, choices
        As in `argparse`.
    numbers : {'', 'participant', 'group'}
        The level whose numbers the option changes: such settings are recorded with an
        output, and a rerun that differs from the record is refused.
    local : bool
        A path of this machine, or a wish for this run only: not kept in the settings that
        are written to ``logs/``.
    aliases : tuple of str
        Further names on the command line: a letter, or what users of fMRIPrep and XCP-D type.
    check : callable, optional
        Given the name on the command line and a value, unless this is None; raises
        `SettingsError` for one that makes no sense.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "kind": kind,
            "metavar": metavar,
            "nargs": nargs,
            "choices": choices,
            "numbers": numbers,
            "local": local,
            "aliases": aliases,
            "check": check,
        },
    )


def flag(name: str) -> str:
    """Return the command-line name of a field."""
    return "--" + name.replace("_", "-")
