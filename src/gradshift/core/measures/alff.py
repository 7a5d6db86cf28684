"""Amplitude of low-frequency fluctuations."""

from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.voxelwise import region_means

MEASURE = Measure(
    name="alff",
    title="amplitude of low-frequency fluctuations (ALFF)",
    topic="voxels",
    levels=("region", "network", "set"),
    needs="vertices",
    unit="unit of the signal",
    compute=region_means("alff"),
    formula=(
        r"\operatorname{mean}_{v} \; \operatorname{mean}_{0.01 \le f_k \le 0.08 \,\mathrm{Hz}} "
        r"A_k(v), \qquad A_k = 2 \, |X_k| / T"
    ),
    high="strong low-frequency fluctuations",
    low="weak low-frequency fluctuations",
    methods=(
        "The amplitude of low-frequency fluctuations was the mean amplitude of a voxel's "
        "unfiltered, denoised series from 0.01 to 0.08 Hz (where not stated otherwise). Where"
        " volumes were censored, amplitudes were those of a Lomb-Scargle periodogram."
    ),
    cite=("Zang2007",),
    caveat=("Depends on the gain of the scanner: compare malff between sessions instead."),
)
