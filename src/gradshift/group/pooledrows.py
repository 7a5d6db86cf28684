"""The rows of a pooled analysis: what each study gave, and what all give together."""

import math
from dataclasses import dataclass

from gradshift.bids.rows import column


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
    df: float = column("Degrees of freedom: studies minus one; of a single study its own")
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
