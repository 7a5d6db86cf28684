"""What is asked: motion is held constant where it was measured, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gradshift import settings as schema
from gradshift.core.cortex.options import Options
from gradshift.errors import SettingsError
from gradshift.group.contrasts import compared
from gradshift.group.study import Place, Study
from gradshift.study.design import Design, before_and_after
from gradshift.study.observations import StudyTables
from gradshift.study.participation import Participation
from gradshift.study.questions import find_effects

DESIGN = Design(
    kind="paired",
    conditions=before_and_after("ses-pre", "ses-post"),
    baseline="ses-pre",
    followup="ses-post",
    atlases=("A",),
    recipes=("24P",),
)
PEOPLE = [f"sub-{i}" for i in range(5)]
AGES = {person: float(i**2) for i, person in enumerate(PEOPLE)}


def people(modality, moved):
    motion = (0.1, 0.2) if moved else (np.nan, np.nan)
    return [
        Participation(
            participant_id=person,
            modality=modality,
            task="n/a",
            included=True,
            motion=tuple(value * (1 + i) for value in motion),
        )
        for i, person in enumerate(PEOPLE)
    ]


def asked(modality, rows, design=DESIGN):
    """Return n by covariates in the rows of one measure of a modality."""
    rng = np.random.default_rng(2)
    values = pd.DataFrame([
        {"participant_id": person, "session_id": session, "measure": "glutamate", "level": "set",
         "label": "ACC", "value": rng.normal(), "status": "ok"}
        for person in PEOPLE for session in ("ses-pre", "ses-post")
    ])  # fmt: skip
    study = Study(
        table=values,
        results=[],
        people=rows,
        tables=StudyTables(
            names=(), sessions=(), people=pd.DataFrame(), observations=(), has_days=False
        ),
        design=design,
        effects=find_effects(design, rows),
        options=Options(),
        settings=schema.make(Path("in"), Path("out"), "group", {}),
    )
    made = compared(study, Place(modality, "n/a", "A", "24P"), values, study.effects)
    return {row.covariates: row.n for row in made}


def test_a_modality_without_motion_is_not_asked_about_it():
    rows = [*people("pet", moved=True), *people("mrs", moved=False)]
    assert asked("pet", rows) == {None: 5, "deltafd": 5}
    assert asked("mrs", rows) == {None: 5}
    aged = replace(DESIGN, covariates={"age": AGES})
    assert asked("pet", rows, aged) == {None: 5, "age": 5, "deltafd": 5}
    assert asked("mrs", rows, aged) == {None: 5, "age": 5}


def test_motion_that_nobody_has_cannot_be_held_constant():
    rows = people("mrs", moved=False)
    assert asked("mrs", rows) == {None: 5}
    wanted = replace(DESIGN, covariates={"deltafd": {}})
    with pytest.raises(SettingsError, match="known for nobody who is compared"):
        find_effects(wanted, rows)
