"""Read 4-D NIfTI images as a stream of volumes, without ever holding the whole run.

Decompressing the file is the floor of the run time, so it happens in a thread of its own,
one block of volumes ahead of the reader. A volume comes as a flat array of its V = X*Y*Z
voxels in the order of the file (Fortran order: x runs fastest) and in the number type of the
file; `VolumeHeader.slope` and `VolumeHeader.intercept` turn numbers into values.
"""

import math
import zlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError, MissingInputError

_UNREADABLE: Any = (OSError, EOFError, zlib.error)
try:
    from isal.igzip import IGzipFile as GzipFile
    from isal.igzip_lib import IsalError

    _UNREADABLE += (IsalError,)
except ImportError:  # no build of isal for this machine: half as fast, otherwise the same
    from gzip import GzipFile

_HEADER_SIZES = {348: "Nifti1Header", 540: "Nifti2Header"}
_SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}  # the time part of xyzt_units
_MAX_EXPANSION = 1032  # no deflate stream unpacks to more than this many times its size
MOST_VOXELS = 2**27  # of one volume: a whole head at 0.4 mm
_SAME_PLACE = 1e-3  # tolerance of affines, millimetres per voxel


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
    header = _parse_header(path)
    sizes = _dimensions(header, path)
    if single and len(sizes) == 3:
        sizes = (*sizes, 1)
    if len(sizes) == 3:
        raise InputError(
            f"{path} is a single 3-D image of {_by(sizes)} voxels, where a 4-D time series "
            "is needed; give the preprocessed BOLD file."
        )
    if len(sizes) != 4:
        raise InputError(
            f"{path} has {len(sizes)} dimensions ({_by(sizes)}), where a time series has 4; "
            "give the preprocessed BOLD file."
        )
    if sizes[3] == 1 and not single:
        raise InputError(
            f"{path} holds one volume, where a time series is needed; give the preprocessed "
            "BOLD file, not its reference image."
        )
    return _describe(header, path, sizes)


