"""Values of several studies that are corrected together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.families import DECLARED
from gradshift.core.statistics.fdr import benjamini_hochberg
from gradshift.core.statistics.randomeffects import Pooled, family_p, random_effects
from gradshift.group.contrasts import Contrast
from gradshift.group.pooledrows import Effect, PooledRow
from gradshift.group.sharedtables import StudyTables

Array = NDArray[np.float64]

Key = tuple[str, str, str, str, str, str]
"""Modality, task, family, measure, level and label."""


@dataclass(frozen=True)
class Family:
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
