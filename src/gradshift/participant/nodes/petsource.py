"""What the steps that read PET scans share."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits
from numpy.typing import NDArray

from gradshift.bids.injection import injected
from gradshift.bids.petdata import displacement
from gradshift.core.series.parcellate import RegionMeans, average_map, parcellate
from gradshift.errors import InputError
from gradshift.images.header import VolumeHeader
from gradshift.images.volumes import read_mask, stream
from gradshift.participant.nodes.atlas import flat_labels, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.petrecords import ScanFacts

Array = NDArray[np.float64]

PREFIX = re.compile(r"^(7|17)Networks_")

FARTHEST = 5.0
"""Millimetres from frame to frame above which motion gets a remark."""


class SourceSpec(StepSpec):
    """What every step takes that reads PET scans."""

    kind = traits.Enum("tacs", "image", "static", "table", "maps", desc="what the sources are")
    sources = InputMultiPath(File, mandatory=True, desc="curves, image, or finished values")
    content = traits.Str(desc="digest of all files that are read, whatever their times")
    mask = File(desc="brain mask on the grid of an image")
    motion = File(desc="table with framewise displacement")
    metadata = traits.Any(desc="what the JSON files of the scan say")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    labels = traits.List(traits.Str, desc="labels of the atlases on the grid, a file each")
    coverage_threshold = traits.Float(desc="share of voxels in the mask")
    problem = traits.Str(desc="why the scan cannot be used; empty if it can")


class SourceStep(Step):
    """A step that reads one PET scan."""

    input_spec = SourceSpec

    @property
    def source(self) -> Path:
        """The first file."""
        return Path(self.inputs.sources[0])

    def facts(self) -> ScanFacts:
        """Return what is known of the scan besides its values."""
        try:
            given = injected(self.inputs.metadata)
            facts = ScanFacts(activity=given["activity"], mass=given["mass"])
        except InputError as error:
            facts = ScanFacts(no_dose=str(error))
        if not self.inputs.motion:
            return facts
        mean, largest = displacement(Path(self.inputs.motion))
        if not np.isfinite(mean):
            return facts
        far = f"the head moved by {largest:.1f} mm from one frame to the next"
        return replace(
            facts,
            remarks=(far,) if largest > FARTHEST else (),
            mean_motion=mean,
            largest_motion=largest,
        )

    def grid(
        self, header: VolumeHeader
    ) -> tuple[NDArray[np.bool_], list[tuple[NDArray[np.int32], int]]]:
        """Read the mask and the labels that lie on the grid of an image."""
        mask = np.ones(header.n_voxels, dtype=bool)
        if self.inputs.mask:
            mask = read_mask(self.inputs.mask, header.shape, header.affine)
        atlases = [
            (flat_labels(labels), len(read_regions(atlas)))
            for labels, atlas in zip(self.inputs.labels, self.inputs.atlases, strict=True)
        ]
        return mask, atlases

    def uncovered(
        self, regions: Sequence[RegionMeans], values: Sequence[Array]
    ) -> list[dict[str, str]]:
        """Take out the regions that an image does not cover, and say why."""
        reasons = []
        for means, path, curve in zip(regions, self.inputs.atlases, values, strict=False):
            names = read_regions(path).names
            why = means.reasons(self.inputs.coverage_threshold)
            curve[..., list(why)] = np.nan
            reasons.append({names[i]: text for i, text in why.items()})
        return reasons


def image_means(
    header: VolumeHeader,
    atlases: Sequence[tuple[NDArray[np.int32], int]],
    mask: NDArray[np.bool_],
) -> tuple[tuple[RegionMeans, ...], list[int]]:
    """Average an image over regions; list its volumes without values."""
    if header.n_volumes == 1:
        [(_, volumes)] = stream(header)
        values = volumes[0].astype(np.float64) * header.slope + header.intercept
        return average_map(values, atlases, mask), []
    means = parcellate(
        lambda: stream(header),
        atlases,
        mask,
        n_volumes=header.n_volumes,
        slope=header.slope,
        intercept=header.intercept,
    )
    return means.atlases, list(means.bad_volumes)


def plain_name(name: str) -> str:
    """Return what two spellings of a region's name share."""
    return PREFIX.sub("", name.strip()).lower()
