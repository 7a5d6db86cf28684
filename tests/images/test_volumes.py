"""Streaming NIfTI files: the same numbers as nibabel, and one clear sentence otherwise."""

import gzip
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradshift.errors import GradshiftError, InputError, MissingInputError
from gradshift.images import opened
from gradshift.images.header import VolumeHeader, read_header
from gradshift.images.volumes import read_mask, stream

SHAPE = (7, 8, 9)
N_VOLUMES = 10
AFFINE = np.array([[-2.0, 0, 0, 6], [0, 2.5, 0.1, -8], [0, 0, 3.0, 4], [0, 0, 0, 1]])


def write(
    path: Path,
    data: np.ndarray,
    *,
    version: type = nib.Nifti1Image,
    endianness: str = "<",
    slope: float | None = None,
    inter: float = 0.0,
    tr: float = 2.0,
    unit: str = "sec",
) -> Path:
    """Write numbers as they are, with the scaling given beside them."""
    header = version.header_class(endianness=endianness)
    header.set_data_dtype(data.dtype.newbyteorder(endianness))
    header.set_data_shape(data.shape)
    header.set_sform(AFFINE, code=1)
    header.set_zooms((*nib.affines.voxel_sizes(AFFINE), tr, 1.0)[: data.ndim])
    header.set_xyzt_units("mm", unit)
    header["vox_offset"] = header.single_vox_offset
    header.set_slope_inter(slope if slope is not None else 1.0, inter)
    numbers = data.astype(data.dtype.newbyteorder(endianness)).tobytes(order="F")
    raw = header.binaryblock + bytes(4) + numbers
    path.write_bytes(gzip.compress(raw, 1) if path.suffix == ".gz" else raw)
    return path


def numbers(rng: np.random.Generator, dtype: str, n_volumes: int = N_VOLUMES) -> np.ndarray:
    return (rng.uniform(0, 200, (*SHAPE, n_volumes))).astype(dtype)


def collect(header: VolumeHeader, block: int = 4) -> np.ndarray:
    """Return the whole run, (T, V), in values."""
    with np.errstate(all="ignore"):
        parts = [part.astype(float) for _, part in stream(header, block=block)]
        return np.concatenate(parts) * header.slope + header.intercept


@pytest.fixture
def run(tmp_path: Path, rng: np.random.Generator) -> Path:
    return write(tmp_path / "bold.nii.gz", numbers(rng, "f4"))


class Kind(NamedTuple):
    dtype: str
    name: str = "bold.nii.gz"
    endianness: str = "<"
    slope: float | None = None
    inter: float = 0.0
    version: type = nib.Nifti1Image


KINDS = [
    Kind("f4"),
    Kind("f4", name="bold.nii"),
    Kind("f8"),
    Kind("u1"),
    Kind("i2", slope=0.25, inter=-30.0),
    Kind("i2", slope=0.25, inter=100.0, endianness=">", name="bold.nii"),
    Kind("f4", endianness=">"),
    Kind("u2", version=nib.Nifti2Image),
    Kind("f4", version=nib.Nifti2Image, endianness=">"),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_stream_has_the_values_of_nibabel(kind: Kind, tmp_path: Path, rng) -> None:
    path = write(
        tmp_path / kind.name,
        numbers(rng, kind.dtype),
        version=kind.version,
        endianness=kind.endianness,
        slope=kind.slope,
        inter=kind.inter,
    )
    image = nib.load(path)
    header = read_header(path)
    np.testing.assert_array_equal(
        collect(header), image.get_fdata().reshape(-1, N_VOLUMES, order="F").T
    )
    np.testing.assert_allclose(header.affine, image.affine)
    np.testing.assert_allclose(header.zooms, image.header.get_zooms()[:3], rtol=1e-6)
    assert header.shape == SHAPE
    assert header.n_volumes == N_VOLUMES
    assert header.dtype == image.get_data_dtype()


@pytest.mark.parametrize("block", [1, 3, N_VOLUMES, 64])
def test_block_size_never_matters(run: Path, block: int) -> None:
    header = read_header(run)
    np.testing.assert_array_equal(collect(header, block), collect(header))
    starts = [start for start, _ in stream(header, block=block)]
    assert starts == list(range(0, N_VOLUMES, block))


def test_without_isal_the_standard_library_reads_the_same(run: Path, monkeypatch) -> None:
    expected = collect(read_header(run))
    monkeypatch.setattr(opened, "GzipFile", gzip.GzipFile)
    np.testing.assert_array_equal(collect(read_header(run)), expected)


def test_a_gzip_file_of_several_members_is_one_file(run: Path) -> None:
    expected = collect(read_header(run))
    raw = gzip.decompress(run.read_bytes())
    cuts = [0, 100, 5000, len(raw)]
    pieces = [raw[a:b] for a, b in pairwise(cuts)]
    run.write_bytes(b"".join(gzip.compress(piece) for piece in pieces) + bytes(512))
    np.testing.assert_array_equal(collect(read_header(run)), expected)


def test_an_offset_leaves_room_for_extensions(tmp_path: Path, rng) -> None:
    data = numbers(rng, "f4")
    image = nib.Nifti1Image(data, AFFINE)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"x" * 1000))
    nib.save(image, tmp_path / "bold.nii.gz")
    header = read_header(tmp_path / "bold.nii.gz")
    assert header.offset > 1352
    np.testing.assert_array_equal(collect(header), data.reshape(-1, N_VOLUMES, order="F").T)


