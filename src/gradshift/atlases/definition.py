"""An atlas as its JSON and label table define it, read and checked."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gradshift.atlases.labeltable import Row, listed, read_table
from gradshift.errors import InputError, MissingInputError
from gradshift.images.labels import LabelImage, centroids, read_labels
from gradshift.images.surfacelabels import is_surface, read_surface_labels
from gradshift.settings import read_small

KEYS = (
    "name",
    "entities",
    "images",
    "image",
    "space",
    "labels",
    "description",
    "cite",
    "licence",
    "release",
)
"""What the JSON of an atlas may hold."""

ENTITIES = ("atlas", "seg", "scale")
"""Entities of file names that an atlas may set, in their order."""

REFERENCE_SPACE = "MNI152NLin6Asym"
"""Centroids are taken in this space where an atlas has an image in it."""

WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One atlas as one JSON defines it; a composite has several.

    Parameters
    ----------
    name : str
    entities : mapping of str to str
        For file names.
    images : mapping of str to Path
        Label images by space.
    table : Path
        The label table.
    rows : tuple of Row, length R
    description : str
        A sentence for the methods section.
    cite : tuple of str
        Keys of the bibliography.
    licence, release : str
    fetchable : bool
        Whether TemplateFlow may have the image of another space.
    """

    name: str
    entities: Mapping[str, str]
    images: Mapping[str, Path]
    table: Path
    rows: tuple[Row, ...]
    description: str = ""
    cite: tuple[str, ...] = ()
    licence: str = ""
    release: str = ""
    fetchable: bool = False

    @property
    def indices(self) -> tuple[int, ...]:
        """The label of each region in the images."""
        return tuple(row.index for row in self.rows)


def read_definition(path: Path) -> Part:
    """Read the JSON of an atlas and its label table.

    Parameters
    ----------
    path : Path
        Paths inside are relative to its folder.

    Returns
    -------
    Part
        Images are not opened yet; see `check_images`.

    Raises
    ------
    MissingInputError
        If a file is not there.
    InputError
        If the JSON or the table is not as the format wants it.
    """
    content = _read_json(path)
    name, table = _text(content, "name", path), path.parent / _text(content, "labels", path)
    return Part(
        name=name,
        entities=_entities(content, name, path),
        images=_images(content, path),
        table=table,
        rows=read_table(table),
        description=_text(content, "description", path, default=""),
        cite=_keys(content, path),
        licence=_text(content, "licence", path, default=""),
        release=_text(content, "release", path, default=""),
    )


def check_images(part: Part) -> Part:
    """Hold an atlas's images against its label table.

    Parameters
    ----------
    part : Part

    Returns
    -------
    Part
        With centroids, from the images where the table has none.

    Raises
    ------
    InputError
        If an image cannot be used or its labels are not those of the table.
    """
    volumes = [space for space, path in part.images.items() if not is_surface(path)]
    reference = REFERENCE_SPACE if REFERENCE_SPACE in volumes else next(iter(volumes), None)
    if reference is None and part.rows[0].centroid is None:
        raise InputError(
            f"The label table {part.table} has no places of the regions, and an atlas on a "
            "surface alone does not tell them; add the columns x, y and z in millimetres."
        )
    for space, path in part.images.items():
        if is_surface(path):
            present = np.unique(read_surface_labels(path).labels)
            check_labels(present[present > 0].tolist(), part.indices, path, part.table)
            continue
        labels, affine = read_labels(path)
        check_labels(np.unique(labels[labels > 0]).tolist(), part.indices, path, part.table)
        if space == reference and part.rows[0].centroid is None:
            placed = centroids(labels, affine, part.indices).tolist()
            rows = (
                replace(row, centroid=(x, y, z))
                for row, (x, y, z) in zip(part.rows, placed, strict=True)
            )
            part = replace(part, rows=tuple(rows))
    return part


