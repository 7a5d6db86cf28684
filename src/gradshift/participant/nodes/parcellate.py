"""The one read of a BOLD file."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, traits
from numpy.typing import NDArray

from gradshift.core.series.parcellate import RegionMeans, parcellate
from gradshift.errors import InputError
from gradshift.images.volumes import read_header, read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Outcome, Step

VOXELS = "voxels.npy"
"""Name of the kept voxel series, in the folder of the outcome."""


class _Spec(BaseInterfaceInputSpec):
    bold = File(mandatory=True, desc="preprocessed 4-D image")
    mask = File(mandatory=True, desc="brain mask on the same grid")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    keep_voxels = traits.Bool(desc="keep the series of every voxel of the mask")
    problem = traits.Str(desc="why the run cannot be used; empty if it can")


class Parcellate(Step):
    """Region means, coverage and voxel statistics of one run.

    Gives, for atlas number i, ``means_i`` (T, R) and ``n_voxels_i``, ``n_in_mask_i``,
    ``n_used_i``, ``tsnr_i`` (R,), see `regions_of`; further ``carpet`` (T, S),
    ``bad_volumes``, ``places`` (voxels of the mask on the grid, x fastest), ``run_mask``
    (which of them have a signal) and the note ``tsnr``. Beside the outcome, on request,
    `VOXELS`: (T, voxels of the mask) array of float32.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Read the file once, for all atlases."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        header = read_header(Path(self.inputs.bold))
        mask = read_mask(Path(self.inputs.mask), header.shape, header.affine)
        labels = [flat_labels(path) for path in self.inputs.labels]
        sizes = [len(read_regions(path)) for path in self.inputs.atlases]
        kept = None
        if self.inputs.keep_voxels:
            shape = (header.n_volumes, int(mask.sum()))
            kept = np.lib.format.open_memmap(VOXELS, "w+", dtype=np.float32, shape=shape)
            _reserve(Path(VOXELS))
        found = parcellate(
            lambda: stream(header),
            list(zip(labels, sizes, strict=True)),
            mask,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
            keep=kept,
        )
        if len(found.bad_volumes) == header.n_volumes:
            raise InputError(
                f"{header.path} has no usable volume: all {header.n_volumes} are zero or not a "
                "number inside the brain mask; compute the file again."
            )
        arrays: dict[str, NDArray[Any]] = {
            "carpet": found.carpet,
            "bad_volumes": np.array(found.bad_volumes, dtype=np.intp),
            "places": np.flatnonzero(mask),
            "run_mask": found.run_mask,
        }
        for i, atlas in enumerate(found.atlases):
            for field in fields(atlas):
                arrays[f"{field.name}_{i}"] = getattr(atlas, field.name)
        return Outcome(arrays, {"tsnr": found.tsnr})


def _reserve(path: Path) -> None:
    """Take the room of a file on the disk; a full disk met in mapped memory kills the process."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def regions_of(parcels: Outcome, i: int) -> RegionMeans:
    """Return what `Parcellate` found for atlas number i."""
    return RegionMeans(
        **{field.name: parcels.arrays[f"{field.name}_{i}"] for field in fields(RegionMeans)}
    )
