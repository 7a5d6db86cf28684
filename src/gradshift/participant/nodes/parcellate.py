"""The one read of a BOLD file."""

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import File, traits
from numpy.typing import NDArray

from gradshift.bids.run import SURFACE_IMAGES
from gradshift.core.series.bygrayordinate import Atlas, parcellate_series
from gradshift.core.series.parcellate import Parcellation, parcellate
from gradshift.errors import GradshiftError, InputError
from gradshift.images.cifti import CiftiHeader, stream_series
from gradshift.images.gifti import GiftiHeader, stream_vertices
from gradshift.images.grid import nearest
from gradshift.images.header import VolumeHeader, read_header
from gradshift.images.labels import read_labels
from gradshift.images.onsurface import read_series
from gradshift.images.volumes import read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.records import Bands, ParcellatedRun

VOXELS = "voxels.npy"
"""Name of the kept series of voxels or vertices, in the folder of the outcome."""


class _Spec(StepSpec):
    bold = File(mandatory=True, desc="preprocessed 4-D image")
    right = File(desc="of GIFTI, the right hemisphere; the image is the left one")
    mask = File(desc="brain mask on the same grid; voxels with a signal if not given")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    content = traits.Str(desc="digest of the image and its mask, whatever their times")
    segmentation = File(desc="labels of tissues in the space of the image")
    tissues = traits.Dict(desc="the tissue that each of its labels stands for")
    keep_voxels = traits.Bool(desc="keep the series of every voxel or vertex")
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
        labels = [flat_labels(path) for path in self.inputs.labels]
        sizes = [len(read_regions(path)) for path in self.inputs.atlases]
        atlases = list(zip(labels, sizes, strict=True))
        if self.inputs.bold.endswith(SURFACE_IMAGES):
            means, places = self._on_surface(atlases)
        else:
            means, places = self._in_volume(atlases)
        if len(means.bad_volumes) == len(means.carpet):
            raise InputError(
                f"{self.inputs.bold} has no usable volume: all {len(means.carpet)} are zero or "
                "not a number inside the brain; compute the file again."
            )
        return ParcellatedRun(
            atlases=means.atlases,
            carpet=means.carpet,
            bands=self._bands(means.carpet_voxels, labels[0]),
            bad_volumes=np.array(means.bad_volumes, dtype=np.intp),
            places=places,
            run_mask=means.run_mask,
            tsnr=means.tsnr,
        )

    def _on_surface(self, atlases: Sequence[Atlas]) -> tuple[Parcellation, NDArray[np.intp]]:
        """Read a run on the surface: every vertex may count that has a signal."""
        right = Path(self.inputs.right) if self.inputs.right else None
        header = read_series(Path(self.inputs.bold), right)
        places = np.arange(header.places.count)
        kept = self._kept(header.n_volumes, len(places), by_place=isinstance(header, CiftiHeader))
        if isinstance(header, GiftiHeader):
            return parcellate(
                lambda: stream_vertices(header),
                atlases,
                np.ones(len(places), dtype=bool),
                n_volumes=header.n_volumes,
                keep=kept,
            ), places
        return parcellate_series(
            lambda: stream_series(header),
            atlases,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
            keep=kept,
        ), places

    def _in_volume(self, atlases: Sequence[Atlas]) -> tuple[Parcellation, NDArray[np.intp]]:
        """Read an image of voxels, and keep those of the mask where that is asked for."""
        header = read_header(Path(self.inputs.bold))
        mask = self._mask(header)
        kept = self._kept(header.n_volumes, int(mask.sum()))
        means = parcellate(
            lambda: stream(header),
            atlases,
            mask,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
            keep=kept,
        )
        return means, np.flatnonzero(mask)

    def _bands(self, voxels: NDArray[np.intp], labels: NDArray[np.integer[Any]]) -> Bands:
        """Tell the tissues of voxels; without a segmentation, which are regions of the atlas."""
        if not self.inputs.segmentation:
            return Bands.of_atlas(labels[voxels] > 0)
        try:
            values, affine = read_labels(Path(self.inputs.segmentation))
        except GradshiftError as error:  # of the bands alone: what is read of the run is whole
            return Bands.of_atlas(labels[voxels] > 0, remark=str(error))
        header = read_header(Path(self.inputs.bold))
        on_grid = nearest(values, affine, header.shape, header.affine).ravel(order="F")
        return Bands.of_tissues(on_grid[voxels], self.inputs.tissues)

    def _kept(
        self, n_volumes: int, n_places: int, *, by_place: bool = False
    ) -> NDArray[np.float32] | None:
        """Make room for the series of all places, in the order of the file; None if not asked."""
        if not self.inputs.keep_voxels:
            return None
        kept = np.lib.format.open_memmap(
            VOXELS, "w+", dtype=np.float32, shape=(n_volumes, n_places), fortran_order=by_place
        )
        _reserve(Path(VOXELS))
        return kept

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
