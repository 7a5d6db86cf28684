"""How values are spread, before and after."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.figures.style import AFTER, BEFORE, SMALL, new, plain


def smoothed(values: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate a density with Gaussian kernels of Silverman's width.

    Parameters
    ----------
    values : (N,) array
    at : (M,) array
        Where to estimate it.

    Returns
    -------
    (M,) array
    """
    quarter = np.subtract(*np.percentile(values, (75, 25))) / 1.34
    spread = min(values.std(), quarter) or values.std() or 1.0
    width = 0.9 * spread * len(values) ** -0.2
    kernels = np.exp(-0.5 * ((at[:, None] - values) / width) ** 2)
    density: NDArray[np.float64] = kernels.sum(axis=1) / (len(values) * width * np.sqrt(2 * np.pi))
    return density


def densities(
    baseline: NDArray[np.float64],
    followup: NDArray[np.float64],
    sessions: tuple[str, str],
    *,
    label: str,
) -> Figure:
    """Draw two densities over each other.

    Parameters
    ----------
    baseline, followup : (N,) array
        NaN does not count.
    sessions : pair of str
        Names of the two.
    label : str
        Of the axis of values.

    Returns
    -------
    Figure
    """
    figure = new(5, 2.7)
    axes = figure.subplots()
    plain(axes)
    series = [values[np.isfinite(values)] for values in (baseline, followup)]
    everything = np.concatenate(series)
    margin = 0.15 * np.ptp(everything)
    at = np.linspace(everything.min() - margin, everything.max() + margin, 300)
    looks = zip(series, sessions, (BEFORE, AFTER), ("-", "--"), strict=True)
    for values, name, colour, line in looks:
        height = smoothed(values, at)
        axes.plot(at, height, color=colour, linestyle=line, linewidth=1.8, label=name)
        axes.fill_between(at, height, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(label, fontsize=SMALL)
    axes.set_ylabel("density", fontsize=SMALL)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=SMALL)
    return figure
