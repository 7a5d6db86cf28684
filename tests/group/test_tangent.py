"""Connectivity in tangent space is made from all sessions compared, whatever their roles."""

import pytest

import finished
from gradshift.group import table

PEOPLE = ("01", "02", "03", "04", "05", "06")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(finished, "MEASURES", (*finished.MEASURES, "tangentfc"))
    names = ("participants", "contrasts", "measures")
    wanted = [part for part in table.parts() if part.name in names]
    monkeypatch.setattr("gradshift.levels.group.parts", lambda: wanted)


def test_a_planted_change_is_found_and_turned_round_with_the_roles(tmp_path):
    study = finished.finish(
        tmp_path,
        dict.fromkeys(PEOPLE, ("pre", "post")),
        together=lambda sub, ses: 2.0 if ses == "post" else 0.5,
    )
    found = []
    for folder, baseline, followup in (("group", "pre", "post"), ("group-back", "post", "pre")):
        words = ("--baseline", baseline, "--followup", followup)
        more = ("--comparison", "back") if folder == "group-back" else ()
        assert study.group(*words, *more) == 0
        rows = study.table("contrasts.tsv", folder)
        rows = rows.query("measure == 'tangentfc' and effect == 'change' and covariates.isna()")
        found.append(rows.set_index("label"))
    first, second = found
    assert first.loc["Default", "p"] == 2 / 2**6
    assert first.loc["Default", "mean_change"] > 0.3
    assert first.loc["SomMot-Vis", "p"] > 0.05
    assert list(second["mean_change"]) == pytest.approx(list(-first["mean_change"]))
    assert list(second["p"]) == list(first["p"])
    values = study.table("measures.tsv").query("measure == 'tangentfc'")
    assert len(values) == 2 * len(PEOPLE) * (4 + 6)
    assert values["value"].notna().all()
