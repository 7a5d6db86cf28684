"""The uncompressed bytes of an image, whether it is packed or not."""

import zlib
from pathlib import Path
from typing import Any

UNREADABLE: Any = (OSError, EOFError, zlib.error)
try:
    from isal.igzip import IGzipFile as GzipFile
    from isal.igzip_lib import IsalError

    UNREADABLE += (IsalError,)
except ImportError:  # no build of isal for this machine: half as fast, otherwise the same
    from gzip import GzipFile


def open_bytes(path: Path) -> Any:
    """Open the file for reading its uncompressed bytes."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return GzipFile(path, "rb") if gzipped else path.open("rb", buffering=0)


def no_bytes(path: Path, error: Exception) -> str:
    """Say why the bytes of a file cannot be read."""
    return f"{path} cannot be read ({error}); check its permissions, or copy the file again."
