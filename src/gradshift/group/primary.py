"""The one model and correction of PET, and quality rule of spectroscopy, that are tested."""

import pandas as pd

from gradshift.group.study import Place, Study, once

DENSITY = ("vtlogan", "vt1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2", "suvr")
"""PET measures in the order of preference."""


@once
def primary_model(study: Study) -> str | None:
    """Return the PET measure whose changes are tested; others are variants of it.

    The first that was asked for, or else the best that there is; None without PET.
    """
    measures = set(study.table.loc[study.table["modality"] == "pet", "measure"])
    asked = [
        name
        for result in study.results
        if result.modality == "pet"
        for name in (result.about.get("Settings") or {}).get("pet_model") or ()
    ]
    ordered = [*asked, *DENSITY, *sorted(measures)]
    return next((name for name in ordered if name in measures), None)


@once
def primary_recipes(study: Study) -> dict[str, str]:
    """Return the correction or quality rule of PET and spectroscopy that is tested.

    None (``n/a``) comes before any: values without correction, and those that are flagged too.
    """
    recipes: dict[str, str] = {}
    for recipe in sorted(study.design.recipes, key=lambda name: name != "n/a"):
        rows = study.table[study.table["recipe"] == recipe]
        for modality in set(rows["modality"]) - {"func"}:
            recipes.setdefault(str(modality), recipe)
    return recipes


def is_primary(study: Study, place: Place) -> bool:
    """Tell whether values are tested, or a variant: of BOLD every recipe is tested."""
    return place.modality == "func" or primary_recipes(study)[place.modality] == place.recipe


def tested_values(study: Study, place: Place, values: pd.DataFrame) -> pd.DataFrame:
    """Keep the values that are tested: of PET those of the primary model."""
    if place.modality != "pet":
        return values
    return values[values["measure"] == primary_model(study)]
