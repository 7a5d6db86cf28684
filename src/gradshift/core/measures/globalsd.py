"""Size of the global signal."""

import numpy as np

from gradshift.core.cortex.globalsignal import global_signal
from gradshift.core.cortex.measure import Measure, Values
from gradshift.core.cortex.session import Session


def globalsd(session: Session) -> Values:
    """Divide the deviation of the cortex's mean series by the root mean square of regions'."""
    used, mean = global_signal(session)
    spread = np.sqrt(used.var(axis=0).mean())
    return {"whole": np.array([mean.std() / spread if spread > 0 else np.nan])}


MEASURE = Measure(
    name="globalsd",
    title="size of the global signal",
    topic="networks",
    levels=("whole",),
    unit="1",
    needs="series",
    compute=globalsd,
    formula=(
        r"\frac{\operatorname{sd}_t \bar{x}(t)}{\sqrt{\operatorname{mean}_i "
        r"\operatorname{sd}_t^2 x_i(t)}}, \quad \bar{x} \text{ the mean over cortical regions}"
    ),
    high="1: all regions do the same at all times",
    low="0: the regions cancel out, as after global signal regression",
    methods=(
        "The size of the global signal was the standard deviation of the mean denoised series "
        "of the cortex, in root mean squares of those of its regions, so that the gain of the "
        "scanner cancels; of the same time of every session of a person."
    ),
    cite=("Liu2017",),
    caveat=(
        "Breathing, arousal and motion make much of it; by construction near 0 with recipes "
        "that regress it out. Where two recipes disagree, look here first."
    ),
)
