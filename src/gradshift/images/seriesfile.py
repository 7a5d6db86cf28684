"""Series in a file of numpy, read some places at a time.

The file is read, not mapped: systems count what is mapped as memory of the process, and some map
far more of a file than what was asked for.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import InputError


class SeriesFile:
    """A (T, M) array in a ``.npy`` file, of which ``[:, start:stop]`` can be taken.

    Parameters
    ----------
    path : Path
        Of version 1.0 of the format, as `numpy.lib.format.open_memmap` writes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0(file)
            self._offset = file.tell()
        (self._n_volumes, self._n_places), self._by_place, self._dtype = header

    def __getitem__(self, where: tuple[slice, slice]) -> NDArray[np.float32]:
        """Read all volumes of some places.

        Raises
        ------
        InputError
            If the file is cut off.
        """
        start, stop, _ = where[1].indices(self._n_places)
        if self._by_place:
            series = np.empty((stop - start, self._n_volumes), self._dtype)
            self._fill([(series, start * self._n_volumes)])
            return series.T
        values = np.empty((self._n_volumes, stop - start), self._dtype)
        self._fill([(row, t * self._n_places + start) for t, row in enumerate(values)])
        return values

    def _fill(self, parts: list[tuple[NDArray[np.float32], int]]) -> None:
        """Fill arrays with what begins at a number of the file."""
        with self._path.open("rb", buffering=0) as file:
            for part, first in parts:
                file.seek(self._offset + first * self._dtype.itemsize)
                if file.readinto(part.data) < part.nbytes:
                    raise InputError(f"{self._path} is cut off; run the same command again.")
