"""What was planted in a study of known truth, beside what was found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gradshift.bids.planted import CORRELATION, PERCENT, Planted, read_planted
from gradshift.bids.rows import column
from gradshift.core.inference.power import power_paired
from gradshift.core.statistics.effects import t_interval
from gradshift.group.contrasts import Contrast, contrasts, family_sizes
from gradshift.group.coupling import couplings
from gradshift.group.percent import percent_changes
from gradshift.group.study import Study, once
from gradshift.group.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One planted change, and what became of it."""

    what: str = column("What was planted, in words")
    modality: str = column("func, pet or mrs")
    atlas: str = column("Atlas that the expectation holds for")
    recipe: str = column("Recipe that the expectation holds for")
    measure: str = column("Measure; for a correlation the pair of changes")
    level: str = column("What the value belongs to")
    label: str = column("Region, network or set; for a correlation the scope")
    unit: str = column("Of the changes: that of the measure, percent, or correlation")
    planted: float = column("Change without noise, motion and denoising; n/a where not known")
    expected: float = column("Mean change that the analysis should find")
    found: float = column("Mean change that it found, or the correlation", default=math.nan)
    ci_low: float = column("Lower end of its 95 % interval", default=math.nan)
    ci_high: float = column("Upper end of that interval", default=math.nan)
    inside: bool | None = column(
        "true if the expected change is inside of the interval; n/a without one", default=None
    )
    p: float = column("p of the change", default=math.nan)
    p_fwe: float = column("p corrected for the family", default=math.nan)
    detected: bool = column(
        "true if p_fwe is at most alpha and the change has the expected sign", default=False
    )
    power: float = column(
        "Power of one test of these people for the expected change, uncorrected (paired t test)",
        default=math.nan,
    )
    power_corrected: float = column(
        "The same with alpha divided by the number of tests of the family", default=math.nan
    )
    reason: str | None = column(
        "Why it was missed, or why the interval is elsewhere; n/a if neither", default=None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the analysis gave for one planted change.

    Parameters
    ----------
    n : int
        People.
    n_tests : int
        Tests of the family; 0 where they are not counted.
    found, low, high : float
        Mean change or correlation, and its interval.
    p, p_fwe, p_min : float
    status : str
    """

    n: int
    n_tests: int
    found: float
    low: float
    high: float
    p: float
    p_fwe: float
    p_min: float
    status: str


def recoveries(study: Study) -> list[Recovery]:
    """Set what was planted in the study beside what was found; nothing for real people."""
    return [_recovery(row, study) for row in read_planted(study.settings.bids_dir)]


def _recovery(planted: Planted, study: Study) -> Recovery:
    outcome = _outcome(planted, study)
    shared = {
        name: getattr(planted, name)
        for name in (
            *("what", "modality", "atlas", "recipe", "measure", "level", "label"),
            *("unit", "planted", "expected"),
        )
    }
    if outcome is None:
        return Recovery(**shared, reason="not among the results of this run")
    alpha = study.group.alpha
    detected = outcome.p_fwe <= alpha and (
        planted.expected == 0 or outcome.found * planted.expected > 0
    )
    inside = outcome.low <= planted.expected <= outcome.high
    power, corrected = _power(planted, outcome, alpha)
    return Recovery(
        **shared,
        found=outcome.found,
        ci_low=outcome.low,
        ci_high=outcome.high,
        inside=bool(inside) if math.isfinite(outcome.low) else None,
        p=outcome.p,
        p_fwe=outcome.p_fwe,
        detected=bool(detected),
        power=power,
        power_corrected=corrected,
        reason=_reason(planted, outcome, (power, corrected), alpha) or None,
    )


def _outcome(planted: Planted, study: Study) -> Outcome | None:
    """Find what the analysis gave; None where it did not ask."""
    if planted.unit == CORRELATION:
        return _of_correlation(planted, study)
    row = _result(planted, study)
    if row is None:
        return None
    change, (low, high) = row.mean_change, t_interval(row.n, row.mean_change, row.sd_change)
    if planted.unit == PERCENT:
        names = ("modality", "atlas", "recipe", "measure", "level", "label")
        same = [
            one
            for one in percent_changes(study)
            if all(getattr(one, name) == getattr(planted, name) for name in names)
        ]
        if not same:
            return None
        change, low, high = same[0].mean_percent, same[0].ci_low, same[0].ci_high
    return Outcome(
        n=row.n,
        n_tests=_family_sizes(study)[row.together],
        found=change,
        low=low,
        high=high,
        p=row.p,
        p_fwe=row.p_fwe,
        p_min=row.p_min,
        status=row.status,
    )


def _result(planted: Planted, study: Study) -> Contrast | None:
    """Find the result of the main question; of several families the first."""
    names = ("modality", "atlas", "recipe", "measure", "level", "label")
    main = (*study.main.name, study.covariates)
    for row in contrasts(study):
        if (row.contrast, row.effect, row.covariates) == main and all(
            getattr(row, name) == getattr(planted, name) for name in names
        ):
            return row
    return None


def _of_correlation(planted: Planted, study: Study) -> Outcome | None:
    for row in couplings(study):
        if (row.pair, row.scope) == (planted.measure, planted.label):
            return Outcome(
                n=row.n,
                n_tests=0,
                found=row.estimate,
                low=row.ci_low,
                high=row.ci_high,
                p=row.p,
                p_fwe=row.p_fwe,
                p_min=0.0,
                status=row.status,
            )
    return None


@once
def _family_sizes(study: Study) -> Mapping[tuple[str | None, ...], int]:
    return family_sizes(contrasts(study))


def _power(planted: Planted, outcome: Outcome, alpha: float) -> tuple[float, float]:
    """Give the power of one test and of a corrected one; NaN where it does not apply."""
    if not planted.expected or not planted.sd > 0 or outcome.n < 2:
        return math.nan, math.nan
    size = planted.expected / planted.sd
    level = alpha / max(outcome.n_tests, 1)
    return power_paired(size, outcome.n, alpha=alpha), power_paired(size, outcome.n, alpha=level)


def _reason(
    planted: Planted, outcome: Outcome, power: tuple[float, float], alpha: float
) -> str | None:
    """Say why a planted change was missed, and why its interval is elsewhere."""
    parts = [_why_missed(planted, outcome, power, alpha)]
    if math.isfinite(outcome.low) and not outcome.low <= planted.expected <= outcome.high:
        parts.append("95 % intervals leave out the truth in one of 20 cases")
    return "; ".join(filter(None, parts))


def _why_missed(
    planted: Planted, outcome: Outcome, power: tuple[float, float], alpha: float
) -> str:
    if not math.isfinite(outcome.p_fwe):
        return f"not tested: {outcome.status}"
    if outcome.p_min > alpha:
        return (
            f"{outcome.n} people cannot give p <= {alpha:g}: the smallest is {outcome.p_min:.3g}"
        )
    if not planted.expected:
        by_chance = f"found though nothing was planted, as in {alpha:.0%} of families by chance"
        return by_chance if outcome.p_fwe <= alpha else ""
    if outcome.p_fwe <= alpha:
        return "" if outcome.found * planted.expected > 0 else "found with the opposite sign"
    before = f"p = {outcome.p:.2g} before correction"
    if not math.isfinite(power[0]):
        return before
    tests = f"the {outcome.n_tests} tests" if outcome.n_tests > 1 else "one test"
    return (
        f"{outcome.n} people find a change of this size in {power[0]:.0%} of studies, after "
        f"correction for {tests} of its family in about {power[1]:.0%}; here {before}"
    )


TABLE = Table(name="planted", rank=95, row=Recovery, rows=recoveries, optional=True)
