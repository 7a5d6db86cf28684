"""One BOLD run: its files, and what is known of it before it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradshift.core.series.series import Gives

LEFT_OUT = "left out by"
"""How the problem of a run starts that the user does not want."""

IMAGES = (".nii.gz", ".nii")
"""Extensions of the volumes that are read."""

CIFTI = ".dtseries.nii"
GIFTI = ".func.gii"
SURFACE_IMAGES = (CIFTI, GIFTI)
"""Extensions of the series on surfaces that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One preprocessed BOLD run.

    Parameters
    ----------
    entities : dict
        BIDS entities of the file by their short names, in BIDS order.
    bold : Path
        Of a run on the surface the CIFTI file, or the GIFTI file of the left hemisphere.
    right : Path, optional
        Of GIFTI, the file of the right hemisphere.
    mask : Path, optional
        None for an image that another program denoised and left no mask beside: its voxels with
        a signal are taken.
    confounds : Path
        Of a denoised image, a table with the framewise displacement.
    outliers : Path, optional
        Of a denoised image, the volumes that were left out.
    denoised : bool
        Whether another program denoised the image.
    tr : float
        Repetition time in seconds.
    shape : tuple of int
        Voxels along x, y and z; of a run on the surface the number of its grayordinates, 1, 1.
    affine : tuple of tuple of float
        4 x 4, voxel to millimetre; empty for a run on the surface.
    surface : str
        Digest of where the values lie, of a run on the surface; see `Grayordinates.digest`.
    n_volumes : int
    problem : str
        Why the run cannot be used; empty if it can. Fields that could not be read are zero.
    remarks : tuple of str
        What is odd, and does not hinder: a sentence each.
    absent : tuple of Path
        Its files that are links whose content is not here.
    """

    entities: Mapping[str, str]
    bold: Path
    mask: Path | None
    confounds: Path
    outliers: Path | None = None
    right: Path | None = None
    surface: str = ""
    denoised: bool = False
    tr: float = 0.0
    shape: tuple[int, int, int] = (0, 0, 0)
    affine: tuple[tuple[float, ...], ...] = ()
    n_volumes: int = 0
    problem: str = ""
    remarks: tuple[str, ...] = ()
    absent: tuple[Path, ...] = ()

    @property
    def source(self) -> Path:
        """The file that the values come from."""
        return self.bold

    @property
    def images(self) -> Sequence[Path]:
        """The image with its other hemisphere and its mask, as far as they belong to it."""
        return [path for path in (self.bold, self.right, self.mask) if path is not None]

    @property
    def files(self) -> Sequence[Path]:
        """All files that are read."""
        beside = [self.confounds, *([] if self.outliers is None else [self.outliers])]
        return [*self.images, *beside]

    @property
    def gives(self) -> Gives:
        """What there is of the run."""
        on_surface = self.bold.name.endswith(SURFACE_IMAGES)
        return "vertices" if on_surface else "voxels"

    @property
    def label(self) -> str:
        """The run as a log line names it, such as ``sub-01 ses-pre task-rest run-1``."""
        named = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")
        return " ".join(f"{key}-{self.entities[key]}" for key in named if key in self.entities)
