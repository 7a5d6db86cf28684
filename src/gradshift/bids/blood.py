"""Blood samples of PET scans, as BIDS has them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import sidecar
from gradshift.bids.petcolumns import check_seconds, listed, number_columns
from gradshift.bids.petunits import activity_factor
from gradshift.bids.tables import read_table
from gradshift.core.pet.samples import Samples
from gradshift.errors import InputError

Array = NDArray[np.float64]


def read_blood(paths: Sequence[Path], scan_end: float, injected: float = 0.0) -> list[Samples]:
    """Read the blood samples of a scan.

    Parameters
    ----------
    paths : sequence of Path
        ``*_blood.tsv``, a JSON beside each.
    scan_end : float
        Minutes after injection.
    injected : float
        Seconds of the injection after TimeZero, from which the samples count.

    Returns
    -------
    list of Samples

    Raises
    ------
    InputError
        If times or units do not make sense.
    """
    blood = [_read_samples(path, injected) for path in paths]
    last = max(float(np.nanmax(samples.time)) for samples in blood)
    if abs(last * 60 - scan_end) < 0.35 * scan_end:
        raise InputError(
            f"The last blood sample ({paths[-1].name}) is at {last * 60:.3g} seconds, the scan "
            f"ends at {scan_end * 60:.5g} seconds: the times of the blood are minutes. BIDS has "
            "seconds."
        )
    return blood


def _read_samples(path: Path, injected: float) -> Samples:
    table, description = (
        read_table(path),
        read_json(sidecar(path)) if sidecar(path).exists() else {},
    )
    if "time" not in table.columns:
        raise InputError(f"{path.name} has no column time; it has {listed(table.columns)}.")
    numbers = number_columns(table, path)
    check_seconds(description.get("time"), f"time of {path.name}")

    def column(name: str, flag: str) -> Array:
        if name not in numbers or description.get(flag) is False:
            return np.full(len(table), np.nan)
        return numbers[name]

    def activity(name: str, flag: str) -> Array:
        values = column(name, flag)
        if np.isnan(values).all():
            return values
        described = description.get(name)
        unit = described.get("Units") if isinstance(described, dict) else None
        if unit is None:
            raise InputError(
                f"The unit of {name} in {path.name} is not known; its JSON needs "
                f'{{"{name}": {{"Units": "kBq/mL"}}}} or "Bq/mL".'
            )
        return values * activity_factor(unit, f"Units of {name} of {path.name}")

    fraction = column("metabolite_parent_fraction", "MetaboliteAvail")
    if (fraction[np.isfinite(fraction)] > 1.05).any() or (fraction < -0.05).any():
        raise InputError(
            f"metabolite_parent_fraction of {path.name} goes from {np.nanmin(fraction):g} to "
            f"{np.nanmax(fraction):g}; it must be a share between 0 and 1."
        )
    return Samples(
        time=(numbers["time"] - injected) / 60,
        plasma=activity("plasma_radioactivity", "PlasmaAvail"),
        whole_blood=activity("whole_blood_radioactivity", "WholeBloodAvail"),
        parent_fraction=np.clip(fraction, 0, 1),
    )


def undispersed(paths: Sequence[Path]) -> list[str]:
    """Name the recordings that say they were not corrected for dispersion."""
    return [
        path.name
        for path in paths
        if sidecar(path).exists() and read_json(sidecar(path)).get("DispersionCorrected") is False
        and "autosampler" in path.name
    ]  # fmt: skip


def free_fraction(paths: Sequence[Path]) -> float | None:
    """Return the share of tracer in plasma that is not bound to protein, where it was measured.

    Parameters
    ----------
    paths : sequence of Path
        ``*_blood.tsv``; ``PlasmaFreeFraction`` (per cent) stands in the JSON beside.

    Raises
    ------
    InputError
        If it is no per cent.
    """
    fractions = []
    for path in paths:
        description = read_json(sidecar(path)) if sidecar(path).exists() else {}
        given = description.get("PlasmaFreeFraction")
        values = given if isinstance(given, list) else [given]
        fractions += [float(value) for value in values if isinstance(value, int | float)]
    if not fractions:
        return None
    mean = float(np.mean(fractions))
    if not 1 < mean <= 100:
        raise InputError(
            f"PlasmaFreeFraction of {paths[0].name} is {mean:g}; BIDS has per cent, such as 27."
        )
    return mean / 100
