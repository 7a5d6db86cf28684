"""Options of the group level."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Group level: sessions compared over people."""

    baseline: str | None = option(
        None, "session before the drug", metavar="LABEL", numbers="group", check=checks.label
    )
    followup: str | None = option(
        None, "session after the drug", metavar="LABEL", numbers="group", check=checks.label
    )
    model: str | None = option(
        None,
        "JSON file that says the design: which sessions, groups or treatments to compare",
        metavar="FILE",
        local=True,
    )
    comparison: str | None = option(
        None,
        "name of a further comparison of the same results: it is written to group-LABEL/, beside "
        "group/",
        metavar="LABEL",
        check=checks.label,
    )
    alpha: float = option(
        0.05,
        "significance level",
        kind=float,
        metavar="P",
        numbers="group",
        check=checks.level,
    )
    smallest_effect: float = option(
        0.5,
        "smallest effect of interest, in standard deviations of the change: declared results say "
        "whether any change is smaller than that",
        kind=float,
        metavar="DZ",
        numbers="group",
        check=checks.positive,
    )
    preregister: str | None = option(
        None,
        "write the design, families and smallest effect to FILE before any value is read, and "
        "stop; given again, a run that follows the file says so and one that departs names the "
        "difference",
        metavar="FILE",
        local=True,
    )
    n_permutations: int = option(
        10000,
        "random sign flips where all of them are too many (more than 16 people)",
        kind=int,
        metavar="N",
        numbers="group",
        check=checks.positive,
    )
    coupling: tuple[str, ...] = option(
        (),
        "pairs of changes to correlate, as MEASURE:LABEL~MEASURE:LABEL; if not given, PET of "
        "the default mode with its fALFF, of the cortex with the centrality of the PCC, of the "
        "anterior cingulate with its glutamate",
        nargs="+",
        metavar="PAIR",
        numbers="group",
        check=checks.coupling,
    )
    families: str | None = option(
        None,
        "JSON file of results to correct together: family to list of [measure, level, label], "
        "* for any",
        metavar="FILE",
        local=True,
    )
    maps: tuple[str, ...] = option(
        (),
        "maps to compare the changes of regions with: tables of regions (.tsv, a column of "
        "numbers for each map), or NIfTI images in the space of the atlas",
        nargs="+",
        metavar="FILE",
        local=True,
    )
    also: tuple[str, ...] = option(
        (),
        "further outputs of the participant level of the same people, such as one with --space "
        "fsLR or of XCP-D's series: whether the results hold there, too, as further choices of "
        "the analysis",
        nargs="+",
        metavar="DIR",
        local=True,
    )
    nbs_thresholds: tuple[float, ...] = option(
        (2.5, 3.1),
        "thresholds of |t| above which connections form components",
        kind=float,
        nargs="+",
        metavar="T",
        numbers="group",
        check=checks.thresholds,
    )
    random_seed: int = option(
        20240501,
        "seed of every random number",
        kind=int,
        metavar="N",
        numbers="group",
        check=checks.not_negative,
    )
    figure_format: tuple[str, ...] = option(
        (),
        "write the figures of the group for print, too: pdf, png at 300 dots per inch; as wide as "
        "one or two columns of a journal",
        nargs="+",
        metavar="KIND",
        check=checks.figure_formats,
    )
    single_file: bool = option(
        False,
        "write the page of the group as one file with its figures in it, too: group/single.html",
        kind=bool,
    )

    @property
    def folder(self) -> str:
        """Name of the folder of the comparison."""
        return f"group-{self.comparison}" if self.comparison else "group"
