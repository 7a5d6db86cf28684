"""Where the global signal is."""

import numpy as np

from gradshift.core.cortex.globalsignal import global_signal
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session
from gradshift.core.series.connectivity import MAX_R


def globaltopography(session: Session) -> Values:
    """Correlate every cortical region with the mean of all of them, as Fisher z."""
    used, mean = global_signal(session)
    values = np.full(len(session.regions), np.nan)
    away, both = used - used.mean(axis=0), mean - mean.mean()
    size = np.sqrt((away**2).sum(axis=0) * (both**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(size > 0, (away * both[:, None]).sum(axis=0) / size, np.nan)
    values[session.regions.cortical & session.usable] = np.arctanh(np.clip(r, -MAX_R, MAX_R))
    return {"region": values}


MEASURE = Measure(
    name="globaltopography",
    title="share in the global signal",
    topic="networks",
    levels=("region", "network", "set"),
    unit="Fisher z",
    needs="series",
    compute=globaltopography,
    formula=(
        r"\operatorname{artanh} r(x_i, \bar{x}), \quad "
        r"\bar{x} \text{ the mean over cortical regions}"
    ),
    high="the region follows what the whole cortex does",
    low="the region goes its own way; below 0: against the rest",
    methods=(
        "The topography of the global signal was the Fisher-transformed correlation of each "
        "region's denoised series with the mean series of all cortical regions."
    ),
    cite=("Liu2017",),
    caveat=(
        "The region is part of the mean, the more so the fewer regions there are. After global "
        "signal regression it describes what is left, not the global signal."
    ),
)
