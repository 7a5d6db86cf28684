"""Find the design of a study: in its tables, in a model file, or as the options say."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.collect import SessionResult
from gradshift.bids.dates import is_before
from gradshift.bids.layout import study_root
from gradshift.bids.measurements import several_measurements
from gradshift.bids.tables import (
    LARGEST,
    check_people,
    check_sessions,
    is_bound,
    people_table,
    read_number,
    read_sessions,
    sessions_table,
)
from gradshift.errors import InputError, SettingsError
from gradshift.recipes.catalogue import load_recipe
from gradshift.settings import Group, Settings
from gradshift.study.design import PLACEBO, Design
from gradshift.study.model import read_model

MOST_DAYS = 36525.0
"""No session is a hundred years from the dose."""

logger = logging.getLogger("gradshift")


def find_design(
    settings: Settings,
    results: Sequence[SessionResult],
    given: Mapping[str, Any],
    recorded: Mapping[str, Any],
) -> Design:
    """Find which sessions to compare, and the order of atlases and recipes.

    Parameters
    ----------
    settings : Settings
    results : sequence of SessionResult
    given : mapping
        Options that were given.
    recorded : mapping
        Options the participant level ran with.

    Raises
    ------
    SettingsError
        If the sessions, or their order, are not clear.
    InputError
        If there are fewer than two, or no result for an atlas or recipe asked for.
    """
    tables = Tables.read(settings, results)
    model = read_model(Path(settings.group.model)) if settings.group.model else {}
    if model and (settings.group.baseline or settings.group.followup):
        raise SettingsError(
            "--model names the sessions: leave out --baseline and --followup, or the model."
        )
    design = _arrangement(settings.group, settings.bids_dir, tables, model)
    atlases = {result.atlas: None for result in results}
    recipes = {result.recipe: None for result in results}
    asked_atlases = [load_atlas(spec).name for spec in given.get("atlas", ())]
    asked_recipes = [load_recipe(spec).name for spec in given.get("denoise", ())]
    ordered_atlases = _ordered(
        "atlas", list(atlases), asked=asked_atlases, known=recorded.get("atlas", ())
    )
    ordered_recipes = _ordered(
        "recipe", list(recipes), asked=asked_recipes, known=recorded.get("denoise", ())
    )
    others = [result for result in results if result.modality != "func"]
    return replace(
        design,
        days=_days(tables),
        covariates=_covariates(tables, model),
        atlases=tuple(dict.fromkeys([*ordered_atlases, *(r.atlas for r in others)])),
        recipes=tuple(dict.fromkeys([*ordered_recipes, *(r.recipe for r in others)])),
    )


@dataclass(frozen=True, slots=True)
class Tables:
    """What a study says of its people and sessions.

    Parameters
    ----------
    names, there : tuple of str
        Participants and sessions with a result.
    people, sessions : DataFrame
        participants.tsv and sessions.tsv as text, for those with a result.
    """

    names: tuple[str, ...]
    there: tuple[str, ...]
    people: pd.DataFrame
    sessions: pd.DataFrame

    @classmethod
    def read(cls, settings: Settings, results: Sequence[SessionResult]) -> "Tables":
        """Read the tables of those who have a result."""
        names = tuple(sorted({result.participant for result in results}))
        found = {(result.participant, result.session) for result in results}
        root = settings.bids_dir
        sessions, people = sessions_table(root, names, found), people_table(root, names)
        if people.empty and sessions.empty and study_root(root, "participants.tsv") is None:
            logger.info("There is no participants.tsv or sessions.tsv in or beside %s.", root)
        remarks = [*check_people(people, names, root), *check_sessions(sessions, found, root)]
        remarks += several_measurements(r.about["Entities"] for r in results if not r.excluded)
        for remark in remarks:
            logger.warning("%s", remark)
        return cls(
            names=names,
            there=tuple(sorted({result.session for result in results} - {"n/a"})),
            people=people.reindex(list(names)),
            sessions=sessions[[key in found for key in sessions.index]],
        )

    def known(self, table: pd.DataFrame, column: str) -> "pd.Series[str]":
        """Return the values of a column that are known."""
        if column not in table.columns:
            return pd.Series(dtype=str)
        found = table[column].dropna()
        return found[~found.isin(["n/a", ""])]

    def numbers(self, table: pd.DataFrame, column: str, *, low: float) -> "pd.Series[float]":
        """Return the numbers of a column that are known; a bound such as ``89+`` is none.

        Raises
        ------
        InputError
            If there is anything else.
        """
        known = self.known(table, column)
        if bounds := sorted({text for text in known if is_bound(text)}):
            logger.warning(
                "%s is a bound and no number in %s: it counts as n/a there.",
                column, ", ".join(bounds),
            )  # fmt: skip
        exact = known[[not is_bound(text) for text in known]]
        values = [
            read_number(text, f"{column} of {_place(key)}", low=low) for key, text in exact.items()
        ]
        return pd.Series(values, index=exact.index, dtype=float)


def _place(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _arrangement(group: Group, bids_dir: Path, tables: Tables, model: Mapping[str, Any]) -> Design:
    """Find the kind of design, and what belongs to it."""
    kind = model.get("Design")
    named = bool(group.baseline or group.followup)
    if kind == "crossover" or (kind is None and not named and _is_crossover(tables)):
        return _crossover(tables, model)
    if kind == "repeated" or (kind is None and not named and _is_repeated(tables)):
        return _repeated(tables, model)
    baseline, followup = (
        (_session(model["Baseline"]), _session(_one(model["Followup"])))
        if model
        else _choose_sessions(group, bids_dir, tables.there, tables.names)
    )
    _insist((baseline, followup), tables.there)
    design = Design(baseline=baseline, followup=followup, atlases=(), recipes=())
    return design if kind == "paired" else _grouped(design, tables, model)


def _is_crossover(tables: Tables) -> bool:
    """Say whether people have sessions of more than one treatment."""
    treatment = tables.known(tables.sessions, "treatment")
    return not treatment.empty and bool((treatment.groupby(level=0).nunique() > 1).any())


def _crossover(tables: Tables, model: Mapping[str, Any]) -> Design:
    """Find the four sessions of every person, and who had which treatment first."""
    treatment = tables.known(tables.sessions, "treatment")
    point = tables.known(tables.sessions, "timepoint")
    reference, against = _two(model, sorted(set(treatment)), "treatments in sessions.tsv")
    order = _points(tables, model, sorted(set(point)))
    place = pd.DataFrame({"treatment": treatment, "timepoint": point}).dropna()
    cells, first = {}, {}
    for person in tables.names:
        own = place.loc[[person]] if person in place.index.get_level_values(0) else place.iloc[:0]
        named = [(drug, time) for drug in (reference, against) for time in order]
        found = [
            own.index[(own["treatment"] == drug) & (own["timepoint"] == time)].get_level_values(1)
            for drug, time in named
        ]
        for (drug, time), sessions in zip(named, found, strict=True):
            if len(sessions) > 1:
                raise SettingsError(
                    f"{person}_sessions.tsv has several sessions of {drug} at {time}: "
                    f"{', '.join(sessions)}. Name one with --session-label."
                )
        cells[person] = tuple(
            sessions[0] if len(sessions) else f"{drug} {time}"
            for (drug, time), sessions in zip(named, found, strict=True)
        )
        if (position := _other_first(tables, person, cells[person])) is not None:
            first[person] = position
    return Design(
        kind="crossover", baseline=order[0], followup=order[1], reference=reference,
        against=against, cells=cells, first=first, atlases=(), recipes=(),
    )  # fmt: skip


def _points(tables: Tables, model: Mapping[str, Any], points: Sequence[str]) -> tuple[str, str]:
    """Return the time points before and after the dose: as named, or as the days tell."""
    if model:
        named = (str(model["Baseline"]), str(_one(model["Followup"])))
        _insist(named, points)
        return named
    days = tables.numbers(tables.sessions, "days_since_dose", low=-MOST_DAYS)
    point = tables.known(tables.sessions, "timepoint")
    after = set(point[point.index.isin(days.index[days > 0])])
    before = set(point[~point.index.isin(days.index[days > 0])])
    if len(points) == 2 and len(before) == len(after) == 1 and before != after:
        return before.pop(), after.pop()
    raise SettingsError(
        "People have sessions of several treatments, a crossover, but it is not clear which come "
        f"before and which after the dose: the time points in sessions.tsv are "
        f"{', '.join(points) or 'none'}, and days_since_dose does not tell them apart. Say it "
        "with --model FILE, or compare two sessions: --baseline LABEL --followup LABEL."
    )


def _other_first(tables: Tables, person: str, cells: Sequence[str]) -> float | None:
    """Return 1 if the other treatment came before the reference, 0 if after, None if unknown."""
    numbers = tables.numbers(tables.sessions, "period", low=0)
    periods = [numbers.get((person, cells[i])) for i in (0, 2)]
    if None not in periods and periods[0] != periods[1]:
        return float(periods[1] < periods[0])
    known = tables.known(tables.sessions, "acq_time")
    reference, other = (known.get((person, cells[i])) for i in (0, 2))
    if reference is None or other is None:
        return None
    other_first = is_before(other, reference)
    if other_first is None:
        logger.warning(
            "%s: acq_time does not tell which of %s and %s came first (%s, %s); one has a time "
            "zone and the other none, or they are of one day.",
            person, cells[0], cells[2], reference, other,
        )  # fmt: skip
    return None if other_first is None else float(other_first)


def _is_repeated(tables: Tables) -> bool:
    """Say whether days since the dose tell one baseline and several follow-ups apart."""
    return len(tables.there) > 2 and _before_and_after(tables) is not None


def _before_and_after(tables: Tables) -> tuple[str, tuple[str, ...]] | None:
    """Return the one session before the dose, and those after it in the order of their days."""
    if "days_since_dose" not in tables.sessions.columns:
        return None
    known = tables.numbers(tables.sessions, "days_since_dose", low=-MOST_DAYS)
    days = known.reindex(tables.sessions.index).fillna(0)
    sessions = days.index.get_level_values(1)
    before, after = set(sessions[days <= 0]), set(sessions[days > 0])
    if len(before) != 1 or before & after or before | after != set(tables.there):
        return None
    order = days[days > 0].groupby(level=1).median().sort_values(kind="stable")
    return before.pop(), tuple(order.index)


def _repeated(tables: Tables, model: Mapping[str, Any]) -> Design:
    if model:
        wanted = model["Followup"]
        followups = [_session(one) for one in ([wanted] if isinstance(wanted, str) else wanted)]
        baseline = _session(model["Baseline"])
    else:
        baseline, followups = _before_and_after(tables)  # type: ignore[misc, assignment]
    _insist((baseline, *followups), tables.there)
    first, *more = followups
    return Design(
        kind="repeated", baseline=baseline, followup=first, more=tuple(more), atlases=(),
        recipes=(),
    )  # fmt: skip


def _grouped(design: Design, tables: Tables, model: Mapping[str, Any]) -> Design:
    """Make a paired design one of parallel groups, if people belong to two."""
    column = model.get("Column", "group")
    groups = tables.known(tables.people, column)
    told = f"values of {column} in participants.tsv"
    if not model and groups.nunique() < 2:
        treatment = tables.known(tables.sessions, "treatment")
        groups = treatment.groupby(level=0).first() if len(treatment) else groups
        told = "treatments in sessions.tsv"
    if not model and groups.nunique() < 2:
        return design
    reference, against = _two(model, sorted(set(groups)), told, ordered=True)
    chosen = groups[groups.isin([reference, against])]
    return replace(
        design, kind="parallel", reference=reference, against=against, groups=chosen.to_dict()
    )


def _two(
    model: Mapping[str, Any], there: Sequence[str], told: str, *, ordered: bool = False
) -> tuple[str, str]:
    """Return the reference and what is held against it: as named, or else a placebo."""
    if "Reference" in model or "Against" in model:
        named = (str(model.get("Reference")), str(model.get("Against")))
        _insist(named, there)
        return named
    placebo = [name for name in there if name.lower() in PLACEBO]
    others = [name for name in there if name not in placebo]
    if len(placebo) == 1 and len(others) == 1:
        return placebo[0], others[0]
    if ordered and len(there) == 2:
        return there[0], there[1]
    raise SettingsError(
        f"It is not clear what to compare: the {told} are {', '.join(there) or 'none'}. Name two "
        'of them as "Reference" and "Against" in --model FILE; a model with "Design": "paired" '
        "takes all people together."
    )


def _insist(named: Sequence[str], there: Sequence[str]) -> None:
    """Refuse names that are not there."""
    if absent := [name for name in named if name not in there]:
        raise SettingsError(
            f"The model names {', '.join(absent)}, which is not there; there is "
            f"{', '.join(there) or 'nothing'}."
        )


def _session(label: object) -> str:
    return f"ses-{str(label).removeprefix('ses-')}"


def _one(named: Any) -> str:
    """Return the one follow-up of a model."""
    if isinstance(named, str):
        return named
    if len(named) == 1:
        return str(named[0])
    raise SettingsError('Several follow-ups need "Design": "repeated" in the model.')


def _days(tables: Tables) -> dict[tuple[str, str], float]:
    """Return days since the dose by person and session, where they are known."""
    days = tables.numbers(tables.sessions, "days_since_dose", low=-MOST_DAYS)
    return {(str(person), str(session)): float(v) for (person, session), v in days.items()}


def _covariates(tables: Tables, model: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the covariates of a model: columns of participants.tsv, or ``deltafd``."""
    found: dict[str, dict[str, float]] = {}
    for name in model.get("Covariates", ()):
        if name != "deltafd" and name not in tables.people.columns:
            raise SettingsError(
                f"The covariate {name} is no column of participants.tsv; there is deltafd (the "
                f"change of motion) and {', '.join(tables.people.columns) or 'nothing else'}."
            )
        column = "" if name == "deltafd" else name
        numbers = tables.numbers(tables.people, column, low=-LARGEST)
        found[name] = {str(person): float(value) for person, value in numbers.items()}
    return found


