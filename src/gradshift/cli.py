"""Words typed by a user become `Settings`, and nothing else happens here."""

import argparse
import logging
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gradshift import settings as schema
from gradshift import usage
from gradshift.errors import GradshiftError, SettingsError, StorageError, did_you_mean
from gradshift.running.libraries import set_apart, used
from gradshift.running.memory import check_enough
from gradshift.running.process import (
    give_a_home,
    leave_nipype,
    limit_threads,
    stopped_by_signals,
)
from gradshift.running.streams import Stream, guarded_streams
from gradshift.running.unforeseen import tell

ON_WINDOWS = (
    "gradshift: Windows is not supported; use the container (Docker Desktop) or the Windows "
    "Subsystem for Linux."
)

EXAMPLE = """\
example: gradshift /data/study /data/results participant --participant-label 01 02
         gradshift /data/study /data/results group

needs:   a BIDS dataset that fMRIPrep has preprocessed, with its results in derivatives/ or named
         by --derivatives fmriprep=PATH (gradshift itself preprocesses nothing)
docs:    the folder docs/ of the source, beginning with docs/index.md

"""

DESCRIPTION = """\
Did the hierarchy of the cortex flatten? Compares sessions before and after a drug: network
connectivity per person (participant level), then for the group (group level)."""

NO_PROCESS = (
    "no further process or thread can be started here; raise the number of processes that the "
    "container, the job or the user may have."
)

IGNORED = ("--notrack",)
"""Options of fMRIPrep that ask for what is so anyway: nothing is ever sent."""


class Parser(usage.Parser):
    """A parser that begins its help with an example, and knows what a mistyped option means."""

    def format_help(self) -> str:
        """Return the help, with an example before all options."""
        return EXAMPLE + super().format_help()

    def refuse_unknown(self, words: Sequence[str]) -> None:
        """Refuse words that are no option, with the one that may have been meant."""
        if not words:
            return
        hints = [
            word + did_you_mean(word.partition("=")[0], self._option_string_actions)
            for word in words
        ]
        self.error(f"unrecognized arguments: {' '.join(hints)}")


def build_parser() -> Parser:
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
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
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
        if f.name == "mem":
            groups[name].add_argument(
                "--mem-mb",
                dest="mem",
                type=_gigabytes,
                metavar="MB",
                default=argparse.SUPPRESS,
                help="the same as --mem, in MB",
            )
        _add(groups[name], f)
    parser.add_argument(
        *IGNORED, action="store_true", dest="ignored", help="accepted: nothing is ever sent"
    )
    return parser


def _gigabytes(word: str) -> float:
    return float(word) / 1000


def _add(group: Any, f: Any) -> None:
    """Add one option; it leaves no trace where it is not given."""
    names = [schema.flag(f.name), *f.metadata["aliases"]]
    flags = sorted(names, key=lambda name: name.startswith("--"))  # letters first
    default = f.default
    usual = " ".join(map(str, default)) if isinstance(default, tuple) else default
    shown = "" if default is None or usual == "" or default is False else f" (default: {usual})"
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


def parse(words: Sequence[str] | None = None) -> tuple[schema.Settings, dict[str, object]]:
    """Turn a command line into settings.

    Returns
    -------
    settings : Settings
    given : dict
        The options that were given, on the command line or in the file, by field name, with
        the values they have in the settings.
    """
    words = [_dashed(word) for word in (sys.argv[1:] if words is None else words)]
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what may follow
        _complete(parser)
    parsed, unknown = parser.parse_known_args(words)
    parser.refuse_unknown(unknown)
    arguments = vars(parsed)
    del arguments["ignored"]
    bids_dir, output_dir = arguments.pop("bids_dir"), arguments.pop("output_dir")
    level, config_file = arguments.pop("level"), arguments.pop("config_file")
    given = {**(schema.read_file(config_file) if config_file else {}), **arguments}
    settings = schema.make(bids_dir.resolve(), output_dir.resolve(), level, given)
    return settings, {
        f.name: getattr(getattr(settings, group), f.name)
        for group, f in schema.options()
        if f.name in given
    }


def _complete(parser: Parser) -> None:
    """Tell the shell how a word may go on, and end."""
    import argcomplete

    from gradshift.levels.names import NAMES

    for action in parser._actions:
        if action.dest in NAMES:
            action.completer = NAMES[action.dest]  # type: ignore[attr-defined]
        elif action.dest in ("bids_dir", "output_dir", "work_dir"):
            action.completer = argcomplete.DirectoriesCompleter()  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _dashed(word: str) -> str:
    """Accept an option with underscores, such as --participant_label."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if word.startswith("--") else word


def main(words: Sequence[str] | None = None) -> int:
    """Run gradshift; return its exit code."""
    if platform.system() == "Windows":
        print(ON_WINDOWS, file=sys.stderr)
        return SettingsError.exit_code
    with guarded_streams() as printed:
        try:
            code = _main(words)
        except SystemExit as leave:  # of argparse, after --help, --version or wrong usage
            if leave.code or not _is_lost(printed):
                raise
            return StorageError.exit_code
        return StorageError.exit_code if not code and _is_lost(printed) else code


def _is_lost(printed: Stream) -> bool:
    """Tell, and say, whether what was asked for could not be printed."""
    printed.flush()
    if printed.failure is None:
        return False
    _say(f"What was to be printed cannot be written: {printed.failure.strerror}.")
    return True


def _main(words: Sequence[str] | None) -> int:
    """Run gradshift with streams that do not fail."""
    settings = None
    try:
        with stopped_by_signals():
            settings, given = parse(words)
            check_enough()  # before the libraries, which may take more than there is
            limit_threads(settings.running.omp_nthreads)
            give_a_home()
            set_apart(*used(settings))
            from gradshift.levels.run import run

            return run(settings, given)
    except GradshiftError as error:
        logging.getLogger("gradshift").debug("", exc_info=True)
        _say(error)
        return error.exit_code
    except KeyboardInterrupt as stop:
        leave_nipype()
        _say("stopped; run the same command again to resume.")
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)
    except BlockingIOError:  # a library that starts a process when it is loaded
        leave_nipype()
        _say(NO_PROCESS)
        return StorageError.exit_code
    except Exception as error:  # unforeseen: one sentence, its origin is kept for a report
        leave_nipype()
        _say(tell(error, settings.output_dir if settings else None))
        return GradshiftError.exit_code


def _say(what: object) -> None:
    print(f"gradshift: {what}", file=sys.stderr)
