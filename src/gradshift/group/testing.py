"""How one question is answered for one family of values."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.contrasts import (
    Comparison,
    compare,
    compare_groups,
    compare_number,
    compare_sessions,
)
from gradshift.core.inference.resampling import Scheme
from gradshift.core.statistics.association import permuted
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import flipped
from gradshift.group.arrange import weighted
from gradshift.settings import Group
from gradshift.study.effect import Effect


def answer(
    effect: Effect,
    names: Sequence[str],
    values: NDArray[np.float64],
    covariates: NDArray[np.float64] | None,
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
    chance: Any = {"n_permutations": group.n_permutations, "seed": group.random_seed}
    if effect.people is not None:
        asked = np.array([name in effect.people for name in names])
        values = np.where(asked[:, None, None], values, np.nan)
    if effect.kind == "sessions":
        none = (np.nan,) * values.shape[1]
        number = np.array([effect.by_session.get(name, none) for name in names], dtype=float)
        number[np.isnan(values).all(axis=2)] = np.nan
        return compare_sessions(values, number, **chance)
    before, after = weighted(values, effect.minus), weighted(values, effect.plus)
    if effect.kind == "change":
        comparison = compare(before, after, covariates=covariates, **chance)
        return _described_only(comparison, effect.least) if effect.least > 2 else comparison
    number = effect.number(names)
    if effect.kind == "groups":
        return compare_groups(before, after, number, covariates=covariates, **chance)
    return compare_number(before, after, number, **chance)


def scheme_of(
    effect: Effect,
    names: Sequence[str],
    changes: NDArray[np.float64],
    group: Group,
    **limits: int,
) -> tuple[Scheme, NDArray[np.float64]]:
    """Prepare the test of the main question on changes of many values.

    Parameters
    ----------
    effect : Effect
        Of kind change or groups.
    names : sequence of str, length n
        People, sorted.
    changes : (n, m) array
    group : Group
        Settings.
    **limits : int
        ``max_exact``, see `gradshift.core.statistics.signflip.flipped`.

    Returns
    -------
    scheme : Scheme
    mean : (m,) array
        Mean change, or its difference between groups.
    """
    chance: Any = {"n_permutations": group.n_permutations, "seed": group.random_seed, **limits}
    if effect.kind != "groups":
        return flipped(changes, **chance), moments(changes)[1]
    number = effect.number(names)
    one, other = (moments(changes[number == code])[1] for code in (0, 1))
    return permuted(changes, number, **chance), other - one


def _described_only(comparison: Comparison, least: int) -> Comparison:
    """Take the tests away from columns with few people."""
    few = comparison.n < least
    kept: dict[str, Any] = {
        name: np.where(few, np.nan, getattr(comparison, name))
        for name in ("p", "p_fwe", "q_fdr", "p_min")
    }
    status = tuple(
        f"{n} people in a subgroup, {least} needed for a test" if small else text
        for n, small, text in zip(comparison.n, few, comparison.status, strict=True)
    )
    return replace(comparison, status=status, **kept)
