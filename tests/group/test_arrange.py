"""Values as people x conditions x columns, held to what pandas makes of them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from gradshift.group.arrange import arrange, counted

SESSIONS = {"sub-01": ["pre", "post"], "sub-02": ["first", "second"], "sub-03": ["pre", "post"]}


@pytest.fixture
def design():
    return SimpleNamespace(conditions=["before", "after"], sessions_of=SESSIONS.__getitem__)


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    names = ["post", "pre", "first", "second", "third"]
    table = pd.DataFrame(
        [
            (person, session, run, "m", level, label, rng.standard_normal())
            for person in ("sub-03", "sub-01", "sub-02")
            for session in names
            for run in ("1", "2")
            for level, label in (("whole", "whole"), ("network", "Vis"), ("network", "Default"))
        ],
        columns=["participant_id", "session_id", "run", "measure", "level", "label", "value"],
    )
    table.loc[rng.random(len(table)) < 0.3, "value"] = np.nan
    return table[rng.random(len(table)) < 0.9]


@pytest.mark.parametrize("kind", [str, "category"])
def test_runs_are_averaged_and_sessions_become_conditions(values, design, kind):
    texts = [name for name in values.columns if name != "value"]
    people, array, columns = arrange(values.astype(dict.fromkeys(texts, kind)), design)
    assert people == sorted(SESSIONS)
    assert columns == list(
        dict.fromkeys(zip(values.measure, values.level, values.label, strict=True))
    )
    for i, person in enumerate(people):
        for j, session in enumerate(SESSIONS[person]):
            for k, (_, level, label) in enumerate(columns):
                same = (values.participant_id == person) & (values.session_id == session)
                same &= (values.level == level) & (values.label == label)
                expected = values.value[same].mean()
                np.testing.assert_equal(array[i, j, k], expected)


def test_only_sessions_of_the_person_count(values, design):
    expected = [
        s in SESSIONS[p] for p, s in zip(values.participant_id, values.session_id, strict=True)
    ]
    assert counted(values, design).tolist() == expected
    assert 0 < sum(expected) < len(expected)
