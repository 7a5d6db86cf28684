"""Values of people and sessions become rows of the table of contrasts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.collect import KEYS
from gradshift.core.contrasts import Comparison, compare
from gradshift.core.families import FIRST, families
from gradshift.settings import Group
from gradshift.workflows.design import Design

CONTRASTS = {
    "contrast": "Follow-up minus baseline, by the names of the sessions",
    "effect": "What is tested: change is the mean within-person change",
    "family": "Results that are corrected together; a result in two families has a row in each",
    "modality": "func, pet or mrs",
    "task": "Task of the runs",
    "atlas": "Atlas, as named on the command line",
    "recipe": "Denoising recipe",
    "measure": "Measure; see the sidecar of measures.tsv",
    "level": "What the value belongs to: region, network, network-pair, set or whole",
    "label": "The region, network, pair of networks or set",
    "covariates": "Covariates that were held constant",
    "n": "People with a value in both sessions",
    "mean_baseline": "Mean at baseline over these people, in the unit of the measure",
    "mean_followup": "Mean at follow-up",
    "mean_change": "Mean of the within-person changes",
    "sd_change": "Standard deviation of the changes (n - 1)",
    "se": "Standard error of the mean change",
    "dz": "Mean change in standard deviations of the change",
    "hedges_g": "dz without its small-sample bias",
    "ci_low": "Lower end of the 95 % interval of the standardised change (non-central t)",
    "ci_high": "Upper end of that interval",
    "t": "Paired t statistic",
    "p": "Two-sided p of the sign-flip test",
    "p_fwe": "p corrected for the family (maximal |t| over the same sign flips)",
    "q_fdr": "Benjamini-Hochberg q over the family",
    "n_permutations": "Sign patterns that were used",
    "exact": "true if these are all there are",
    "p_min": "Smallest p that can be had with this many people",
    "status": "ok, or what limits the result",
}


def contrasts(
    found: pd.DataFrame, fixed: Mapping[str, str], design: Design, group: Group
) -> list[dict[str, Any]]:
    """Compare the sessions family by family, for one task, atlas and recipe."""
    baseline, followup, columns = pair(found, design)
    members: dict[str, list[int]] = {}
    for position, column in enumerate(columns):
        for family in families(fixed["modality"], *column):
            members.setdefault(family, []).append(position)
    remarks = _remarks(found, design)
    rows = []
    first = [family for family in FIRST if family in members]
    for family in dict.fromkeys([*first, *members]):
        positions = members[family]
        result = compare(
            baseline[:, positions],
            followup[:, positions],
            n_permutations=group.n_permutations,
            seed=group.random_seed,
        )
        named = [columns[position] for position in positions]
        shared = {**fixed, "family": family, "contrast": design.contrast, "effect": "change"}
        rows += _rows(result, named, shared, remarks, group.alpha)
    return rows


def pair(
    found: pd.DataFrame, design: Design
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[str, str, str]]]:
    """Arrange the values of two sessions as people x columns; runs are averaged.

    Parameters
    ----------
    found : DataFrame
        Rows of one modality, task, atlas and recipe.
    design : Design

    Returns
    -------
    baseline, followup : (n, m) array
        People in the order of their identifiers. Values marked unreliable are NaN.
    columns : list of (measure, level, label), length m
    """
    reliable = ~found["status"].str.startswith("unreliable")
    usable = found.assign(value=found["value"].where(reliable))
    names = ["measure", "level", "label"]
    columns = list(dict.fromkeys(usable[names].itertuples(index=False, name=None)))
    means = usable.groupby([*KEYS, *names])["value"].mean()
    wide = means.unstack(names).reindex(columns=pd.MultiIndex.from_tuples(columns))
    people = sorted(set(found["participant_id"]))
    baseline, followup = (
        wide.reindex(pd.MultiIndex.from_product([people, [session]])).to_numpy(dtype=np.float64)
        for session in design.sessions
    )
    return baseline, followup, columns


def _remarks(found: pd.DataFrame, design: Design) -> dict[tuple[str, str, str], str]:
    """Collect what the values of a column are marked with, other than ok."""
    marked = found[
        (found["status"] != "ok")
        & (found["value"].notna() | found["status"].str.startswith("unreliable"))
        & found["session_id"].isin(design.sessions)
    ]
    texts: dict[tuple[str, str, str], dict[str, int]] = {}
    for measure, level, label, status in marked[
        ["measure", "level", "label", "status"]
    ].itertuples(index=False):
        counts = texts.setdefault((measure, level, label), {})
        counts[status] = counts.get(status, 0) + 1
    return {
        key: "; ".join(f"{n} values: {text}" for text, n in sorted(counts.items()))
        for key, counts in texts.items()
    }


def _rows(
    result: Comparison,
    columns: Sequence[tuple[str, str, str]],
    shared: Mapping[str, str],
    remarks: Mapping[tuple[str, str, str], str],
    alpha: float,
) -> list[dict[str, Any]]:
    """Turn the comparison of one family into rows of the table."""
    rows = []
    for i, (measure, level, label) in enumerate(columns):
        row: dict[str, Any] = {
            **shared, "measure": measure, "level": level, "label": label, "covariates": None
        }  # fmt: skip
        for name in CONTRASTS:
            if name not in row:
                value = getattr(result, name)
                row[name] = value if isinstance(value, bool | int) else value[i]
        limits = [row["status"]] if row["status"] != "ok" else []
        if not limits and row["p_min"] > alpha:
            limits.append(f"cannot be significant: p_min {row['p_min']:.3g} > {alpha:g}")
        if (measure, level, label) in remarks:
            limits.append(remarks[measure, level, label])
        row["status"] = "; ".join(limits) or "ok"
        rows.append(row)
    return rows
