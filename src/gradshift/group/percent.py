"""Changes in per cent of PET and spectroscopy, whose values have a true zero."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.rows import column
from gradshift.core.statistics.effects import moments, t_interval
from gradshift.core.statistics.signflip import signflip
from gradshift.group.study import Study, once
from gradshift.group.table import Table
from gradshift.settings import Group


class Key(NamedTuple):
    """What a change is of, as in the tables."""

    modality: str
    task: str
    atlas: str
    recipe: str
    measure: str
    level: str
    label: str


KEYS = list(Key._fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentChange:
    """The change of one value in per cent of its baseline."""

    contrast: str = column("Follow-up minus baseline")
    modality: str = column("pet or mrs")
    task: str = column("Task during the scan; n/a without one")
    atlas: str = column("Atlas")
    recipe: str = column("Partial volume correction, or quality rule")
    measure: str = column("Measure")
    level: str = column("What the value belongs to")
    label: str = column("Region, network or set")
    n: int = column("People")
    mean_percent: float = column("Mean of 100 (follow-up - baseline) / baseline", default=math.nan)
    sd_percent: float = column("Its standard deviation (n - 1)", default=math.nan)
    ci_low: float = column("Lower end of the 95 % interval of the mean (t)", default=math.nan)
    ci_high: float = column("Upper end of that interval", default=math.nan)
    p: float = column(
        "Two-sided p of the sign-flip test of the change in per cent", default=math.nan
    )
    status: str = column(
        "ok, or why there is none: a baseline of 0 or below is never left out silently"
    )


@once
def percent_changes(study: Study) -> list[PercentChange]:
    """Describe changes in per cent from the baseline to the (first) follow-up."""
    design = study.design
    if not design.within_period:
        return []
    values = study.table[study.table["modality"].isin(["pet", "mrs"])]
    means = values.groupby([*KEYS, "participant_id", "session_id"], observed=True)["value"].mean()
    wide = means.unstack("session_id").reindex(columns=[design.baseline, design.followup])
    rows = []
    for key in dict.fromkeys(values[KEYS].itertuples(index=False, name=None)):
        before, after = wide.loc[key].to_numpy(float).T
        rows.append(_row(design.contrast, Key(*key), before, after, study.group))
    return rows


def _row(
    contrast: str,
    key: Key,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    group: Group,
) -> PercentChange:
    """Describe the change of one value, of the people who have both sessions."""
    both = np.isfinite(before) & np.isfinite(after)
    low = int((before[both] <= 0).sum())
    if low or both.sum() < 2:
        status = (
            f"{low} people with a baseline of 0 or below"
            if low
            else f"{both.sum()} people with both sessions, 2 needed"
        )
        return PercentChange(contrast=contrast, **key._asdict(), n=int(both.sum()), status=status)
    percent = (100 * (after - before) / np.where(both, before, np.nan))[both][:, None]
    n, mean, sd = (float(value[0]) for value in moments(percent))
    low_end, high_end = t_interval(int(n), mean, sd)
    test = signflip(percent, n_permutations=group.n_permutations, seed=group.random_seed)
    return PercentChange(
        contrast=contrast,
        **key._asdict(),
        n=int(both.sum()),
        mean_percent=mean,
        sd_percent=sd,
        ci_low=low_end,
        ci_high=high_end,
        p=test.p[0],
        status="ok",
    )


TABLE = Table(
    name="percentchange", rank=55, row=PercentChange, rows=percent_changes, optional=True
)