@pytest.mark.parametrize(
    ("tr", "unit", "expected"),
    [
        (0.8, "sec", 0.8),
        (720.0, "msec", 0.72),
        (2e6, "usec", 2.0),
        (0.0, "sec", None),
        (2.0, "unknown", None),
        (2.0, "hz", None),
        (float("nan"), "sec", None),
    ],
)
def test_the_repetition_time_is_in_seconds_or_none(tr, unit, expected, tmp_path, rng) -> None:
    path = write(tmp_path / "bold.nii", numbers(rng, "u1"), tr=1.0, unit=unit)
    raw = bytearray(path.read_bytes())
    raw[92:96] = np.float32(tr).tobytes()  # pixdim[4]
    path.write_bytes(raw)
    assert read_header(path).tr == expected


def test_ones_after_the_fourth_dimension_do_not_matter(run: Path, tmp_path: Path, rng) -> None:
    path = write(tmp_path / "other.nii.gz", numbers(rng, "f4")[..., np.newaxis])
    assert read_header(path).n_volumes == N_VOLUMES
    assert collect(read_header(path)).shape == collect(read_header(run)).shape


def test_a_file_that_gives_little_at_a_time_is_read_on(run: Path, monkeypatch) -> None:
    class Slow(gzip.GzipFile):
        def readinto(self, buffer: memoryview) -> int:
            return super().readinto(buffer[:1000])

    expected = collect(read_header(run))
    monkeypatch.setattr(opened, "GzipFile", Slow)
    np.testing.assert_array_equal(collect(read_header(run)), expected)


class Broken(NamedTuple):
    name: str
    damage: Callable[[bytes], bytes]  # from the bytes of a good .nii
    says: str
    error: type[InputError] = InputError


