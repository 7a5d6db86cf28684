"""Small studies of every design, unbalanced and with missing sessions: errors and recovery.

Each study goes the way of the group level from what ``sessions.tsv`` says on: the design is
recognised or given by a model, its questions are asked, and each is answered. Studies are the
columns of one array: values of a person differ by session with a standard deviation of 1, people
by 3. Where something is planted, every question has its true answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift import settings
from gradshift.bids.collect import SessionResult
from gradshift.core.contrasts import Comparison
from gradshift.group.testing import answer
from gradshift.settings import Group
from gradshift.study.asconditions import by_condition
from gradshift.study.design import Design
from gradshift.study.designs import kinds
from gradshift.study.effect import Effect
from gradshift.study.kind import Request
from gradshift.study.model import Model, Wanted
from gradshift.study.observations import Observation, StudyTables

PEOPLE_SD = 3.0
RANDOM = 499


@dataclass(frozen=True, kw_only=True)
class Case:
    """A study of one design.

    Parameters
    ----------
    observations : sequence of Observation
        The sessions there are.
    effect : callable
        What is planted in a session of somebody.
    true : mapping of str to float
        The answer to each question that is told, by contrast.
    period : callable
        What a session has whether or not something is planted.
    groups : mapping of str to str
        By person.
    model : Model, optional
    """

    observations: Sequence[Observation]
    effect: Callable[[Observation], float]
    true: Mapping[str, float]
    period: Callable[[Observation], float] = lambda one: 0.0
    groups: Mapping[str, str] = field(default_factory=dict)
    model: Model | None = None


def person(i: int) -> str:
    return f"sub-{i:02}"


def number(name: str) -> int:
    return int(name.removeprefix("sub-"))


def observe(n: int, sessions: Mapping[str, Mapping[str, object]], *lost: tuple[int, str]):
    """Give the same sessions to n people, but for those that are lost."""
    return [
        Observation(person=person(i), session=f"ses-{name}", **about)  # type: ignore[arg-type]
        for i in range(n)
        for name, about in sessions.items()
        if (i, name) not in lost
    ]


def two_periods(n: int, first: int, *lost: tuple[int, str], order: bool = True):
    """Two sessions without a baseline; `first` people had the drug in the first."""
    kept = []
    for i in range(n):
        drugs = ("ketamine", "placebo") if i < first else ("placebo", "ketamine")
        for period, drug in enumerate(drugs, start=1):
            if (i, drug) not in lost:
                kept.append(Observation(
                    person=person(i), session=f"ses-{period}", treatment=drug,
                    period=str(period) if order else "",
                ))  # fmt: skip
    return kept


def four_cells(n: int, first: int, *lost: tuple[int, str]):
    """Two treatments with a baseline each; `first` people had the drug in the first period."""
    kept = []
    for i in range(n):
        drugs = ("ketamine", "placebo") if i < first else ("placebo", "ketamine")
        for period, drug in enumerate(drugs, start=1):
            for point, days in (("pre", -1.0), ("post", 1.0)):
                if (i, f"{drug} {point}") not in lost:
                    kept.append(Observation(
                        person=person(i), session=f"ses-{period}{point}", treatment=drug,
                        timepoint=point, days=days, period=str(period),
                    ))  # fmt: skip
    return kept


def drug(one: Observation) -> float:
    return float(one.treatment == "ketamine" and one.timepoint != "pre")


def period(one: Observation) -> float:
    return 1.0 * (one.period == "2")


def in_sessions(**planted: float) -> Callable[[Observation], float]:
    return lambda one: planted.get(one.session.removeprefix("ses-"), 0.0)


def weights(*contrasts: tuple[str, Mapping[str, float]], **more) -> Model:
    wanted = tuple(Wanted(name=name, weights=by) for name, by in contrasts)
    return Model(design="conditions", contrasts=wanted, **more)


DAYS = {
    "pre": {"days": -1.0}, "day": {"days": 1.0}, "week": {"days": 8.0}, "month": {"days": 30.0}
}  # fmt: skip
DOSES = {"a": {"dose": 0.0}, "b": {"dose": 10.0}, "c": {"dose": 25.0}}
SHARED = {
    "b0": {}, "d2": {"treatment": "ketamine"}, "d10": {"treatment": "ketamine"},
    "p2": {"treatment": "placebo"}, "p10": {"treatment": "placebo"},
}  # fmt: skip
ARMS = {person(i): "placebo" if i < 5 else "ketamine" for i in range(13)}
KINDS_OF_PEOPLE = {person(i): "controls" if i < 5 else "patients" for i in range(13)}

CASES = {
    "conditions without a baseline, order 7:5 known, period effect of 1": Case(
        observations=two_periods(12, 7, (3, "placebo")), effect=drug, period=period,
        true={"ketamine-placebo": 1.0},
    ),
    "conditions without a baseline, order not known": Case(
        observations=two_periods(12, 7, (3, "placebo"), order=False), effect=drug,
        true={"ketamine-placebo": 1.0},
    ),
    "three doses, linear and each": Case(
        observations=observe(12, DOSES, (2, "b"), (9, "c")),
        effect=lambda one: 0.06 * one.dose,
        true={"slope(dose)": 0.06, "dose10-dose0": 0.6, "dose25-dose0": 1.5},
    ),
    "two baselines": Case(
        observations=observe(
            11, {"one": {"days": -9.0}, "two": {"days": -2.0}, "post": {"days": 1.0}},
            (4, "two"), (7, "post"),
        ),
        effect=in_sessions(post=1.0), true={"post-one+two": 1.0},
    ),
    "three follow-ups": Case(
        observations=observe(12, DAYS, (1, "week"), (5, "month"), (8, "month")),
        effect=in_sessions(day=1.0, week=1.0, month=1.0),
        true={"day-pre": 1.0, "week-pre": 1.0, "month-pre": 1.0, "day+week+month-pre": 1.0},
    ),
    "crossover 7:4, own baselines, period effect of 1": Case(
        observations=four_cells(11, 7, (2, "placebo post"), (9, "ketamine pre")),
        effect=drug, period=period, true={"ketamine-placebo": 1.0},
    ),
    "crossover, one baseline shared, weights": Case(
        observations=observe(11, SHARED, (2, "p10"), (6, "d2")),
        effect=in_sessions(d2=1.0, d10=0.5),
        model=weights(
            ("d2-p2", {"d2": 1, "p2": -1}), ("d10-p10", {"d10": 1, "p10": -1}),
            ("both", {"d2": 0.5, "d10": 0.5, "p2": -0.5, "p10": -0.5}),
            ("d2-b0", {"d2": 1, "b0": -1}),
        ),
        true={"d2-p2": 1.0, "d10-p10": 0.5, "both": 0.75, "d2-b0": 1.0},
    ),
    "groups of 5 and 8 x crossover": Case(
        observations=two_periods(13, 6, (1, "placebo"), (11, "ketamine")),
        effect=lambda one: drug(one) * (1.0 + (number(one.person) >= 5)),
        groups=KINDS_OF_PEOPLE,
        model=Model(design="conditions", column="kind", reference="controls", against="patients"),
        true={"patients-controls in ketamine-placebo": 1.0},
    ),
    "parallel groups of 5 and 8": Case(
        observations=observe(13, {"pre": {}, "post": {}}, (1, "post"), (10, "pre")),
        effect=lambda one: float(one.session == "ses-post" and number(one.person) >= 5),
        groups=ARMS, model=Model(
            design="parallel", baselines=("pre",), followups=("post",), column="kind"
        ),
        true={"ketamine-placebo": 1.0},
    ),
    "tasks of one session": Case(
        observations=observe(11, {"restPRE": {}, "restPOST": {}}, (4, "restPOST")),
        effect=in_sessions(restPOST=1.0), true={"restPOST-restPRE": 1.0},
    ),
}  # fmt: skip
"""What is there, and what is asked of it."""


def tasks(case: Case, options: settings.Settings) -> StudyTables:
    """Give every session as a task of one session, and let tasks take the place of sessions."""
    results = [
        SessionResult(Path(one.person), {
            "Entities": {"sub": one.person.removeprefix("sub-"), "ses": "1",
                         "task": one.session.removeprefix("ses-")},
            "Modality": "func",
        })
        for one in case.observations
    ]  # fmt: skip
    names = tuple(sorted({one.person for one in case.observations}))
    there = StudyTables(
        names=names, sessions=("ses-1",), people=pd.DataFrame(), has_days=False,
        observations=tuple(Observation(person=name, session="ses-1") for name in names),
    )  # fmt: skip
    return by_condition(options, there, results)[0]


def find(name: str, case: Case) -> tuple[Design, list[Effect], list[str]]:
    """Find design and questions as the group level does, and who may be compared."""
    options = settings.make(Path("in"), Path("out"), "group", {})
    names = sorted({one.person for one in case.observations})
    tables = StudyTables(
        names=tuple(names),
        sessions=tuple(sorted({one.session for one in case.observations})),
        people=pd.DataFrame({"kind": pd.Series(case.groups, dtype=object)}).reindex(names),
        observations=tuple(case.observations),
        has_days=any(np.isfinite(one.days) for one in case.observations),
    )
    if name.startswith("tasks"):
        tables = tasks(case, options)
    request = Request(
        tables=tables, group=options.group, bids_dir=options.bids_dir, model=case.model
    )
    if case.model:
        kind = kinds()[case.model.design]
    else:
        kind = next(kind for kind in kinds().values() if kind.recognise(request))
    design = replace(
        kind.arrange(request),
        days={(one.person, one.session): one.days for one in case.observations},
    )
    return design, kind.questions(design, names), names


def draw(rng, case: Case, design: Design, names: Sequence[str], studies: int, planted: float):
    """Draw (n, S, m) values of the conditions; NaN where a session is missing."""
    there = {(one.person, one.session): one for one in case.observations}
    values = np.full((len(names), len(design.conditions), studies), np.nan)
    for i, name in enumerate(names):
        own = PEOPLE_SD * rng.normal(size=studies)
        for j, session in enumerate(design.sessions_of(name)):
            if one := there.get((name, session)):
                fixed = case.period(one) + planted * case.effect(one)
                values[i, j] = own + rng.normal(size=studies) + fixed
    return values


def holding(found: Comparison, true: float) -> float:
    """Share of intervals of the standardised change that hold the true one."""
    standardised = true / np.sqrt(np.nanmean(found.sd_change**2))
    return float(np.mean((found.ci_low <= standardised) & (standardised <= found.ci_high)))


def rows(studies=4000) -> Iterator[dict[str, object]]:
    """Yield what `type_one.py` writes: one row for each question."""
    group = Group(n_permutations=RANDOM)
    for i, (name, case) in enumerate(CASES.items()):
        design, effects, names = find(name, case)
        asked = {one.contrast: one for one in effects if one.contrast in case.true}
        assert set(asked) == set(case.true), [one.contrast for one in effects]
        rng = np.random.default_rng([3, i])
        nothing, something = (
            draw(rng, case, design, names, studies, planted) for planted in (0.0, 1.0)
        )
        for contrast, effect in asked.items():
            null = answer(effect, names, nothing, None, group)
            found = answer(effect, names, something, None, group)
            share = float((np.fmax(null.p, null.p_spreads) <= 0.05 + 1e-12).mean())
            yield {
                "design": name,
                "contrast": contrast,
                "people": int(null.n[0]),
                "studies": studies,
                "share": round(share, 4),
                "error": round(float(np.sqrt(share * (1 - share) / studies)), 4),
                "planted": case.true[contrast],
                "found": round(float(found.mean_change.mean()), 4),
                "holds": round(holding(found, case.true[contrast]), 4),
                "seen": round(
                    float((np.fmax(found.p, found.p_spreads) <= 0.05 + 1e-12).mean()), 4
                ),
            }
