"""The anatomical image that maps are shown over: the MNI template that nilearn ships."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"

STEP = 3
"""Millimetres from voxel to voxel of what the pages hold."""


def underlay() -> tuple[NDArray[np.uint8], NDArray[np.float64]] | None:
    """Read the template, thinned; None where the installed nilearn does not bring it.

    Returns
    -------
    (X, Y, Z) array of uint8, (4, 4) array
        Brightness, and voxels to mm; axes along those of space.
    """
    import nibabel

    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "datasets" / "data" / NAME
    if not path.exists():
        return None
    image = nibabel.as_closest_canonical(nibabel.load(path))
    every = [max(1, round(STEP / size)) for size in image.header.get_zooms()[:3]]
    values = np.asarray(image.dataobj)[:: every[0], :: every[1], :: every[2]].astype(np.float64)
    brightest = np.percentile(values[values > 0], 99.5)
    affine = np.asarray(image.affine) @ np.diag([*every, 1])
    return np.clip(255 * values / brightest, 0, 255).astype(np.uint8), affine
