"""Means of networks and sets are of the same regions in all sessions of a person."""

import numpy as np
import pandas as pd
import pytest

from gradshift.core.cortex.regions import Regions
from gradshift.group.sameregions import evened
from studies import paired, rows

PEOPLE = ("sub-1", "sub-2")
SESSIONS = ("ses-pre", "ses-post")
NAMES = ("a", "b", "c", "d", "e")
REGIONS = Regions(
    names=NAMES, networks=("Vis", "Vis", "Vis", "Cont", "Cont"), hemispheres=("L",) * 5,
    centroids=np.zeros((5, 3)), sets={"PCC": (0, 3)},
)  # fmt: skip
MEMBERS = {("network", "Vis"): [0, 1, 2], ("network", "Cont"): [3, 4], ("set", "PCC"): [0, 3],
           ("whole", "whole"): [0, 1, 2, 3, 4]}  # fmt: skip


def study(lost=(), measure="participationauc", other=0.0):
    """Values of regions and their means; regions lost by person and session are left out."""
    rng = np.random.default_rng(2)
    table = []
    for person in PEOPLE:
        for session in (*SESSIONS, "ses-late"):
            values = rng.uniform(0, 1, 5)
            values[[NAMES.index(r) for p, s, r in lost if (p, s) == (person, session)]] = np.nan
            at = (person, session)
            for name, value in zip(NAMES, values, strict=True):
                table += rows("func", "rest", (measure, "region", name), {at: value})
            for (level, label), members in MEMBERS.items():
                known = values[members][np.isfinite(values[members])]
                mean = known.mean() + other if len(known) else np.nan
                table += rows("func", "rest", (measure, level, label), {at: round(mean, 10)})
    return pd.DataFrame(table)


def value(table, person, session, label):
    row = table[(table["participant_id"] == person) & (table["session_id"] == session)
                & (table["label"] == label)]  # fmt: skip
    return row["value"].item(), row["status"].item()


def test_a_region_lost_in_one_session_is_left_out_of_the_means_of_the_other():
    before = study([("sub-1", "ses-post", "b")])
    after = evened(before, {"A": REGIONS}, paired())
    regions = [value(before, "sub-1", "ses-pre", name)[0] for name in "ac"]
    found, status = value(after, "sub-1", "ses-pre", "Vis")
    assert found == pytest.approx(np.mean(regions))
    assert status.startswith("1 of 3 regions")
    assert value(after, "sub-1", "ses-pre", "whole")[1].startswith("1 of 5 regions")


def test_all_else_stays_as_it_was():
    before = study([("sub-1", "ses-post", "b")])
    after = evened(before, {"A": REGIONS}, paired())
    changed = before[(before["value"] != after["value"]) & before["value"].notna()]
    assert set(changed["participant_id"]) == {"sub-1"}
    assert set(changed["session_id"]) == {"ses-pre"}
    assert set(changed["label"]) == {"Vis", "whole"}


@pytest.mark.parametrize("lost", [[], [("sub-1", "ses-late", "b")],
                                  [("sub-1", s, "b") for s in SESSIONS]])  # fmt: skip
def test_what_all_sessions_that_count_lack_or_have_changes_nothing(lost):
    before = study(lost)
    pd.testing.assert_frame_equal(evened(before, {"A": REGIONS}, paired()), before)


def test_a_value_that_is_no_mean_of_its_regions_stays():
    before = study([("sub-1", "ses-post", "b")], other=0.3)
    pd.testing.assert_frame_equal(evened(before, {"A": REGIONS}, paired()), before)


def test_a_session_without_any_value_takes_no_region_from_the_others():
    before = study([("sub-1", "ses-post", name) for name in NAMES])
    pd.testing.assert_frame_equal(evened(before, {"A": REGIONS}, paired()), before)


def test_the_sessions_may_change_places():
    lost = [("sub-1", "ses-post", "b"), ("sub-1", "ses-pre", "c"), ("sub-2", "ses-pre", "d")]
    swap = {"ses-pre": "ses-post", "ses-post": "ses-pre"}
    before = study(lost)
    one = evened(before, {"A": REGIONS}, paired())
    other = evened(before.replace({"session_id": swap}), {"A": REGIONS}, paired())
    pd.testing.assert_frame_equal(other.replace({"session_id": swap}), one)
    assert value(one, "sub-1", "ses-pre", "Vis")[0] == pytest.approx(
        value(before, "sub-1", "ses-pre", "a")[0]
    )
