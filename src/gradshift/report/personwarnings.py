"""What the participant level warns of, by person."""

from collections.abc import Sequence

from gradshift.bids.collect import SessionResult
from gradshift.report import words
from gradshift.report.grouped import GroupResults


def warnings_of(results: GroupResults) -> dict[str, list[str]]:
    """Collect the warnings of the sessions of everybody, of the primary atlas and recipe."""
    primary = [
        one
        for one in results.sources
        if one.modality != "func" or (one.atlas, one.recipe) == (results.atlas, results.recipe)
    ]
    return by_person(primary)


def by_person(results: Sequence[SessionResult]) -> dict[str, list[str]]:
    """Put the warnings of sessions together by person, each once, with its session.

    Parameters
    ----------
    results : sequence of SessionResult
    """
    collected: dict[str, dict[str, None]] = {}
    for result in results:
        texts = collected.setdefault(result.participant, {})
        for text in result.warnings:
            texts[f"{words.session(result.session)}: {text}"] = None
    return {person: list(texts) for person, texts in collected.items()}
