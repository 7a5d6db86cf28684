"""Plug-ins for tests: a measure and a kinetic model, as text."""

from pathlib import Path

MEASURE = """
import numpy as np
from gradshift.core.cortex.measure import Measure

FACTOR = 1.0


def plugged(session):
    return {"region": FACTOR * np.where(session.usable, np.arange(len(session.regions)), np.nan)}


MEASURE = Measure(
    name="plugged", title="place in the list", levels=("region", "network"), unit="1",
    compute=plugged, formula="i", high="late in the list", low="early in the list",
    methods="The place of a region in the list was counted.", caveat="Means nothing.",
)
"""

MODEL = """
import numpy as np
from gradshift.core.pet.model import Fit, Model


def peak(scan):
    values = scan.tissue.max(axis=0)
    nothing = np.full(scan.tissue.shape, np.nan)
    return Fit(values=values, errors=np.full(len(values), np.nan), curves=nothing)


MODEL = Model(
    name="peak", title="peak activity", unit="kBq/mL", needs=(), fit=peak, formula="max C",
    high="much arrived", low="little arrived", methods="The peak of each curve was taken.",
    cite=(), caveat="Depends on the dose.",
)
"""


def write_plugin(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
