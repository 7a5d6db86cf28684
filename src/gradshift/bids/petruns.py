"""Whether the PET scans of a session are one measurement."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from gradshift.bids.names import ENTITIES
from gradshift.bids.petscan import ACQUIRED, PetScan
from gradshift.bids.pettimes import window


def one_per_session(scans: Sequence[PetScan]) -> list[PetScan]:
    """Give scans that are not one measurement of their session a reason not to be used.

    Runs that cover the same minutes after their injections are repeats of one measurement.
    Scans that differ in tracer, acquisition or reconstruction are not, nor are runs that cover
    different minutes: two windows of one injection.

    Parameters
    ----------
    scans : sequence of PetScan

    Returns
    -------
    list of PetScan
        All of them, with `problem` where it must be chosen.
    """
    sessions: dict[tuple[str, ...], list[PetScan]] = {}
    for scan in scans:
        key = tuple(scan.entities.get(name, "") for name in ("sub", "ses", "task"))
        sessions.setdefault(key, []).append(scan)
    checked = []
    for same in sessions.values():
        problem = _not_one(same)
        checked += [replace(scan, problem=scan.problem or problem) for scan in same]
    return checked


def _not_one(scans: Sequence[PetScan]) -> str:
    """Say why the scans of a session are not one measurement; empty if they are."""
    acquired = {tuple(scan.entities.get(key) for key in ACQUIRED): scan for scan in scans}
    if len(acquired) == 1:
        return ""
    for key in ("trc", "rec", "acq"):
        values = sorted({scan.entities.get(key, "") for scan in scans})
        if len(values) > 1:
            listed = ", ".join(f"{key}-{value}" if value else f"no {key}-" for value in values)
            entry = json.dumps({"pet": {ENTITIES[key]: values[-1]}})
            return (
                f"the session has {len(acquired)} PET scans that differ in {ENTITIES[key]} "
                f"({listed}), and one measurement has one value; choose one with "
                f"--bids-filter-file, such as {entry}"
            )
    windows = sorted(_windows(acquired.values()))
    apart = [(a, b) for a, b in pairwise(windows) if a[1] <= b[0]]
    if not apart:
        return ""
    listed = " and ".join(f"{low:g} to {high:g}" for low, high in apart[0])
    run = next(scan.entities["run"] for scan in scans if "run" in scan.entities)
    return (
        f"the runs of the session are windows of one injection (from {listed} minutes after it), "
        "and one measurement has one value; join their curves in one table, or choose a run with "
        f"--bids-filter-file, such as {json.dumps({'pet': {'run': run}})}"
    )


def _windows(scans: Iterable[PetScan]) -> Iterator[tuple[float, float]]:
    for scan in scans:
        if (minutes := window(scan.metadata)) is not None:
            yield minutes
