"""How a question is answered for values that are tested together."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts import (
    Comparison,
    compare,
    compare_crossover,
    compare_groups,
    compare_number,
    compare_sessions,
)
from gradshift.core.inference.resampling import Scheme
from gradshift.core.statistics.crossover import period_differences, sequences_known
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.groups import labelled
from gradshift.core.statistics.signflip import flipped
from gradshift.core.statistics.within import contrast_of_sessions, slope_weights
from gradshift.group.arrange import weighted
from gradshift.settings import Group
from gradshift.study.effect import MOTION, Effect

Array = NDArray[np.float64]


def sides(effect: Effect, names: Sequence[str], values: Array) -> tuple[Array, Array]:
    """Return what an effect holds against what, for every person.

    Parameters
    ----------
    effect : Effect
    names : sequence of str, length n
        People, sorted.
    values : (n, S, m) array
        By condition; NaN where there is none.

    Returns
    -------
    before, after : (n, m) array
        Their difference is what is tested; NaN for people who are not asked.
    """
    if effect.kind == "sessions":
        before, after, _ = contrast_of_sessions(
            values, slope_weights(_numbers(effect, names, values))
        )
        return before, after
    if effect.people is not None:
        asked = np.array([name in effect.people for name in names])
        values = np.where(asked[:, None, None], values, np.nan)
    return weighted(values, effect.minus), weighted(values, effect.plus)


def _numbers(effect: Effect, names: Sequence[str], values: Array) -> Array:
    """Return the (n, S) numbers of the sessions; NaN for those without any value."""
    none = (np.nan,) * values.shape[1]
    numbers = np.array([effect.by_session.get(name, none) for name in names], dtype=float)
    numbers[np.isnan(values).all(axis=2)] = np.nan
    return numbers


class Chance(TypedDict):
    """What every test takes from the settings."""

    n_permutations: int
    seed: int
    confidence: float


class Limits(Chance):
    """What tests of a standardised effect take besides: the smallest one of interest."""

    smallest_effect: float


def chance_of(group: Group) -> Chance:
    """Return what every test takes from the settings."""
    return Chance(
        n_permutations=group.n_permutations, seed=group.random_seed, confidence=1 - group.alpha
    )


def limits_of(group: Group) -> Limits:
    """Return what tests of a standardised effect take from the settings."""
    return Limits(**chance_of(group), smallest_effect=group.smallest_effect)


def compare_sides(
    effect: Effect,
    names: Sequence[str],
    before: Array,
    after: Array,
    covariates: Array | None,
    group: Group,
) -> Comparison:
    """Test one question of two sides, columns corrected together.

    Parameters
    ----------
    effect : Effect
        Of any kind but slopes on a number of sessions.
    names : sequence of str, length n
    before, after : (n, m) array
        See `sides`.
    covariates : (n, k) array, optional
    group : Group
        Settings.
    """
    limits = limits_of(group)
    number = effect.number(names)
    if effect.kind == "groups":
        return compare_groups(before, after, number, covariates=covariates, **limits)
    if effect.kind == "crossover" and covariates is None:
        return compare_crossover(before, after, number, **limits)
    if effect.kind == "number":
        return compare_number(before, after, number, **chance_of(group))
    traits = [name != MOTION for name in effect.covariates]
    comparison = compare(before, after, covariates=covariates, traits=traits, **limits)
    return _described_only(comparison, effect.least) if effect.least > 2 else comparison


def answer(
    effect: Effect,
    names: Sequence[str],
    values: Array,
    covariates: Array | None,
    group: Group,
) -> Comparison:
    """Answer one question for one family.

    Parameters
    ----------
    effect : Effect
    names : sequence of str, length n
        People, sorted.
    values : (n, S, m) array
        By condition; NaN where there is none.
    covariates : (n, k) array, optional
    group : Group
        Settings.
    """
    if effect.kind == "sessions" and effect.effect != "change":
        numbers = _numbers(effect, names, values)
        return compare_sessions(values, numbers, **limits_of(group))
    before, after = sides(effect, names, values)
    return compare_sides(effect, names, before, after, covariates, group)


def scheme_of(
    effect: Effect,
    names: Sequence[str],
    changes: Array,
    group: Group,
    *,
    max_exact: int | None = None,
    max_arrangements: int | None = None,
) -> tuple[Scheme, Array]:
    """Prepare the test of the main question on changes of many values.

    Parameters
    ----------
    effect : Effect
        Of kind change, groups or crossover.
    names : sequence of str, length n
        People, sorted.
    changes : (n, m) array
    group : Group
        Settings.
    max_exact, max_arrangements : int, optional
        Up to so many people (arrangements of labels) all rearrangements are used.

    Returns
    -------
    scheme : Scheme
    mean : (m,) array
        Mean change, or its difference between groups.
    """
    chance: Any = {"n_permutations": group.n_permutations, "seed": group.random_seed}
    number = effect.number(names)
    ordered = effect.kind == "crossover" and sequences_known(changes, number)
    if effect.kind != "groups" and not ordered:
        if max_exact is not None:
            chance["max_exact"] = max_exact
        return flipped(changes, **chance), moments(changes)[1]
    if max_arrangements is not None:
        chance["max_exact"] = max_arrangements
    if ordered:
        changes = period_differences(changes, number)
    one, other = (moments(changes[number == code])[1] for code in (0, 1))
    mean = (other - one) / (2 if ordered else 1)
    return labelled(changes, number, **chance), mean


def split(comparison: Comparison, sizes: Sequence[int]) -> list[Comparison]:
    """Cut a comparison into those of the columns that were put side by side.

    Parameters
    ----------
    comparison : Comparison
        Of m columns.
    sizes : sequence of int
        How many of them belong together; their sum is m.
    """
    ends = np.cumsum(sizes)
    parts = []
    for end, size in zip(ends, sizes, strict=True):
        columns = slice(int(end) - size, int(end))
        own = {
            f.name: getattr(comparison, f.name)[columns]
            for f in fields(comparison)
            if f.name not in ("n_permutations", "exact", "largest", "method")
        }
        parts.append(replace(comparison, **own))
    return parts


def _described_only(comparison: Comparison, least: int) -> Comparison:
    """Take the tests away from columns with few people."""
    few = comparison.n < least

    def blanked(values: Array) -> Array:
        return np.where(few, np.nan, values)

    return replace(
        comparison,
        status=tuple(
            f"{n} people in a subgroup, {least} needed for a test" if small else text
            for n, small, text in zip(comparison.n, few, comparison.status, strict=True)
        ),
        p=blanked(comparison.p),
        p_sign=blanked(comparison.p_sign),
        p_fwe=blanked(comparison.p_fwe),
        q_fdr=blanked(comparison.q_fdr),
        p_min=blanked(comparison.p_min),
        p_equivalence=blanked(comparison.p_equivalence),
        bf10=blanked(comparison.bf10),
        ci_low_fwe=blanked(comparison.ci_low_fwe),
        ci_high_fwe=blanked(comparison.ci_high_fwe),
    )
