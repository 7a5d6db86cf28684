"""What would be done with runs, in words."""

from collections.abc import Mapping, Sequence

from gradshift.bids.components import unequal_components
from gradshift.bids.run import Run
from gradshift.bids.sessions import group_runs, unit_entities
from gradshift.core.series.length import WARN_MINUTES
from gradshift.participant.outlook import Outlook, outlook
from gradshift.recipes.recipe import Recipe


def component_remarks(by_session: Mapping[str, Outlook]) -> tuple[str, ...]:
    """Say where the sessions of one person would be cleaned with unequal numbers of components."""
    return unequal_components(
        {label: prospects.components for label, prospects in by_session.items()}
    )


def describe_runs(
    runs: Sequence[Run], atlases: Sequence[str], recipes: Sequence[Recipe], *, combine: bool
) -> tuple[str, bool]:
    """Write what would be done, a block per session, and tell whether anything could be.

    Parameters
    ----------
    runs : sequence of Run
    atlases : sequence of str
        Their names.
    recipes : sequence of Recipe
    combine : bool
        Whether the runs of a session are joined.

    Returns
    -------
    text : str
    possible : bool
        Whether a session is left that a recipe can clean.
    """
    blocks, usable = [], 0
    outlooks: dict[str, dict[str, Outlook]] = {}
    for unit in group_runs(runs, combine=combine):
        lines = [line for run in unit for line in _describe_run(run, atlases)]
        if good := [run for run in unit if not run.problem]:
            expected = outlook(good, recipes)
            usable += 0 if expected.problem else len(good)
            lines += _describe_outlook(expected, len(good))
            label = " ".join(
                f"{k}-{v}" for k, v in unit_entities(good).items() if k in ("ses", "run")
            )
            outlooks.setdefault(f"sub-{good[0].entities['sub']}", {})[label] = expected
        blocks.append("\n".join(lines))
    for person, by_session in outlooks.items():
        blocks += [f"{person}: {remark}" for remark in component_remarks(by_session)]
    blocks.append(f"{usable} of {len(runs)} runs would be processed.")
    return "\n".join(blocks), bool(usable)


def _describe_run(run: Run, atlases: Sequence[str]) -> list[str]:
    lines = [run.label, f"  BOLD       {run.bold}"]
    if run.problem:
        return [*lines, f"  left out   {run.problem}"]
    kind = "vertices" if run.surface else "voxels"
    return [
        *lines,
        f"  mask       {run.mask or f'none: {kind} with a signal are taken'}",
        f"  confounds  {run.confounds}",
        f"  TR         {run.tr:g} s, {run.n_volumes} volumes "
        f"({run.n_volumes * run.tr / 60:.1f} min)",
        f"  space      {run.entities['space']}",
        f"  atlas      {', '.join(atlases)}",
        *(f"  remark     {remark}" for remark in run.remarks),
    ]


def _describe_outlook(expected: Outlook, n_runs: int) -> list[str]:
    lines = [f"  joined     {n_runs} runs, {expected.minutes:.1f} min"] if n_runs > 1 else []
    for prospect in expected.prospects:
        fate = f"left out: {prospect.problem}"
        if not prospect.problem:
            fate = (
                f"{prospect.n_regressors} regressors, {prospect.degrees_of_freedom:.0f} degrees "
                "of freedom before censoring"
            )
        lines.append(f"  recipe     {prospect.recipe}: {fate}")
    if expected.problem:
        would = ", ".join(expected.fitting) or "none of the shipped ones"
        lines.append(
            f"  would do   {would} (--denoise){_needed(expected)}, if no volume is censored"
        )
    return lines


def _needed(expected: Outlook) -> str:
    """Say what else a short session needs."""
    if expected.minutes >= Recipe.min_minutes:
        return ""
    if expected.minutes < WARN_MINUTES:
        return f", but less than {WARN_MINUTES:g} min is unreliable (--min-minutes allows it)"
    return f" with --min-minutes {WARN_MINUTES:g}"
