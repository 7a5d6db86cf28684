"""What a dry run says of metabolites: whose, how many, and which were not measured."""

from gradshift.bids.mrs import Metabolite
from gradshift.participant.mrs import Mrs


def value(person: str, session: str, number: float, status: str = "ok") -> Metabolite:
    return Metabolite(
        participant=f"sub-{person}", session=f"ses-{session}", voi="ACC", measure="glutamate",
        value=number, unit="i.u.", reference="water", correction="", status=status, flagged=False,
        source="mrs.tsv",
    )  # fmt: skip


def test_values_are_counted_and_those_not_measured_have_their_reason():
    lost = value("02", "post", float("nan"), "the table has 0")
    values = [value("01", "pre", 8.0), value("01", "post", 8.5), value("02", "pre", 7.0), lost]
    text, possible = Mrs(asked=None, values=values).describe()
    assert possible
    assert "4 of 2 people" in text
    assert "glutamate ACC: 3 of 4 (the table has 0)" in text
    assert "mrs.tsv" in text


def test_without_any_value_nothing_can_be_done():
    assert not Mrs(asked=None, values=[value("01", "pre", float("nan"))]).describe()[1]
    assert not Mrs(asked=None, values=(), trouble="it is damaged").describe()[1]
