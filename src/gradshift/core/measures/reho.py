"""Regional homogeneity."""

from gradshift.core.measures import Measure
from gradshift.core.voxelwise import region_means

MEASURE = Measure(
    name="reho",
    title="regional homogeneity",
    levels=("region", "network", "set"),
    unit="Kendall's W",
    compute=region_means("reho"),
    formula="W = 12 (Σ R² - T R̄²) / (K² (T³ - T)) of 27 neighbours; mean over voxels",
    high="neighbouring voxels fluctuate together",
    low="neighbouring voxels fluctuate independently",
    methods=(
        "Regional homogeneity was Kendall's W of a voxel and its 26 neighbours, of the band-"
        "passed, unsmoothed series."
    ),
    cite=("Zang2004",),
    caveat=("Depends on voxel size, smoothness and head motion."),
)
