"""How strongly each region is connected with the posterior cingulate."""

import numpy as np

from gradshift.core.cortex.measure import Measure, UnavailableError, Values
from gradshift.core.cortex.session import Session
from gradshift.core.series.seeds import seed_map

SEED = "PCC"
"""Name of the set of regions that is the seed."""


def seedz(session: Session) -> Values:
    """Correlate each region with the mean series of the usable regions of the seed."""
    members = [i for i in session.regions.sets.get(SEED, ()) if session.usable[i]]
    if not members:
        raise UnavailableError(f"the atlas has no usable region in the set {SEED}")
    z = seed_map(session.series, session.series[:, members].mean(axis=1))
    return {"region": np.where(session.usable, z, np.nan)}


MEASURE = Measure(
    name="seedz",
    title="connectivity with the posterior cingulate",
    topic="networks",
    levels=("region", "network"),
    needs="series",
    unit="Fisher z",
    compute=seedz,
    formula=r"\operatorname{atanh} r(x_i, \, \operatorname{mean}_{j \in \mathrm{PCC}} x_j)",
    high="fluctuates with the posterior cingulate",
    low="below 0: fluctuates against it",
    methods=(
        "Seed connectivity was the Fisher-transformed correlation of each region with the mean "
        "series of the posterior cingulate regions."
    ),
    cite=("Scheidegger2012",),
    caveat="Regions of the seed are part of it and have high values for that reason.",
)
