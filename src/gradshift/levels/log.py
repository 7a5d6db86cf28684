"""What a run says: a line per message on the console, everything in a file of its own."""

import logging
import platform
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gradshift import __version__
from gradshift import settings as schema
from gradshift.errors import GradshiftError, InputError
from gradshift.levels.console import Console
from gradshift.levels.logfile import LogFile
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


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
        pages = [settings.group_dir / "index.html"]
    else:
        pages = [output_dir / "index.html", *sorted(output_dir.glob("sub-*.html"))]
    return next((page for page in pages if page.exists()), None)