def read_mask(
    path: str | Path, shape: tuple[int, int, int], affine: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Read a mask that lies on the grid of a time series.

    Parameters
    ----------
    path : path
        A 3-D NIfTI file; every voxel that is finite and not zero is inside.
    shape : tuple of int
        X, Y, Z of the time series.
    affine : (4, 4) array
        Affine of the time series.

    Returns
    -------
    (V,) array of bool
        In the order of `stream`.

    Raises
    ------
    MissingInputError
        If the file is not there.
    InputError
        If it is not a NIfTI file, lies on another grid, or is empty.
    """
    path = Path(path)
    raw = _parse_header(path)
    sizes = _dimensions(raw, path)
    if sizes not in (shape, (*shape, 1)):
        raise InputError(
            f"The mask {path} has {_by(sizes)} voxels, where the run has {_by(shape)}; "
            "give the mask of the same run and space."
        )
    header = _describe(raw, path, (*shape, 1))
    if not np.allclose(header.affine, affine, rtol=0, atol=_SAME_PLACE):
        raise InputError(
            f"The mask {path} has the shape of the run but lies elsewhere (its affine is "
            f"{_rows(header.affine)}, that of the run {_rows(affine)}); give the mask of the "
            "same run and space."
        )
    [(_, volumes)] = stream(header)
    with np.errstate(all="ignore"):
        values = volumes[0] * header.slope + header.intercept
    mask: NDArray[np.bool_] = np.isfinite(values) & (values != 0)
    if not mask.any():
        raise InputError(
            f"The mask {path} is empty: none of its {mask.size} voxels is above zero; "
            "look at it, and at the preprocessing that made it."
        )
    return mask


def stream(
    header: VolumeHeader, *, block: int = 4
) -> Generator[tuple[int, NDArray[Any]], None, None]:
    """Read the volumes of an image in blocks, decoding one block ahead in a thread.

    Parameters
    ----------
    header : VolumeHeader
    block : int
        Volumes in a block. Two blocks are in memory at any time.

    Yields
    ------
    start : int
        Index of the first volume of the block.
    volumes : (b, V) array
        Numbers as in the file, b <= `block`. The array is overwritten two blocks later:
        take what is needed, keep no reference.

    Raises
    ------
    InputError
        If the file is cut off, damaged, or has more or fewer bytes than its header promises;
        at the latest in place of the last block, so that no reader takes a damaged file for
        a whole one.

    Notes
    -----
    The thread ends with the generator: at its end, at an error, or when it is closed. A
    reader that may stop early closes it (``with contextlib.closing(stream(header))``).
    """
    if block < 1:
        raise ValueError(f"A block needs at least one volume, got {block}.")
    starts = range(0, header.n_volumes, block)
    size = (min(block, header.n_volumes), header.n_voxels)
    buffers = [np.empty(size, header.dtype) for _ in range(2)]
    with _open_image(header) as file, ThreadPoolExecutor(1, "decoder") as decoder:
        coming = decoder.submit(_read_block, file, header, 0, buffers[0])
        for number, start in enumerate(starts):
            volumes = coming.result()
            if start + block < header.n_volumes:
                # The reader has returned from the block before, whose buffer is free again.
                free = buffers[(number + 1) % 2]
                coming = decoder.submit(_read_block, file, header, start + block, free)
            yield start, volumes


def _read_block(file: Any, header: VolumeHeader, start: int, buffer: NDArray[Any]) -> NDArray[Any]:
    """Fill the buffer with the volumes from `start` on, and check the end of the file."""
    volumes = buffer[: header.n_volumes - start]
    for done, volume in enumerate(volumes, start):
        try:
            whole = _fill(file, volume)
        except _UNREADABLE as error:
            raise InputError(_damaged(header, done, error)) from error
        if not whole:
            raise InputError(
                f"{header.path} is cut off: {done} of the {header.n_volumes} volumes that its "
                "header promises are there; copy or compute the file again."
            )
    if start + len(volumes) == header.n_volumes:
        _check_end(file, header)
    return volumes


def _fill(file: Any, volume: NDArray[Any]) -> bool:
    """Read until the volume is full; False if the file ends first."""
    rest = volume.view(np.uint8).data
    while rest:
        n_read = file.readinto(rest)
        if not n_read:
            return False
        rest = rest[n_read:]
    return True


def _check_end(file: Any, header: VolumeHeader) -> None:
    """Read past the last voxel: the checksum is verified only there."""
    try:
        more = file.read(1)
    except _UNREADABLE as error:
        raise InputError(_damaged(header, header.n_volumes, error)) from error
    if more:
        raise InputError(
            f"{header.path} holds more data than the {header.n_volumes} volumes of "
            f"{_by(header.shape)} voxels that its header promises; copy or compute the file "
            "again."
        )


def _damaged(header: VolumeHeader, done: int, error: Exception) -> str:
    return (
        f"{header.path} is damaged: {done} of the {header.n_volumes} volumes that its header "
        f"promises could be read ({error}); copy or compute the file again."
    )


def _open(path: Path) -> Any:
    """Open the file for reading its uncompressed bytes."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return GzipFile(path, "rb") if gzipped else path.open("rb", buffering=0)


def _open_image(header: VolumeHeader) -> Any:
    """Open the file at its first voxel."""
    try:
        file = _open(header.path)
    except OSError as error:
        raise InputError(_no_bytes(header.path, error)) from error
    try:
        file.seek(header.offset)
    except (*_UNREADABLE, OverflowError) as error:  # a wild offset
        file.close()
        raise InputError(_damaged(header, 0, error)) from error
    return file


def _no_bytes(path: Path, error: Exception) -> str:
    return f"{path} cannot be read ({error}); check its permissions, or copy the file again."


def _parse_header(path: Path) -> Any:
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
        with _open(path) as file:
            raw: bytes = file.read(max(_HEADER_SIZES))
    except _UNREADABLE as error:
        raise InputError(_no_bytes(path, error)) from error
    if raw.startswith(b"/annex/objects/"):
        raise MissingInputError(
            f"{path} is a placeholder of git-annex, its content is not there; fetch it with: "
            f"datalad get {path}"
        )
    return raw


def _bad_header(path: Path, problem: object) -> str:
    return f"The NIfTI header of {path} is damaged ({problem}); copy or compute the file again."


def _dimensions(header: Any, path: Path) -> tuple[int, ...]:
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


def _describe(header: Any, path: Path, sizes: tuple[int, ...]) -> VolumeHeader:
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
        raise InputError(_bad_header(path, f"its affine is {_rows(affine)}"))
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
            f"{header.path} has {_by(header.shape)} voxels by its header, more than a head has at "
            "0.4 mm; the file may be damaged, or hold something else: compute it again."
        )
    promised = header.offset + header.n_voxels * header.n_volumes * header.dtype.itemsize
    size = header.path.stat().st_size
    if promised > size * _MAX_EXPANSION:
        raise InputError(
            f"{header.path} has {size} bytes, too few for the {header.n_volumes} volumes of "
            f"{_by(header.shape)} voxels that its header promises; copy or compute the file "
            "again."
        )


def _by(sizes: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in sizes)


def _rows(affine: NDArray[np.float64]) -> str:
    return str(np.round(affine[:3], 4).tolist())
