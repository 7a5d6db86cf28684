"""JSON metadata of images, by the inheritance principle."""

import os
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

from gradshift.bids.dataset import read_json


def inherited(path: Path, entities: Mapping[str, str], root: Path) -> dict[str, object]:
    """Collect the JSON metadata of a file: nearer files win over those higher up."""
    suffix, *kind = path.name.rsplit("_", 1)[-1].split(".")
    suffixes = {suffix, ".".join([suffix, *kind[:-1]])}  # fMRIPrep writes bold.dtseries.json too
    metadata: dict[str, object] = {}
    upwards = path.parent.relative_to(root).parents
    folders = [root / folder for folder in reversed([path.parent.relative_to(root), *upwards])]
    for folder in folders:
        matching = [name for name in _json_files(folder) if _applies(name, suffixes, entities)]
        for name in sorted(matching, key=lambda name: (name.count("_"), name)):
            metadata.update(read_json(folder / name))
    return metadata


def _json_files(folder: Path) -> tuple[str, ...]:
    try:
        return _listed(str(folder), os.stat(folder).st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=64)
def _listed(folder: str, changed: int) -> tuple[str, ...]:
    """List the JSON files of a folder, again once it has changed."""
    return tuple(name for name in os.listdir(folder) if name.endswith(".json"))


def _applies(name: str, suffixes: Collection[str], entities: Mapping[str, str]) -> bool:
    """Tell whether every entity of a sidecar's name is one of the file's."""
    *parts, last = name.removesuffix(".json").split("_")
    pairs = (part.partition("-") for part in parts)
    return last in suffixes and all(entities.get(key) == value for key, _, value in pairs)