def _ordered(
    what: str, there: Sequence[str], *, asked: Sequence[str], known: Sequence[str]
) -> tuple[str, ...]:
    """Put names in the order they were asked for, or else recorded in.

    Results of names that are not recorded were made with settings that no longer hold.
    """
    if absent := [name for name in asked if name not in there]:
        raise InputError(
            f"There is no result for the {what} {', '.join(absent)}; there is "
            f"{', '.join(there)}. Run the participant level with it first."
        )
    if asked:
        return tuple(asked)
    return tuple(name for name in (known or there) if name in there)


def _choose_sessions(
    group: Group, bids_dir: Path, there: Sequence[str], people: Sequence[str]
) -> tuple[str, str]:
    """Return baseline and follow-up: as given, or as two sessions' dates tell."""
    named = {"--baseline": group.baseline, "--followup": group.followup}
    given = {option: f"ses-{label}" for option, label in named.items() if label is not None}
    listed = ", ".join(session.removeprefix("ses-") for session in there) or "none"
    if absent := [f"{option} {label}" for option, label in given.items() if label not in there]:
        raise SettingsError(f"There is no session {', '.join(absent)}. Sessions there: {listed}.")
    if len(given) == 2:
        return given["--baseline"], given["--followup"]
    if len(there) < 2:
        raise InputError(
            f"A comparison needs two sessions, and there is {listed}. Run the participant level "
            "on both."
        )
    if len(there) > 2:
        raise _unclear(there, "there are more than two")
    if given:
        other = next(session for session in there if session not in given.values())
        return given.get("--baseline", other), given.get("--followup", other)
    first, second = there
    earlier = {
        is_before(dates[first], dates[second])
        for dates in read_sessions(bids_dir, people)
        if first in dates and second in dates
    }
    if len(earlier) != 1 or None in earlier:
        raise _unclear(there, "acq_time in sessions.tsv does not tell which comes first")
    return (first, second) if True in earlier else (second, first)


def _unclear(there: Sequence[str], why: str) -> SettingsError:
    bare = [session.removeprefix("ses-") for session in there]
    return SettingsError(
        f"It is not clear which sessions to compare: {why}. Sessions there: {', '.join(bare)}. "
        "Name the one before the drug and the one after it: --baseline LABEL --followup LABEL."
    )
