"""Writing tables and images."""

import gzip
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.opener import shown
from gradshift.bids.write import write_bytes, write_parts, write_text

if TYPE_CHECKING:
    import pandas as pd

ROWS = 50_000
"""Rows of a table that are held as text at a time."""


def write_array(path: Path, header: Sequence[str], values: NDArray[np.float64]) -> Path:
    """Write a (rows, columns) array as TSV with ten significant digits; n/a where not finite."""
    return write_text(path, "\t".join(header) + "\n" + _body(values))


def write_matrix(path: Path, names: Sequence[str], matrix: NDArray[np.float64]) -> Path:
    """Write a square matrix as TSV whose first column, ``Node``, names the rows."""
    rows = _body(matrix).splitlines()
    lines = [f"{name}\t{row}" for name, row in zip(names, rows, strict=True)]
    return write_text(path, "\n".join(["\t".join(["Node", *names]), *lines]) + "\n")


def _body(values: NDArray[np.float64]) -> str:
    text = io.StringIO()
    finite = np.where(np.isfinite(values), values, np.nan)
    np.savetxt(text, finite, fmt="%.10g", delimiter="\t")
    return text.getvalue().replace("nan", "n/a")


def write_map(
    path: Path,
    values: NDArray[np.float64],
    places: NDArray[np.intp],
    shape: tuple[int, int, int],
    affine: NDArray[np.float64],
) -> Path:
    """Write a voxel map as gzipped NIfTI in single precision.

    Parameters
    ----------
    path : Path
    values : (V,) array
        NaN becomes 0, as outside the mask.
    places : (V,) array of int
        Places of the voxels on the grid, x fastest.
    shape : tuple of int
        Voxels along x, y and z.
    affine : (4, 4) array
        Of an MNI space.
    """
    import nibabel

    image = np.zeros(shape, dtype=np.float32, order="F")
    image.ravel(order="K")[places] = np.nan_to_num(values)
    nifti = nibabel.Nifti1Image(image, affine)
    nifti.header.set_xyzt_units("mm")
    nifti.set_sform(affine, "mni")
    nifti.set_qform(affine, "mni")
    return write_bytes(path, gzip.compress(nifti.to_bytes(), compresslevel=6, mtime=0))


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """Write rows of mixed values as TSV; None and NaN become n/a, True and False words."""
    parts = _parts(columns, iter(rows))
    first, second = next(parts), next(parts, None)
    if second is None:
        return write_bytes(path, first)
    return write_parts(path, chain((first, second), parts))


def _parts(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the bytes of a table, some rows at a time, the first with the header."""
    lines = ["\t".join(columns)]
    while lines:
        lines += ["\t".join(map(cell, row)) for row in islice(rows, ROWS)]
        yield "\n".join([*lines, ""]).encode()
        lines = ["\t".join(map(cell, row)) for row in islice(rows, 1)]


def write_values(path: Path, table: "pd.DataFrame") -> Path:
    """Write a table of values as `write_table` does; its texts are categories.

    Parameters
    ----------
    path : Path
    table : DataFrame
        Of categories and numbers.
    """
    return write_parts(path, _blocks(table))


def _blocks(table: "pd.DataFrame") -> Iterator[bytes]:
    """Yield the bytes of a table of values, some rows at a time: as text they take much room."""
    yield ("\t".join(table.columns) + "\n").encode()
    texts = {
        name: np.array([cell(text) for text in table[name].cat.categories], dtype=object)
        for name in table.columns
        if table[name].dtype == "category"
    }
    for start in range(0, len(table), ROWS):
        some = table.iloc[start : start + ROWS]
        cells = (
            texts[name][some[name].cat.codes].tolist()
            if name in texts
            else map(cell, some[name].tolist())
            for name in table.columns
        )
        yield "".join(f"{line}\n" for line in map("\t".join, zip(*cells, strict=True))).encode()


def cell(value: Any) -> str:
    """Return the text of one value in a table."""
    if isinstance(value, str):
        return _on_one_line(value)
    if isinstance(value, float):  # which numpy's of double precision are
        return f"{value:.10g}" if math.isfinite(value) else "n/a"
    if value is None:
        return "n/a"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, np.floating):
        return f"{value:.10g}" if math.isfinite(value) else "n/a"
    return _on_one_line(str(value))


@lru_cache(maxsize=2**16)
def _on_one_line(text: str) -> str:
    """Return a text that fits into a cell; the same few fill most of a table."""
    plain = " ".join(text.split())
    return plain if plain.isprintable() else shown(plain)
