"""What was injected before a PET scan: activity and mass."""

from collections.abc import Mapping

from gradshift.errors import InputError

MBQ = {
    "bq": 1e-6, "kbq": 1e-3, "mbq": 1.0, "gbq": 1e3, "uci": 0.037, "mci": 37.0,
}  # fmt: skip
"""What one unit of injected activity is in MBq."""

MICROGRAM = {"ng": 1e-3, "ug": 1.0, "mcg": 1.0, "mg": 1e3, "g": 1e6}
"""What one unit of injected mass is in micrograms."""


def injected(metadata: Mapping[str, object]) -> dict[str, float | None]:
    """Return what was injected: ``activity`` in MBq and ``mass`` in micrograms; None if unknown.

    Raises
    ------
    InputError
        If a unit is not known.
    """
    doses: dict[str, float | None] = {}
    for name, key, units in (
        ("activity", "InjectedRadioactivity", MBQ),
        ("mass", "InjectedMass", MICROGRAM),
    ):
        value, unit = metadata.get(key), metadata.get(f"{key}Units")
        doses[name] = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            factor = units.get(str(unit).lower().replace("µ", "u").replace("μ", "u"))
            if factor is None:
                raise InputError(f"{key}Units is {unit!r}; it must be one of {', '.join(units)}.")
            doses[name] = float(value) * factor
    return doses
