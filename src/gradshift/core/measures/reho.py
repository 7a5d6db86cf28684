"""Regional homogeneity."""

from gradshift.core.cortex.measure import Measure
from gradshift.core.cortex.voxelwise import region_means

MEASURE = Measure(
    name="reho",
    title="regional homogeneity",
    topic="voxels",
    group="homogeneity",
    levels=("region", "network", "set"),
    needs="vertices",
    unit="Kendall's W",
    compute=region_means("reho"),
    formula=(
        r"\operatorname{mean}_{v} W(v), \qquad W = \frac{12 \, (\sum_t R_t^2 - T \bar{R}^2)}"
        r"{K^2 (T^3 - T)}, \\ R_t \text{ the rank sum of } K = 27 \text{ voxels (7 vertices) "
        r"at time } t"
    ),
    high="neighbouring voxels fluctuate together",
    low="neighbouring voxels fluctuate independently",
    methods=(
        "Regional homogeneity was Kendall's W of a voxel and its 26 neighbours, of the band-"
        "passed, unsmoothed series."
    ),
    cite=("Zang2004",),
    caveat=(
        "Depends on voxel size, smoothness and head motion; on a surface, whose neighbourhoods "
        "are smaller, it is higher, and not to be compared with that of voxels."
    ),
)
