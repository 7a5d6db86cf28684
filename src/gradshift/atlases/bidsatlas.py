"""Atlases of BIDS datasets, by the path of their description or of one of their images.

Such a dataset holds ``atlas-<label>_description.json`` and, in folders ``tpl-<space>``, images
``tpl-<space>_atlas-<label>[_seg-][_scale-][_res-][_desc-]_dseg.nii.gz`` with label tables
``_dseg.tsv`` beside or above them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gradshift.atlases.definition import Part
from gradshift.atlases.labeltable import Row, read_table
from gradshift.atlases.remote import REGION
from gradshift.errors import InputError, MissingInputError

DESCRIPTION = re.compile(r"atlas-([A-Za-z0-9]+)_description\.json")
IMAGE = re.compile(r"tpl-[A-Za-z0-9]+(_.*)?_atlas-[A-Za-z0-9]+(_.*)?_dseg(\.dlabel)?\.nii(\.gz)?")
UPWARDS = 4
"""Folders to climb from an image to the description of its atlas."""


def is_bids_atlas(path: Path) -> bool:
    """Tell by its name whether a path is the description, or an image, of such an atlas."""
    return bool(DESCRIPTION.fullmatch(path.name) or IMAGE.fullmatch(path.name))


def read_bids_atlas(path: Path) -> Part:
    """Read an atlas of a BIDS dataset.

    Parameters
    ----------
    path : Path
        Its description, where it has one set of regions; else an image of the one that is meant.

    Returns
    -------
    Part
        Images are not opened yet.

    Raises
    ------
    MissingInputError
        If a file is not there.
    InputError
        If the dataset has several sets of regions, or a file is not as BIDS wants it.
    """
    if not path.is_file():
        raise MissingInputError(f"There is no file {path}; check the path of the atlas.")
    match = DESCRIPTION.fullmatch(path.name)
    root = path.parent if match else _root(path)
    label = match[1] if match else _entities(path)["atlas"]
    images = sorted(root.glob(f"tpl-*/**/tpl-*_atlas-{label}_*dseg.*nii*"))
    sets = {_regions_of(image) for image in images}
    if match is None:
        sets = {_regions_of(path)}
    if len(sets) != 1:
        names = ", ".join(image.name for image in images[:6]) or "none"
        raise InputError(
            f"{path} should describe one set of regions with images tpl-*_atlas-{label}*_dseg."
            f"nii.gz in folders tpl-*; there is {names}. Give the path of one image instead."
        )
    chosen = next(iter(sets))
    by_space: dict[str, Path] = {}
    for image in images:
        if _regions_of(image) == chosen:
            by_space.setdefault(_entities(image)["tpl"], image)  # res-01 comes before res-02
    table = _table(next(iter(by_space.values())), root)
    return _part(label, dict(chosen), by_space, table, _describe(root, label))


def _part(
    label: str,
    regions: Mapping[str, str],
    images: Mapping[str, Path],
    table: Path,
    description: Mapping[str, object],
) -> Part:
    entities = {"atlas": label + regions.get("desc", "")}
    entities |= {key: regions[key] for key in ("seg", "scale") if key in regions}
    title = description.get("AtlasName") or description.get("Name") or label
    return Part(
        name="_".join([label, *regions.values()]),
        entities=entities,
        images=dict(images),
        table=table,
        rows=tuple(map(_with_network, read_table(table))),
        description=f"Regions were those of the atlas {title}.",
        licence=str(description.get("License") or ""),
        release=str(description.get("Version") or ""),
    )


def _with_network(row: Row) -> Row:
    """Take hemisphere and network of a Schaefer region from its name, where the table has none."""
    match = REGION.match(row.name)
    if match is None or row.network:
        return row
    return replace(row, hemisphere=match[2][0], network=match[3])


def _entities(path: Path) -> dict[str, str]:
    pairs = (part.partition("-") for part in path.name.split("_"))
    return {key: value for key, dash, value in pairs if dash}


def _regions_of(image: Path) -> tuple[tuple[str, str], ...]:
    """Return what tells the sets of regions of one atlas apart."""
    return tuple((k, v) for k, v in _entities(image).items() if k in ("seg", "scale", "desc"))


def _root(image: Path) -> Path:
    """Return the folder that holds the folders of templates."""
    for folder in list(image.parents)[:UPWARDS]:
        if folder.name.startswith("tpl-"):
            return folder.parent
    raise InputError(f"{image} does not lie in a folder tpl-* of a dataset of atlases.")


def _table(image: Path, root: Path) -> Path:
    """Return the label table of an image: the nearest whose entities are all of the image."""
    own = _entities(image)
    for folder in [image.parent, *image.parent.parents]:
        fitting = [
            table
            for table in folder.glob("*_dseg.tsv")
            if all(own.get(key) == value for key, value in _entities(table).items())
        ]
        if fitting:
            return max(fitting, key=lambda table: (len(_entities(table)), table.name))
        if folder == root:
            break
    raise MissingInputError(
        f"There is no label table *_dseg.tsv for {image.name} beside it or above, up to {root}."
    )


def _describe(root: Path, label: str) -> Mapping[str, object]:
    path = root / f"atlas-{label}_description.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"The description {path} is not valid JSON: {error}.") from error
    return content if isinstance(content, dict) else {}
