"""Whether a study still holds the people and scans that results are of."""

import os
import shlex
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from gradshift.bids.acquired import RAW_ENTITIES
from gradshift.bids.collect import SessionResult
from gradshift.bids.content import content_of
from gradshift.bids.dataset import find_fmriprep, find_petprep
from gradshift.bids.layout import raw_folders
from gradshift.bids.names import file_name, folder
from gradshift.bids.opener import shown
from gradshift.bids.scans import Scans, find_scans
from gradshift.bids.tables import read_participants
from gradshift.errors import GradshiftError, InputError, SettingsError
from gradshift.settings import Settings

Place = tuple[str, str, str]
"""Participant, session and modality."""

IMAGED = ("func", "pet")
"""What comes from images; people of whom a table has metabolites need no folder."""


def people_with_images(output_dir: Path) -> set[str]:
    """Name the people, with prefix, of whom an output has results that come from images."""
    patterns = (f"sub-*/{middle}{kind}" for kind in IMAGED for middle in ("", "ses-*/"))
    folders = (path for pattern in patterns for path in output_dir.glob(pattern))
    return {path.relative_to(output_dir).parts[0] for path in folders}


def people_gone(names: Collection[str], settings: Settings) -> set[str]:
    """Name the people who are in no folder and no table of the study any more.

    Parameters
    ----------
    names : collection of str
        Participants with results, with prefix.
    settings : Settings

    Returns
    -------
    set of str
        Empty where the study holds none of them: its data are somewhere else then.
    """
    places = [*raw_folders(settings.bids_dir), *_derivatives(settings).values()]
    held = {name for name in names if any(os.path.lexists(place / name) for place in places)}
    held |= set(read_participants(settings.bids_dir, names)) & set(names)
    return set(names) - held if held else set()


def how_to_remove(names: Iterable[str], output_dir: Path) -> str:
    """Return the command that removes the results of people."""
    paths = [output_dir / end for name in sorted(names) for end in (name, f"{name}.html")]
    return f"rm -r {' '.join(shlex.quote(str(path)) for path in paths)}"


def still_held(
    results: Sequence[SessionResult], settings: Settings
) -> tuple[list[SessionResult], list[str]]:
    """Leave out the results of people and scans that the study no longer holds.

    Parameters
    ----------
    results : sequence of SessionResult
    settings : Settings

    Returns
    -------
    kept : list of SessionResult
    remarks : list of str
        Who and what was left out, a sentence each.
    """
    gone = people_gone({one.participant for one in results if one.modality in IMAGED}, settings)
    remarks = []
    if gone:
        remarks.append(
            f"{', '.join(sorted(gone))}: no folder and no row of participants.tsv in "
            f"{shown(settings.bids_dir)} any more; their results are not compared. To remove "
            f"them: {how_to_remove(gone, settings.output_dir)}"
        )
    present = [result for result in results if result.participant not in gone]
    lost = _scans_gone(present, settings)
    withdrawn = _withdrawn([one for one in present if _place(one) not in lost], settings)
    remarks += [
        f"{person} {session} ({modality}): {why}; its results are not compared."
        for (person, session, modality), why in sorted({**lost, **withdrawn}.items())
    ]
    out = {*lost, *withdrawn}
    return [result for result in present if _place(result) not in out], remarks


def _place(result: SessionResult) -> Place:
    return result.participant, result.session, result.modality


def _derivatives(settings: Settings) -> dict[str, Path]:
    """Find the preprocessed datasets that are there, by modality."""
    inputs, roots = settings.inputs, {}
    with suppress(GradshiftError):  # the participant level says what hinders
        roots["func"] = find_fmriprep(
            settings.bids_dir, inputs.derivatives, validate=not inputs.skip_bids_validation
        )
    with suppress(GradshiftError):
        if (root := find_petprep(settings.bids_dir, inputs.derivatives)) is not None:
            roots["pet"] = root
    return roots


def _scans_gone(results: Sequence[SessionResult], settings: Settings) -> dict[Place, str]:
    """Say which sessions were computed from files that are gone, or have another content."""
    gone: dict[Place, str] = {}
    for modality, root in _derivatives(settings).items():
        of_kind = [result for result in results if result.modality == modality]
        reasons = {_place(result): _changed(result, root) for result in of_kind}
        if any(not why for why in reasons.values()):
            gone |= {place: why for place, why in reasons.items() if why}
        else:
            _insist_on_absence(of_kind, root)
    return gone


def _insist_on_absence(results: Sequence[SessionResult], root: Path) -> None:
    """Refuse images that are there, where none is what the results come from.

    A study without any of them has its data somewhere else, which does not matter here.
    """
    for result in results:
        for name in result.sources:
            path = root / folder(result.entities, result.modality) / name
            if name in result.contents and os.path.exists(path):
                raise SettingsError(
                    f"The results are of another dataset than {shown(root)}: none of the images "
                    f"they come from is the one of that name there (such as {shown(path)}). Give "
                    "the dataset they were made from, or run the participant level again."
                )


def _changed(result: SessionResult, root: Path) -> str:
    """Say what became of the files of a session; empty if they are as they were."""
    place = root / folder(result.entities, result.modality)
    paths = [place / name for name in result.sources]
    absent = [path for path in paths if not os.path.lexists(path)]
    if absent and (len(absent) == len(paths) or result.modality == "func"):
        return f"{absent[0].name} is no longer in {shown(place)}"
    for path in paths:
        known = result.contents.get(path.name)
        try:
            if known and content_of(path) != known:
                return f"{path.name} was replaced since (run the participant level again)"
        except OSError:  # a link whose content is not here tells nothing
            continue
    return ""


def _withdrawn(results: Sequence[SessionResult], settings: Settings) -> dict[Place, str]:
    """Say which BOLD scans the study has taken out of its scans.tsv and its raw data."""
    gone: dict[Place, str] = {}
    tables: dict[str, tuple[Path, dict[str, Scans]]] = {}
    places = list(dict.fromkeys(raw_folders(settings.bids_dir)))
    for result in results:
        person = result.participant
        if result.modality != "func":
            continue
        if person not in tables:
            tables[person] = (Path(), {})
            with suppress(InputError):  # said where its times are needed
                tables[person] = find_scans(places, person)
        root, scans = tables[person]
        if (table := scans.get(result.session)) is None:
            continue
        for run in result.runs:
            raw = {key: run[key] for key in RAW_ENTITIES if key in run}
            name = file_name(raw, "bold.nii.gz")
            has_raw = os.path.lexists(root / folder(raw, "func") / name)
            if table.lists_bold and not table.lists(name) and not has_raw:
                gone[_place(result)] = f"{table.path.name} no longer lists {name}"
    return gone
