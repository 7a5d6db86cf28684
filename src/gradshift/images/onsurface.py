"""Series on the cortical surface, whichever format holds them."""

from pathlib import Path

from gradshift.images.cifti import CiftiHeader, read_cifti_header
from gradshift.images.gifti import GiftiHeader, read_gifti_header


def read_series(path: Path, right: Path | None = None) -> CiftiHeader | GiftiHeader:
    """Read the header of a run.

    Parameters
    ----------
    path : Path
        The CIFTI file, or the GIFTI file of the left hemisphere.
    right : Path, optional
        That of the right one.

    Raises
    ------
    InputError
        If a file is not what its name says.
    """
    return read_cifti_header(path) if right is None else read_gifti_header(path, right)
