"""Atlases as the steps read them: regions, and labels made once per grid for all runs."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.write import write_bytes
from gradshift.core.cortex.regions import Regions
from gradshift.images.grid import labels_on_grid
from gradshift.participant.nodes.outcome import Outcome


def keep_regions(atlas: Atlas, pcc: str, kernel: str, folder: Path) -> Path:
    """Write the regions of an atlas, and its reference gradients where it ships some.

    The name of the file is made from its content, as is that of `keep_labels`: processes may
    share the folder, and nipype's cache need not look inside to know it.
    """
    regions = outputs.plain_regions(atlas.regions(pcc))
    notes = {"name": atlas.name, "entities": atlas.entities, "regions": regions}
    reference = atlas.reference(kernel)
    arrays = {} if reference is None else {"reference": reference}
    told = {**notes, "kernel": kernel}
    return _keep(folder, atlas.name, told, lambda: Outcome(arrays, notes))


def keep_named(name: str, entities: dict[str, str], regions: Regions, folder: Path) -> Path:
    """Write regions that have names only, such as those of a table of curves."""
    notes = {"name": name, "entities": entities, "regions": outputs.plain_regions(regions)}
    return _keep(folder, name, notes, lambda: Outcome({}, notes))


def keep_labels(
    atlas: Atlas,
    space: str,
    shape: tuple[int, int, int],
    affine: tuple[tuple[float, ...], ...],
    folder: Path,
) -> Path:
    """Bring the labels of an atlas to a grid, unless they are there already."""
    images = atlas.images(space)
    told = {
        "images": [
            (hashlib.sha256(Path(image.path).read_bytes()).hexdigest(), image.indices)
            for image in images
        ],
        "shape": shape,
        "affine": np.round(affine, 5).tolist(),
    }

    def make() -> Outcome:
        labels = labels_on_grid(images, shape, np.array(affine))
        return Outcome({"labels": labels.ravel(order="F")})

    return _keep(folder, f"{atlas.name}-labels", told, make)


def _keep(folder: Path, name: str, told: object, make: Callable[[], Outcome]) -> Path:
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]
    path = folder / f"{name.replace('+', '')}-{digest}.npz"
    return path if path.exists() else write_bytes(path, make().to_bytes())


def read_regions(path: str | Path) -> Regions:
    """Read the regions of an atlas."""
    return outputs.regions_from(Outcome.load(path).notes["regions"])


def read_reference(path: str | Path) -> NDArray[np.float64] | None:
    """Read the (R, K) reference gradients of an atlas; None where it ships none."""
    return Outcome.load(path).arrays.get("reference")


def flat_labels(path: str | Path) -> NDArray[np.int32]:
    """Read the (V,) labels of an atlas on a grid, x fastest."""
    return Outcome.load(path).arrays["labels"]
