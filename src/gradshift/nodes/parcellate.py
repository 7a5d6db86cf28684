"""The one read of a BOLD file."""

from pathlib import Path

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, traits

from gradshift.core.parcellate import parcellate
from gradshift.errors import InputError
from gradshift.images.volumes import read_header, read_mask, stream
from gradshift.nodes.atlas import flat_labels, read_regions
from gradshift.nodes.outcome import Outcome, Step


class _Spec(BaseInterfaceInputSpec):
    bold = File(mandatory=True, desc="preprocessed 4-D image")
    mask = File(mandatory=True, desc="brain mask on the same grid")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on this grid, a file each")
    problem = traits.Str(desc="why the run cannot be used; empty if it can")


class Parcellate(Step):
    """Region means, coverage and voxel statistics of one run.

    Gives, for atlas number i, ``means_i`` (T, R), ``coverage_i``, ``voxels_i`` and ``tsnr_i``
    (R,); further ``carpet`` (T, S), ``bad_volumes`` and the note ``tsnr``.
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
        found = parcellate(
            stream(header),
            list(zip(labels, sizes, strict=True)),
            mask,
            n_volumes=header.n_volumes,
            slope=header.slope,
            intercept=header.intercept,
        )
        arrays = {"carpet": found.carpet, "bad_volumes": np.asarray(found.bad_volumes)}
        for i in range(len(sizes)):
            arrays[f"means_{i}"] = found.means[i]
            arrays[f"coverage_{i}"] = found.coverage[i]
            arrays[f"voxels_{i}"] = found.voxel_counts[i]
            arrays[f"tsnr_{i}"] = found.tsnr[i]
        return Outcome(arrays, {"tsnr": found.median_tsnr})
