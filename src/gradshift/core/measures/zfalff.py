"""Share of low frequencies, standardised over the brain."""

from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.voxelwise import region_means

MEASURE = Measure(
    name="zfalff",
    title="fractional ALFF (fALFF), standardised",
    topic="voxels",
    levels=("region", "network", "set"),
    needs="vertices",
    unit="standard deviations",
    compute=region_means("zfalff"),
    formula=(
        r"\operatorname{mean}_{v} \; \frac{\mathrm{fALFF}(v) - "
        r"\operatorname{mean}_{\text{brain mask}} \mathrm{fALFF}}"
        r"{\operatorname{SD}_{\text{brain mask}} \mathrm{fALFF}}"
    ),
    high="more low-frequency fluctuations than in the average voxel",
    low="fewer low-frequency fluctuations than in the average voxel",
    methods=(
        "The fractional amplitude of low-frequency fluctuations (0.01 to 0.08 Hz where not "
        "stated otherwise, unfiltered denoised series) was standardised over the brain mask. "
        "Where volumes were censored, amplitudes were those of a Lomb-Scargle periodogram."
    ),
    cite=("Zou2008",),
    caveat=("Relative to the brain: if all of it changes, nothing is seen."),
)
