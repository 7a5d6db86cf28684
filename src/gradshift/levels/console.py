"""The console: a line per message, warnings counted by kind."""

import logging
import re
import sys
import time
from traceback import format_exception

from gradshift.running.streams import plain
from gradshift.settings import Running

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

    def __init__(self, settings: Running) -> None:
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
            subject, kind = _kind(message)
            if kind in self._more:
                self._more[kind].append(subject)
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
    subject, colon, text = message.partition(": ")
    if not colon or not subject.startswith("sub-"):
        subject, text = "", message
    return subject, NUMBER.sub("0", text.partition(": ")[0])


def _short(message: str, longest: int = 120) -> str:
    return message if len(message) <= longest else f"{message[:longest].rstrip()} ..."


def _print(text: str, when: float | None = None) -> None:
    # The stream is looked up now: while a bar is drawn, what is printed goes above it.
    print(time.strftime("%H:%M:%S", time.localtime(when)), plain(text), file=sys.stderr)
