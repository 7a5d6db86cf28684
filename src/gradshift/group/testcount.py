"""How many tests were made, and what chance alone brings."""

import numpy as np

from gradshift.core.inference.page import chance_families
from gradshift.group.answers import answers
from gradshift.group.contrasts import Contrast, contrasts
from gradshift.group.study import Study


def count_tests(study: Study) -> dict[str, object]:
    """Count the tests of the table of contrasts: in all, and by family over its variants."""
    rows = [row for row in contrasts(study) if np.isfinite(row.p)]
    families: dict[str, int] = {}
    for row in rows:
        families[row.family] = families.get(row.family, 0) + 1
    different = {_identity(row) for row in rows}
    alpha = study.group.alpha
    return {
        "Number": len(different),
        "ByFamily": families,
        "ExpectedByChance": {"Alpha": alpha, "Number": round(alpha * len(different), 2)},
        "ChanceFamilies": _by_chance(study),
    }


def _by_chance(study: Study) -> dict[str, object]:
    """Say how many families of BOLD have a corrected result where nothing is there."""
    largest = [
        answer.comparison.largest
        for answer in answers(study)
        if answer.block.effect.name == study.main.name
        and not answer.block.effect.covariates
        and (answer.block.place.atlas, answer.block.place.recipe) == study.primary
        and answer.block.place.modality == "func"
    ]
    sizes = {len(null) for null in largest}
    if len(sizes) != 1:
        return {}
    chance = chance_families(np.column_stack(largest), alpha=study.group.alpha)
    return {
        "Families": len(largest),
        "Expected": chance.expected,
        "AnyHit": chance.any_hit,
        "UpTo": chance.upper,
    }


def _identity(row: Contrast) -> tuple[str | None, ...]:
    """Return what tells one test from another: the family does not."""
    return (
        *(row.contrast, row.effect, row.modality, row.task, row.atlas, row.recipe),
        *(row.measure, row.level, row.label, row.covariates),
    )
