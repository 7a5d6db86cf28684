"""Contents are told apart whatever their size and times say."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from gradshift.bids.fingerprint import SAMPLE, fingerprint


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))
    return path


def image(change: int | None) -> bytes:
    """Return an image that differs from the others in one voxel, if at all."""
    values = np.random.default_rng(1).integers(0, 255, 20 * SAMPLE, dtype=np.uint8)
    if change is not None:
        values[change] ^= 1
    return values.tobytes()


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.tsv"])
@pytest.mark.parametrize("place", [0, 5 * SAMPLE + 9, 20 * SAMPLE - 1])
def test_one_changed_number_is_another_content_at_the_same_size_and_time(tmp_path, name, place):
    def packed(content: bytes) -> bytes:
        return gzip.compress(content, mtime=0) if name.endswith(".gz") else content

    before, after = packed(image(None)), packed(image(place))
    path = write(tmp_path / name, before)
    first = fingerprint([path])
    write(path, after)
    assert fingerprint([path]) != first
    write(path, before)
    os.utime(path, (2e9, 2e9))
    assert fingerprint([path]) == first


def test_a_file_that_comes_or_goes_is_a_change(tmp_path):
    path = tmp_path / "confounds.json"
    before = fingerprint([path])
    write(path, b"{}")
    assert fingerprint([path]) != before
    path.unlink()
    assert fingerprint([path]) == before


def test_names_and_contents_do_not_run_into_each_other(tmp_path):
    one, two = write(tmp_path / "a", b"bc"), write(tmp_path / "ab", b"c")
    assert fingerprint([one]) != fingerprint([two])
    assert fingerprint([one, two]) != fingerprint([two, one])
