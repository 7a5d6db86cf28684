"""Words typed by a user become `Settings`, and nothing else happens here."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gradshift import settings as schema
from gradshift.errors import GradshiftError, SettingsError
from gradshift.running.process import (
    give_a_home,
    leave_nipype,
    limit_threads,
    stopped_by_signals,
)

DESCRIPTION = """\
Did the hierarchy of the cortex flatten? Compares sessions before and after a drug: network
connectivity per person (participant level), then for the group (group level)."""


class Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage with exit code 64."""

    def error(self, message: str) -> NoReturn:
        """Print the problem and where to find help, and leave."""
        self.exit(
            SettingsError.exit_code, f"gradshift: {message} (gradshift --help lists the options)\n"
        )


def build_parser() -> argparse.ArgumentParser:
    """Build the parser from the fields of the settings."""
    parser = Parser(prog="gradshift", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "bids_dir",
        type=Path,
        metavar="BIDS_DIR",
        help="raw dataset with derivatives/, or an fMRIPrep output",
    )
    parser.add_argument("output_dir", type=Path, metavar="OUTPUT_DIR", help="results go here")
    parser.add_argument("level", choices=("participant", "group"), help="level of analysis")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    parser.add_argument(
        "--config-file",
        type=Path,
        metavar="FILE",
        default=None,
        help="TOML file of options, such as one kept in OUTPUT_DIR/logs; the command line wins",
    )
    groups = {
        name: parser.add_argument_group(str(cls.__doc__).rstrip(".").lower())
        for name, cls in schema.GROUPS.items()
    }
    for name, f in schema.options():
        _add(groups[name], f)
    return parser


def _add(group: Any, f: Any) -> None:
    """Add one option; it leaves no trace where it is not given."""
    flags = [schema.flag(f.name)]
    if f.metadata["short"]:
        flags.insert(0, f.metadata["short"])
    default = f.default
    told = " ".join(map(str, default)) if isinstance(default, tuple) else default
    shown = "" if default is None or told == "" or default is False else f" (default: {told})"
    text = f.metadata["help"].replace("%", "%%")
    if f.metadata["kind"] is bool:
        action = argparse.BooleanOptionalAction if f.default else "store_true"
        shown = " (default)" if f.default else ""
        group.add_argument(
            *flags, dest=f.name, action=action, default=argparse.SUPPRESS, help=text + shown
        )
        return
    group.add_argument(
        *flags,
        dest=f.name,
        type=f.metadata["kind"],
        nargs=f.metadata["nargs"],
        metavar=f.metadata["metavar"],
        choices=f.metadata["choices"],
        default=argparse.SUPPRESS,
        help=text + shown,
    )


class _Version(argparse.Action):
    """Print the version; looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from gradshift import __version__

        print(f"gradshift {__version__}")
        parser.exit()


def parse(words: Sequence[str] | None = None) -> tuple[schema.Settings, dict[str, Any]]:
    """Turn a command line into settings.

    Returns
    -------
    settings : Settings
    given : dict
        The options that were given, on the command line or in the file, by field name, with
        the values they have in the settings.
    """
    words = [_dashed(word) for word in (sys.argv[1:] if words is None else words)]
    found = vars(build_parser().parse_args(words))
    bids_dir, output_dir = found.pop("bids_dir"), found.pop("output_dir")
    level, config_file = found.pop("level"), found.pop("config_file")
    given = {**(schema.read_file(config_file) if config_file else {}), **found}
    settings = schema.make(bids_dir.resolve(), output_dir.resolve(), level, given)
    return settings, {
        f.name: getattr(getattr(settings, group), f.name)
        for group, f in schema.options()
        if f.name in given
    }


def _dashed(word: str) -> str:
    """Accept an option with underscores, such as --participant_label."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if word.startswith("--") else word


def main(words: Sequence[str] | None = None) -> int:
    """Run gradshift; return its exit code."""
    try:
        with stopped_by_signals():
            settings, given = parse(words)
            limit_threads(settings.running.omp_nthreads)
            give_a_home()
            from gradshift.levels.run import run

            return run(settings, given)
    except GradshiftError as error:
        logging.getLogger("gradshift").debug("", exc_info=True)
        print(f"gradshift: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as stop:
        leave_nipype()
        print("gradshift: stopped; run the same command again to go on.", file=sys.stderr)
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