def packed(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda raw: change(gzip.compress(raw, 1))


def with_shape(*sizes: int) -> Callable[[bytes], bytes]:
    dim = np.array([len(sizes), *sizes] + [1] * (7 - len(sizes)), "<i2").tobytes()
    return lambda raw: raw[:40] + dim + raw[56:]


V4 = 7 * 8 * 9 * 4  # bytes of a volume
BROKEN = [
    Broken("empty file", lambda raw: b"", "is empty"),
    Broken("text", lambda raw: b"not an image at all", "is not a NIfTI image"),
    Broken("two bytes", lambda raw: b"ab", "is not a NIfTI image"),
    Broken("pair header", lambda raw: raw[:344] + b"ni1\0" + raw[348:], "is not a NIfTI image"),
    Broken("header cut off", lambda raw: raw[:200], "ends after 200 bytes, within its NIfTI"),
    Broken("packed header cut off", packed(lambda z: z[:60]), "cannot be read"),
    Broken("not deflate", packed(lambda z: z[:12] + b"\xff" * 50 + z[62:]), "cannot be read"),
    Broken("3-D", with_shape(7, 8, 9), "3-D image of 7 x 8 x 9 voxels"),
    Broken("5-D", with_shape(7, 8, 9, 2, 5), "has 5 dimensions"),
    Broken("one volume", with_shape(7, 8, 9, 1), "holds one volume"),
    Broken("negative size", with_shape(7, 8, -9, 10), "header .* is damaged"),
    Broken("complex", lambda raw: raw[:70] + b"\x20\0\x40\0" + raw[74:], "type complex64"),
    Broken("no place", lambda raw: raw[:252] + bytes(4) + raw[256:], "where its voxels lie"),
    Broken("wild offset", lambda raw: raw[:108] + b"\x99\x76\x96\x7e" + raw[112:], "too few for"),
    Broken("a giant", with_shape(1000, 1000, 1000, 2), "more than a head has"),
    Broken("huge promise", with_shape(500, 500, 500, 1000), "too few for the 1000 volumes"),
    Broken("short", lambda raw: raw[: 352 + 3 * V4 + 9], "is cut off: 3 of the 10 volumes"),
    Broken("no data", lambda raw: raw[:352], "is cut off: 0 of the 10 volumes"),
    Broken("too long", lambda raw: raw + b"x", "holds more data than the 10 volumes"),
    Broken("packed short", lambda raw: gzip.compress(raw[: 352 + 7 * V4]), "is cut off: 7 of"),
    Broken("packed too long", lambda raw: gzip.compress(raw + b"x"), "holds more data than"),
    Broken("truncated gzip", packed(lambda z: z[: len(z) // 2]), "damaged: [3-6] of the 10"),
    Broken("last bytes missing", packed(lambda z: z[:-3]), "is damaged"),
    Broken("trailing garbage", packed(lambda z: z + b"garbage"), "is damaged"),
    Broken("wrong checksum", packed(lambda z: z[:-8] + b"\0\0\0\0" + z[-4:]), "is damaged"),
    Broken("holes", packed(lambda z: z[:9000] + b"\xff" * 99 + z[9099:]), "is damaged|holds more"),
    Broken(
        "annex pointer",
        lambda raw: b"/annex/objects/MD5E-s9--a.nii.gz\n",
        "datalad get",
        MissingInputError,
    ),
]


@pytest.mark.parametrize("decoder", ["isal", "standard"])
@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_a_broken_file_is_named_in_one_sentence(
    case: Broken, decoder: str, tmp_path: Path, rng, monkeypatch
) -> None:
    if decoder == "standard":
        monkeypatch.setattr(opened, "GzipFile", gzip.GzipFile)
    path = write(tmp_path / "bold.nii", numbers(rng, "f4"))
    path.write_bytes(case.damage(path.read_bytes()))
    with pytest.raises(InputError, match=case.says) as caught:
        collect(read_header(path))
    assert type(caught.value) is case.error
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    link = tmp_path / "bold.nii.gz"
    link.symlink_to("../.git/annex/objects/aa/bb/MD5E-s9.nii.gz")
    with pytest.raises(MissingInputError, match=r"is a link to .* datalad get"):
        read_header(link)
    with pytest.raises(MissingInputError, match="There is no file"):
        read_header(tmp_path / "other.nii.gz")
    with pytest.raises(InputError, match="is a folder"):
        read_header(tmp_path)


def test_a_damaged_end_is_told_before_the_last_block(run: Path) -> None:
    header = read_header(run)
    run.write_bytes(run.read_bytes() + b"garbage")
    seen = []
    with pytest.raises(InputError), closing(stream(header, block=4)) as blocks:
        seen.extend(start for start, _ in blocks)
    assert seen == [0, 4]


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("decoder")]


def test_no_thread_is_left_however_the_reader_ends(run: Path) -> None:
    header = read_header(run)

    list(stream(header))
    assert not decoders()

    blocks = stream(header, block=1)
    next(blocks)
    assert decoders()
    blocks.close()
    assert not decoders()

    for _ in stream(header, block=1):
        break
    assert not decoders()

    def fail() -> None:
        with closing(stream(header, block=1)) as blocks:
            for _ in blocks:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not decoders()

    stream(header)  # never started
    assert not decoders()


def test_a_block_of_no_volumes_is_refused(run: Path) -> None:
    with pytest.raises(ValueError, match="at least one volume"):
        next(stream(read_header(run), block=0))


@pytest.mark.parametrize("n_dims", [3, 4])
def test_a_mask_comes_in_the_order_of_the_stream(n_dims: int, tmp_path: Path, rng) -> None:
    inside = rng.random(SHAPE) < 0.4
    data = inside.astype("u1").reshape(SHAPE + (1,) * (n_dims - 3))
    path = write(tmp_path / "mask.nii.gz", data)
    mask = read_mask(path, SHAPE, AFFINE)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, inside.ravel(order="F"))


def test_a_mask_of_another_grid_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mask.nii.gz", np.ones(SHAPE, "u1"))
    with pytest.raises(InputError, match="has 7 x 8 x 9 voxels, where the run has 9 x 8 x 7"):
        read_mask(path, (9, 8, 7), AFFINE)
    shifted = AFFINE.copy()
    shifted[0, 3] += 1
    with pytest.raises(InputError, match="lies elsewhere"):
        read_mask(path, SHAPE, shifted)
    assert read_mask(path, SHAPE, AFFINE + 1e-5).all()
    empty = write(tmp_path / "empty.nii.gz", np.zeros(SHAPE, "u1"))
    with pytest.raises(InputError, match="is empty: none of its 504 voxels"):
        read_mask(empty, SHAPE, AFFINE)
    with pytest.raises(MissingInputError):
        read_mask(tmp_path / "none.nii.gz", SHAPE, AFFINE)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"mask\.nii\.gz"):
        read_mask(path, SHAPE, AFFINE)


@settings(
    max_examples=1500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_header_bytes_make_it_stumble(data: st.DataObject, tmp_path: Path) -> None:
    """1500 headers with up to eight bytes or fields changed: read, or refused by our errors."""
    path = tmp_path / "bold.nii"
    good = tmp_path / "good.nii"
    if not good.exists():
        write(good, np.arange(24, dtype="f4").reshape(2, 3, 2, 2))
    raw = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, 351))
        piece = data.draw(
            st.one_of(
                st.binary(min_size=1, max_size=4),
                st.sampled_from([b"\xff\xff", b"\0\0\xc0\x7f", b"\0\0\x80\xff", b"\0\0\0\0"]),
            )
        )
        raw[at : at + len(piece)] = piece
    path.write_bytes(raw)
    try:
        header = read_header(path)
        collect(header)
    except GradshiftError:
        return
    assert header.affine.shape == (4, 4)
    assert header.tr is None or header.tr > 0
