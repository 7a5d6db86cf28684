"""What is printed: only what a terminal shows, and a reader that left is no failure."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What moves the cursor, colours, renames or rings a terminal, or turns the direction of text;
and bytes of file names that are no text."""


def plain(text: str) -> str:
    """Return a text with its control characters, other than tab and line end, written out."""
    return HIDDEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Stream:
    """A stream that never fails: what cannot be written is noted, and the work goes on.

    Parameters
    ----------
    file : text file
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.failure: OSError | None = None
        self._open = True

    def write(self, text: str) -> int:
        """Write a text, as `plain`, in the letters that the stream has."""
        if self._open:
            shown = plain(text)
            try:
                self.file.write(self._spelt(shown))
            except (OSError, ValueError) as error:
                self._close(error)
        return len(text)

    def _spelt(self, text: str) -> str:
        """Write out the letters that the stream does not have."""
        letters = self.file.encoding or "utf-8"
        return text.encode(letters, "backslashreplace").decode(letters)

    def flush(self) -> None:
        """Send what was written."""
        if self._open:
            try:
                self.file.flush()
            except (OSError, ValueError) as error:
                self._close(error)

    def _close(self, error: OSError | ValueError) -> None:
        """Write nowhere from now on, so that the end of Python finds nothing to complain of."""
        self._open = False
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            self.failure = error
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self.file.fileno())
        except (OSError, ValueError):  # a stream without a file below it
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@contextmanager
def guarded_streams() -> Iterator[Stream]:
    """Guard what is printed to the two streams of the process.

    Yields
    ------
    Stream
        The standard output. Its `failure` tells why something could not be written, such as to
        a full disk. A reader that had enough, such as ``head``, is no failure, and neither is
        a log that cannot be written.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    out, log = Stream(before[0]), Stream(before[1])
    sys.stdout, sys.stderr = out, log
    try:
        yield out
    finally:
        out.flush()
        log.flush()
        sys.stdout, sys.stderr = before


def _open_closed() -> None:
    """Open what is closed of the first three files, before another takes its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
