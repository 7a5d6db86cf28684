"""Amplitude of low-frequency fluctuations."""

from gradshift.core.measures import Measure
from gradshift.core.voxelwise import region_means

MEASURE = Measure(
    name="alff",
    title="amplitude of slow fluctuations",
    levels=("region", "network", "set"),
    unit="unit of the signal",
    compute=region_means("alff"),
    formula="mean of A_k over 0.01 <= f_k <= 0.08 Hz, A_k = 2 |X_k| / T; mean over voxels",
    high="strong slow fluctuations",
    low="weak slow fluctuations",
    methods=(
        "The amplitude of low-frequency fluctuations was the mean amplitude of a voxel's "
        "unfiltered, denoised series from 0.01 to 0.08 Hz (where not stated otherwise). Where"
        " volumes were censored, amplitudes were those of a Lomb-Scargle periodogram."
    ),
    cite=("Zang2007",),
    caveat=("Depends on the gain of the scanner: compare malff between sessions instead."),
)
