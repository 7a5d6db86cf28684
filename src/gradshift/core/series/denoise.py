"""Clean region series: regress confounds out, filter, leave censored volumes out."""

import numpy as np
from numpy.typing import NDArray

from gradshift.errors import ExcludedError, InputError, SettingsError

MIN_FILTER_VOLUMES = 34
"""Shortest series that the filter can pad (band-pass Butterworth of order 5)."""

NO_SIGNAL = 1e-8
"""A series of which no more than this share is left by cleaning is rounding error."""


def clean(
    series: NDArray[np.floating],
    confounds: NDArray[np.floating],
    kept: NDArray[np.bool_],
    *,
    tr: float,
    band: tuple[float, float] | None,
    detrend: bool = True,
) -> NDArray[np.float64]:
    """Clean region series with `nilearn.signal.clean`.

    With a band the order is that of Lindquist et al. (2019): volumes dropped before the first
    and after the last retained one are cut off (so volumes that are not steady never reach
    the filter); censored volumes in between are replaced by a cubic spline through the
    retained ones; series and confounds are detrended and band-pass filtered (Butterworth,
    order 5, forwards and backwards); the interpolated volumes are taken out again; the
    confounds, standardised, are regressed out by least squares. Without a band (as ALFF needs
    it) censored volumes are taken out first, then series and confounds are detrended and the
    confounds regressed out. With neither band nor detrending the mean is subtracted, which
    nilearn leaves in.

    Parameters
    ----------
    series : (T, R) array
        One column per region; NaN throughout for a region not to be used.
    confounds : (T, K) array
        Finite; K may be 0.
    kept : (T,) array of bool
        Retained volumes.
    tr : float
        Repetition time in seconds.
    band : tuple of two float, or None
        Edges of the pass band in Hz; a low edge of 0 is a low-pass filter; None: no filter.
    detrend : bool
        Whether to remove the linear trend.

    Returns
    -------
    (number of retained volumes, R) array
        In the unit of `series`. NaN throughout for regions that are not finite in every
        retained volume, or constant, or of which cleaning leaves nothing but rounding error.

    Raises
    ------
    InputError
        If the repetition time is too long for the band.
    ExcludedError
        If too few volumes are retained to be filtered.
    SettingsError
        If the band makes no sense.
    ValueError
        If sizes differ or confounds are not finite.

    Notes
    -----
    Some versions of nilearn (0.14.1 among them) leave a censored volume as it is when the
    volume at the same distance from the other end of the series is censored too. The
    interpolation is therefore done here, with nilearn's formula; repeated on its own result
    it changes nothing.

    References
    ----------
    Lindquist et al. (2019), Human Brain Mapping 40:2358.
    """
    _check_sizes(series, confounds, kept)
    if band is not None:
        check_band(tr, band)
    index = np.flatnonzero(kept)
    result = np.full((len(index), series.shape[1]), np.nan)
    usable = varying(series[index])
    if len(index) == 0 or not usable.any():
        return result
    span = slice(index[0], index[-1] + 1)
    if band is not None and span.stop - span.start < MIN_FILTER_VOLUMES:
        raise ExcludedError(
            f"Only {len(index)} volumes are retained, too few for the band-pass filter, which "
            f"needs a stretch of at least {MIN_FILTER_VOLUMES}."
        )
    cut = _interpolate(series[span][:, usable], kept[span])
    regressors = _interpolate(confounds[span], kept[span])
    cleaned = _nilearn_clean(cut, regressors, kept[span], tr, band, detrend)
    if band is None and not detrend:
        cleaned = cleaned - cleaned.mean(axis=0)
    before, after = cut[kept[span]].std(axis=0), cleaned.std(axis=0)
    cleaned[:, after <= NO_SIGNAL * before] = np.nan
    result[:, usable] = cleaned
    return result


