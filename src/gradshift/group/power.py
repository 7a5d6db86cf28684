"""What the main test can find with so many people."""

import numpy as np

from gradshift.core.inference.detectable import (
    detectable_change,
    detectable_difference,
    people_needed,
)
from gradshift.core.inference.power import power_groups, power_paired
from gradshift.group.contrasts import Contrast, contrasts, on_page
from gradshift.group.study import Study
from gradshift.study.effect import sizes

EFFECTS = (0.2, 0.5, 0.7, 0.8, 0.9, 1.2)
"""Standardised changes for which power is given."""


def power_of(study: Study) -> dict[str, object]:
    """Say what the main test can find; alpha / 7 and / 28 stand for the sizes of families."""
    main, alpha = study.main, study.group.alpha
    rows = _headline(study)
    n = max((row.n for row in rows), default=0)
    groups = sizes(main.predictor) if main.kind == "groups" else None
    smallest = min((row.p_min for row in rows if np.isfinite(row.p_min)), default=1.0)
    power: dict[str, object] = {
        "Effect": str(main),
        "Test": "t test between groups" if groups else "paired t test",
        "Participants": n,
        "ParticipantsByGroup": groups,
        "Alpha": alpha,
        "SmallestP": smallest,
        "CanBeSignificant": bool(smallest <= alpha),
    }
    if groups is None:
        needed = {f"{d:g}": people_needed(d, alpha=alpha) for d in EFFECTS}
        power["PeopleNeededForPower80"] = needed
    if min(groups or (n,)) < 2:
        return power
    levels = {"alpha": alpha, "alpha/7": alpha / 7, "alpha/28": alpha / 28}
    power["DetectableAtPower80"] = {
        name: detectable_difference(*groups, alpha=level)
        if groups
        else detectable_change(n, alpha=level)
        for name, level in levels.items()
    }
    power["Power"] = {
        f"{d:g}": power_groups(d, *groups, alpha=alpha)
        if groups
        else power_paired(d, n, alpha=alpha)
        for d in EFFECTS
    }
    return power


def _headline(study: Study) -> list[Contrast]:
    """Return the results that the page answers with: of the first declared family there is."""
    main = [row for row in contrasts(study) if (row.contrast, row.effect) == study.main.name]
    page = [row for row in main if on_page(study, row)] or main
    declared = [row for row in page if row.family == "confirmatory"]
    return declared or [row for row in page if row.verdict != "n/a"] or page
