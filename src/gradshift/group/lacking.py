"""What a contrast lacks, as far as the model and the tables tell."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradshift.bids.tables import people_table
from gradshift.group.study import Study
from gradshift.recipes.lean import LEAN
from gradshift.study.design import is_placebo
from gradshift.study.observations import UNKNOWN

SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def lacks(study: Study) -> list[str]:
    """Say what this contrast lacks, as far as the model and the tables tell."""
    names = sorted({person.participant_id for person in study.compared})
    people = people_table(study.settings.bids_dir, names).reindex(names)
    sentences = []
    if not is_placebo(study.design.reference):
        sentences.append(
            f"{study.main.contrast} is compared without a placebo: the effects of the drug, of "
            "time, of repeated scanning and of expectation cannot be told apart."
        )
    sentences.append(
        f"Blinding: {study.design.blinding}."
        if study.design.blinding
        else "Whether anybody was blinded is not known; a model file can state it."
    )
    if study.main.kind == "crossover" and len(study.main.predictor) < len(names):
        sentences.append(
            "The order of the treatments is not known for everybody: effects of the drug and of "
            "the period cannot be told apart."
        )
    if study.primary[1] in LEAN:
        sentences.append(
            f"The primary recipe, {study.primary[1]}, is one for short scans: it takes less of "
            "motion and physiology out than the usual ones."
        )
    sentences += _sexes(people)
    if study.design.kind in ("conditions", "doses") or study.design.named_conditions:
        return sentences
    days = _days(study, names)
    if len(days) > 1 and not study.design.more:
        sentences.append(
            f"Mixed delays: the follow-up was {min(days):g} to {max(days):g} days after the "
            "dose; the change is an average over them."
        )
    elif not days:
        sentences.append("sessions.tsv does not tell the days from the dose to the follow-up.")
    return sentences


def _sexes(people: pd.DataFrame) -> list[str]:
    """Say whether all participants have one sex, or that nobody knows."""
    sexes = _values(people, "sex")
    if not sexes:
        return ["participants.tsv does not tell the sex of the participants."]
    if len({SEXES.get(sex.lower(), sex) for sex in sexes}) > 1:
        return []
    sex = SEXES.get(sexes[0].lower(), sexes[0])
    return [f"All participants were {sex}; results may not generalise."]


def _days(study: Study, names: Sequence[str]) -> set[float]:
    """Return the different numbers of days from the dose to the follow-ups."""
    later = {
        (person, session)
        for person in names
        for session in study.design.sessions_of(person)
        if not study.design.is_baseline(person, session)
    }
    return {
        one.days
        for one in study.tables.observations
        if (one.person, one.session) in later and np.isfinite(one.days)
    }


def _values(table: pd.DataFrame, column: str) -> list[str]:
    """List the different values of a column that are known."""
    if column not in table.columns:
        return []
    return sorted(set(table[column].dropna()) - UNKNOWN)
