"""Outcomes from the tables of a study: ratings, plasma levels, rates, tested like measures."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import product

import pandas as pd

from gradshift.bids.scores import Score
from gradshift.core.inference.families import SCORE
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.errors import InputError, SettingsError
from gradshift.study.design import Design
from gradshift.study.effect import Effect
from gradshift.study.participation import Participation
from gradshift.study.scores import CHANGE, column_of

NOWHERE = "n/a"
"""Their task, atlas and recipe."""

KNOWN = "ok"


def checked(design: Design, scores: Mapping[str, Score]) -> dict[str, Score]:
    """Give outcomes the names of measures, and refuse those that no change can be taken of.

    Parameters
    ----------
    design : Design
    scores : mapping of str to Score
        By the name in the model.

    Raises
    ------
    SettingsError
        If a name is a change already, the name of a measure, or that of another outcome.
    InputError
        If there are no numbers of sessions, or nobody has those of the sessions compared.
    """
    outcomes: dict[str, Score] = {}
    for name, score in scores.items():
        measure = measure_of(score.column)
        if name.startswith(CHANGE):
            raise SettingsError(
                f"The outcome {name} needs no {CHANGE} in front: of outcomes the change is tested "
                f"anyway; write {column_of(name)}."
            )
        if measure in outcomes or measure in measures() or measure in models():
            whose = "of another outcome" if measure in outcomes else "of a measure"
            raise SettingsError(
                f"The outcome {name} would be {measure} in the tables, which is the name {whose}: "
                "give its column another name."
            )
        _insist(name, score, design)
        outcomes[measure] = score
    return outcomes


def measure_of(column: str) -> str:
    """Return a column as tables name measures: lower case, letters and digits, no blanks."""
    return re.sub(r"[^a-z0-9]", "", column.lower()) or column


def _insist(name: str, score: Score, design: Design) -> None:
    """Refuse numbers of people, and numbers of other sessions than those compared."""
    if not score.of_sessions:
        raise InputError(
            f"The outcome {name} of {score.table} has one number for each person, of which no "
            "change can be taken: an outcome has a row for each session (session_id). What a "
            "change goes with is named under Moderators."
        )
    people = {person for person, _ in score.values}
    if not any(_enough(score, design, person) for person in people):
        wanted = ", ".join(condition.name for condition in design.conditions)
        present = ", ".join(sorted({session for _, session in score.values}))
        raise InputError(
            f"Nobody has {name} of {score.table} in all sessions that are compared ({wanted}); it "
            f"has numbers of {present}."
        )


def _enough(score: Score, design: Design, person: str) -> bool:
    """Tell whether a person has the numbers of enough conditions."""
    lacking = set(_missing(score, design, person))
    every = tuple(range(len(design.conditions)))
    return any(not lacking & set(positions) for positions in design.enough or (every,))


def _missing(score: Score, design: Design, person: str) -> list[int]:
    """Return the positions of the conditions without a number."""
    sessions = design.sessions_of(person)
    return [i for i, session in enumerate(sessions) if (person, session) not in score.values]


def take_part(design: Design, people: Sequence[Participation]) -> list[Participation]:
    """Say of everybody whether outcomes have enough numbers; nothing without outcomes.

    Parameters
    ----------
    design : Design
    people : sequence of Participation
        In what was measured.
    """
    names = dict.fromkeys(person.participant_id for person in people) if design.outcomes else ()
    return [_participation(design, name) for name in names]


def _participation(design: Design, person: str) -> Participation:
    sessions = design.sessions_of(person)
    lacking = [
        f"no {name} for {', '.join(sessions[i] for i in missing)}"
        for name, score in design.outcomes.items()
        if (missing := _missing(score, design, person))
    ]
    included = any(_enough(score, design, person) for score in design.outcomes.values())
    return Participation(
        participant_id=person,
        modality=SCORE,
        task=NOWHERE,
        included=included,
        reason=None if included else "; ".join(lacking),
        remarks="; ".join(lacking) if included and lacking else None,
    )


def values_of(
    design: Design, people: Sequence[Participation], columns: Sequence[str]
) -> pd.DataFrame:
    """Put the numbers of outcomes as the rows that measures have.

    Parameters
    ----------
    design : Design
    people : sequence of Participation
    columns : sequence of str
        Of the table of measures.

    Returns
    -------
    DataFrame
        A row for each outcome, person and session that is compared.
    """
    names = [person.participant_id for person in people if person.modality == SCORE]
    rows = [
        dict.fromkeys(columns, NOWHERE)
        | {
            "participant_id": person,
            "session_id": session,
            "modality": SCORE,
            "measure": measure,
            "level": "whole",
            "label": "whole",
            "value": score.values.get((person, session), math.nan),
            "unit": score.units or NOWHERE,
            "status": KNOWN if (person, session) in score.values else f"not in {score.table}",
        }
        for person, (measure, score) in product(names, design.outcomes.items())
        for session in dict.fromkeys(design.sessions_of(person))
    ]
    return pd.DataFrame(rows, columns=list(columns))


def is_its_own(design: Design, effect: Effect, measure: str) -> bool:
    """Tell whether an outcome would be held against its own numbers, as a moderator."""
    if not effect.moderator or measure not in design.outcomes:
        return False
    outcome, moderator = design.outcomes[measure], design.scores[effect.moderator]
    return (outcome.table, outcome.column) == (moderator.table, moderator.column)
