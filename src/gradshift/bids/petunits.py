"""Units of activity in tissue and blood."""

from collections.abc import Mapping

from gradshift.errors import InputError

KBQ = {"bq/ml": 1e-3, "bq/cc": 1e-3, "kbq/ml": 1.0, "kbq/cc": 1.0, "mbq/ml": 1e3}
"""What one unit of activity is in kBq/mL."""

UPTAKE = ("suv", "g/ml", "sul")
"""Units of activity that was divided by injected activity per weight."""


def is_uptake(metadata: Mapping[str, object]) -> bool:
    """Tell whether a scan holds uptake values (SUV) in place of activity."""
    return str(metadata.get("Units", "")).lower() in UPTAKE


def tissue_factor(metadata: Mapping[str, object], name: str) -> float:
    """Return what makes the activity of a scan kBq/mL; Bq/mL, as BIDS has it, if not told.

    Uptake values stay as they are.

    Raises
    ------
    InputError
        If the unit is none of activity per volume.
    """
    if is_uptake(metadata):
        return 1.0
    return activity_factor(metadata.get("Units", "Bq/mL"), f"Units of {name}")


def activity_factor(unit: object, what: str) -> float:
    """Return what makes activities of a unit kBq/mL, or refuse the unit."""
    factor = KBQ.get(str(unit).replace(" ", "").lower().replace("^", ""))
    if factor is None:
        raise InputError(
            f"{what} is {unit!r}; it must be an activity per volume such as Bq/mL or kBq/mL."
        )
    return factor
