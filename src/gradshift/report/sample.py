"""What a study fills into the methods text: who, how much, which families, which registration."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift.bids.collect import SessionResult, read_tsv
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.rows import read_rows
from gradshift.core.inference.families import DECLARED
from gradshift.report import words
from gradshift.study.participation import Participation

MODALITIES = {"func": "fMRI", "pet": "PET", "mrs": "MR spectroscopy", "score": "scores"}

NAMED = 3
"""Labels of one measure that are named in the text."""

IDENTITY = ["family", "measure", "level", "label"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Sentences about one study; empty where nothing is known.

    Parameters
    ----------
    participants : tuple of str
        Who is compared, who is not and why.
    data : tuple of str
        Sessions left out; minutes, volumes and motion of the others.
    inference : tuple of str
        The declared families, the smallest effect of interest, the registration.
    """

    participants: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    inference: tuple[str, ...] = ()


def sample(folder: Path, results: Sequence[SessionResult], primary: tuple[str, str]) -> Sample:
    """Describe the sample of an output.

    Parameters
    ----------
    folder : Path
        Of the group level; what is not there is not told.
    results : sequence of SessionResult
    primary : pair of str
        Atlas and recipe.
    """
    sessions = [one for one in results if (one.atlas, one.recipe) == primary]
    data = tuple(_data([one for one in sessions if one.modality == "func"]))
    if not (folder / "contrasts.json").exists():
        return Sample(data=data)
    people = read_rows(folder / "participants.tsv", Participation)
    limits = folder / "limits.json"
    return Sample(
        participants=tuple(_participants(people)),
        data=data,
        inference=tuple(
            _inference(
                read_tsv(folder / "contrasts.tsv"),
                read_json(folder / "contrasts.json"),
                read_json(limits) if limits.exists() else {},
            )
        ),
    )


def _participants(people: Sequence[Participation]) -> Iterator[str]:
    """Say for every kind of data how many are compared, and why others are not."""
    counts: dict[str, list[str]] = {}
    left: Counter[str] = Counter()
    for modality, task in dict.fromkeys((person.modality, person.task) for person in people):
        asked = [one for one in people if (one.modality, one.task) == (modality, task)]
        n = sum(one.included for one in asked)
        number = f"all {n}" if n == len(asked) else f"{n} of {len(asked)}"
        which = MODALITIES.get(modality, modality)
        counts.setdefault(number, []).append(which if task == "n/a" else f"{which}, task {task}")
        left.update(f"{which}, {one.reason.rstrip('.')}" for one in asked if one.reason)
    if counts:
        listed = (f"{number} participants ({'; '.join(w)})" for number, w in counts.items())
        sentence = f"{' and '.join(listed)} were compared."
        yield sentence[0].upper() + sentence[1:]
    if left:
        yield f"Left out: {'; '.join(f'{reason} (n = {n})' for reason, n in left.items())}."


def _data(sessions: Sequence[SessionResult]) -> Iterator[str]:
    """Say how many sessions were left out, and what was retained of the others."""
    kept = [one for one in sessions if not one.excluded]
    if left := Counter(one.excluded.rstrip(".") for one in sessions if one.excluded):
        reasons = "; ".join(f"{reason} (n = {count})" for reason, count in left.items())
        yield f"Of {len(sessions)} sessions, {sum(left.values())} were left out: {reasons}."
    if not kept:
        return
    volumes = [one.about.get("NumberOfVolumesRetained") for one in kept]
    counted = [float(n) for n in volumes if n is not None]
    and_volumes = f", {spread(counted, '.0f')} volumes," if counted else ""
    if minutes := [one.minutes for one in kept if one.minutes is not None]:
        length = spread(minutes, ".1f")
        yield f"In {len(minutes)} sessions {length} minutes{and_volumes} were retained."
    motion = [one.mean_fd for one in kept if one.mean_fd is not None]
    if motion:
        yield f"Mean framewise displacement was {spread(motion, '.2f')} mm; ranges in brackets."


def spread(values: Sequence[float], form: str) -> str:
    """Return the mean of values and their range; one number if all are the same."""
    mean, low, high = (format(f(values), form) for f in (np.mean, np.min, np.max))
    return mean if low == high else f"{mean} ({low} to {high})"


def headline(folder: Path) -> frozenset[str]:
    """Name the measures that the declared families are made of.

    Parameters
    ----------
    folder : Path
        Of the group level.
    """
    rows = _declared(read_tsv(folder / "contrasts.tsv"), read_json(folder / "contrasts.json"))
    return frozenset(rows["measure"])


def _declared(rows: pd.DataFrame, described: Sidecar) -> pd.DataFrame:
    """Take the values of declared families, of the primary atlas and recipe, each once."""
    declared = {*DECLARED, *described.get("OwnFamilies", {})}
    primary = rows["atlas"].isin([described.get("PrimaryAtlas"), "n/a"])
    primary &= rows["recipe"].isin([described.get("PrimaryRecipe"), "n/a"]) | (
        rows["modality"] != "func"
    )
    return rows[primary & rows["family"].isin(declared)][IDENTITY].drop_duplicates()


def _inference(rows: pd.DataFrame, described: Sidecar, limits: Sidecar) -> Iterator[str]:
    """Name the declared families with their values, and what was registered."""
    families = []
    for family, members in _declared(rows, described).groupby("family", sort=False):
        named = {
            measure: _labels(list(dict.fromkeys(of_one["label"])))
            for measure, of_one in members.groupby("measure", sort=False)
        }
        values = "; ".join(_value(str(name), labels) for name, labels in named.items())
        families.append(f"{family}, of {_several(len(members), 'value')} ({values})")
    if families:
        yield f"Declared before the analysis were the families {'; '.join(families)}."
    if outcomes := described.get("Outcomes"):
        listed = "; ".join(f"{name} ({score['Table']})" for name, score in outcomes.items())
        yield f"Scores of the study were outcomes too, tested as the measures are: {listed}."
    yield (
        f"The significance level was {described.get('Alpha', 0.05):g}, the smallest effect of "
        f"interest {described.get('SmallestEffect', 0.5):g} standard deviations of the change."
    )
    yield from _registration(limits.get("Registration"))


def _registration(registered: Sidecar | None) -> Iterator[str]:
    if not registered:
        yield "Design and families were not registered with the software beforehand."
        return
    departures: Iterable[str] = registered.get("Departures") or ()
    statement = (
        f"Design and families were registered beforehand (digest {registered['Digest'][:12]})"
    )
    if departures:
        yield f"{statement}; the analysis departs from it: {' '.join(departures)}"
    else:
        yield f"{statement}; the analysis follows the registration."


def _value(measure: str, labels: str) -> str:
    name = words.measure(measure)
    return f"{name}: {labels}" if labels else name


def _labels(labels: Sequence[str]) -> str:
    """Name what the values of a measure are of; many are counted."""
    if len(labels) > NAMED:
        return f"{len(labels)} places"
    named = [words.NETWORKS.get(label, label) for label in labels if label != "whole"]
    return ", ".join(named)


def _several(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