def check_labels(present: Iterable[int], wanted: Iterable[int], image: Path, table: Path) -> None:
    """Raise InputError unless an image has exactly the labels of a table."""
    extra, absent = set(present) - set(wanted), set(wanted) - set(present)
    if extra or absent:
        differences = [f"{_some(extra)} only in the image"] if extra else []
        differences += [f"{_some(absent)} only in the table"] if absent else []
        raise InputError(
            f"The label image {image} and the label table {table} do not match: "
            f"{' and '.join(differences)}; give each label of the image one row, and no others."
        )


def label_image(part: Part, path: Path) -> LabelImage:
    """Pair one of an atlas's images with the labels of its regions."""
    return LabelImage(path, part.indices)


def _read_json(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise MissingInputError(f"No atlas definition at {path}; check the path of the JSON.")
    try:
        content = json.loads(read_small(path))
    except OSError as error:
        raise InputError(
            f"The atlas definition {path} cannot be read: {error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The atlas definition {path} is not valid JSON: {error}.") from error
    if not isinstance(content, dict):
        raise InputError(f"The atlas definition {path} must be a JSON object with {listed(KEYS)}.")
    if unknown := [key for key in content if key not in KEYS]:
        raise InputError(
            f"The atlas definition {path} has unknown keys {listed(unknown)}; it may have "
            f"{listed(KEYS)}."
        )
    return content


def _text(content: Mapping[str, object], key: str, path: Path, default: str | None = None) -> str:
    """Return a text of the JSON; without a default it must be there."""
    value = content.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        state = f"is {value!r}" if key in content else "is not there"
        raise InputError(f"The atlas definition {path} needs a text as `{key}`, which {state}.")
    return value


def _keys(content: Mapping[str, object], path: Path) -> tuple[str, ...]:
    value = content.get("cite", [])
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise InputError(
            f"The atlas definition {path} needs a list of bibliography keys as `cite`, which is "
            f"{value!r}."
        )
    return tuple(value)


def _entities(content: Mapping[str, object], name: str, path: Path) -> dict[str, str]:
    """Return the entities for file names; by default the name is the atlas label."""
    given = content.get("entities")
    if not WORD.fullmatch(name if given is None else name.replace("_", "")):
        raise InputError(
            f"The atlas definition {path} has the name {name!r}, which becomes part of file "
            "names; use letters and digits only (underscores too if `entities` are given)."
        )
    entities = {"atlas": name} if given is None else given
    if not (
        isinstance(entities, dict)
        and "atlas" in entities
        and set(entities) <= set(ENTITIES)
        and all(isinstance(v, str) and WORD.fullmatch(v) for v in entities.values())
    ):
        raise InputError(
            f"The atlas definition {path} has the entities {entities!r}; it needs `atlas`, may "
            "have `seg` and `scale`, and each is a text of letters and digits."
        )
    return {entity: entities[entity] for entity in ENTITIES if entity in entities}


def _images(content: Mapping[str, object], path: Path) -> dict[str, Path]:
    """Return the images by space, from either form of the JSON."""
    short = {"image", "space"} & set(content)
    if ("images" in content) == bool(short) or len(short) == 1:
        raise InputError(
            f"The atlas definition {path} must say where its images are: either `images` with a "
            f"file for each space, or `image` and `space` for a single one; it has "
            f"{listed(content)}."
        )
    images = {content["space"]: content["image"]} if short else content["images"]
    if (
        not isinstance(images, dict)
        or not images
        or not all(isinstance(text, str) and text for item in images.items() for text in item)
    ):
        raise InputError(
            f"The atlas definition {path} has the images {images!r}; it needs a file name for "
            "each space, such as MNI152NLin2009cAsym."
        )
    if odd := [space for space in images if not WORD.fullmatch(space)]:
        raise InputError(
            f"The atlas definition {path} has the spaces {listed(odd)}; a space is the `space-` "
            "label of the scans, such as MNI152NLin2009cAsym."
        )
    return {space: path.parent / Path(os.path.expanduser(file)) for space, file in images.items()}


def _some(labels: Iterable[int], limit: int = 10) -> str:
    """Return labels as text, not all when there are many."""
    ordered = sorted(labels)
    shown = listed(ordered[:limit])
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return f"label{'s' if len(ordered) > 1 else ''} {shown}{more}"
