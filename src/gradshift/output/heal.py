"""What a power cut left of the descriptions and records of an output is made again."""

import gzip
import json
import tomllib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from gradshift.bids import atlascopies


def _read_toml(content: bytes) -> object:
    return tomllib.loads(content.decode())


def _read_table(content: bytes) -> None:
    if not content.endswith(b"\n") or b"\0" in content:
        raise ValueError("cut off")


PROVENANCE = "logs/provenance.json"
Reader = Callable[[bytes], object]
RECORDS: Mapping[str, Reader] = {
    "dataset_description.json": json.loads,
    PROVENANCE: json.loads,
    "logs/settings.toml": _read_toml,
}
"""What belongs to a whole output, and what reads it."""

WHOLE: Mapping[str, Reader] = {".json": json.loads, ".tsv": _read_table, ".gz": gzip.decompress}
"""What reads a copy of an atlas, by the end of its name."""


def heal(output_dir: Path) -> list[str]:
    """Remove descriptions and records of an output of ours that a power cut left in part.

    They are written again with the results; what they guard against, such as another atlas of the
    same name, every result says of itself as well. What another program left is not touched.

    Returns
    -------
    list of str
        Their names.
    """
    if not (output_dir / "logs" / "settings.toml").exists():
        return []
    damaged = [name for name, read in RECORDS.items() if _is_damaged(output_dir / name, read)]
    if PROVENANCE in damaged:  # nothing else tells copies of atlases in part from other atlases
        damaged += [
            path.relative_to(output_dir).as_posix()
            for path in atlascopies.files(output_dir)
            if _is_damaged(path, WHOLE.get(path.suffix, bytes))
        ]
    for name in damaged:
        (output_dir / name).unlink()
    return damaged


def _is_damaged(path: Path, read: Reader) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        read(path.read_bytes())
    except (OSError, EOFError, ValueError, RecursionError, zlib.error):
        return True
    return False
