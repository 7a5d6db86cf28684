"""One BOLD run: its files, and what is known of it before it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradshift.core.series.series import Gives

LEFT_OUT = "left out by"
"""How the problem of a run starts that the user does not want."""

IMAGES = (".nii.gz", ".nii")
"""Extensions of the images that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One preprocessed BOLD run.

    Parameters
    ----------
    entities : dict
        BIDS entities of the file by their short names, in BIDS order.
    bold : Path
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
        Voxels along x, y and z.
    affine : tuple of tuple of float
        4 x 4, voxel to millimetre.
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
    def files(self) -> Sequence[Path]:
        """All files that are read."""
        named = (self.bold, self.mask, self.confounds, self.outliers)
        return [path for path in named if path is not None]

    @property
    def gives(self) -> Gives:
        """What there is of the run."""
        return "voxels"

    @property
    def label(self) -> str:
        """The run as a log line names it, such as ``sub-01 ses-pre task-rest run-1``."""
        named = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")
        return " ".join(f"{key}-{self.entities[key]}" for key in named if key in self.entities)
