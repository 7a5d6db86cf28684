"""The file in which everything is kept that a run says."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import IO

from gradshift.running.streams import plain


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