def cleaning_operator(
    confounds: NDArray[np.floating],
    kept: NDArray[np.bool_],
    *,
    tr: float,
    band: tuple[float, float] | None,
    detrend: bool = True,
) -> NDArray[np.float64]:
    """Return what `clean` does as one matrix, for many series at once.

    Interpolating, detrending, filtering and regressing are linear in the series, so cleaning
    is a matrix product; nilearn filters series one by one, which takes minutes for the voxels
    of a brain.

    Parameters
    ----------
    confounds, kept, tr, band, detrend
        As in `clean`.

    Returns
    -------
    (number of retained volumes, number of retained volumes) array
        ``operator @ series[kept]`` equals ``clean(series, ...)``.
    """
    impulses = np.eye(len(kept))[:, kept]
    return np.nan_to_num(clean(impulses, confounds, kept, tr=tr, band=band, detrend=detrend))


def _nilearn_clean(
    series: NDArray[np.float64],
    confounds: NDArray[np.float64],
    kept: NDArray[np.bool_],
    tr: float,
    band: tuple[float, float] | None,
    detrend: bool,
) -> NDArray[np.float64]:
    from nilearn import signal

    low, high = band or (None, None)
    cleaned: NDArray[np.float64] = signal.clean(
        series,
        confounds=confounds if confounds.shape[1] else None,
        sample_mask=None if kept.all() else np.flatnonzero(kept),
        t_r=tr,
        high_pass=low or None,
        low_pass=high,
        filter="butterworth" if band else False,
        detrend=detrend,
        standardize=None,
        standardize_confounds=True,
        extrapolate=False,
        butterworth__copy=True,  # filters all series at once; the result is the same
    )
    return cleaned


def _check_sizes(
    series: NDArray[np.floating], confounds: NDArray[np.floating], kept: NDArray[np.bool_]
) -> None:
    sizes = {"series": len(series), "confounds": len(confounds), "kept": len(kept)}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"Cleaning needs the same number of volumes in each, got {sizes}.")
    if kept.dtype != np.bool_:
        raise ValueError(f"kept must be True or False for each volume, got {kept.dtype}.")
    if not np.isfinite(confounds[kept]).all():
        raise ValueError("Confounds must be finite in every retained volume.")


def varying(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(R,) True for columns that are finite and not constant up to rounding."""
    finite = np.isfinite(values).all(axis=0)
    if len(values) == 0:
        return np.zeros_like(finite)
    held = np.where(finite, values, 0).astype(np.float64)
    rounding = 10 * np.finfo(np.float64).eps * np.abs(held).max(axis=0)
    varied: NDArray[np.bool_] = finite & (np.ptp(held, axis=0) > rounding)
    return varied


def _interpolate(values: NDArray[np.floating], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Replace the volumes between retained ones by a cubic spline through these."""
    from scipy.interpolate import CubicSpline

    filled = values.astype(np.float64)
    if not kept.all() and filled.shape[1]:
        times = np.arange(len(values), dtype=np.float64)
        filled[~kept] = CubicSpline(times[kept], filled[kept])(times[~kept])
    return filled


def check_band(tr: float, band: tuple[float, float]) -> None:
    """Check that a pass band makes sense at a repetition time.

    Parameters
    ----------
    tr : float
        Repetition time in seconds.
    band : tuple of two float
        Edges in Hz.

    Raises
    ------
    SettingsError
        If the edges are not two numbers in order.
    InputError
        If the repetition time is not a positive number, or so long that the upper edge is not
        below the Nyquist frequency.
    """
    low, high = band
    if not (np.isfinite(high) and 0 <= low < high):
        raise SettingsError(
            f"A pass band needs a low and a higher frequency in Hz, got {low:g} and {high:g}; "
            "an example is --band 0.01 0.08."
        )
    if not (np.isfinite(tr) and tr > 0):
        raise InputError(f"The repetition time must be a positive number of seconds, not {tr}.")
    nyquist = 1 / (2 * tr)
    if high >= nyquist:
        raise InputError(
            f"A repetition time of {tr:g} s shows nothing above {nyquist:.4g} Hz, so the band "
            f"{low:g}-{high:g} Hz cannot be filtered; choose a lower upper edge with --band."
        )
