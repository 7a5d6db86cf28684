"""What an analysis should find: the planted change, seen through cleaning."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.connectivity import correlate, fisher_z
from gradshift.core.regions import Regions
from gradshift.example.confounds import MOTION
from gradshift.example.connectome import PLANTING, group_connectome
from gradshift.example.people import EFFECT_SD, draw_person, scan
from gradshift.example.signals import TR, SimulatedSession

BAND = (0.01, 0.08)
"""Frequencies in Hz that cleaning keeps."""

FD_THRESHOLD = 0.5
"""Displacement in millimetres above which cleaning leaves a volume out."""

N_COMPONENTS = 5
"""Principal components of each tissue mask that cleaning regresses out."""

TABLE = "expected_changes.json"
"""The expectations shipped with the package, for a few sizes of the effect."""

FORMS = ("", "_derivative1", "_power2", "_derivative1_power2")


@dataclass(frozen=True, order=True)
class Quantity:
    """A value of one session, named as in the app's tables.

    Parameters
    ----------
    measure, level, label : str
        Such as ``betweenfc``, ``network-pair`` and ``Default-SomMot``.
    """

    measure: str
    level: str
    label: str


QUANTITIES = (
    Quantity("withinfc", "network", "Default"),
    Quantity("betweenfc", "network-pair", "Default-SomMot"),
    Quantity("betweenfc", "network-pair", "Default-Vis"),
    Quantity("lowhighfc", "whole", "whole"),
)
"""The values for which an expectation is written down."""


def cleaned_series(session: SimulatedSession) -> NDArray[np.float64]:
    """Clean region series in the usual way.

    24 motion regressors and five components each of white matter and fluid are regressed
    out, in one step with the band-pass filter; volumes with much motion or before the steady
    state are left out.

    Returns
    -------
    (kept volumes, R) array
    """
    from nilearn.signal import clean

    columns = session.confounds.columns
    names = [name + form for name in MOTION for form in FORMS] + _components(session)
    confounds = np.nan_to_num(np.column_stack([columns[name] for name in names]))
    cleaned = clean(
        session.series,
        confounds=confounds,
        sample_mask=retained_volumes(session),
        detrend=True,
        standardize=None,
        standardize_confounds=True,
        filter="butterworth",
        high_pass=BAND[0],
        low_pass=BAND[1],
        t_r=TR,
    )
    return np.asarray(cleaned)


def retained_volumes(session: SimulatedSession) -> NDArray[np.intp]:
    """Find the volumes in the steady state without much motion."""
    keep = np.nan_to_num(session.fd) <= FD_THRESHOLD
    keep[: session.n_dummy] = False
    return np.flatnonzero(keep)


def connectivity_values(series: NDArray[np.float64], regions: Regions) -> NDArray[np.float64]:
    """Compute the values of `QUANTITIES` from (T, R) series."""
    return edge_means(correlate(series), regions)


def edge_means(matrix: NDArray[np.float64], regions: Regions) -> NDArray[np.float64]:
    """Compute the values of `QUANTITIES` from correlations: means of Fisher's z over edges."""
    z = fisher_z(matrix)
    member = {n: np.array(regions.networks) == n for n in regions.network_names}
    return np.array(
        [
            np.nanmean(z[np.ix_(member["Default"], member["Default"])]),
            z[np.ix_(member["Default"], member["SomMot"])].mean(),
            z[np.ix_(member["Default"], member["Vis"])].mean(),
            z[np.ix_(regions.low, regions.high)].mean(),
        ]
    )


def planted_changes(
    effect: float, regions: Regions, *, n_people: int, seed: int
) -> NDArray[np.float64]:
    """Simulate what planting changes in the values of `QUANTITIES`, after cleaning.

    Each person's second session is simulated twice, with and without the planted change but
    with the same noise and motion. As nothing else sets the sessions apart, the mean of the
    difference is the mean change from first to second session, and far less noisy.

    Parameters
    ----------
    effect : float
        Mean effect in the population.
    regions : Regions
    n_people : int
    seed : int

    Returns
    -------
    (n_people, Q) array
    """
    base = group_connectome()
    changes = []
    for number in range(1, n_people + 1):
        person = draw_person(base, number=number, effect=effect, seed=seed)
        with_drug, without = (
            connectivity_values(
                cleaned_series(scan(person, "post", regions, seed=seed, planted=planted)), regions
            )
            for planted in (True, False)
        )
        changes.append(with_drug - without)
    return np.array(changes)


def tabulate(
    effects: Sequence[float], regions: Regions, *, n_people: int, seed: int
) -> dict[str, Any]:
    """Make the content of `TABLE`: mean changes and their standard errors.

    Parameters
    ----------
    effects : sequence of float
    regions : Regions
    n_people : int
        Simulated people per effect.
    seed : int

    Returns
    -------
    dict
        As stored, with the settings that it holds for.
    """
    rows = []
    for effect in effects:
        changes = planted_changes(effect, regions, n_people=n_people, seed=seed)
        errors = changes.std(axis=0, ddof=1) / np.sqrt(n_people)
        rows += [
            asdict(quantity)
            | {"effect": effect, "change": round(mean, 5), "standard_error": round(error, 5)}
            for quantity, mean, error in zip(
                QUANTITIES, changes.mean(axis=0).tolist(), errors.tolist(), strict=True
            )
        ]
    return {
        "Description": (
            "Expected changes of mean Fisher z from first to second session, after cleaning. "
            "Made by gradshift.example.expected.tabulate, by Monte Carlo."
        ),
        "People": n_people,
        "Seed": seed,
        "Planting": asdict(PLANTING),
        "EffectSD": EFFECT_SD,
        "Cleaning": cleaning(),
        "Changes": rows,
    }


def cleaning() -> dict[str, Any]:
    """Describe the cleaning that the expectations hold for."""
    return {
        "Regressors": f"24 motion, {N_COMPONENTS} aCompCor of CSF, {N_COMPONENTS} of WM",
        "Band": list(BAND),
        "FramewiseDisplacementThreshold": FD_THRESHOLD,
    }


def table() -> dict[str, Any]:
    """Read the expectations shipped with the package, as `tabulate` makes them."""
    stored: dict[str, Any] = json.loads((files("gradshift.example") / TABLE).read_text())
    return stored


def expected_changes(effect: float) -> dict[Quantity, tuple[float, float]] | None:
    """Look up the expected mean changes for an effect.

    The changes level off as the effect grows: nothing is read between tabulated effects.

    Parameters
    ----------
    effect : float
        Mean effect in the population.

    Returns
    -------
    dict of Quantity to (change, standard error), or None
        The standard error is that of the expectation itself. None for an effect that is
        neither 0 nor in the table.
    """
    if effect == 0:
        return dict.fromkeys(QUANTITIES, (0.0, 0.0))
    rows = [row for row in table()["Changes"] if row["effect"] == effect]
    if not rows:
        return None
    return {
        Quantity(row["measure"], row["level"], row["label"]): (
            row["change"],
            row["standard_error"],
        )
        for row in rows
    }


def _components(session: SimulatedSession) -> list[str]:
    of_mask: dict[str, list[str]] = {"CSF": [], "WM": [], "combined": []}
    for name, entry in session.confounds.components.items():
        of_mask[str(entry["Mask"])].append(name)
    return of_mask["CSF"][:N_COMPONENTS] + of_mask["WM"][:N_COMPONENTS]
