"""Changes in per cent of PET and spectroscopy."""

from typing import Any

import numpy as np
import pandas as pd

from gradshift.core.statistics.effects import moments, t_interval
from gradshift.core.statistics.signflip import signflip
from gradshift.settings import Settings
from gradshift.study.design import Design

PERCENT = {
    "contrast": "Follow-up minus baseline",
    "modality": "pet or mrs",
    "atlas": "Atlas",
    "recipe": "Partial volume correction, or quality rule",
    "measure": "Measure",
    "level": "What the value belongs to",
    "label": "Region, network or set",
    "n": "People",
    "mean_percent": "Mean of 100 (follow-up - baseline) / baseline",
    "sd_percent": "Its standard deviation (n - 1)",
    "ci_low": "Lower end of the 95 % interval of the mean (t)",
    "ci_high": "Upper end of that interval",
    "p": "Two-sided p of the sign-flip test of the change in per cent",
    "status": "ok, or why there is none: a baseline of 0 or below is never left out silently",
}


def percent_rows(table: pd.DataFrame, design: Design, settings: Settings) -> list[dict[str, Any]]:
    """Describe changes in per cent of values that have a true zero."""
    found = table[table["modality"].isin(["pet", "mrs"])]
    keys = ["modality", "atlas", "recipe", "measure", "level", "label"]
    means = found.groupby([*keys, "participant_id", "session_id"])["value"].mean()
    wide = means.unstack("session_id").reindex(columns=[design.baseline, design.followup])
    rows = []
    for key in dict.fromkeys(found[keys].itertuples(index=False, name=None)):
        before, after = wide.loc[key].to_numpy(float).T
        there = np.isfinite(before) & np.isfinite(after)
        row: dict[str, Any] = dict(zip(keys, key, strict=True))
        row |= {"contrast": design.contrast, "n": int(there.sum())}
        row |= dict.fromkeys(("mean_percent", "sd_percent", "ci_low", "ci_high", "p"))
        low = int((before[there] <= 0).sum())
        if low or there.sum() < 2:
            row["status"] = (
                f"{low} people with a baseline of 0 or below"
                if low
                else f"{there.sum()} people with both sessions, 2 needed"
            )
            rows.append(row)
            continue
        percent = (100 * (after - before) / np.where(there, before, np.nan))[there][:, None]
        n, mean, sd = (float(v[0]) for v in moments(percent))
        ends = t_interval(int(n), mean, sd)
        group = settings.group
        test = signflip(percent, n_permutations=group.n_permutations, seed=group.random_seed)
        row |= {
            "mean_percent": mean, "sd_percent": sd, "ci_low": ends[0], "ci_high": ends[1],
            "p": test.p[0], "status": "ok",
        }  # fmt: skip
        rows.append(row)
    return rows
