"""Region means in one pass: equal to nilearn's, and to plain averaging of the good voxels."""

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiLabelsMasker

from gradshift.core.series.parcellate import (
    Blocks,
    Parcellation,
    RegionMeans,
    give_back,
    parcellate,
)
from gradshift.images.header import read_header
from gradshift.images.volumes import read_mask, stream

SHAPE = (7, 8, 9)
T = 20
N_REGIONS = 6


class Data(NamedTuple):
    """A run of (T, V) values, two atlases and a mask."""

    run: np.ndarray
    labels: np.ndarray
    other: np.ndarray
    mask: np.ndarray


@pytest.fixture
def data(rng: np.random.Generator) -> Data:
    size = int(np.prod(SHAPE))
    level = rng.uniform(500, 1500, size)
    run = (level + rng.normal(0, 20, (T, size))).astype("f4")
    labels = rng.integers(0, N_REGIONS + 1, size).astype("i4")
    other = rng.integers(0, 4, size).astype("u1")
    return Data(run, labels, other, rng.random(size) < 0.8)


def blocks(run: np.ndarray, size: int = 4) -> Callable[[], Blocks]:
    """Give the run as the reader does: in a buffer that is used again."""

    def read() -> Generator[tuple[int, np.ndarray], None, None]:
        buffer = np.empty((size, run.shape[1]), run.dtype)
        for start in range(0, len(run), size):
            part = run[start : start + size]
            buffer[: len(part)] = part
            yield start, buffer[: len(part)]

    return read


def pass_over(data: Data, run: np.ndarray | None = None, **options) -> Parcellation:
    run = data.run if run is None else run
    return parcellate(
        blocks(run), [(data.labels, N_REGIONS)], data.mask, n_volumes=len(run), **options
    )


def plain_means(run: np.ndarray, labels: np.ndarray, good: np.ndarray, size: int) -> np.ndarray:
    run = run.astype(float)
    return np.stack([run[:, good & (labels == k)].mean(axis=1) for k in range(1, size + 1)], 1)


# Agreement ---------------------------------------------------------------------------------


class Kind(NamedTuple):
    name: str
    dtype: str
    scaled: bool = False


