"""Every person: the change of each headline value, and whether it is beyond the person's noise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.core.inference.exchange import arranged, p_of_one, p_together
from gradshift.core.inference.families import families
from gradshift.core.statistics.ownnoise import (
    Noise,
    beyond,
    day_to_day,
    moderated,
    noise_of_halves,
)
from gradshift.group.arrange import Column, arrange, weighted
from gradshift.group.distances import Distances, distances
from gradshift.group.personrows import Person
from gradshift.group.reliability import halves
from gradshift.group.study import Place, Study, once
from gradshift.group.table import Table
from gradshift.study.model import read_families
from gradshift.study.untreated import untreated

Array = NDArray[np.float64]

ONE_DAY = "one session without the drug: what days differ by is not known"
"""What limits a study with a single baseline."""


@once
def persons(study: Study) -> list[Person]:
    """List the change of every person in every headline value."""
    rows: list[Person] = []
    for place, values in study.places():
        if place.modality == "func" and (place.atlas, place.recipe) == study.primary:
            rows += _of_task(study, place, values)
            rows += _of_matrices(study, place)
    return rows


def _of_task(study: Study, place: Place, values: pd.DataFrame) -> Iterator[Person]:
    """List the changes of the headline values of one task."""
    included = {one.participant_id for one in study.of_kind("func", place.task) if one.included}
    values = values[values["participant_id"].isin(included)]
    names, array, columns = arrange(values, study.design)
    repeats = np.array([untreated(study.design, name) for name in names], dtype=bool)
    both = halves(study).get(place.task)
    own_families = study.group.families
    declared = read_families(Path(own_families)) if own_families else {}
    for i, key in enumerate(columns):
        if "confirmatory" in families("func", *key, declared):
            own = array[:, :, i]
            noise = _noise(study, both, names, key)
            yield from _rows(study, place, names, key, (own, noise, repeats))


def _noise(
    study: Study,
    both: tuple[pd.DataFrame, pd.DataFrame] | None,
    names: Sequence[str],
    key: Column,
) -> Noise:
    """Estimate the noise of the change of every person from halves of sessions."""
    weights = np.array(study.main.weights)
    unknown = np.full((len(names), len(weights)), np.nan)
    first, second = (_half(study, half, names, key) for half in both) if both else (unknown,) * 2
    return moderated(noise_of_halves(first, second, weights))


def _half(study: Study, half: pd.DataFrame, names: Sequence[str], key: Column) -> Array:
    """Return the (n, S) values of one column in one half of the sessions."""
    people, array, columns = arrange(half, study.design)
    values = np.full((len(names), array.shape[1]), np.nan)
    if key in columns:
        known = dict(zip(people, array[:, :, columns.index(key)], strict=True))
        for row, name in zip(values, names, strict=True):
            row[:] = known.get(name, np.nan)
    return values


def _rows(
    study: Study,
    place: Place,
    names: Sequence[str],
    key: Column,
    known: tuple[Array, Noise, NDArray[np.bool_]],
) -> Iterator[Person]:
    """List the changes of one value."""
    own, noise, repeats = known
    weights = np.array(study.main.weights)
    change = weighted(own[:, :, None], study.main.weights)[:, 0]
    _, p = beyond(change, noise)
    variance, df = day_to_day(own, repeats)
    days = Noise(
        variance=np.full(len(names), variance * float((weights**2).sum())),
        df=np.full(len(names), float(df)),
    )
    index, p_days = beyond(change, days)
    exchanged = [arranged(values, weights) for values in own]
    p_people = p_together(exchanged, seed=study.group.random_seed)
    for i, name in enumerate(names):
        yield Person(
            participant_id=name,
            contrast=study.main.contrast,
            task=place.task,
            atlas=place.atlas,
            recipe=place.recipe,
            **dict(zip(("measure", "level", "label"), key, strict=True)),
            change=float(change[i]),
            se=float(np.sqrt(noise.variance[i])),
            df=float(noise.df[i]),
            p=float(p[i]),
            beyond_noise=_at_most(float(p[i]), study.group.alpha),
            n_repeats=int(repeats[i].sum()),
            day_sd=float(np.sqrt(variance)),
            reliable_change=float(index[i]),
            p_days=float(p_days[i]),
            beyond_days=_at_most(float(p_days[i]), study.group.alpha),
            p_sessions=p_of_one(exchanged[i]),
            p_people=p_people,
            status=_status(float(change[i]), df),
        )


def _at_most(p: float, alpha: float) -> bool | None:
    return p <= alpha if np.isfinite(p) else None


def _status(change: float, df: int) -> str:
    if not np.isfinite(change):
        return "no value in a session that counts"
    return "ok" if df else ONE_DAY


def _of_matrices(study: Study, place: Place) -> Iterator[Person]:
    """List the distances between the matrices of everybody, over those between days."""
    row = Person(
        participant_id="",
        contrast=study.main.contrast,
        task=place.task,
        atlas=place.atlas,
        recipe=place.recipe,
        measure="fcchange",
        level="whole",
        label="whole",
        change=np.nan,
        status=ONE_DAY,
    )
    known = distances(study, place.task)
    everybody = [days for one in known.values() for days in one.days]
    usual = float(np.mean(everybody)) if everybody else np.nan
    for person in study.of_kind("func", place.task):
        if person.included:
            name = person.participant_id
            own = known.get(name, Distances(change=np.nan, days=()))
            yield replace(_with_distances(row, own, usual), participant_id=name)


def _with_distances(row: Person, own: Distances, usual: float) -> Person:
    """Fill in one person's distances; those of all stand in for days that the person lacks."""
    denominator = float(np.mean(own.days)) if own.days else usual
    if not np.isfinite(denominator) or not np.isfinite(own.change):
        return row
    return replace(
        row,
        change=own.change / denominator,
        n_repeats=len(own.days),
        beyond_days=own.change > max(own.days) if own.days else None,
        status="ok" if own.days else "over the mean distance between days of the others",
    )


TABLE = Table(
    name="persons",
    rank=75,
    row=Person,
    rows=persons,
    uses={
        "ownnoise": lambda written: any(
            np.isfinite(row.se) for row in written.rows("persons", Person)
        )
    },
)
