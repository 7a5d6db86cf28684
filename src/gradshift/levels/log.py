"""What a run says: a line per message on the console, everything in a file of its own."""

import logging
import platform
import re
import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import IO, Self

from gradshift import __version__
from gradshift import settings as schema
from gradshift.errors import GradshiftError, InputError
from gradshift.running.streams import plain
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")

NAMED = 5
"""Warnings of one kind that are named when those held back are counted."""

NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Console(logging.Handler):
    """Prints a line per message; of the warnings of one kind the first, and how many followed.

    Parameters
    ----------
    settings : Running
        With ``verbose`` everything is printed, with ``quiet`` only warnings and errors.
    """

    def __init__(self, settings: schema.Running) -> None:
        super().__init__(
            logging.DEBUG
            if settings.verbose
            else logging.WARNING
            if settings.quiet
            else logging.INFO
        )
        self._holds = not settings.verbose
        self._more: dict[str, list[str]] = {}
        self._first: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, unless it is a further warning of a kind."""
        message = record.getMessage()
        if record.levelno == logging.WARNING and self._holds:
            about, kind = _kind(message)
            if kind in self._more:
                self._more[kind].append(about)
                return
            self._more[kind], self._first[kind] = [], message
        if record.exc_info:
            message = "\n".join([message, *format_exception(record.exc_info[1])]).strip()
        else:
            message = " ".join(message.split("\n"))
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        _print(f"{level}{message}", record.created)

    def count(self) -> None:
        """Say how many warnings of which kind were held back."""
        for kind, more in self._more.items():
            if more:
                named = ", ".join(list(dict.fromkeys(filter(None, more)))[:NAMED])
                which = f" ({named}{', ...' if len(more) > NAMED else ''})" if named else ""
                self._more[kind] = []
                _print(f"{len(more)} more warnings{which} such as: {_short(self._first[kind])}")


def _kind(message: str) -> tuple[str, str]:
    """Split a warning into what it is about and its words without numbers."""
    about, colon, text = message.partition(": ")
    if not colon or not about.startswith("sub-"):
        about, text = "", message
    return about, NUMBER.sub("0", text.partition(": ")[0])


def _short(message: str, longest: int = 120) -> str:
    return message if len(message) <= longest else f"{message[:longest].rstrip()} ..."


def _print(text: str, when: float | None = None) -> None:
    # The stream is looked up now: while a bar is drawn, what is printed goes above it.
    print(time.strftime("%H:%M:%S", time.localtime(when)), plain(text), file=sys.stderr)


class LogFile(logging.Handler):
    """Keeps everything that is said, from the start, and writes it once it has a file.

    What cannot be written is given up without a word: a log is no result.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.path: Path | None = None
        self._early: list[str] = []
        self._file: IO[str] | None = None
        self.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or keep it until there is a file."""
        self._write(plain(self.format(record)))

    def begin(self, folder: Path, name: str) -> None:
        """Open a file of this name, or the next that is free, and write what was said so far."""
        for number in range(1, 1000):
            path = folder / (f"{name}.log" if number == 1 else f"{name}_{number}.log")
            try:
                self._file = path.open("x", encoding="utf-8", errors="backslashreplace")
            except FileExistsError:  # of a process that started in the same second
                continue
            except OSError:
                return
            break
        self.path = path
        early, self._early = self._early, []
        for text in early:
            self._write(text)

    def _write(self, text: str) -> None:
        if self._file is None:
            self._early.append(text)
            return
        try:
            print(text, file=self._file, flush=True)
        except (OSError, ValueError):
            self._file, self._early = None, []

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
        super().close()


class RunLog:
    """The log of one run.

    Parameters
    ----------
    settings : Settings
    given : mapping
        The options that were given, by field name.
    """

    def __init__(self, settings: Settings, given: Mapping[str, object]) -> None:
        self._settings = settings
        self._console, self._file = Console(settings.running), LogFile()
        self._begun = time.monotonic()
        self._stamp = time.strftime("%Y%m%d-%H%M%S")
        logger.handlers = [self._console, self._file]
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        logger.debug(
            "gradshift %s, Python %s, %s: %s",
            *(__version__, platform.python_version(), platform.platform()),
            command(settings, given),
        )

    def __enter__(self) -> Self:
        return self

    def keep(self) -> None:
        """Write everything to a file from now on; to be called where the output is ours."""
        if self._file.path is None:
            name = f"{self._stamp}_{self._settings.level}"
            self._file.begin(self._settings.output_dir / "logs", name)

    def close(self, code: int) -> None:
        """Say how the run ended, where its page and its log are, and what is next."""
        self._console.count()
        if self._file.path is not None:
            logger.info("%s", self._ending(code))

    def _ending(self, code: int) -> str:
        settings, path = self._settings, self._file.path
        minutes, seconds = divmod(round(time.monotonic() - self._begun), 60)
        took = f"in {minutes} min {seconds} s" if minutes else f"in {seconds} s"
        if code == InputError.exit_code:
            return f"Nothing could be used. Log: {path}"
        how = "" if code == 0 else ", but for what the errors above name"
        parts = [f"Done {took}{how}."]
        if (page := _page(settings)) is not None:
            parts.append(f"Page: {page}")
        parts.append(f"Log: {path}")
        if settings.level == "participant" and not settings.running.reports_only:
            again = ("gradshift", str(settings.bids_dir), str(settings.output_dir), "group")
            parts.append(f"Next: {shlex.join(again)}")
        return "  ".join(parts)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._console.count()
            level = logging.ERROR if isinstance(error, GradshiftError) else logging.CRITICAL
            record = logger.makeRecord(
                logger.name, level, "", 0, "%s", (error or type(error).__name__,), None
            )
            record.exc_info = (type(error), error, traceback)
            self._file.handle(record)
            if self._file.path is not None:
                logger.info("Log: %s", self._file.path)
        self._file.close()
        logger.removeHandler(self._file)


def command(settings: Settings, given: Mapping[str, object]) -> str:
    """Return the command line that asks for a run."""
    words = ["gradshift", str(settings.bids_dir), str(settings.output_dir), settings.level]
    for name, value in given.items():
        if isinstance(value, bool):
            words.append(schema.flag(name if value else f"no_{name}"))
        else:
            listed = value if isinstance(value, tuple) else (value,)
            words += [schema.flag(name), *map(str, listed)]
    return shlex.join(words)


def _page(settings: Settings) -> Path | None:
    """Return the page to open first."""
    output_dir = settings.output_dir
    if settings.level == "group":
        pages = [output_dir / "group" / "index.html"]
    else:
        pages = [output_dir / "index.html", *sorted(output_dir.glob("sub-*.html"))]
    return next((page for page in pages if page.exists()), None)
