"""Maps that a user gives: a value for every region of the primary atlas, from tables or images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids import atlascopies, outputs
from gradshift.bids.collect import SessionResult, read_map
from gradshift.bids.dataset import read_json
from gradshift.bids.tables import read_table
from gradshift.core.cortex.regions import Regions
from gradshift.errors import InputError, MissingInputError
from gradshift.images.grid import labels_on_grid
from gradshift.images.labels import LabelImage

Array = NDArray[np.float64]

NAMES = ("region", "name", "label", "node", "parcel")
"""What the column of regions may be called in a table, in any case; else it is the first."""

FEWEST = 10
"""A map of fewer regions of the atlas says nothing."""


def given_maps(
    paths: Sequence[str], output_dir: Path, result: SessionResult
) -> tuple[dict[str, Array], Regions]:
    """Read the maps, before anything is computed.

    Parameters
    ----------
    paths : sequence of str
        Tables (``.tsv``: regions, and a column of numbers for each map) or NIfTI images in
        the space of the atlas.
    output_dir : Path
        Its ``atlases`` hold the atlas as it was used.
    result : SessionResult
        Of the primary atlas.

    Returns
    -------
    maps : dict of str to (R,) array
        NaN for regions without a value.
    regions : Regions
        Of the atlas.

    Raises
    ------
    MissingInputError, InputError
        If a file is not there, has too few regions of the atlas, or names a map twice.
    """
    path = outputs.regions_path(output_dir, result.atlas_entities)
    regions = outputs.regions_from(read_json(path))
    maps: dict[str, Array] = {}
    for text in paths:
        file = Path(text)
        if not file.is_file():
            raise MissingInputError(f"--maps names {file}, which is not there.")
        if file.name.endswith((".nii", ".nii.gz")):
            read = {file.name.split(".")[0]: _of_image(file, output_dir, regions.names)}
        else:
            read = _of_table(file, regions.names)
        if twice := sorted(set(read) & set(maps)):
            raise InputError(f"--maps has two maps named {twice[0]}; rename a file or a column.")
        maps |= read
    for name, values in maps.items():
        if np.isfinite(values).sum() < FEWEST:
            raise InputError(
                f"The map {name} has {np.isfinite(values).sum()} regions of the atlas "
                f"{result.atlas}, whose regions are named as {regions.names[0]}; {FEWEST} are "
                "needed. Give a table with these names, or an image in the space of the atlas."
            )
    return maps, regions


def _of_table(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """Read a table of regions and numbers."""
    table = read_table(path)
    columns = list(table.columns)
    key = next((column for column in columns if column.lower() in NAMES), columns[0])
    own = table[key].tolist()
    if twice := [name for name in dict.fromkeys(own) if own.count(name) > 1]:
        raise InputError(f"{path} has the region {twice[0]} more than once.")
    at = {name: i for i, name in enumerate(names)}
    maps: dict[str, Array] = {}
    for column in columns:
        numbers = [_number(cell) for cell in table[column]]
        if column == key or any(number is None for number in numbers):
            continue
        values = np.full(len(names), np.nan)
        for name, number in zip(own, numbers, strict=True):
            if name in at and number is not None:
                values[at[name]] = number
        maps[column] = values
    if not maps:
        raise InputError(
            f"{path} has no column of numbers beside {key}; it has {', '.join(columns)}."
        )
    return maps


def _number(cell: str) -> float | None:
    """Return a number; NaN for n/a, None for words."""
    try:
        return float("nan" if cell in ("n/a", "") else cell)
    except ValueError:
        return None


def _of_image(path: Path, output_dir: Path, names: Sequence[str]) -> Array:
    """Average an image over the regions of the atlas, carried onto its grid."""
    try:
        values, affine = read_map(path)
    except Exception as error:  # of many kinds, as there are ways of damage
        raise InputError(f"The map {path} cannot be read as NIfTI: {error}.") from error
    if values.ndim != 3:
        raise InputError(f"The map {path} has {values.ndim} dimensions; a map has three.")
    means = np.full(len(names), np.nan)
    at = {name: i for i, name in enumerate(names)}
    for image, labels_of in atlascopies.labelled(output_dir):
        table = read_table(labels_of)
        rows = [(int(i), name) for i, name in zip(table["index"], table["name"], strict=True)]
        own = [(index, name) for index, name in rows if name in at]
        if own:
            part = LabelImage(path=image, indices=tuple(index for index, _ in own))
            labels = labels_on_grid([part], values.shape, affine).ravel()
            averaged = _averages(values.ravel(), labels, len(own))
            means[[at[name] for _, name in own]] = averaged
    return means


def _averages(values: Array, labels: NDArray[np.int32], size: int) -> Array:
    """Average the voxels of every label that have a value."""
    known = np.isfinite(values)
    counts = np.bincount(labels[known], minlength=size + 1)[1:]
    sums = np.bincount(labels[known], values[known], minlength=size + 1)[1:]
    means: Array = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means
