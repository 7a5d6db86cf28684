"""What the header of a NIfTI image says, checked before anything is read."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError, MissingInputError
from gradshift.images.opened import UNREADABLE, no_bytes, open_bytes

_HEADER_SIZES = {348: "Nifti1Header", 540: "Nifti2Header"}
_SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}  # the time part of xyzt_units
_MAX_EXPANSION = 1032  # no deflate stream unpacks to more than this many times its size
MOST_VOXELS = 2**27  # of one volume: a whole head at 0.4 mm


@dataclass(frozen=True, kw_only=True)
class VolumeHeader:
    """What the header of a NIfTI image says.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        X, Y, Z.
    n_volumes : int
        T.
    affine : (4, 4) array
        Voxel indices to millimetres.
    zooms : tuple of float
        Voxel size in millimetres.
    tr : float or None
        Repetition time in seconds; None where the header gives none, or no unit for it.
    dtype : dtype
        Number type in the file, byte order included.
    slope, intercept : float
        value = slope * number + intercept.
    offset : int
        Position of the first voxel, in bytes of the uncompressed file.
    """

    path: Path
    shape: tuple[int, int, int]
    n_volumes: int
    affine: NDArray[np.float64]
    zooms: tuple[float, float, float]
    tr: float | None
    dtype: np.dtype[Any]
    slope: float
    intercept: float
    offset: int

    @property
    def n_voxels(self) -> int:
        """V, the number of voxels of one volume."""
        return math.prod(self.shape)


def read_header(path: str | Path, *, single: bool = False) -> VolumeHeader:
    """Read the header of a time series.

    Parameters
    ----------
    path : path
        A 4-D NIfTI-1 or NIfTI-2 file, gzipped or not (its first bytes tell, not its name).
    single : bool
        Whether one volume will do, in 3 or 4 dimensions.

    Returns
    -------
    VolumeHeader

    Raises
    ------
    MissingInputError
        If the file is not there, or is a DataLad link whose content is not.
    InputError
        If it is not a NIfTI file, or not a time series of at least two volumes (one for
        `single`).
    """
    path = Path(path)
    header = parse_header(path)
    sizes = dimensions(header, path)
    if single and len(sizes) == 3:
        sizes = (*sizes, 1)
    if len(sizes) == 3:
        raise InputError(
            f"{path} is a single 3-D image of {by(sizes)} voxels, where a 4-D time series "
            "is needed; give the preprocessed BOLD file."
        )
    if len(sizes) != 4:
        raise InputError(
            f"{path} has {len(sizes)} dimensions ({by(sizes)}), where a time series has 4; "
            "give the preprocessed BOLD file."
        )
    if sizes[3] == 1 and not single:
        raise InputError(
            f"{path} holds one volume, where a time series is needed; give the preprocessed "
            "BOLD file, not its reference image."
        )
    return describe(header, path, sizes)


def parse_header(path: Path) -> Any:
    """Return the header as nibabel's object.

    The bytes are read here, not by nibabel, so that a damaged file has one kind of error.
    """
    import nibabel

    raw = _header_bytes(path)
    for order in "<>":
        size = int.from_bytes(raw[:4], "little" if order == "<" else "big")
        if size not in _HEADER_SIZES:
            continue
        if len(raw) < size:
            raise InputError(
                f"{path} ends after {len(raw)} bytes, within its NIfTI header of {size} bytes; "
                "copy or compute the file again."
            )
        try:
            with np.errstate(all="ignore"):
                header = getattr(nibabel, _HEADER_SIZES[size])(raw[:size], order)
        except Exception as error:  # whatever nibabel or numpy trips over in damaged bytes
            raise InputError(_bad_header(path, error)) from error
        if header["magic"].item()[:2] == b"n+":
            return header
    raise InputError(
        f"{path} is not a NIfTI image in one file (it starts with {raw[:8]!r}); give a .nii or "
        ".nii.gz file."
    )


def _header_bytes(path: Path) -> bytes:
    """Return the first bytes of an image, as many as a header can have."""
    if not path.exists():
        if path.is_symlink():
            raise MissingInputError(
                f"{path} is a link to {path.readlink()}, which is not there; if the dataset is "
                f"kept by DataLad (git-annex), fetch the content with: datalad get {path}"
            )
        raise MissingInputError(f"There is no file {path}; check the path.")
    if not path.is_file():
        raise InputError(f"{path} is a folder, where a NIfTI file is needed.")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes); copy or compute the file again.")
        with open_bytes(path) as file:
            raw: bytes = file.read(max(_HEADER_SIZES))
    except UNREADABLE as error:
        raise InputError(no_bytes(path, error)) from error
    if raw.startswith(b"/annex/objects/"):
        raise MissingInputError(
            f"{path} is a placeholder of git-annex, its content is not there; fetch it with: "
            f"datalad get {path}"
        )
    return raw


def _bad_header(path: Path, problem: object) -> str:
    return f"The NIfTI header of {path} is damaged ({problem}); copy or compute the file again."


def dimensions(header: Any, path: Path) -> tuple[int, ...]:
    """Return the sizes of all dimensions, without ones after the fourth."""
    try:
        sizes = tuple(int(size) for size in header.get_data_shape())
    except Exception as error:  # nibabel's own kinds, and those of numbers too large
        raise InputError(_bad_header(path, error)) from error
    while len(sizes) > 4 and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) < 3 or min(sizes) < 1:
        raise InputError(_bad_header(path, f"its dimensions are {sizes}"))
    return sizes


def describe(header: Any, path: Path, sizes: tuple[int, ...]) -> VolumeHeader:
    """Take from nibabel's header what we need, and check that it makes sense."""
    try:
        with np.errstate(all="ignore"):
            affine = np.asarray(header.get_best_affine(), dtype=np.float64)
            slope, intercept = header.get_slope_inter()
            dtype = np.dtype(header.get_data_dtype())
            offset = int(header["vox_offset"])
    except Exception as error:  # as above, and codes and affines of nonsense
        raise InputError(_bad_header(path, error)) from error
    if not np.isfinite(affine).all() or np.linalg.matrix_rank(affine) < 4:
        raise InputError(_bad_header(path, f"its affine is {rows(affine)}"))
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InputError(
            f"{path} holds numbers of type {dtype}, which are not read here; save the image as "
            "int16 or float32."
        )
    check_placed(header, path)
    described = VolumeHeader(
        path=path,
        shape=(sizes[0], sizes[1], sizes[2]),
        n_volumes=sizes[3],
        affine=affine,
        zooms=_zooms(affine),
        tr=_tr(header),
        dtype=dtype,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
        offset=max(offset, header.single_vox_offset),
    )
    _check_size(described)
    return described


