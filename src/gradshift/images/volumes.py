"""Read 4-D NIfTI images as a stream of volumes, without ever holding the whole run.

Decompressing the file is the floor of the run time, so it happens in a thread of its own,
one block of volumes ahead of the reader. A volume comes as a flat array of its V = X*Y*Z
voxels in the order of the file (Fortran order: x runs fastest) and in the number type of the
file; `VolumeHeader.slope` and `VolumeHeader.intercept` turn numbers into values.
"""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError
from gradshift.images.header import VolumeHeader, by, describe, dimensions, parse_header, rows
from gradshift.images.opened import UNREADABLE, no_bytes, open_bytes

_SAME_PLACE = 1e-3  # tolerance of affines, millimetres per voxel


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
    raw = parse_header(path)
    sizes = dimensions(raw, path)
    if sizes not in (shape, (*shape, 1)):
        raise InputError(
            f"The mask {path} has {by(sizes)} voxels, where the run has {by(shape)}; "
            "give the mask of the same run and space."
        )
    header = describe(raw, path, (*shape, 1))
    if not np.allclose(header.affine, affine, rtol=0, atol=_SAME_PLACE):
        raise InputError(
            f"The mask {path} has the shape of the run but lies elsewhere (its affine is "
            f"{rows(header.affine)}, that of the run {rows(affine)}); give the mask of the "
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
        except UNREADABLE as error:
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
    except UNREADABLE as error:
        raise InputError(_damaged(header, header.n_volumes, error)) from error
    if more:
        raise InputError(
            f"{header.path} holds more data than the {header.n_volumes} volumes of "
            f"{by(header.shape)} voxels that its header promises; copy or compute the file "
            "again."
        )


def _damaged(header: VolumeHeader, done: int, error: Exception) -> str:
    return (
        f"{header.path} is damaged: {done} of the {header.n_volumes} volumes that its header "
        f"promises could be read ({error}); copy or compute the file again."
    )


def _open_image(header: VolumeHeader) -> Any:
    """Open the file at its first voxel."""
    try:
        file = open_bytes(header.path)
    except OSError as error:
        raise InputError(no_bytes(header.path, error)) from error
    try:
        file.seek(header.offset)
    except (*UNREADABLE, OverflowError) as error:  # a wild offset
        file.close()
        raise InputError(_damaged(header, 0, error)) from error
    return file
