"""The row of one measure and one map that is given."""

import math
from dataclasses import dataclass

from gradshift.bids.rows import column


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """How far the changes of a measure over regions go with a map."""

    contrast: str = column("The change, as in contrasts.tsv")
    task: str = column("Task of the BOLD runs; n/a for PET")
    atlas: str = column("The primary atlas")
    recipe: str = column("The primary recipe, or the correction of PET")
    measure: str = column("Measure of regions whose changes are compared")
    map: str = column("The map that was given: name of its column or image")
    scope: str = column(
        "within-people: the correlation over regions of each person's changes with the map, mean "
        "over people (generalises to other people, but a pattern that all share goes with many "
        "maps); group-maps-spin: that of the mean changes, against maps that are rotated on the "
        "cortex (whether this map is any closer than others as smooth); group-maps-variogram: the "
        "same beyond the cortex, against surrogates of the map. A map explains a change where "
        "both are small"
    )
    n: int = column("People")
    n_regions: int = column("Regions with a change and a value of the map")
    estimate: float = column("Spearman correlation over regions", default=math.nan)
    ci_low: float = column("Lower end of the 95 % interval over people", default=math.nan)
    ci_high: float = column("Upper end of that interval", default=math.nan)
    p: float = column(
        "Two-sided p: sign flips of people (permutation where groups are compared), rotations, or "
        "surrogates",
        default=math.nan,
    )
    p_fwe: float = column(
        "p corrected for all measures and maps of the scope (largest statistic)", default=math.nan
    )
    n_permutations: float = column(
        "Sign patterns, permutations, rotations or surrogates", default=math.nan
    )
    status: str = column("ok, or what limits the result", default="ok")