KINDS = [
    Kind("bold.nii.gz", "<f4"),
    Kind("bold.nii", "<f4"),
    Kind("bold.nii.gz", ">f4"),
    Kind("bold.nii.gz", "<i2", scaled=True),
    Kind("bold.nii", ">i2", scaled=True),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_means_equal_those_of_nilearn(kind: Kind, data: Data, tmp_path: Path) -> None:
    affine = np.diag([-2.0, 2.5, 3.0, 1.0])  # unequal sizes, unequal voxels, x flipped
    header = nib.Nifti1Header(endianness=kind.dtype[0])
    header.set_data_dtype(kind.dtype)

    def grid(values: np.ndarray) -> np.ndarray:
        return values.reshape(*SHAPE, *values.shape[1:], order="F")

    bold = nib.Nifti1Image(grid(data.run.T.copy(order="F")), affine, header)
    nib.save(bold, tmp_path / kind.name)  # nibabel picks slope and intercept for integers
    atlas = nib.Nifti1Image(grid(data.labels), affine)
    mask = nib.Nifti1Image(grid(data.mask.astype("u1")), affine)
    nib.save(mask, tmp_path / "mask.nii.gz")
    masker = NiftiLabelsMasker(
        atlas, mask_img=mask, standardize=None, resampling_target=None, reports=False
    )
    expected = masker.fit_transform(nib.load(tmp_path / kind.name))

    found = read_header(tmp_path / kind.name)
    assert (found.intercept != 0) == kind.scaled
    result = parcellate(
        partial(stream, found),
        [(data.labels, N_REGIONS)],
        read_mask(tmp_path / "mask.nii.gz", found.shape, found.affine),
        n_volumes=found.n_volumes,
        slope=found.slope,
        intercept=found.intercept,
    )
    np.testing.assert_allclose(result.atlases[0].means, expected, rtol=1e-5)


def test_atlases_in_one_pass_equal_separate_passes(data: Data) -> None:
    atlases = [(data.labels, N_REGIONS), (data.other, 3), (data.labels, N_REGIONS + 2)]
    together = parcellate(blocks(data.run), atlases, data.mask, n_volumes=T)
    for atlas, result in zip(atlases, together.atlases, strict=True):
        alone = parcellate(blocks(data.run), [atlas], data.mask, n_volumes=T).atlases[0]
        for name in ("means", "n_voxels", "n_in_mask", "n_used", "tsnr"):
            np.testing.assert_array_equal(getattr(result, name), getattr(alone, name))


@pytest.mark.parametrize("size", [1, 3, T])
def test_block_size_never_matters(size: int, data: Data) -> None:
    expected = pass_over(data)
    result = parcellate(blocks(data.run, size), [(data.labels, 6)], data.mask, n_volumes=T)
    np.testing.assert_array_equal(result.atlases[0].means, expected.atlases[0].means)
    np.testing.assert_array_equal(result.carpet, expected.carpet)
    assert result.tsnr == expected.tsnr


def test_columns_follow_the_labels(data: Data) -> None:
    reverse = np.where(data.labels > 0, N_REGIONS + 1 - data.labels, 0)
    swapped = parcellate(blocks(data.run), [(reverse, N_REGIONS)], data.mask, n_volumes=T)
    expected = pass_over(data).atlases[0].means
    np.testing.assert_allclose(swapped.atlases[0].means, expected[:, ::-1], rtol=1e-12)


def test_inputs_stay_untouched(data: Data) -> None:
    before = Data(*(array.copy() for array in data))
    for array in data:
        array.flags.writeable = False
    pass_over(data)
    for array, copy in zip(data, before, strict=True):
        np.testing.assert_array_equal(array, copy)


# What else the pass gives ------------------------------------------------------------------


def test_scaling_reaches_means_tsnr_carpet_and_kept_values(data: Data) -> None:
    numbers = np.round(data.run).astype("i2")
    values = numbers * -0.5 + 3000.0
    keep = np.empty((T, data.mask.sum()), "f4")
    result = pass_over(data, numbers, slope=-0.5, intercept=3000.0, keep=keep)
    expected = pass_over(data, values)
    np.testing.assert_allclose(result.atlases[0].means, expected.atlases[0].means, rtol=1e-12)
    np.testing.assert_allclose(result.atlases[0].tsnr, expected.atlases[0].tsnr, rtol=1e-9)
    np.testing.assert_array_equal(keep, values[:, data.mask].astype("f4"))
    np.testing.assert_array_equal(result.carpet, values[:, result.carpet_voxels].astype("f4"))


def test_tsnr_is_mean_over_sd_of_each_voxel(data: Data) -> None:
    result = pass_over(data)
    run = data.run.astype(float)
    tsnr = run.mean(axis=0) / run.std(axis=0)
    expected = [tsnr[data.mask & (data.labels == k)].mean() for k in range(1, N_REGIONS + 1)]
    np.testing.assert_allclose(result.atlases[0].tsnr, expected, rtol=1e-10)
    assert result.tsnr == pytest.approx(np.median(tsnr[data.mask]))


def test_the_carpet_is_an_even_sample_of_the_mask(data: Data) -> None:
    result = pass_over(data, carpet_voxels=50)
    inside = np.flatnonzero(data.mask)
    assert result.carpet.shape == (T, 50)
    assert result.carpet.dtype == np.float32
    gaps = np.diff(np.searchsorted(inside, result.carpet_voxels))
    assert gaps.max() - gaps.min() <= 1
    assert pass_over(data, carpet_voxels=10**6).carpet.shape == (T, len(inside))


def test_coverage_is_the_share_of_voxels_that_count(data: Data) -> None:
    run = data.run.copy()
    constant = np.flatnonzero(data.mask & (data.labels == 2))[:5]
    run[:, constant] = 7.0
    result = pass_over(data, run).atlases[0]
    sizes = np.array([(data.labels == k).sum() for k in range(1, N_REGIONS + 1)])
    used = np.array([(data.mask & (data.labels == k)).sum() for k in range(1, N_REGIONS + 1)])
    used[1] -= 5
    np.testing.assert_array_equal(result.n_voxels, sizes)
    np.testing.assert_array_equal(result.n_used, used)
    np.testing.assert_allclose(result.coverage, used / sizes)


def test_reasons_say_why_a_region_must_not_be_used() -> None:
    labels = np.repeat([1, 2, 3, 5, 6], 100)  # no voxel has label 4
    mask = np.ones(500, dtype=bool)
    mask[132:200] = False  # 32 of 100 voxels of region 2 remain
    mask[200:300] = False  # none of region 3
    run = np.random.default_rng(0).normal(100, 1, (T, 500))
    run[:, 300:400] = 50.0  # region 5 never changes
    result = parcellate(blocks(run), [(labels, 6)], mask, n_volumes=T).atlases[0]
    assert result.reasons() == {
        1: "coverage 0.32 below 0.5",
        2: "no voxel in the brain mask",
        3: "no voxel on this grid",
        4: "constant signal",
    }
    assert list(result.reasons(threshold=0.3)) == [2, 3, 4]
    np.testing.assert_array_equal(result.constant, [0, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(np.isnan(result.means), np.tile([0, 0, 1, 1, 1, 0], (T, 1)))
    np.testing.assert_array_equal(np.isnan(result.tsnr), [0, 0, 1, 1, 1, 0])


# Bad voxels and volumes --------------------------------------------------------------------


def check(result: Parcellation, run: np.ndarray, data: Data, bad: np.ndarray) -> RegionMeans:
    """The means are plain averages over the mask without the bad voxels."""
    atlas = result.atlases[0]
    expected = plain_means(run, data.labels, data.mask & ~bad, N_REGIONS)
    expected[list(result.bad_volumes)] = np.nan
    np.testing.assert_allclose(atlas.means, expected, rtol=1e-12)
    np.testing.assert_array_equal(result.run_mask, ~bad[data.mask])
    assert not bad[result.carpet_voxels].any()
    assert result.carpet.shape == (len(run), (data.mask & ~bad).sum())
    assert np.isfinite(atlas.tsnr).all()
    assert np.isfinite(result.tsnr)
    return atlas


@pytest.mark.parametrize("volumes", [[0], [7], [T - 1], [0, 7, 8], range(T), range(1, T)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_voxel_that_is_not_finite_does_not_count(data: Data, volumes, value) -> None:
    bad = np.zeros_like(data.mask)
    bad[np.flatnonzero(data.mask & (data.labels == 3))[:4]] = True
    bad[np.flatnonzero(data.mask & (data.labels == 0))[:4]] = True
    run = data.run.copy()
    run[np.ix_(list(volumes), np.flatnonzero(bad))] = value
    atlas = check(pass_over(data, run), run, data, bad)
    assert atlas.n_used[2] == atlas.n_in_mask[2] - 4


@pytest.mark.parametrize("value", [0.0, 1234.5])
def test_a_constant_voxel_does_not_count(data: Data, value: float) -> None:
    bad = np.zeros_like(data.mask)
    bad[np.flatnonzero(data.mask & (data.labels == 3))[:4]] = True
    run = data.run.copy()
    run[:, bad] = value
    check(pass_over(data, run), run, data, bad)


@pytest.mark.parametrize("volumes", [(0,), (0, 1, 2), (5,), (T - 1,), (0, 5, T - 1)])
@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_volume_without_values_is_bad_and_nothing_else_is(data: Data, volumes, value) -> None:
    run = data.run.copy()
    inside = np.flatnonzero(data.mask)
    run[3, inside[:7]] = np.nan  # a few bad voxels besides
    run[:, inside[7:14]] = 5.0
    run[list(volumes)] = value
    bad = np.zeros_like(data.mask)
    bad[inside[:14]] = True
    result = pass_over(data, run)
    assert result.bad_volumes == volumes
    check(result, run, data, bad)


def test_a_volume_is_bad_if_most_of_it_is_not_finite(data: Data) -> None:
    run = data.run.copy()
    run[4, np.flatnonzero(data.mask)[::3]] = np.nan  # a third: the voxels are bad
    run[5, np.flatnonzero(data.mask)[10:]] = np.nan  # nearly all: the volume is bad
    assert pass_over(data, run).bad_volumes == (5,)


def test_a_zero_volume_is_found_behind_an_intercept(data: Data) -> None:
    slope, intercept = 0.0305, 900.0  # zero is between two numbers
    numbers = np.round((data.run - intercept) / slope).astype("i2")
    numbers[6] = np.round(-intercept / slope)
    result = pass_over(data, numbers, slope=slope, intercept=intercept)
    assert result.bad_volumes == (6,)


def test_the_run_is_read_again_only_for_voxels_finite_in_a_part(data: Data) -> None:
    reads = []

    def counted(run: np.ndarray) -> Callable[[], Blocks]:
        def read() -> Blocks:
            reads.append(1)
            return blocks(run)()

        return read

    run = data.run.copy()
    inside = np.flatnonzero(data.mask)
    run[:, inside[:3]] = np.nan
    run[:, inside[3:6]] = 0
    run[9] = np.nan
    parcellate(counted(run), [(data.labels, N_REGIONS)], data.mask, n_volumes=T)
    assert len(reads) == 1
    run[2, inside[9]] = np.nan
    parcellate(counted(run), [(data.labels, N_REGIONS)], data.mask, n_volumes=T)
    assert len(reads) == 3


def test_a_run_without_a_good_volume_has_no_means(data: Data) -> None:
    result = pass_over(data, np.zeros_like(data.run))
    assert result.bad_volumes == tuple(range(T))
    assert np.isnan(result.atlases[0].means).all()
    assert np.isnan(result.tsnr)
    assert (result.atlases[0].coverage == 0).all()
    assert set(result.atlases[0].reasons().values()) == {"constant signal"}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_wild_numbers_warn_nobody(data: Data, dtype: str) -> None:
    run = data.run.astype(dtype)
    run[3, np.flatnonzero(data.mask)[0]] = np.finfo(dtype).max
    keep = np.empty((T, data.mask.sum()), "f4")
    pass_over(data, run, slope=10.0, keep=keep)


# Sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_volumes", [T - 1, T + 1])
def test_another_number_of_volumes_is_refused(data: Data, n_volumes: int) -> None:
    with pytest.raises(ValueError, match="Expected"):
        parcellate(blocks(data.run), [(data.labels, 6)], data.mask, n_volumes=n_volumes)


def test_sizes_that_do_not_fit_are_refused(data: Data) -> None:
    def attempt(labels=data.labels, size=N_REGIONS, mask=data.mask, **options) -> None:
        parcellate(blocks(data.run), [(labels, size)], mask, n_volumes=T, **options)

    with pytest.raises(ValueError, match="Labels have shape"):
        attempt(labels=data.labels[:-1])
    with pytest.raises(ValueError, match=r"Labels must be within 0..5, got 0..6"):
        attempt(size=5)
    with pytest.raises(ValueError, match="The mask must be bool and not empty"):
        attempt(mask=np.zeros_like(data.mask))
    with pytest.raises(ValueError, match="`keep` must be"):
        attempt(keep=np.empty((T, 3), "f4"))
    with pytest.raises(ValueError, match="At least one atlas"):
        parcellate(blocks(data.run), [], data.mask, n_volumes=T)


def test_the_reader_is_closed_when_the_pass_fails(data: Data) -> None:
    ended = []

    def read() -> Blocks:
        try:
            yield from blocks(data.run)()
        finally:
            ended.append(True)

    keep = np.empty((T, data.mask.sum()), "f4")
    keep.flags.writeable = False
    with pytest.raises(ValueError, match="read-only") as kept:
        parcellate(read, [(data.labels, 6)], data.mask, n_volumes=T, keep=keep)
    assert ended, kept


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_memory_given_back_loses_nothing(tmp_path, rng, mode):
    values = rng.standard_normal((50, 7)).astype(np.float32)
    np.save(tmp_path / "values.npy", np.zeros_like(values))
    mapped = np.load(tmp_path / "values.npy", mmap_mode=mode)
    mapped[:] = values
    give_back(mapped)
    np.testing.assert_array_equal(mapped, values)
    give_back(values)
    np.testing.assert_array_equal(mapped, values)
