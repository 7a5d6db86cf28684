"""Amplitude of low-frequency fluctuations over that of the brain."""

from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.voxelwise import region_means

MEASURE = Measure(
    name="malff",
    title="amplitude of low-frequency fluctuations (ALFF), relative to the brain",
    topic="voxels",
    levels=("region", "network", "set"),
    needs="vertices",
    unit="ratio",
    compute=region_means("malff"),
    formula=(
        r"\operatorname{mean}_{v} \; \frac{\mathrm{ALFF}(v)}"
        r"{\operatorname{mean}_{\text{brain mask}} \mathrm{ALFF}}"
    ),
    high="fluctuates more strongly than the average voxel",
    low="fluctuates less strongly than the average voxel",
    methods=(
        "The amplitude of low-frequency fluctuations was the mean amplitude of a voxel's "
        "unfiltered, denoised series from 0.01 to 0.08 Hz (where not stated otherwise). Where"
        " volumes were censored, amplitudes were those of a Lomb-Scargle periodogram. Each "
        "voxel was divided by the mean of the brain mask."
    ),
    cite=("Zang2007",),
    caveat=(
        "Relative to the brain: if all of it changes, nothing is seen. Pulsation near vessels"
        " counts."
    ),
)
