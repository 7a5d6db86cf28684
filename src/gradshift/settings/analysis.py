"""Options of regions, connectivity and measures."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What is computed."""

    atlas: tuple[str, ...] = option(
        ("Schaefer2018_200_7",),
        "atlases by name, two joined by +, or a JSON file; the first is the primary one",
        nargs="+",
        metavar="ATLAS",
        aliases=("--atlases",),
        check=checks.distinct,
    )
    measures: tuple[str, ...] = option(
        ("default",),
        "measures to compute, besides those of the confirmatory family: default, all, groups "
        "that are opt-in, or names; a later run adds to those that an output has",
        nargs="+",
        metavar="NAME",
    )
    plugin: tuple[str, ...] = option(
        (),
        "Python files with measures or kinetic models of your own",
        nargs="+",
        metavar="FILE",
        local=True,
    )
    coverage_threshold: float = option(
        0.5,
        "share of a region's voxels that the brain mask must hold",
        kind=float,
        metavar="SHARE",
        numbers="participant",
        aliases=("--min-coverage",),
        check=checks.share,
    )
    connectivity: str = option(
        "pearson",
        "estimator of the matrices",
        choices=("pearson", "partial"),
        numbers="participant",
    )
    combine_runs: bool = option(
        True, "join the runs of a session and task", kind=bool, numbers="participant"
    )
    pcc: str = option(
        "core",
        "regions of the posterior cingulate cortex: core (by place), all (every "
        "default-mode pCunPCC region), names joined by commas, or a sphere x,y,z,radius in mm",
        metavar="RULE",
        numbers="participant",
    )
    kernel: str = option(
        "cosine",
        "likeness of connectivity profiles that the gradients are made from",
        choices=("cosine", "normalized_angle"),
        numbers="participant",
    )
    densities: tuple[float, ...] = option(
        (0.10, 0.15, 0.20, 0.25, 0.30),
        "shares of connections kept in thresholded graphs, two or more, rising",
        kind=float,
        nargs="+",
        metavar="SHARE",
        numbers="participant",
        check=checks.densities,
    )
    voxelwise: bool = option(
        True, "make voxel maps: ALFF, fALFF, ReHo, connectivity of the PCC", kind=bool
    )
    smoothing: float = option(
        0.0,
        "smooth the voxel maps that are written, full width at half maximum",
        kind=float,
        metavar="MM",
        numbers="participant",
        check=checks.not_negative,
    )