def check_placed(header: Any, path: Path) -> None:
    """Refuse an image that does not say where its voxels lie.

    With both codes 0, programs place the voxels by their size alone, each in its own way: values
    of regions would come from elsewhere in the head.

    Parameters
    ----------
    header : nibabel Nifti1Header or Nifti2Header
    path : Path

    Raises
    ------
    InputError
    """
    if not int(header["qform_code"]) and not int(header["sform_code"]):
        raise InputError(
            f"{path} does not say where its voxels lie (qform_code and sform_code are both 0), so "
            "regions cannot be found in it; compute it again, or set the codes and the affine "
            "that belong to it."
        )


def _zooms(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = np.sqrt((affine[:3, :3] ** 2).sum(axis=0)).tolist()
    return x, y, z


def _tr(header: Any) -> float | None:
    """Return the repetition time in seconds, None where the header does not tell."""
    unit = _SECONDS.get(int(header["xyzt_units"]) & 0b111000, math.nan)
    tr = round(float(header["pixdim"][4]) * unit, 6)  # 0.8 in float32 is 0.800000012
    return tr if 0 < tr < math.inf else None


def _check_size(header: VolumeHeader) -> None:
    """Refuse a file that cannot hold its volumes, before memory is asked for them."""
    if header.n_voxels > MOST_VOXELS:
        raise InputError(
            f"{header.path} has {by(header.shape)} voxels by its header, more than a head has at "
            "0.4 mm; the file may be damaged, or hold something else: compute it again."
        )
    promised = header.offset + header.n_voxels * header.n_volumes * header.dtype.itemsize
    size = header.path.stat().st_size
    if promised > size * _MAX_EXPANSION:
        raise InputError(
            f"{header.path} has {size} bytes, too few for the {header.n_volumes} volumes of "
            f"{by(header.shape)} voxels that its header promises; copy or compute the file "
            "again."
        )


def by(sizes: tuple[int, ...]) -> str:
    """Write sizes as ``X x Y x Z``."""
    return " x ".join(str(size) for size in sizes)


def rows(affine: NDArray[np.float64]) -> str:
    """Write the rows of an affine that can differ."""
    return str(np.round(affine[:3], 4).tolist())
