"""Atlases by the name a user gives: shipped, from TemplateFlow, or the user's own JSON."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases import remote
from gradshift.atlases.bidsatlas import is_bids_atlas, read_bids_atlas
from gradshift.atlases.definition import Part, check_images, label_image, read_definition
from gradshift.atlases.labeltable import Row
from gradshift.atlases.pcc import pcc_sets, places
from gradshift.core.cortex.regions import Regions
from gradshift.errors import InputError, SettingsError, did_you_mean
from gradshift.images.labels import LabelImage
from gradshift.images.surfacelabels import is_surface

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Atlas:
    """One atlas, or several laid over each other.

    Parameters
    ----------
    name : str
        As on the command line; ``A+B`` for a composite.
    entities : dict of str to str
        Entities of file names. In a composite the atlas labels are joined and the others come
        from the first part that has them.
    parts : tuple of Part
        In order of precedence: where two overlap, a voxel belongs to the first.
    """

    name: str
    entities: dict[str, str]
    parts: tuple[Part, ...]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The R regions: those of the first part, then those of the next."""
        return tuple(row for part in self.parts for row in part.rows)

    @property
    def cite(self) -> tuple[str, ...]:
        """Keys of the bibliography, each once."""
        return tuple(dict.fromkeys(key for part in self.parts for key in part.cite))

    @property
    def descriptions(self) -> tuple[str, ...]:
        """Sentences for the methods section."""
        return tuple(part.description for part in self.parts if part.description)

    @property
    def spaces(self) -> tuple[str, ...]:
        """Spaces at hand in which every part has an image; `images` may get others."""
        first, *others = self.parts
        return tuple(s for s in first.images if all(s in part.images for part in others))

    def images(self, space: str) -> tuple[LabelImage, ...]:
        """Find the images of all parts in a space.

        Parameters
        ----------
        space : str
            The ``space-`` label of the scans; spaces are never interchangeable.

        Returns
        -------
        tuple of LabelImage, one per part

        Raises
        ------
        InputError
            If a part has none and TemplateFlow cannot provide it.
        """
        return tuple(label_image(part, self._image(part, space)) for part in self.parts)

    def images_on_fsaverage5(self) -> tuple[LabelImage, ...]:
        """Find what tells the region of each vertex of fsaverage5; nothing where no part does.

        A part of voxels alone has no vertex there, and keeps its place among the parts.
        """
        images = []
        for part in self.parts:
            volumes = (path for path in part.images.values() if not is_surface(path))
            path = part.images.get("fsaverage5", next(volumes, None))
            if path is None:
                return ()
            images.append(label_image(part, path))
        return tuple(images) if any(is_surface(image.path) for image in images) else ()

    def regions(self, pcc: str = "core") -> Regions:
        """Return the regions as the mathematics sees them.

        Parameters
        ----------
        pcc : str, optional
            Which regions are posterior cingulate: ``core``, ``all``, names with commas between,
            or a sphere ``x,y,z,r`` in millimetres; see `gradshift.atlases.pcc`.

        Returns
        -------
        Regions
            With the sets PCC, PCClh, PCCrh, as far as they have regions.

        Raises
        ------
        SettingsError
            If `pcc` names a region that is not there, or its sphere has no size.
        """
        return Regions(
            names=tuple(row.name for row in self.rows),
            networks=tuple(row.network for row in self.rows),
            hemispheres=tuple(row.hemisphere for row in self.rows),
            centroids=places(self.rows),
            sets=pcc_sets(self.rows, pcc),
        )

    def reference(self, kernel: str) -> NDArray[np.float64] | None:
        """Return the shipped reference gradients of the atlas, the principal one first.

        Parameters
        ----------
        kernel : {'cosine', 'normalized_angle'}

        Returns
        -------
        (R, 10) array or None
            NaN for the regions of parts without a reference; None if no part has one.
        """
        from gradshift.atlases.templates import load_template

        references = [
            load_template(part.name, kernel) if part.table.parent == FOLDER else None
            for part in self.parts
        ]
        if all(reference is None for reference in references):
            return None
        return np.concatenate(
            [
                np.full((len(part.rows), 10), np.nan) if reference is None else reference
                for part, reference in zip(self.parts, references, strict=True)
            ]
        )

    def _image(self, part: Part, space: str) -> Path:
        if space in part.images:
            return part.images[space]
        if part.fetchable and space in remote.SPACES:
            return remote.schaefer_image(part, space)
        raise InputError(
            f"Atlas {part.name} has no image in the space {space}, only in "
            f"{', '.join(part.images)}; choose one of these with --space, or add an image in "
            f"{space} to a JSON of your own."
        )


def available() -> tuple[str, ...]:
    """Return the names of the shipped atlases, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_atlas(spec: str) -> Atlas:
    """Load an atlas by what the user typed.

    Parameters
    ----------
    spec : str
        A shipped name (see `available`), a Schaefer atlas that TemplateFlow has
        (``Schaefer2018_300_7``), the path of a JSON, or several of these with ``+`` between.

    Returns
    -------
    Atlas

    Raises
    ------
    SettingsError
        If a name is unknown, or comes twice.
    MissingInputError
        If a file is not there.
    InputError
        If the files of a user's atlas are not as the format wants them.
    """
    words = [spec] if Path(spec).is_file() else spec.split("+")
    parts = tuple(_load_part(word.strip()) for word in words)
    names = [part.name for part in parts]
    if len(set(names)) < len(names):
        raise SettingsError(f"The atlas {spec!r} has a part twice; name each part once.")
    atlas = Atlas("+".join(names), _join_entities(parts), parts)
    _check_names(atlas)
    return atlas


def _load_part(word: str) -> Part:
    if word in available():
        part = read_definition(FOLDER / f"{word}.json")
        return replace(part, fetchable=remote.NAME.fullmatch(word) is not None)
    path = Path(os.path.expanduser(word))
    if is_bids_atlas(path):
        return check_images(read_bids_atlas(path))
    if word.endswith(".json") or "/" in word:
        return check_images(read_definition(path))
    if remote.NAME.fullmatch(word):
        return remote.schaefer(word)
    raise SettingsError(
        f"There is no atlas {word!r}{did_you_mean(word, available())}; shipped are "
        f"{', '.join(available())}, TemplateFlow has "
        "Schaefer2018_<100 to 1000>_<7 or 17>, and your own atlas is given as the path of its "
        ".json."
    )


def _join_entities(parts: tuple[Part, ...]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for part in parts:
        joined = {**part.entities, **joined}
    return joined | {"atlas": "".join(part.entities["atlas"] for part in parts)}


def _check_names(atlas: Atlas) -> None:
    """Raise InputError when two parts name a region alike."""
    seen: set[str] = set()
    for row in atlas.rows:
        if row.name in seen:
            raise InputError(
                f"The parts of the atlas {atlas.name} share the region name {row.name!r}; rename "
                "it in one of the label tables."
            )
        seen.add(row.name)
