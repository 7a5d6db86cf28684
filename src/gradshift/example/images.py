"""Paint simulated series into the voxels of a coarse brain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.example.confounds import BASELINES
from gradshift.example.signals import TR, VOXEL_SD, SimulatedSession
from gradshift.images.grid import labels_on_grid
from gradshift.images.labels import LabelImage

VOXEL_SIZE = 5
"""Edge of a voxel in millimetres: coarse, so that the study is small; every region has some."""

SLOPE = 32.0
"""Signal per step of the stored 16-bit numbers."""

HEADER_SIZE = 352
"""Bytes of a NIfTI-1 header and its (empty) extension field."""


@dataclass(frozen=True, kw_only=True)
class Brain:
    """What each voxel is made of.

    Parameters
    ----------
    affine : (4, 4) array
        From voxel indices to millimetres.
    mask : (X, Y, Z) array of bool
    regions : (V,) array of int
        For each voxel of the mask its region from 1, or 0 for none.
    fluid : (V,) array of bool
        Voxels of cerebrospinal fluid; what is neither region nor fluid counts as white matter.
    baseline : (V,) array
        Mean signal in scanner units.
    """

    affine: NDArray[np.float64]
    mask: NDArray[np.bool_]
    regions: NDArray[np.int32]
    fluid: NDArray[np.bool_]
    baseline: NDArray[np.float64]


def build_brain(parts: tuple[LabelImage, ...]) -> Brain:
    """Lay an atlas over the MNI152 templates that nilearn ships.

    Parameters
    ----------
    parts : tuple of LabelImage
        Images of the atlas.

    Returns
    -------
    Brain
    """
    from nilearn import datasets

    whole = datasets.load_mni152_brain_mask(resolution=VOXEL_SIZE)
    labels = labels_on_grid(parts, whole.shape, whole.affine)
    mask = (np.asarray(whole.dataobj) > 0) | (labels > 0)
    box = tuple(slice(max(0, i.min() - 1), i.max() + 2) for i in np.nonzero(mask))
    affine = whole.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [part.start for part in box]
    mask, labels = mask[box], labels[box]
    grey, white = (
        np.asarray(load(resolution=VOXEL_SIZE).dataobj)[box]
        for load in (datasets.load_mni152_gm_template, datasets.load_mni152_wm_template)
    )
    regions = labels[mask]
    fluid = ((grey + white)[mask] < 0.4) & (regions == 0)
    return Brain(
        affine=affine,
        mask=mask,
        regions=regions,
        fluid=fluid,
        baseline=_baseline(mask, regions, fluid),
    )


def paint(brain: Brain, session: SimulatedSession, rng: np.random.Generator) -> NDArray[np.int16]:
    """Paint one session.

    Each voxel holds the series of its region or tissue and white noise. The noise of a
    region's voxels cancels in their mean, so that the mean is the simulated series.

    Parameters
    ----------
    brain : Brain
    session : SimulatedSession
        T volumes.
    rng : numpy.random.Generator

    Returns
    -------
    (X, Y, Z, T) array of int16
        In steps of `SLOPE`; 0 outside the brain.
    """
    n_volumes = len(session.series)
    percent = VOXEL_SD * rng.standard_normal((len(brain.regions), n_volumes), dtype=np.float32)
    percent -= _region_means(percent, brain)[brain.regions]
    grey = brain.regions > 0
    percent[grey] += session.series.T[brain.regions[grey] - 1]
    for voxels, series in (
        (brain.fluid, session.csf),
        (~grey & ~brain.fluid, session.white_matter),
    ):
        which = rng.integers(0, series.shape[1], int(voxels.sum()))
        percent[voxels] += series.T[which]
    signal = brain.baseline[:, None] * (1 + percent / 100)
    data = np.zeros((*brain.mask.shape, n_volumes), dtype=np.int16)
    data[brain.mask] = np.rint(signal / SLOPE).astype(np.int16)
    return data


def nifti_bytes(
    data: NDArray[np.int16] | NDArray[np.uint8], affine: NDArray[np.float64], *, slope: float = 1
) -> bytes:
    """Encode an image in MNI space as NIfTI-1, compressed.

    Parameters
    ----------
    data : (X, Y, Z) or (X, Y, Z, T) array
        Stored as it is; a reader multiplies it by `slope`.
    affine : (4, 4) array
    slope : float

    Returns
    -------
    bytes
        The same for the same input: no time of writing, no name.
    """
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_sform(affine, code="mni")
    header.set_qform(affine, code="mni")
    header.set_zooms([*np.linalg.norm(affine[:3, :3], axis=0), *[TR] * (data.ndim - 3)])
    header.set_xyzt_units("mm", "sec")
    header["descrip"] = b"SIMULATED"
    header["magic"] = b"n+1"
    header["vox_offset"] = HEADER_SIZE
    header["scl_slope"], header["scl_inter"] = slope, 0
    start = header.binaryblock.ljust(HEADER_SIZE, b"\0")
    return _compress(start + data.tobytes(order="F"))


def _baseline(
    mask: NDArray[np.bool_], regions: NDArray[np.int32], fluid: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(V,) contrast of the tissues, brighter towards the coil at the back."""
    tissue = np.where(fluid, BASELINES["csf"], BASELINES["white_matter"])
    tissue = np.where(regions > 0, BASELINES["grey"], tissue)
    x, y, z = np.argwhere(mask).T / np.array(mask.shape)[:, None]
    return np.asarray(tissue * (1 + 0.15 * (0.5 - y) + 0.05 * np.cos(9 * x) * np.cos(7 * z)))


def _region_means(percent: NDArray[np.float32], brain: Brain) -> NDArray[np.float32]:
    """(1 + R, T) means over voxels weighted by their baseline; 0 in row 0, no region."""
    n_regions = int(brain.regions.max())
    weights = np.zeros((1 + n_regions, len(brain.regions)), dtype=np.float32)
    weights[brain.regions, np.arange(len(brain.regions))] = brain.baseline
    weights[0] = 0
    means: NDArray[np.float32] = weights @ percent
    means[1:] /= weights[1:].sum(axis=1, keepdims=True)
    return means


def _compress(content: bytes) -> bytes:
    try:
        from isal import igzip as gzip
    except ImportError:  # not on every platform
        import gzip
    return bytes(gzip.compress(content, 1, mtime=0))
