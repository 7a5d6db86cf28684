"""Schaefer atlases that are not shipped, from TemplateFlow."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gradshift.atlases.definition import REFERENCE_SPACE, Part, check_images, check_labels
from gradshift.atlases.labeltable import Row
from gradshift.atlases.labeltable import read_table as read_plain_table
from gradshift.errors import InputError, MissingInputError
from gradshift.images.labels import read_labels

NAME = re.compile(r"Schaefer2018_([1-9]00|1000)_(7|17)")
"""Names that TemplateFlow has, as on the command line."""

SPACES = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")
"""Spaces in which TemplateFlow has these atlases."""

REGION = re.compile(r"^(7|17)Networks_(LH|RH)_([A-Za-z]+)(?:_(.+))?_(\d+)$")
"""Names of regions in every release of the Schaefer atlas."""


def schaefer(name: str) -> Part:
    """Load a Schaefer atlas with the images and names of TemplateFlow.

    Parameters
    ----------
    name : str
        Matches `NAME`.

    Returns
    -------
    Part
        With the image of `REFERENCE_SPACE`; others are fetched when asked for.

    Raises
    ------
    MissingInputError
        If TemplateFlow cannot provide the files.
    InputError
        If the files do not fit together.
    """
    scale, networks = _size(name)
    image, table = _fetch(name, REFERENCE_SPACE)
    part = Part(
        name=name,
        entities={"atlas": "Schaefer2018", "seg": f"{networks}n", "scale": scale},
        images={REFERENCE_SPACE: image},
        table=table,
        rows=_read_table(table),
        description=f"The cortex was divided into {scale} regions in {networks} networks "
        "(Schaefer et al., 2018; networks of Yeo et al., 2011).",
        cite=("Schaefer2018", "Yeo2011"),
        licence="MIT, Copyright (c) 2016 Computational Brain Imaging Group (CBIG)",
        release="TemplateFlow",
        fetchable=True,
    )
    return check_images(part)


def schaefer_image(part: Part, space: str) -> Path:
    """Fetch the image of a Schaefer atlas in another space.

    Its labels have to mean the same there: releases differ in the order of regions.

    Parameters
    ----------
    part : Part
        Its name matches `NAME`.
    space : str

    Returns
    -------
    Path

    Raises
    ------
    MissingInputError
        If TemplateFlow cannot provide the files.
    InputError
        If its label table has another order, or the image other labels.
    """
    image, table = _fetch(part.name, space, spaces=[s for s in part.images if s in SPACES])
    if _order(_read_table(table)) != _order(part.rows):
        raise InputError(
            f"TemplateFlow's {part.name} in {space} ({table}) is of another release than "
            f"{part.table}: hemispheres or networks differ for the same labels; give your own "
            "JSON with an image and a label table of one release."
        )
    labels, _ = read_labels(image)
    check_labels(np.unique(labels[labels > 0]).tolist(), part.indices, image, part.table)
    return image


def _size(name: str) -> tuple[str, str]:
    scale, networks = name.split("_")[1:]
    return scale, networks


def _order(rows: Sequence[Row]) -> list[tuple[int, str, str]]:
    return sorted((row.index, row.hemisphere, row.network) for row in rows)


def _read_table(path: Path) -> tuple[Row, ...]:
    """Read index and name, and take hemisphere and network from the name."""
    rows = []
    for row in read_plain_table(path):
        match = REGION.match(row.name)
        if match is None:
            raise InputError(
                f"The label table {path} has the region {row.name!r}, which is no Schaefer name "
                "such as 7Networks_LH_Vis_1; give your own JSON with a label table."
            )
        rows.append(Row(row.index, row.name, match[2][0], match[3]))
    return tuple(rows)


def _fetch(name: str, space: str, spaces: Sequence[str] = ()) -> tuple[Path, Path]:
    """Return TemplateFlow's image and label table, from its cache or the network.

    `spaces` are those in which the atlas is at hand, for the message.
    """
    scale, networks = _size(name)
    desc = f"{scale}Parcels{networks}Networks"
    file = f"tpl-{space}_res-01_atlas-Schaefer2018_desc-{desc}_dseg.nii.gz"
    other = f"choose the space {' or '.join(spaces)} with --space, " if spaces else ""
    remedy = (
        f"{other}fetch it where there is a network, or give as the atlas a JSON of your own that "
        f"names {file} and its label table"
    )
    try:
        from templateflow import api

        query = {"atlas": "Schaefer2018", "desc": desc, "suffix": "dseg"}
        image = api.get(space, resolution=1, extension=".nii.gz", **query)
        table = api.get(space, extension=".tsv", **query)
    except ImportError as error:
        raise MissingInputError(
            f"Atlas {name} in {space} is not shipped and TemplateFlow is not installed; install "
            f"`gradshift[templateflow]`, {remedy}."
        ) from error
    except Exception as error:  # its client lets through whatever its network libraries raise
        raise MissingInputError(
            f"Atlas {name} in {space} is not shipped and TemplateFlow could not get it "
            f"({error}); {remedy}."
        ) from error
    for path in (image, table):
        if not isinstance(path, Path) or not path.is_file() or path.stat().st_size == 0:
            raise MissingInputError(
                f"Atlas {name} in {space} is not shipped, and TemplateFlow has "
                f"{path or 'nothing'} for it, which is not one file with content; {remedy}."
            )
    return image, table
