"""Whether the changes of two modalities go together, over people and over regions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.rows import columns
from gradshift.bids.write import write_json, write_table
from gradshift.core.statistics import statistics
from gradshift.core.statistics.coupling import (
    FEWEST,
    bca_interval,
    couple,
    leave_one_out,
    partial,
)
from gradshift.errors import SettingsError
from gradshift.group.changes import Changes
from gradshift.group.likeness import over_regions
from gradshift.group.pairs import Coupling, Pair
from gradshift.group.study import Study, once
from gradshift.group.table import Files

DENSITY = ("vtlogan", "vt1tcm", "dvrreflogan", "bpndmrtm2", "bpndsrtm2", "suvr")
"""PET measures in the order of preference for the pairs declared beforehand."""

PAIRS = (
    "{pet}:Default~falff:Default",
    "{pet}:whole~eigenvectorcentrality:PCC",
    "{pet}:ACC~glutamate:ACC",
)
"""Declared beforehand: synaptic density with intrinsic activity, with the PCC as a hub, and with
glutamate; those of which there are values."""


@once
def couplings(study: Study) -> list[Coupling]:
    """Correlate the changes from the baseline to the (first) follow-up."""
    if not study.design.within_period:
        return []
    changes = Changes.of(study)
    pairs = _pairs(study.group.coupling, changes)
    if not pairs:
        return []
    return _over_people(pairs, changes, study) + over_regions(pairs, changes, study)


def _pairs(given: Sequence[str], changes: Changes) -> list[Pair]:
    """Return the pairs asked for, or those declared beforehand."""
    if not given:
        pet = next((name for name in DENSITY if name in changes.measures), None)
        declared = [Pair.parse(text.format(pet=pet)) for text in PAIRS]
        return [pair for pair in declared if changes.has(pair.first) and changes.has(pair.second)]
    pairs = [Pair.parse(text) for text in given]
    named = {term.measure for pair in pairs for term in (pair.first, pair.second)}
    if unknown := sorted(named - changes.measures):
        raise SettingsError(
            f"--coupling names {', '.join(unknown)}, of which there are no values; there are "
            f"{', '.join(sorted(changes.measures))}."
        )
    return pairs


def _over_people(pairs: Sequence[Pair], changes: Changes, study: Study) -> list[Coupling]:
    """Correlate changes over people."""
    x = np.column_stack([changes.of_term(pair.first) for pair in pairs])
    y = np.column_stack([changes.of_term(pair.second) for pair in pairs])
    seed, n_permutations = study.group.random_seed, 10 * study.group.n_permutations
    result = couple(x, y, n_permutations=n_permutations, seed=seed)
    motion = _motion(study, changes.people)
    rows = []
    for j, pair in enumerate(pairs):
        both = np.isfinite(x[:, j]) & np.isfinite(y[:, j])
        status = _status(pair, changes, int(both.sum()), bool(np.isfinite(result.rho[j])))
        low, high = bca_interval(x[both, j], y[both, j], seed=seed)
        rows.append(
            Coupling(
                pair=str(pair),
                scope="between-people",
                n=int(both.sum()),
                estimate=result.rho[j],
                ci_low=low,
                ci_high=high,
                p=result.p[j],
                p_fwe=result.p_fwe[j],
                n_permutations=result.n_permutations,
                status=status,
            )
        )
        if status == "ok":
            rows.append(_without_each(pair, x[both, j], y[both, j]))
            rows += _at_same_motion(pair, x[:, j], y[:, j], motion, study)
    return rows


def _status(pair: Pair, changes: Changes, n: int, known: bool) -> str:
    """Say why there is no correlation of a pair; ok if there is."""
    missing = [
        f"{term.measure} {term.label}"
        for term in (pair.first, pair.second)
        if not changes.has(term)
    ]
    if missing:
        return f"no values of {' and '.join(missing)}"
    if known:
        return "ok"
    few = f"{n} people with both changes, {FEWEST} needed"
    return few if n < FEWEST else "one of the changes is the same in everybody"


def _motion(study: Study, people: Sequence[str]) -> NDArray[np.float64]:
    """Return the change of mean framewise displacement of these people in mm."""
    motion = {
        person.participant_id: (person.mean_fd_followup or np.nan)
        - (person.mean_fd_baseline or np.nan)
        for person in study.people
        if person.modality == "func"
    }
    return np.array([motion.get(person, np.nan) for person in people])


def _without_each(pair: Pair, x: NDArray[np.float64], y: NDArray[np.float64]) -> Coupling:
    """Say how far a correlation rests on one person."""
    left_out = leave_one_out(x, y)
    return Coupling(
        pair=str(pair),
        scope="between-people-leave-one-out",
        n=len(x),
        ci_low=np.nanmin(left_out),
        ci_high=np.nanmax(left_out),
        status="range without each person in turn",
    )


def _at_same_motion(
    pair: Pair,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    motion: NDArray[np.float64],
    study: Study,
) -> list[Coupling]:
    """Correlate two changes with that of motion held constant, where it is known."""
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(motion)
    if known.sum() <= FEWEST:
        return []
    x_left, y_left = partial(x[known], y[known], motion[known])
    result = couple(
        x_left[:, None],
        y_left[:, None],
        n_permutations=10 * study.group.n_permutations,
        seed=study.group.random_seed,
        ranks=False,
    )
    return [
        Coupling(
            pair=str(pair),
            scope="between-people-partial-fd",
            n=int(known.sum()),
            estimate=result.rho[0],
            p=result.p[0],
            n_permutations=result.n_permutations,
            status="ok",
        )
    ]


def write_plain(folder: Path, name: str, row: type, rows: Sequence[object], study: Study) -> None:
    """Write a table with a sidecar of its own."""
    if rows:
        path = folder / f"{name}.tsv"
        described = columns(row)
        write_table(path, list(described), ([getattr(r, c) for c in described] for r in rows))
        methods = {name: statistics()[name].methods for name in ("coupling", "spin", "signflip")}
        write_json(
            outputs.sidecar(path),
            {
                **{name: {"Description": text} for name, text in described.items()},
                "Contrast": study.design.contrast,
                "Statistics": methods,
                "Software": f"gradshift {__version__}",
            },
        )


FILES = Files(
    name="coupling",
    rank=50,
    write=lambda study, folder: write_plain(folder, "coupling", Coupling, couplings(study), study),
    uses={
        "coupling": lambda written: written.finite("coupling", "estimate"),
        "spin": lambda written: written.finite("coupling", "estimate", scope="group-maps-spin"),
    },
)
