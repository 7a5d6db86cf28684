"""What headers tell before any image is read: minutes, degrees of freedom, recipes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradshift.bids.confoundheader import Header, read_header
from gradshift.bids.run import Run
from gradshift.core.series.freedom import MIN_DF, MIN_DF_OF_RUN, degrees_of_freedom
from gradshift.errors import reason
from gradshift.recipes.catalogue import load_recipe
from gradshift.recipes.lean import LEAN, fitting
from gradshift.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a recipe would leave of a session, all volumes kept.

    Parameters
    ----------
    recipe : str
    n_regressors : int
        Of one run.
    degrees_of_freedom : float
        Over the joined runs, before any volume is censored.
    problem : str
        Why it cannot be used; empty if it can.
    """

    recipe: str
    n_regressors: int
    degrees_of_freedom: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What headers tell of a session.

    Parameters
    ----------
    minutes : float
        Over the joined runs.
    prospects : tuple of Prospect
        One per recipe asked for.
    fitting : tuple of str
        Shipped recipes that have their columns in every run and leave enough degrees of freedom.
    components : mapping of str to int
        aCompCor components the first recipe that takes any finds, by mask.
    """

    minutes: float
    prospects: tuple[Prospect, ...]
    fitting: tuple[str, ...]
    components: Mapping[str, int]

    @property
    def problem(self) -> str:
        """Why no recipe can be used; empty if one can."""
        if any(not prospect.problem for prospect in self.prospects):
            return ""
        return " ".join(dict.fromkeys(prospect.problem for prospect in self.prospects))


def outlook(runs: Sequence[Run], recipes: Sequence[Recipe]) -> Outlook:
    """Tell what recipes would leave of the runs of one session.

    Parameters
    ----------
    runs : sequence of Run
        Runs of one session that are joined, without a problem.
    recipes : sequence of Recipe
        Those asked for, with the options of the command line.

    Returns
    -------
    Outlook
    """
    headers: list[Header] = []
    failure = ""
    for run in runs:
        try:
            headers.append(read_header(run.confounds))
        except Exception as error:  # of this run, whatever it is
            failure = reason(error)
    minutes = sum(run.n_volumes * run.tr for run in runs) / 60
    prospects = tuple(_prospect(runs, headers, recipe, minutes, failure) for recipe in recipes)
    return Outlook(
        minutes, prospects, _shipped(runs, headers, recipes), _components(headers, recipes)
    )


def _prospect(
    runs: Sequence[Run], headers: Sequence[Header], recipe: Recipe, minutes: float, failure: str
) -> Prospect:
    takes = bool(recipe.columns or recipe.acompcor or recipe.scrub)
    problem = failure if takes else ""
    for header in headers:
        if not problem and (missing := header.missing(recipe)):
            problem = f"its confounds lack {', '.join(missing[:4])}."
    n = max((header.n_regressors(recipe) for header in headers), default=0)
    degrees = [
        degrees_of_freedom(
            run.n_volumes, tr=run.tr, band=recipe.passband, n_regressors=n, detrend=recipe.detrend
        )
        for run in runs
    ]
    df = sum(one for one in degrees if one >= MIN_DF_OF_RUN) or max(degrees)
    if not problem and minutes < recipe.min_minutes - 1e-9:
        problem = f"{minutes:.1f} min are fewer than {recipe.min_minutes:g} (--min-minutes)."
    if not problem and df < MIN_DF:
        problem = f"{df:.1f} degrees of freedom would be left, and {MIN_DF} are needed."
    return Prospect(recipe.name, n, df, problem)


def _shipped(
    runs: Sequence[Run], headers: Sequence[Header], recipes: Sequence[Recipe]
) -> tuple[str, ...]:
    """Name the shipped recipes that would do, cleaned with the options of those asked for."""
    if len(headers) < len(runs) or not headers:
        return ()
    band = next((recipe.band for recipe in recipes), None)
    working = [name for name in headers[0].working() if all(name in h.working() for h in headers)]
    degrees = {
        name: _prospect(runs, headers, recipe.with_options(band=band), 1e9, "").degrees_of_freedom
        for name in sorted(working, key=lambda name: (name in LEAN, name.casefold()))
        for recipe in [load_recipe(name)]
    }
    return fitting(degrees, MIN_DF)


def _components(headers: Sequence[Header], recipes: Sequence[Recipe]) -> dict[str, int]:
    taking = next((recipe for recipe in recipes if recipe.acompcor), None)
    if taking is None or not headers:
        return {}
    counts = [header.components(taking) for header in headers]
    return {mask: min(count[mask] for count in counts) for mask in taking.acompcor}
