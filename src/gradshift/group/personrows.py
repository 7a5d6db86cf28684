"""The row of one person and one value."""

import math
from dataclasses import dataclass

from gradshift.bids.rows import column


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The change of one person in one value."""

    participant_id: str = column("Participant")
    contrast: str = column("As in contrasts.tsv: the main question")
    task: str = column("Task of the runs")
    atlas: str = column("The primary atlas")
    recipe: str = column("The primary recipe")
    measure: str = column(
        "Measure of the confirmatory family; fcchange: distance between the connectivity matrices "
        "over the mean distance between days without the drug"
    )
    level: str = column("network, network-pair, set or whole")
    label: str = column("The network, pair of networks or set")
    change: float = column(
        "Change of the person in the unit of the measure; of fcchange the ratio"
    )
    se: float = column(
        "Its standard error by the noise within the sessions (halves, moderated over people)",
        default=math.nan,
    )
    df: float = column("Degrees of freedom of se", default=math.nan)
    p: float = column("Two-sided p of the change against that noise", default=math.nan)
    beyond_noise: bool | None = column("true if p is at most alpha", default=None)
    n_repeats: int = column(
        "Sessions of the person without the drug; of fcchange pairs of them", default=0
    )
    day_sd: float = column(
        "Standard deviation of one session between days without the drug, pooled over people",
        default=math.nan,
    )
    reliable_change: float = column(
        "The change over the standard deviation that days give it (reliable change index)",
        default=math.nan,
    )
    p_days: float = column("Two-sided p of that, by Student's t", default=math.nan)
    beyond_days: bool | None = column(
        "true if p_days is at most alpha; of fcchange if the distance is larger than every one "
        "between days of this person",
        default=None,
    )
    p_sessions: float = column(
        "p of exchanging the sessions of this person, where these have 20 arrangements or more",
        default=math.nan,
    )
    p_people: float = column(
        "p of these people together, sessions exchanged within each (the same in all rows of a "
        "value): of people with several sessions on a side, and of no others",
        default=math.nan,
    )
    status: str = column("ok, or what limits the result", default="ok")
