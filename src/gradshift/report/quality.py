"""How good the data of everybody are: a row per run, session or scan, for one page of all."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, find_results, read_tsv
from gradshift.bids.dataset import read_json
from gradshift.bids.facts import Entities
from gradshift.bids.rows import read_rows
from gradshift.bids.write import write_json
from gradshift.output import record
from gradshift.report.kinds import rank
from gradshift.report.personresults import motion_name, session_label
from gradshift.study.participation import Participation

KEPT = Path("logs", "quality")
"""Where the rows of people are kept, a file each."""

Ordered = Callable[[str], Sequence[str]]
"""Gives the sessions of a participant, both with prefix, in the order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """One run, session or scan.

    Parameters
    ----------
    participant, session, modality, task : str
    runs : list of str
        Starts of the names of its BOLD runs, as ``--exclude`` takes them.
    figures : list of str
        Of motion, relative to the output.
    fd, minutes, share, coverage, tsnr : float
        Mean framewise displacement (mm), minutes retained, share of the volumes retained, least
        coverage of a region, and median temporal signal-to-noise ratio; NaN where not known.
    warnings : list of str
    excluded : str
        Why it has no values; empty if it has.
    compared : str
        Whether the group level compares it, or why not; empty before the group level.
    """

    participant: str
    session: str
    modality: str
    task: str
    runs: list[str]
    figures: list[str]
    fd: float
    minutes: float
    share: float
    coverage: float
    tsnr: float
    warnings: list[str]
    excluded: str
    compared: str


def quality(output_dir: Path, ordered: Ordered) -> list[QualityRow]:
    """Collect how good the data of everybody are, of the primary atlas and recipe.

    What `keep` left of a person is read; others are looked at anew.

    Parameters
    ----------
    output_dir : Path
    ordered : callable
        Gives the sessions of a participant in the order of time; others follow them.
    """
    people = read_rows(output_dir / "group" / "participants.tsv", Participation)
    decided = {(row.participant_id, row.modality, row.task): row for row in people}
    rows = [
        row
        for name in _with_results(output_dir)
        for row in _in_order(_kept(output_dir, name), ordered(name))
    ]
    rows.sort(key=lambda row: rank(row.modality))
    return [replace(row, compared=_compared(row, decided)) for row in rows]


def keep(output_dir: Path, people: Sequence[str]) -> None:
    """Keep how good the data of some people are, so that nobody need look at them again.

    Parameters
    ----------
    output_dir : Path
    people : sequence of str
        With prefix.
    """
    for name in people:
        if any((output_dir / name).glob("**/*_measures.json")):
            rows = [asdict(row) for row in person_quality(output_dir, name)]
            plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
            write_json(output_dir / KEPT / f"{name}.json", {"Rows": plain})


def person_quality(output_dir: Path, participant: str) -> list[QualityRow]:
    """Look at the results of one person.

    Parameters
    ----------
    output_dir : Path
    participant : str
        With prefix.
    """
    recorded = record.read(output_dir).get("participant", {})
    return [
        _row(output_dir, result)
        for result in _primary(find_results(output_dir, participant), recorded)
    ]


def _with_results(output_dir: Path) -> list[str]:
    """Name everybody with results; who is kept has some."""
    kept = {path.stem for path in (output_dir / KEPT).glob("sub-*.json")}
    folders = sorted(path for path in output_dir.glob("sub-*") if path.is_dir())
    return [
        path.name for path in folders if path.name in kept or any(path.glob("**/*_measures.json"))
    ]


def _in_order(rows: Sequence[QualityRow], sessions: Sequence[str]) -> list[QualityRow]:
    """Sort the rows of one person by session; the label may name a run after it."""
    place = {session: i for i, session in enumerate(sessions)}
    return sorted(rows, key=lambda row: place.get(row.session.partition(" ")[0], len(place)))


def _kept(output_dir: Path, participant: str) -> list[QualityRow]:
    path = output_dir / KEPT / f"{participant}.json"
    if not path.exists():
        return person_quality(output_dir, participant)
    return [QualityRow(**_numbers(row)) for row in read_json(path)["Rows"]]


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """Put NaN where JSON has none."""
    return {key: math.nan if value is None else value for key, value in row.items()}


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _compared(row: QualityRow, decided: Mapping[tuple[str, str, str], Participation]) -> str:
    entry = decided.get((row.participant, row.modality, row.task))
    return "" if entry is None else "yes" if entry.included else f"no: {entry.reason}"


def _primary(
    results: Sequence[SessionResult], recorded: Mapping[str, Sequence[str]]
) -> Iterator[SessionResult]:
    """Yield one result per session, task and modality: that of the first atlas and recipe."""
    atlases, recipes = list(recorded.get("atlas", ())), list(recorded.get("denoise", ()))

    def rank(result: SessionResult) -> tuple[int, int]:
        return (
            atlases.index(result.atlas) if result.atlas in atlases else len(atlases),
            recipes.index(result.recipe) if result.recipe in recipes else len(recipes),
        )

    first: dict[tuple[str, ...], SessionResult] = {}
    for result in results:
        key = (result.participant, result.modality, result.task, result.session, result.run)
        if key not in first or rank(result) < rank(first[key]):
            first[key] = result
    yield from first.values()


def _row(output_dir: Path, result: SessionResult) -> QualityRow:
    sidecar, figures = result.about, output_dir / result.participant / "figures"
    coverage, tsnr = _signal(output_dir, result)
    volumes, kept = sidecar.get("NumberOfVolumes"), sidecar.get("NumberOfVolumesRetained")
    pictures = [figures / motion_name(entities) for entities in result.runs]
    return QualityRow(
        participant=result.participant,
        session=session_label(result),
        modality=result.modality,
        task=result.task,
        runs=[run_start(entities) for entities in result.runs],
        figures=[p.relative_to(output_dir).as_posix() for p in pictures if p.exists()],
        fd=_number(sidecar.get("MeanFramewiseDisplacement")),
        minutes=_number(sidecar.get("MinutesRetained")),
        share=kept / volumes if volumes and kept is not None else math.nan,
        coverage=coverage,
        tsnr=tsnr,
        warnings=list(result.warnings),
        excluded=result.excluded,
        compared="",
    )


def run_start(entities: Entities) -> str:
    """Name a run as ``--exclude`` takes it: the start of its file name.

    Parameters
    ----------
    entities : mapping of str to str
        Of the run.
    """
    kept = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo")
    return "_".join(f"{key}-{entities[key]}" for key in kept if key in entities)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _signal(output_dir: Path, result: SessionResult) -> tuple[float, float]:
    """Return the least coverage of a region and the median tSNR, over all runs."""
    paths = [
        outputs.coverage_path(output_dir, entities, result.atlas_entities)
        for entities in result.runs
    ]
    tables = [read_tsv(path)[["coverage", "tsnr"]] for path in paths if path.exists()]
    if not tables:
        return math.nan, math.nan
    numbers = pd.concat(tables).apply(pd.to_numeric, errors="coerce")
    return float(numbers["coverage"].min()), float(numbers["tsnr"].median())
