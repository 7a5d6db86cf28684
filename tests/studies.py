"""A comparison of the group level made from a table of values, without files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from gradshift import settings as schema
from gradshift.core.cortex.options import Options
from gradshift.group.study import Study
from gradshift.study.design import Design, before_and_after
from gradshift.study.observations import StudyTables
from gradshift.study.participation import Participation
from gradshift.study.questions import find_effects

NOTHING = StudyTables(
    names=(), sessions=(), people=pd.DataFrame(), observations=(), has_days=False
)


def paired(*followups: str, kind: str = "paired", **more) -> Design:
    """Return a design of the sessions ``ses-pre`` and these."""
    first, *others = followups or ("ses-post",)
    return Design(
        kind=kind,
        conditions=before_and_after("ses-pre", first, *others),
        baseline="ses-pre",
        followup=first,
        more=tuple(others),
        **{"atlases": ("A",), "recipes": ("24P",), **more},
    )


def rows(
    modality: str, task: str, key: tuple[str, str, str], values: Mapping[tuple[str, str], float]
) -> list[dict]:
    """Return the rows of one value, given by person and session."""
    measure, level, label = key
    return [
        {"participant_id": person, "session_id": session, "modality": modality, "task": task,
         "run": "n/a", "space": "S", "atlas": "A", "recipe": "24P", "measure": measure,
         "level": level, "label": label, "value": value, "unit": "", "status": "ok"}
        for (person, session), value in values.items()
    ]  # fmt: skip


def take_part(modality: str, task: str, motion: Mapping[str, Sequence[float]]):
    """Return the participation of people with their motion by condition."""
    return [
        Participation(
            participant_id=person,
            modality=modality,
            task=task,
            included=True,
            motion=tuple(values),
        )
        for person, values in motion.items()
    ]


def make(table: list[dict], people, design: Design, **group) -> Study:
    """Return a study of these values."""
    return Study(
        table=pd.DataFrame(table),
        results=[],
        people=people,
        tables=NOTHING,
        design=design,
        effects=find_effects(design, people),
        options=Options(),
        settings=schema.make(Path("in"), Path("out"), "group", group),
    )
