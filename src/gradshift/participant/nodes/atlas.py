"""Atlases as the steps read them: regions, and labels made once per grid for all runs."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import atlascopies, outputs
from gradshift.bids.run import Run
from gradshift.bids.write import write_bytes
from gradshift.core.cortex.regions import Regions
from gradshift.errors import InputError
from gradshift.images import grid, surfacelabels
from gradshift.images.labels import LabelImage
from gradshift.images.onsurface import read_series
from gradshift.output import code
from gradshift.output.provenance import AtlasFiles, atlas_files
from gradshift.participant.nodes.records import AtlasRecord, LabelsRecord
from gradshift.running.packing import read, to_bytes
from gradshift.settings import Analysis


def files_of(atlas: Atlas, spaces: Iterable[str]) -> AtlasFiles:
    """Read what identifies an atlas: its label tables, and its images in some spaces."""
    spaces = list(spaces)
    return atlas_files(
        [part.table for part in atlas.parts],
        {space: [Path(image.path) for image in atlas.images(space)] for space in spaces},
        copies_of(atlas, spaces),
    )


def copies_of(atlas: Atlas, spaces: Iterable[str]) -> dict[str, Path]:
    """Find what an output keeps of an atlas: label tables and images, by the name of each there.

    Raises
    ------
    InputError
        If two parts have the same entities, and so the same name.
    """
    named = [(atlascopies.table_name(part.entities), part.table) for part in atlas.parts]
    for space in spaces:
        for part, image in zip(atlas.parts, atlas.images(space), strict=True):
            path = Path(image.path)
            named.append((atlascopies.image_name(part.entities, space, path), path))
    copies: dict[str, Path] = {}
    for name, path in named:
        if copies.setdefault(name, path) != path:
            raise InputError(
                f"Two parts of the atlas {atlas.name}, {copies[name]} and {path}, would both be "
                f"{name} in the output; give one of them other `entities` in its JSON."
            )
    return copies


def keep_regions(atlas: Atlas, spaces: Iterable[str], analysis: Analysis, folder: Path) -> Path:
    """Write the regions of an atlas, and its reference gradients where it ships some.

    The name of the file is made from its content, as is that of `keep_labels`: processes may
    share the folder, and nipype's cache need not look inside to know it.

    Parameters
    ----------
    atlas : Atlas
    spaces : iterable of str
        Those that its images are used in.
    analysis : Analysis
        With the rule for the posterior cingulate, and the kernel of the reference.
    folder : Path
    """
    files = files_of(atlas, sorted(set(spaces)))
    record = AtlasRecord(
        name=atlas.name,
        entities=atlas.entities,
        regions=outputs.plain_regions(atlas.regions(analysis.pcc)),
        reference=atlas.reference(analysis.kernel),
        table=files.table,
        images=files.images,
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
        "code": code.digest([grid.__file__]),
        "images": _identity(images),
        "shape": shape,
        "affine": np.round(affine, 5).tolist(),
    }

    def make() -> bytes:
        labels = grid.labels_on_grid(images, shape, np.array(affine))
        return to_bytes(LabelsRecord(labels=labels.ravel(order="F")))

    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return _keep(folder, f"{atlas.name}-labels", digest, make)


def keep_run_labels(atlas: Atlas, run: Run, folder: Path) -> Path:
    """Bring the labels of an atlas to where the values of a run lie, unless they are there."""
    space = run.entities["space"]
    if not run.surface:
        return keep_labels(atlas, space, run.shape, run.affine, folder)
    images = atlas.images(space)
    identity = {
        "code": code.digest([surfacelabels.__file__, grid.__file__]),
        "images": _identity(images),
        "surface": run.surface,
    }

    def make() -> bytes:
        places = read_series(run.bold, run.right).places
        return to_bytes(LabelsRecord(labels=surfacelabels.labels_on_grayordinates(images, places)))

    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return _keep(folder, f"{atlas.name}-labels", digest, make)


def _identity(images: Sequence[LabelImage]) -> list[tuple[str, tuple[int, ...]]]:
    """Return what tells the images of an atlas apart."""
    return [
        (hashlib.sha256(Path(image.path).read_bytes()).hexdigest(), image.indices)
        for image in images
    ]


def keep_coarser(labels: Path, coarse: Run, fine: Run, folder: Path) -> Path:
    """Give the voxels of a grid the labels of the coarser voxels that they lie in.

    The mean of a region over them is what it would be of an image on the coarser grid.

    Parameters
    ----------
    labels : Path
        On the coarser grid, as `keep_labels` left them.
    coarse, fine : Run
        Runs on the two grids.
    folder : Path
    """

    def make() -> bytes:
        source = flat_labels(labels).reshape(coarse.shape, order="F")
        target = np.array(fine.affine)
        carried = grid.nearest(source, np.array(coarse.affine), fine.shape, target)
        return to_bytes(LabelsRecord(labels=carried.ravel(order="F")))

    identity = {
        "code": code.digest([grid.__file__]),
        "labels": labels.name,
        "shape": fine.shape,
        "affine": np.round(fine.affine, 5).tolist(),
    }
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return _keep(folder, f"{labels.name.partition('-labels')[0]}-coarser", digest, make)


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


def atlas_digests(atlas: AtlasRecord, entities: Mapping[str, str]) -> dict[str, str]:
    """Say in a sidecar which label table and image stand behind the name of an atlas."""
    image = atlas.images.get(entities.get("space", ""))
    return {
        **({"AtlasLabelTableDigest": atlas.table} if atlas.table else {}),
        **({"AtlasImageDigest": image} if image else {}),
    }
