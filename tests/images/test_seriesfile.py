"""Series in a file are those of the array that was written, however it lies there."""

import numpy as np
import pytest

from gradshift.errors import InputError
from gradshift.images.seriesfile import SeriesFile


def write(path, values, by_place):
    kept = np.lib.format.open_memmap(
        path, "w+", dtype=np.float32, shape=values.shape, fortran_order=by_place
    )
    kept[:] = values
    kept.flush()


@pytest.mark.parametrize("by_place", [False, True])
def test_parts_are_those_of_the_array(tmp_path, rng, by_place):
    values = rng.standard_normal((7, 30)).astype(np.float32)
    write(tmp_path / "a.npy", values, by_place)
    series = SeriesFile(tmp_path / "a.npy")
    for start, stop in ((0, 30), (3, 4), (12, 29), (29, 30)):
        np.testing.assert_array_equal(series[:, start:stop], values[:, start:stop])


@pytest.mark.parametrize("by_place", [False, True])
def test_a_file_that_is_cut_off_is_told(tmp_path, by_place):
    write(tmp_path / "a.npy", np.ones((7, 30), dtype=np.float32), by_place)
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-4])
    series = SeriesFile(tmp_path / "a.npy")
    np.testing.assert_array_equal(series[:, 2:5], 1)
    with pytest.raises(InputError, match="is cut off"):
        series[:, 20:30]
