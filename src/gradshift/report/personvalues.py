"""The table of values on one participant's page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradshift.bids.collect import SessionResult, read_tsv
from gradshift.report import words
from gradshift.report.personresults import session_label
from gradshift.report.questions import QUESTIONS

LISTED_LEVELS = ("whole", "set", "network", "network-pair")
"""Levels of the values that the page lists; those of single regions are in the tables."""


@dataclass(frozen=True, kw_only=True)
class ValueRow:
    """The values of one measure and label, in all sessions.

    Parameters
    ----------
    recipe, measure, level, label, unit : str
    by_session : dict of str to float
        In the order of the sessions; NaN where there is no value.
    headline : bool
        Whether it answers one of the questions of the group.
    remarks : dict of str to list of str
        Sessions whose value has a remark, by remark.
    """

    recipe: str
    measure: str
    level: str
    label: str
    unit: str
    by_session: dict[str, float]
    headline: bool
    remarks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """The measure and the label."""
        return f"{words.measure(self.measure)}, {words.label(self.level, self.label)}"

    @property
    def values(self) -> list[float]:
        """A value per session."""
        return list(self.by_session.values())

    @property
    def difference(self) -> float:
        """The last minus the first."""
        return self.values[-1] - self.values[0]

    @property
    def remark(self) -> str:
        """All remarks, with their sessions where they do not hold for all."""
        return "; ".join(
            text if len(sessions) == len(self.by_session) else f"{', '.join(sessions)}: {text}"
            for text, sessions in self.remarks.items()
        )


def list_values(results: Sequence[SessionResult], primary: str) -> list[ValueRow]:
    """List values, a row per recipe and label; the primary recipe and the headlines come first."""
    rows: dict[tuple[str, ...], ValueRow] = {}
    titles = list(dict.fromkeys(session_label(r) for r in results))
    headlines = {asked.key for question in QUESTIONS for asked in question.asked}
    for result in results:
        table, title = read_tsv(result.path), session_label(result)
        for cells in table[table["level"].isin(LISTED_LEVELS)].to_dict("records"):
            key = {name: cells[name] for name in ("recipe", "measure", "level", "label")}
            row = rows.setdefault(
                tuple(key.values()),
                ValueRow(
                    **key,
                    unit=cells["unit"],
                    by_session=dict.fromkeys(titles, math.nan),
                    headline=(key["measure"], key["level"], key["label"]) in headlines,
                ),
            )
            row.by_session[title] = math.nan if cells["value"] == "n/a" else float(cells["value"])
            if cells["status"] != "ok":
                row.remarks.setdefault(cells["status"], []).append(title)
    return sorted(rows.values(), key=lambda row: (row.recipe != primary, not row.headline))
