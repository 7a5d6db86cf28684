"""What the page of the group shows, typed; the template asks for these names."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradshift.report.connections import ConnectionsShown
from gradshift.report.pages import Picture
from gradshift.report.sentences import Shown
from gradshift.report.verdicts import Verdict
from gradshift.study.participation import Participation


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingShown:
    """One value that answers a question.

    Parameters
    ----------
    key : str
        Measure and label, as in the table.
    name : str
        In words.
    shown : Shown or None
        Effect size; None where the value was not measured.
    verdict : Verdict
    sentence : str
    more : list of str
        Further sentences.
    confirmatory : bool
    """

    key: str
    name: str
    shown: Shown | None
    verdict: Verdict
    sentence: str
    more: list[str]
    confirmatory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question, its answer in one line, whether recipes agree, and the values behind it."""

    text: str
    summary: str
    agreement: str
    findings: list[FindingShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSection:
    """The answers and figures of one task.

    What changed over the whole cortex stands before them: any such shift moves most values.
    """

    name: str
    headline: str
    everywhere: str
    answers: list[Answer]
    pictures: Mapping[str, Picture]
    connections: ConnectionsShown | None
    viewers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person.

    Parameters
    ----------
    name : str
    cells : list of Participation or None
        By modality and task; None where there are no values.
    motion : list of Participation or None
        Those of them with values of motion.
    remarks : list of str
        What differs in another recipe, and the warnings of the sessions.
    """

    name: str
    cells: list[Participation | None]
    motion: list[Participation | None]
    remarks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who is compared.

    Parameters
    ----------
    counts : str
        A sentence.
    kinds : list of str
        Modality and task, in words.
    moved : list of str
        Those of them with values of motion.
    rows : list of PersonRow
    """

    counts: str
    kinds: list[str]
    moved: list[str]
    rows: list[PersonRow]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a measure is, and what high and low values mean, where that is known."""

    name: str
    title: str
    unit: str
    caveat: str
    high: str = ""
    low: str = ""
