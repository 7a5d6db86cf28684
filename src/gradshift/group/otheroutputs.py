"""Other outputs of the same people, such as of the surface: further choices of the analysis."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from gradshift.bids.collect import SessionResult, find_results, read_measures
from gradshift.bids.columnar import stacked
from gradshift.core.cortex.options import Options
from gradshift.errors import InputError, SettingsError
from gradshift.group.alignment import align
from gradshift.group.sameregions import over_same_regions
from gradshift.group.sessions import compared_sessions
from gradshift.group.study import Study, once
from gradshift.output import record


class OtherOutput(NamedTuple):
    """What is used of another output.

    Parameters
    ----------
    folder : Path
    results : list of SessionResult
        Of BOLD, of those compared.
    options : Options
        Choices that it was measured with.
    """

    folder: Path
    results: list[SessionResult]
    options: Options

    @property
    def spaces(self) -> list[str]:
        """The spaces of its images."""
        return sorted({result.space for result in self.results})


@once
def other_outputs(study: Study) -> list[OtherOutput]:
    """Find the results in other outputs of the sessions that are compared.

    Raises
    ------
    MissingInputError
        If a folder has no results.
    InputError
        If it has none of the sessions compared.
    SettingsError
        If its results were made in different ways, are of another study, it is the output that
        is compared, or two would have one name.
    """
    found = []
    for folder in map(Path, study.group.also):
        if folder.resolve() == study.output_dir.resolve():
            raise SettingsError(f"--also names {folder}, which is OUTPUT_DIR itself.")
        every = find_results(folder)
        results = compared_sessions(every, study.people, study.design)
        if not results:
            there = sorted({f"{one.participant} {one.session} {one.task}" for one in every})
            raise InputError(
                f"--also names {folder}, which has no session of BOLD of those compared; it has "
                f"{', '.join(there[:4])}{' ...' if len(there) > 4 else ''}."
            )
        record.check_same(results)
        _check_study(study, folder, results)
        recorded = record.participant_level(folder, {})
        found.append(OtherOutput(folder, results, Options.of(recorded)))
    names = _names(study, found)
    if twice := [name for name in names if names.count(name) > 1]:
        raise SettingsError(
            f"--also names two outputs that would both be called {twice[0]!r}; give each once, "
            "and rename a folder where two have one name."
        )
    return found


def _check_study(study: Study, folder: Path, results: Sequence[SessionResult]) -> None:
    """Refuse results of another study, which may have people and sessions of the same names."""
    own, other = (
        {one.about["SourceDataset"]["Digest"] for one in of if one.about.get("SourceDataset")}
        for of in (study.results, results)
    )
    if own and other and own.isdisjoint(other):
        raise SettingsError(
            f"--also names {folder}, whose results are of another study than those in "
            f"{study.output_dir}; give an output that was made of the same BIDS_DIR."
        )


def values_elsewhere(study: Study) -> pd.DataFrame | None:
    """Read the values of the other outputs; each is a choice.

    Returns
    -------
    DataFrame or None
        Columns of the study's table and ``choice``; values that atlases share, of the people
        compared. None if no other output is asked for.
    """
    others = other_outputs(study)
    parts = [
        _values(study, other).assign(choice=name)
        for other, name in zip(others, _names(study, others), strict=True)
    ]
    return stacked(parts) if parts else None


def _values(study: Study, other: OtherOutput) -> pd.DataFrame:
    """Read the values of another output, as if it were compared by itself."""
    results, folder = other.results, other.folder
    table = over_same_regions(read_measures(results), results, study.design, folder)
    table = align(table, results, study.people, study.design, folder, other.options)
    return table[(table["level"] != "region").to_numpy()]


def _names(study: Study, others: Sequence[OtherOutput]) -> list[str]:
    """Name the choices: by space where that is what differs, by folder otherwise."""
    own = {result.space for result in study.results if result.modality == "func"}
    named = Counter(other.spaces[0] for other in others if len(other.spaces) == 1)
    return [
        f"space {other.spaces[0]}"
        if len(other.spaces) == 1 and other.spaces[0] not in own and named[other.spaces[0]] == 1
        else f"output {other.folder.resolve().name}"
        for other in others
    ]
