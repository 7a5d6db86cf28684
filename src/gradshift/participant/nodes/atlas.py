"""Atlases as the steps read them: regions, and labels made once per grid for all runs."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.write import write_bytes
from gradshift.core.cortex.regions import Regions
from gradshift.images.grid import labels_on_grid
from gradshift.participant.nodes.outcome import read, to_bytes
from gradshift.participant.nodes.records import AtlasRecord, LabelsRecord


def keep_regions(atlas: Atlas, pcc: str, kernel: str, folder: Path) -> Path:
    """Write the regions of an atlas, and its reference gradients where it ships some.

    The name of the file is made from its content, as is that of `keep_labels`: processes may
    share the folder, and nipype's cache need not look inside to know it.
    """
    record = AtlasRecord(
        name=atlas.name,
        entities=atlas.entities,
        regions=outputs.plain_regions(atlas.regions(pcc)),
        reference=atlas.reference(kernel),
    )
    content = to_bytes(record)
    return _keep(folder, atlas.name, hashlib.sha256(content).hexdigest(), lambda: content)


def keep_named(name: str, entities: Mapping[str, str], regions: Regions, folder: Path) -> Path:
    """Write regions that have names only, such as those of a table of curves."""
    record = AtlasRecord(name=name, entities=entities, regions=outputs.plain_regions(regions))
    content = to_bytes(record)
    return _keep(folder, name, hashlib.sha256(content).hexdigest(), lambda: content)


def keep_labels(
    atlas: Atlas,
    space: str,
    shape: tuple[int, int, int],
    affine: tuple[tuple[float, ...], ...],
    folder: Path,
) -> Path:
    """Bring the labels of an atlas to a grid, unless they are there already."""
    images = atlas.images(space)
    identity = {
        "images": [
            (hashlib.sha256(Path(image.path).read_bytes()).hexdigest(), image.indices)
            for image in images
        ],
        "shape": shape,
        "affine": np.round(affine, 5).tolist(),
    }

    def make() -> bytes:
        labels = labels_on_grid(images, shape, np.array(affine))
        return to_bytes(LabelsRecord(labels=labels.ravel(order="F")))

    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return _keep(folder, f"{atlas.name}-labels", digest, make)


def _keep(folder: Path, name: str, digest: str, make: Callable[[], bytes]) -> Path:
    path = folder / f"{name.replace('+', '')}-{digest[:20]}.npz"
    return path if path.exists() else write_bytes(path, make())


def read_atlas(path: str | Path) -> AtlasRecord:
    """Read an atlas."""
    return read(path, AtlasRecord)


def read_regions(path: str | Path) -> Regions:
    """Read the regions of an atlas."""
    return outputs.regions_from(read_atlas(path).regions)


def flat_labels(path: str | Path) -> NDArray[np.int32]:
    """Read the (V,) labels of an atlas on a grid, x fastest."""
    return read(path, LabelsRecord).labels
