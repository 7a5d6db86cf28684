"""Values as people x conditions x columns."""

import pandas as pd

from gradshift.group.arrange import arrange
from studies import paired, rows

KEY = ("withinfc", "network", "Default")


def test_values_are_placed_by_person_and_condition_and_runs_are_averaged():
    table = pd.DataFrame(
        rows("func", "rest", KEY, {("sub-1", "ses-pre"): 1.0, ("sub-1", "ses-post"): 3.0})
        + rows("func", "rest", KEY, {("sub-1", "ses-post"): 5.0, ("sub-2", "ses-pre"): 2.0})
    )
    people, values, columns = arrange(table, paired())
    assert (people, columns) == (["sub-1", "sub-2"], [KEY])
    assert values[0, :, 0].tolist() == [1.0, 4.0]
    assert pd.isna(values[1, 1, 0])


def test_a_task_that_nobody_is_compared_in_has_no_values():
    table = pd.DataFrame(rows("func", "rest", KEY, {("sub-1", "ses-pre"): 1.0}))
    people, values, columns = arrange(table[table["value"] > 2], paired())
    assert (people, values.shape, columns) == ([], (0, 2, 0), [])
