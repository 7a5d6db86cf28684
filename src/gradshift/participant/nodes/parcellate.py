"""The one read of a BOLD file."""

import os
from contextlib import closing
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, traits
from numpy.typing import NDArray

from gradshift.core.series.parcellate import parcellate
from gradshift.errors import InputError
from gradshift.images.header import VolumeHeader, read_header
from gradshift.images.volumes import read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.records import ParcellatedRun

VOXELS = "voxels.npy"
"""Name of the kept voxel series, in the folder of the outcome."""


class _Spec(StepSpec):
    bold = File(mandatory=True, desc="preprocessed 4-D image")
    mask = File(desc="brain mask on the same grid; voxels with a signal if not given")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    content = traits.Str(desc="digest of the image and its mask, whatever their times")
    keep_voxels = traits.Bool(desc="keep the series of every voxel of the mask")
    problem = traits.Str(desc="why the run cannot be used; empty if it can")


class Parcellate(Step):
    """Region means, coverage and voxel statistics of one run.

    Gives a `ParcellatedRun` and beside it, on request, `VOXELS`: (T, voxels of the mask) array
    of float32.
    """

    input_spec = _Spec
    may_fail = True
    seconds = 1.5

    def compute(self) -> ParcellatedRun:
        """Read the file once, for all atlases."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        header = read_header(Path(self.inputs.bold))
        mask = self._mask(header)
        labels = [flat_labels(path) for path in self.inputs.labels]
        sizes = [len(read_regions(path)) for path in self.inputs.atlases]
        kept = None
        if self.inputs.keep_voxels:
            shape = (header.n_volumes, int(mask.sum()))
            kept = np.lib.format.open_memmap(VOXELS, "w+", dtype=np.float32, shape=shape)
            _reserve(Path(VOXELS))
        means = parcellate(
            lambda: stream(header),
            list(zip(labels, sizes, strict=True)),
            mask,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
            keep=kept,
        )
        if len(means.bad_volumes) == header.n_volumes:
            raise InputError(
                f"{header.path} has no usable volume: all {header.n_volumes} are zero or not a "
                "number inside the brain mask; compute the file again."
            )
        return ParcellatedRun(
            atlases=means.atlases,
            carpet=means.carpet,
            carpet_in_atlas=labels[0][means.carpet_voxels] > 0,
            bad_volumes=np.array(means.bad_volumes, dtype=np.intp),
            places=np.flatnonzero(mask),
            run_mask=means.run_mask,
            tsnr=means.tsnr,
        )

    def _mask(self, header: VolumeHeader) -> NDArray[np.bool_]:
        """Return the (V,) brain mask, or where there is none what has a signal at the start."""
        if self.inputs.mask:
            return read_mask(Path(self.inputs.mask), header.shape, header.affine)
        with closing(stream(header)) as blocks:
            _, first = next(iter(blocks))
        values = first * header.slope + header.intercept
        mask: NDArray[np.bool_] = (np.isfinite(values) & (values != 0)).any(axis=0)
        if not mask.any():
            raise InputError(f"{header.path} has no voxel with a signal in its first volumes.")
        return mask


def _reserve(path: Path) -> None:
    """Take the room of a file on the disk; a full disk met in mapped memory kills the process."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
