"""Every result with every atlas, recipe and choice: what robustness is told from."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from gradshift.bids.rows import column, columns
from gradshift.core.contrasts import Comparison
from gradshift.group.answers import blocks_of, compare_blocks
from gradshift.group.arrange import arrange, weighted
from gradshift.group.choices import other_values
from gradshift.group.contrasts import Contrast, compared, contrasts
from gradshift.group.pieces import piece
from gradshift.group.primary import is_primary, primary_model, tested_values
from gradshift.group.study import Place, Study, once
from gradshift.group.subsets import subsets
from gradshift.group.table import Table
from gradshift.study.effect import Effect

_AS_IN = columns(Contrast)

Result = tuple[str, str, str, str, str, str, str]
"""Contrast, effect, modality, task, measure, level and label: variants differ in the rest."""

Way = tuple[str, str, str]
"""Atlas, recipe and what differs from the choices of the participant level; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One result with one atlas, recipe and choice."""

    contrast: str = column(_AS_IN["contrast"])
    effect: str = column(_AS_IN["effect"])
    modality: str = column(_AS_IN["modality"])
    task: str = column(_AS_IN["task"])
    measure: str = column(_AS_IN["measure"])
    level: str = column(_AS_IN["level"])
    label: str = column(_AS_IN["label"])
    atlas: str = column(_AS_IN["atlas"])
    recipe: str = column(_AS_IN["recipe"])
    choice: str | None = column(
        "What differs from the choices of the participant level: the kernel of gradients, which "
        "are then aligned to the mean of all sessions compared, the density of graphs, the model "
        "of PET, the people (chosen by motion alone) or values (without those remarked), or "
        "another output (its space, where that differs); n/a if nothing does"
    )
    family: str = column(_AS_IN["family"])
    n: int = column(_AS_IN["n"])
    mean_change: float = column(_AS_IN["mean_change"])
    hedges_g: float = column(_AS_IN["hedges_g"])
    ci_low: float = column(_AS_IN["ci_low"])
    ci_high: float = column(_AS_IN["ci_high"])
    t: float = column(_AS_IN["t"])
    p: float = column(_AS_IN["p"])
    p_fwe: float = column(_AS_IN["p_fwe"])
    p_min: float = column(_AS_IN["p_min"])
    status: str = column(_AS_IN["status"])

    @property
    def result(self) -> Result:
        """What the variants of a result share."""
        return (
            *(self.contrast, self.effect, self.modality, self.task),
            *(self.measure, self.level, self.label),
        )

    @property
    def way(self) -> Way:
        """What the variants of a result differ in."""
        return self.atlas, self.recipe, self.choice or ""


SHARED = [f.name for f in fields(Variant) if f.name in _AS_IN]


@once
def variants(study: Study) -> list[Variant]:
    """Return every variant of every result that atlases share; of several families the first."""
    every: dict[tuple[Result, Way], Variant] = {}
    for row, choice in _rows(study):
        if row.level != "region" and row.covariates == study.covariates and np.isfinite(row.t):
            shared = {name: getattr(row, name) for name in SHARED}
            variant = Variant(**shared, choice=choice)
            every.setdefault((variant.result, variant.way), variant)
    return list(every.values())


def _rows(study: Study) -> Iterator[tuple[Contrast, str | None]]:
    """Yield the results of the participants' choice, then those of the others."""
    for row in contrasts(study):
        yield row, None
    for place, choice, values in _others(study):
        known = compared_otherwise.handed(study, *_key(place, choice))
        for row in compared(study, place, values, _asked(study), known):
            yield row, choice


def _asked(study: Study) -> list[Effect]:
    """Return the questions whose answers are given with every choice."""
    return [e for e in study.effects if (" ".join(e.covariates) or None) == study.covariates]


def _others(study: Study) -> Iterator[tuple[Place, str | None, pd.DataFrame]]:
    """Yield the values of every choice but that of the participant level."""
    yield from _other_places(study)
    yield from subsets(study)


def _key(place: Place, choice: str | None) -> tuple[str, ...]:
    return place.modality, place.task, place.atlas, place.recipe, choice or ""


def _keys(study: Study) -> Iterator[tuple[str, ...]]:
    return (_key(place, choice) for place, choice, _ in _others(study))


@piece(_keys, seconds=3)
def compared_otherwise(study: Study, *key: str) -> list[Comparison]:
    """Put the questions to the values of one place, with another choice."""
    every = ((_key(place, choice), place, values) for place, choice, values in _others(study))
    place, values = next(rest for found, *rest in every if found == key)
    return compare_blocks(blocks_of(study, place, values, _asked(study)), study)


@once
def _molecular(study: Study) -> list[tuple[Place, str | None, pd.DataFrame]]:
    """Return further models, corrections and quality rules as variants of the primary ones."""
    model, others = primary_model(study), []
    for place, values in study.places():
        if place.modality == "func":
            continue
        named = place.modality == "pet"
        for measure in dict.fromkeys(values["measure"]) if named else [None]:
            first = measure in (None, model)
            if first and is_primary(study, place):
                continue
            rows = values[values["measure"] == measure] if named else values
            choice = None if first else f"model {measure}"
            others.append((place, choice, rows.assign(measure=model) if named else rows))
    return others


def _other_places(study: Study) -> Iterator[tuple[Place, str | None, pd.DataFrame]]:
    """Yield the values of everything that differs from what is tested."""
    keys = ["task", "atlas", "recipe", "choice"]
    for key, values in other_values(study).groupby(keys, sort=False, observed=True):
        task, atlas, recipe, choice = map(str, key)
        yield Place("func", task, atlas, recipe), choice, values
    yield from _molecular(study)


Key = tuple[str, str, str, str, str]
"""Modality, task, measure, level and label."""


@once
def changes(study: Study) -> dict[Way, dict[Key, "pd.Series[float]"]]:
    """Return the changes of people by what atlases share, with every atlas, recipe and choice."""
    every: dict[Way, dict[Key, pd.Series[float]]] = {}
    for place, values in study.places():
        if is_primary(study, place):
            way = (place.atlas, place.recipe, "")
            tested = tested_values(study, place, values)
            every.setdefault(way, {}).update(_changes(study, place, tested))
    for place, choice, values in _other_places(study):
        way = (place.atlas, place.recipe, choice or "")
        every.setdefault(way, {}).update(_changes(study, place, values))
    return every


def _changes(study: Study, place: Place, values: pd.DataFrame) -> dict[Key, "pd.Series[float]"]:
    """Return the changes of the main question in one modality, task, atlas and recipe."""
    shared = values[values["level"] != "region"]
    if shared.empty:
        return {}
    main = study.main
    names, array, keys = arrange(shared, study.design)
    change = weighted(array, main.plus) - weighted(array, main.minus)
    if main.people is not None:
        change[[name not in main.people for name in names]] = np.nan
    return {
        (place.modality, place.task, *key): pd.Series(change[:, i], index=names)
        for i, key in enumerate(keys)
    }


TABLE = Table(name="variants", rank=35, row=Variant, rows=variants, seconds=35)
