"""Several studies in one model, from the tables that each of them left: no image, no session."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.rows import column, read_rows
from gradshift.core.inference.families import DECLARED
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.randomeffects import (
    Pooled,
    family_p,
    random_effects,
    within_studies,
)
from gradshift.errors import InputError, MissingInputError
from gradshift.group.contrasts import Contrast
from gradshift.group.persons import Person

Array = NDArray[np.float64]

Key = tuple[str, str, str, str, str, str]
"""Modality, task, family, measure, level and label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of one study in one value."""

    study: str = column("Folder of the study")
    contrast: str = column("Its main contrast")
    effect: str = column("What it tested")
    modality: str = column("func, pet or mrs")
    task: str = column("Task, where studies have several; else n/a")
    family: str = column("As in contrasts.tsv")
    measure: str = column("Measure")
    level: str = column("What the value belongs to")
    label: str = column("The region, network, pair of networks or set")
    n: int = column("People")
    mean_change: float = column("Mean change, in the unit of the measure")
    se: float = column("Its standard error")
    hedges_g: float = column("Standardised change")
    ci_low: float = column("Lower end of its 95 % interval")
    ci_high: float = column("Upper end of that interval")
    weight: float = column("Share of the study in the pooled mean change", default=math.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledRow:
    """The effect over all studies in one value."""

    modality: str = column("func, pet or mrs")
    task: str = column("Task, where studies have several; else n/a")
    family: str = column("As in contrasts.tsv")
    measure: str = column("Measure")
    level: str = column("What the value belongs to")
    label: str = column("The region, network, pair of networks or set")
    k: int = column("Studies with a value")
    n: int = column("People in all of them")
    mean_change: float = column("Mean change over studies, in the unit of the measure")
    se: float = column("Its standard error (Hartung and Knapp)")
    ci_low: float = column("Lower end of its 95 % interval")
    ci_high: float = column("Upper end of that interval")
    t: float = column("t of the mean change")
    df: float = column("Degrees of freedom: studies less one; of a single study its own")
    p: float = column("Two-sided p; of a single study its own")
    p_fwe: float = column(
        "p corrected for the family under the covariances of the studies; n/a where a study has "
        "none"
    )
    q_fdr: float = column("Benjamini-Hochberg q over the family")
    tau2: float = column("Variance between studies (DerSimonian and Laird)")
    i2: float = column("Share of the variance that is between studies")
    q: float = column("Cochran's Q")
    p_q: float = column("p of Q: small where studies differ by more than chance")
    predict_low: float = column("Lower end of the interval for a further study; from 3 on")
    predict_high: float = column("Upper end of that interval")
    hedges_g: float = column("Standardised change over studies, by the same model")
    g_low: float = column("Lower end of its 95 % interval")
    g_high: float = column("Upper end of that interval")
    p_within: float = column(
        "p of flipping the signs of people's changes within studies; n/a without persons.tsv"
    )
    p_within_fwe: float = column("That p corrected for the values of persons.tsv")


@dataclass(frozen=True)
class StudyTables:
    """What the group level of one study left.

    Parameters
    ----------
    folder : Path
        Of its group level.
    name : str
    """

    folder: Path
    name: str

    @classmethod
    def find(cls, output: Path) -> "StudyTables":
        """Find the tables in an output, or in the folder of one of its comparisons.

        Raises
        ------
        MissingInputError
            If there are none.
        """
        for folder in (output, output / "group"):
            if (folder / "contrasts.tsv").exists():
                return cls(folder, output.name)
        raise MissingInputError(
            f"There is no group/contrasts.tsv in {output}; run the group level of that study."
        )

    @cached_property
    def about(self) -> dict[str, object]:
        """What the sidecar of the contrasts says."""
        return dict(read_json(self.folder / "contrasts.json"))

    @cached_property
    def rows(self) -> list[Contrast]:
        """Results of the main question, primary atlas and recipe, as the study asked it first."""
        rows = read_rows(self.folder / "contrasts.tsv", Contrast)
        if not rows:
            raise InputError(f"{self.folder / 'contrasts.tsv'} has no results.")
        first = (rows[0].contrast, rows[0].effect, rows[0].covariates)
        atlas, recipe = self.about.get("PrimaryAtlas"), self.about.get("PrimaryRecipe")
        return [
            row
            for row in rows
            if (row.contrast, row.effect, row.covariates) == first
            and (row.modality != "func" or (row.atlas, row.recipe) == (atlas, recipe))
        ]

    @cached_property
    def tasks(self) -> list[str]:
        """Tasks of BOLD."""
        return sorted({row.task for row in self.rows if row.modality == "func"})

    @cached_property
    def persons(self) -> list[Person]:
        """Changes of single people, where they are shared."""
        path = self.folder / "persons.tsv"
        return read_rows(path, Person) if path.exists() else []

    def covariance(self, task: str, family: str, values: Sequence[str]) -> Array | None:
        """Return the covariances of these values of a family; None where one is missing."""
        path = self.folder / "covariances.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            name = f"{task or self.tasks[0]}/{family}" if self.tasks else ""
            if f"{name}/values" not in arrays:
                return None
            known = arrays[f"{name}/values"].tolist()
            if not set(values) <= set(known):
                return None
            at = [known.index(value) for value in values]
            return np.asarray(arrays[f"{name}/covariance"], dtype=np.float64)[np.ix_(at, at)]


def check_alike(studies: Sequence[StudyTables]) -> None:
    """Refuse studies whose values do not mean the same.

    Raises
    ------
    InputError
        If primary atlases or recipes, or the kind of the main effect, differ.
    """
    for key, what in (("PrimaryAtlas", "atlas"), ("PrimaryRecipe", "recipe")):
        names = {study.name: str(study.about.get(key)) for study in studies}
        if len(set(names.values())) > 1:
            raise InputError(
                f"The studies have different primary {what}s: "
                f"{', '.join(f'{name} {value}' for name, value in names.items())}. Run the group "
                f"level of each with the same first {what}."
            )
    effects = {study.name: study.rows[0].effect for study in studies}
    if len(set(effects.values())) > 1:
        raise InputError(
            "The studies ask different questions first: "
            f"{', '.join(f'{name} {value}' for name, value in effects.items())}. Their sizes are "
            "not of one kind."
        )


def pool(
    studies: Sequence[StudyTables], *, alpha: float, seed: int, n_permutations: int
) -> tuple[list[PooledRow], list[Effect]]:
    """Put the main results of studies together.

    Returns
    -------
    rows : list of PooledRow
    effects : list of Effect
        Of every study, with its weight.
    """
    several = any(len(study.tasks) > 1 for study in studies)
    found: dict[Key, dict[int, Contrast]] = {}
    for i, study in enumerate(studies):
        for row in study.rows:
            task = row.task if several else ""
            key = (row.modality, task, row.family, row.measure, row.level, row.label)
            found.setdefault(key, {})[i] = row
    families: dict[tuple[str, str, str], list[Key]] = {}
    for key in found:
        families.setdefault(key[:3], []).append(key)
    within = _within(studies, several, seed, n_permutations)
    rows: list[PooledRow] = []
    effects: list[Effect] = []
    for keys in families.values():
        family = _Family(studies, keys, [found[key] for key in keys])
        rows += family.rows(alpha, seed, within)
        effects += family.effects(alpha)
    return rows, effects


@dataclass(frozen=True)
class _Family:
    """Values that are corrected together, with the results of every study by its position."""

    studies: Sequence[StudyTables]
    keys: Sequence[Key]
    results: Sequence[dict[int, Contrast]]

    def _of(self, name: str) -> Array:
        """Return a column of the tables as (K, m); NaN where a study has no result."""
        return np.array(
            [
                [float(getattr(own[i], name)) if i in own else np.nan for own in self.results]
                for i in range(len(self.studies))
            ]
        )

    def _pooled(self, alpha: float) -> Pooled:
        n = self._of("n")
        return random_effects(self._of("mean_change"), self._of("se") ** 2, n - 1, alpha=alpha)

    def _standardised(self, alpha: float) -> Pooled:
        g, n = self._of("hedges_g"), self._of("n")
        variances = ((self._of("ci_high") - self._of("ci_low")) / (2 * 1.959964)) ** 2
        return random_effects(g, variances, n - 1, alpha=alpha)

    def _p_fwe(self, pooled: Pooled, seed: int) -> Array:
        """Correct for the family, where all studies say how its values go together."""
        if len(self.studies) == 1:
            return self._of("p_fwe")[0]
        _, task, family, *_ = self.keys[0]
        values = ["|".join(key[3:]) for key in self.keys]
        known = [study.covariance(task, family, values) for study in self.studies]
        covariances = [covariance for covariance in known if covariance is not None]
        if len(covariances) < len(known) or any(not np.isfinite(c).all() for c in covariances):
            return np.full(len(values), np.nan)
        return family_p(pooled, covariances, seed=seed)

    def rows(
        self, alpha: float, seed: int, within: dict[tuple[str, ...], tuple[float, float]]
    ) -> list[PooledRow]:
        """Return the pooled results."""
        pooled, g = self._pooled(alpha), self._standardised(alpha)
        p = self._of("p")[0] if len(self.studies) == 1 else pooled.p
        p_fwe, q_fdr = self._p_fwe(pooled, seed), benjamini_hochberg(p)
        rows = []
        for i, (key, own) in enumerate(zip(self.keys, self.results, strict=True)):
            modality, task, family, measure, level, label = key
            flips = (np.nan, np.nan)
            if family in DECLARED:
                flips = within.get((task, measure, level, label), flips)
            rows.append(
                PooledRow(
                    modality=modality,
                    task=task or "n/a",
                    family=family,
                    measure=measure,
                    level=level,
                    label=label,
                    k=int(pooled.k[i]),
                    n=sum(result.n for result in own.values()),
                    mean_change=float(pooled.mean[i]),
                    se=float(pooled.se[i]),
                    ci_low=float(pooled.low[i]),
                    ci_high=float(pooled.high[i]),
                    t=float(pooled.t[i]),
                    df=float(pooled.df[i]),
                    p=float(p[i]),
                    p_fwe=float(p_fwe[i]),
                    q_fdr=float(q_fdr[i]),
                    tau2=float(pooled.tau2[i]),
                    i2=float(pooled.i2[i]),
                    q=float(pooled.q[i]),
                    p_q=float(pooled.p_q[i]),
                    predict_low=float(pooled.predict_low[i]),
                    predict_high=float(pooled.predict_high[i]),
                    hedges_g=float(g.mean[i]),
                    g_low=float(g.low[i]),
                    g_high=float(g.high[i]),
                    p_within=flips[0],
                    p_within_fwe=flips[1],
                )
            )
        return rows

    def effects(self, alpha: float) -> list[Effect]:
        """Return the results of single studies with their weights."""
        weights = self._pooled(alpha).weights
        return [
            Effect(
                study=self.studies[k].name,
                contrast=row.contrast,
                effect=row.effect,
                modality=key[0],
                task=key[1] or "n/a",
                family=key[2],
                measure=row.measure,
                level=row.level,
                label=row.label,
                n=row.n,
                mean_change=row.mean_change,
                se=row.se,
                hedges_g=row.hedges_g,
                ci_low=row.ci_low,
                ci_high=row.ci_high,
                weight=float(weights[k, i]),
            )
            for i, (key, own) in enumerate(zip(self.keys, self.results, strict=True))
            for k, row in sorted(own.items())
        ]


def _within(
    studies: Sequence[StudyTables], several: bool, seed: int, n_permutations: int
) -> dict[tuple[str, ...], tuple[float, float]]:
    """Flip the signs of people's changes within studies, where all share them."""
    single = all(study.persons and study.rows[0].effect == "change" for study in studies)
    if not single:
        return {}
    wanted = [
        {(row.task if several else "", row.measure, row.level, row.label) for row in study.persons
         if row.measure != "fcchange"}
        for study in studies
    ]  # fmt: skip
    keys = sorted(set.intersection(*wanted))
    changes = [_changes(study, keys, several) for study in studies]
    if not keys:
        return {}
    _, p, p_fwe = within_studies(changes, n_permutations=n_permutations, seed=seed)
    return {key: (float(p[i]), float(p_fwe[i])) for i, key in enumerate(keys)}


def _changes(
    study: StudyTables, keys: Sequence[tuple[str, str, str, str]], several: bool
) -> Array:
    """Return the (n, m) changes of the people of a study."""
    people = sorted({row.participant_id for row in study.persons})
    values = np.full((len(people), len(keys)), np.nan)
    at = {key: i for i, key in enumerate(keys)}
    for row in study.persons:
        key = (row.task if several else "", row.measure, row.level, row.label)
        if key in at:
            values[people.index(row.participant_id), at[key]] = row.change
    return values
