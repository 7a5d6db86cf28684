"""Whether each result holds over recipes, atlases, and choices for gradients and graphs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gradshift.core.statistics.specifications import FEWEST, joint_test
from gradshift.group.contrasts import CONTRASTS, arrange, scheme_of, weighted
from gradshift.settings import Group
from gradshift.study.design import Design
from gradshift.study.questions import Effect

ROBUSTNESS = {
    "contrast": "As in contrasts.tsv",
    "effect": "As in contrasts.tsv",
    "modality": "func, pet or mrs",
    "task": "Task of the runs",
    "measure": "Measure",
    "level": "network, network-pair, set or whole: what atlases share",
    "label": "The network, pair of networks or set",
    "n_variants": (
        "Number of variants with a value: atlases x recipes, of gradients also x kernels (aligned "
        "to the mean of the baseline sessions), of graphs also x densities"
    ),
    "share_same_sign": "Share of variants whose change has the sign of the primary one",
    "g_primary": "Hedges' g with the primary atlas and recipe",
    "g_min": "Smallest Hedges' g over variants",
    "g_median": "Median Hedges' g over variants",
    "g_max": "Largest Hedges' g over variants",
    "median_t": "Median t over variants",
    "p_joint": (
        "Two-sided p of median_t, people rearranged (signs flipped, or groups permuted) in all "
        "variants together; not corrected for the number of rows"
    ),
    "p_min": "Smallest p that can be had with this many people",
    "n_permutations": "Rearrangements that were used",
    "exact": "true if these are all there are",
    "status": "ok, or what limits the result",
    "variants": "The variants, as atlas, recipe and what differs",
}

RESULT = ("contrast", "effect", "modality", "task", "measure", "level", "label")
"""What makes a result; variants of it differ in the rest."""

VARIANTS = {
    **{name: CONTRASTS[name] for name in (*RESULT, "atlas", "recipe")},
    "choice": (
        "What differs from the choices of the participant level: the kernel of gradients, which "
        "are then aligned to the mean of the baseline sessions, or the density of graphs; n/a if "
        "nothing does"
    ),
    **{
        name: CONTRASTS[name]
        for name in (
            *("family", "n", "mean_change", "hedges_g", "ci_low", "ci_high"),
            *("t", "p", "p_fwe", "p_min", "status"),
        )
    },
}
"""Columns of the table that robustness is told from."""

_NOT_ASKED = {"status": "no joint test of this effect"}

Key = tuple[str, str, str, str, str]
"""Modality, task, measure, level and label."""

Variant = tuple[str, str, str]
"""Atlas, recipe and what differs from the choices of the participant level; empty: nothing."""


def changes_of(
    found: pd.DataFrame, design: Design, effect: Effect
) -> dict[Key, "pd.Series[float]"]:
    """Return the changes of people by what atlases share, of one atlas and recipe.

    Parameters
    ----------
    found : DataFrame
        Values of one modality, task, atlas and recipe.
    design : Design
    effect : Effect
        Says what the change is.
    """
    shared = found[found["level"] != "region"]
    if shared.empty:
        return {}
    names, values, columns = arrange(shared, design)
    changes = weighted(values, effect.plus) - weighted(values, effect.minus)
    if effect.people is not None:
        changes[[name not in effect.people for name in names]] = np.nan
    modality, task = str(found["modality"].iloc[0]), str(found["task"].iloc[0])
    return {
        (modality, task, *column): pd.Series(changes[:, i], index=names)
        for i, column in enumerate(columns)
    }


def each_variant(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for every variant of every result that atlases share.

    Parameters
    ----------
    rows : sequence of mapping
        The table of contrasts, of all variants; ``choice`` tells what differs, where something
        does. Of a result in several families the first counts.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row["level"] != "region" and row["covariates"] is None and np.isfinite(row["t"]):
            one = {name: row.get(name) for name in VARIANTS}
            found.setdefault((*(one[name] for name in RESULT), _variant(one)), one)
    return list(found.values())


def _variant(row: Mapping[str, Any]) -> Variant:
    return row["atlas"], row["recipe"], row["choice"] or ""


def robustness(
    rows: Sequence[Mapping[str, Any]],
    changes: Mapping[Variant, Mapping[Key, "pd.Series[float]"]],
    design: Design,
    main: Effect,
    group: Group,
) -> list[dict[str, Any]]:
    """Put the variants of every result side by side.

    Parameters
    ----------
    rows : sequence of mapping
        From `each_variant`.
    changes : mapping of Variant to mapping
        Changes of people by variant, see `changes_of`, for the joint test of the main effect.
    design : Design
    main : Effect
        The main question.
    group : Group
        Settings.

    Returns
    -------
    list of dict
        Rows of the table of robustness.
    """
    found: dict[tuple[str, ...], dict[Variant, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in RESULT), {})[_variant(row)] = row
    made = []
    for key, by_variant in found.items():
        asked = key[:2] == (main.contrast, main.effect)
        joint = _joint(key[2:], changes, main, group) if asked else _NOT_ASKED
        empty = dict.fromkeys(ROBUSTNESS)
        made.append({**empty, **dict(zip(RESULT, key, strict=True)), **_spread(by_variant, design),
                     **joint})  # fmt: skip
    return made


def _spread(by_variant: Mapping[Variant, Mapping[str, Any]], design: Design) -> dict[str, Any]:
    """Describe the variants of one result."""
    primary = by_variant.get((design.atlases[0], design.recipes[0], ""), {})
    g = np.sort([row["hedges_g"] for row in by_variant.values()])
    signs = np.sign([row["t"] for row in by_variant.values()])
    return {
        "n_variants": len(by_variant),
        "share_same_sign": float((signs == np.sign(primary["t"])).mean()) if primary else None,
        "g_primary": primary.get("hedges_g"),
        "g_min": g[0],
        "g_median": float(np.median(g)),
        "g_max": g[-1],
        "status": "ok",
        "variants": "; ".join(" ".join(filter(None, one)) for one in sorted(by_variant)),
    }


def _joint(
    key: tuple[str, ...],
    changes: Mapping[Variant, Mapping[Any, "pd.Series[float]"]],
    main: Effect,
    group: Group,
) -> Mapping[str, Any]:
    """Test the variants of one result together."""
    series = [found[key] for _, found in sorted(changes.items()) if key in found]
    if not series:
        return _NOT_ASKED
    table = pd.concat(series, axis=1).sort_index()
    scheme, _ = scheme_of(main, list(table.index), table.to_numpy(), group)
    test = joint_test(scheme)
    if not np.isfinite(test.p):
        return {
            "median_t": test.median_t,
            "status": f"{len(series)} variants, {FEWEST} needed for a joint test",
        }
    possible = test.p_min <= group.alpha
    limit = f"cannot be significant: p_min {test.p_min:.3g} > {group.alpha:g}"
    return {
        "median_t": test.median_t,
        "p_joint": test.p,
        "p_min": test.p_min,
        "n_permutations": test.n_permutations,
        "exact": test.exact,
        "status": "ok" if possible else limit,
    }
