"""Share of low frequencies in all fluctuations."""

from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.voxelwise import region_means

MEASURE = Measure(
    name="falff",
    title="fractional ALFF (fALFF)",
    topic="voxels",
    levels=("region", "network", "set"),
    needs="vertices",
    unit="share",
    compute=region_means("falff"),
    formula=(
        r"\operatorname{mean}_{v} \; \frac{\sum_{0.01 \le f_k \le 0.08 \,\mathrm{Hz}} A_k(v)}"
        r"{\sum_{f_k > 0} A_k(v)}, \qquad A_k = 2 \, |X_k| / T"
    ),
    high="low-frequency fluctuations dominate",
    low="fast fluctuations, noise among them, dominate",
    methods=(
        "The fractional amplitude was the summed amplitude of a voxel's unfiltered, denoised "
        "series from 0.01 to 0.08 Hz (where not stated otherwise) over that of all "
        "frequencies. Where volumes were censored, amplitudes were those of a Lomb-Scargle "
        "periodogram."
    ),
    cite=("Zou2008",),
    caveat=("Depends on the repetition time, which sets the highest frequency."),
)
