"""What the user wants of a preprocessed dataset, and what it has of that."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradshift.bids.dataset import describe
from gradshift.bids.diagnosis import diagnose, evidence
from gradshift.bids.doors import DENOISED_DESCS, ready_made
from gradshift.bids.exclude import excluded
from gradshift.bids.filters import Condition, filtered, read_filters
from gradshift.bids.grids import Key, acquired, choose_grid, grid_of
from gradshift.bids.index import index
from gradshift.bids.makers import makers
from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile
from gradshift.bids.run import CIFTI, GIFTI, IMAGES, LEFT_OUT, SURFACE_IMAGES, Run
from gradshift.errors import GradshiftError, InputError, NothingSelectedError
from gradshift.images.grayordinates import SURFACE_SPACES
from gradshift.settings import Inputs

logger = logging.getLogger("gradshift")


@dataclass(frozen=True)
class Wanted:
    """A preprocessed dataset, and what the user wants of it.

    Parameters
    ----------
    root : Path
    inputs : Inputs
    everybody : list of str
        Labels of all participants.
    """

    root: Path
    inputs: Inputs
    everybody: list[str]

    @property
    def denoised(self) -> bool:
        """Whether another program denoised the images."""
        return ready_made(self.inputs.derivatives) is not None

    @property
    def on_surface(self) -> bool:
        """Whether runs on the surface are read; only where their space is asked for."""
        return self.inputs.space in SURFACE_SPACES

    @property
    def asked(self) -> list[str]:
        """Labels of the participants to look at; those asked for must be there."""
        wanted, root = self.inputs.participant_label, shown(self.root)
        if not self.everybody:
            raise NothingSelectedError(f"There is no participant folder (sub-...) in {root}.")
        if unknown := sorted(set(wanted) - set(self.everybody)):
            raise NothingSelectedError(
                f"No participant {', '.join(unknown)} in {root}. Participants there: "
                f"{_listed(self.everybody)}."
            )
        return sorted(wanted) or self.everybody

    def files(self, participants: Sequence[str]) -> list[IndexedFile]:
        """List the files in the func folders of participants."""
        return index(self.root, participants, self.inputs.bids_database_dir)

    def grid(self, bolds: Sequence[IndexedFile], atlas_spaces: Mapping[str, Sequence[str]]) -> Key:
        """Choose the grid that all runs of the study share."""
        grids = {grid_of(file.entities) for file in bolds}
        if len(grids) > 1 and set(self.asked) < set(self.everybody):
            bolds = _in_a_space(self._chosen(self.files(self.everybody)))
        return choose_grid(_in_a_space(bolds), self.inputs.space, atlas_spaces)

    def select(
        self, files: Sequence[IndexedFile], participants: Sequence[str]
    ) -> list[IndexedFile]:
        """Keep the preprocessed BOLD files that pass the filters, or say what there is."""
        prepared = self._preprocessed(files)
        if self.on_surface and not _in_a_space(prepared):
            raise NothingSelectedError(self._no_surface(files))
        if not _in_a_space(prepared) and self.denoised:
            raise NothingSelectedError(
                f"There is no denoised BOLD file in a standard space (*_space-*_desc-"
                f"{{{','.join(DENOISED_DESCS)}}}_bold.nii.gz) in {shown(self.root)}; images with "
                'another desc are chosen with a --bids-filter-file such as {"bold": {"desc": '
                f'"clean"}}}}{_or_on_surface(files)}.'
            )
        if not _in_a_space(prepared):
            raise NothingSelectedError(diagnose(evidence(files, self._makers()), self.root))
        if idle := set(participants) - {file.entities["sub"] for file in prepared}:
            logger.warning("No preprocessed BOLD file for sub-%s.", _listed(idle))
        for key, option, wanted in (
            ("ses", "session", self.inputs.session_label),
            ("task", "task", self.inputs.task_id),
        ):
            self._insist(prepared, key, option, wanted)
        chosen = filtered(self._labelled(prepared), self.inputs.bids_filter_file, "bold")
        return _without_echoes(chosen)

    def _no_surface(self, files: Sequence[IndexedFile]) -> str:
        """Say that there is nothing on the surface asked for, and what there is."""
        space = self.inputs.space
        there = {f.entities["space"] for f in _in_a_space(files) if f.suffix == "bold"}
        made_by = "--cifti-output 91k" if space == "fsLR" else f"--output-spaces {space}"
        return (
            f"There is no BOLD on the surface {space} (CIFTI or GIFTI) in {shown(self.root)}; "
            f"spaces there: {_listed(there) or 'none'}. Choose one of these with --space, or run "
            f"fMRIPrep again on the same output with {made_by}."
        )

    def _chosen(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        """Select as `select` does, of everybody, and without a word."""
        filters = read_filters(self.inputs.bids_filter_file, "bold")
        return _without_echoes(
            [
                file
                for file in self._labelled(self._preprocessed(files))
                if all(c.holds(file.entities.get(key)) for key, c in filters.items())
            ]
        )

    def _preprocessed(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        filters = read_filters(self.inputs.bids_filter_file, "bold")
        usual = DENOISED_DESCS if self.denoised else ("preproc",)
        no_desc = self.on_surface and not self.denoised  # fMRIPrep's surfaces have none
        desc = filters.get("desc", Condition(frozenset(usual), absent=no_desc))
        prepared = [
            file
            for file in files
            if file.suffix == "bold"
            and file.extension in (SURFACE_IMAGES if self.on_surface else IMAGES)
            and desc.holds(file.entities.get("desc"))
            and file.entities.get("part", "mag") == "mag"
            and (file.extension == GIFTI or not file.more)
        ]
        return _surfaces(prepared, self.inputs.space) if self.on_surface else prepared

    def _labelled(self, files: Sequence[IndexedFile]) -> list[IndexedFile]:
        sessions, tasks = self.inputs.session_label, self.inputs.task_id
        return [
            file
            for file in files
            if (not sessions or file.entities.get("ses") in sessions)
            and (not tasks or file.entities.get("task") in tasks)
        ]

    def _insist(
        self, files: Sequence[IndexedFile], key: str, option: str, wanted: Sequence[str]
    ) -> None:
        """Refuse a label that the study does not have; say one that only these people lack."""
        labels = {file.entities[key] for file in files if key in file.entities}
        unknown = sorted(set(wanted) - labels)
        if not unknown:
            return
        message = (
            f"No {option} {', '.join(unknown)} among the preprocessed BOLD files in "
            f"{shown(self.root)}. {option.capitalize()}s there: {_listed(labels) or 'none'}."
        )
        if set(self.asked) < set(self.everybody) and set(wanted) & labels:
            everybody = self._preprocessed(self.files(self.everybody))
            if set(unknown) <= {file.entities.get(key) for file in everybody}:
                logger.warning("%s", message)
                return
        raise NothingSelectedError(message)

    def _makers(self) -> tuple[str, ...]:
        try:
            return makers(describe(self.root))
        except GradshiftError:
            return ()

    def without_excluded(self, runs: Sequence[Run], files: Sequence[IndexedFile]) -> list[Run]:
        """Mark the runs that the user's list leaves out."""
        names = {f.path.name: f.entities["sub"] for f in files if f.suffix == "bold"}
        out = excluded(names, self.inputs.exclude, set(self.everybody) - set(self.asked))
        problem = f"{LEFT_OUT} {Path(self.inputs.exclude or '').name}"
        return [
            replace(run, problem=problem) if not run.problem and run.bold.name in out else run
            for run in runs
        ]


def _listed(labels: Iterable[str], most: int = 20) -> str:
    """Name labels, each once, as long as there are not too many."""
    labels = sorted(set(labels))
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _in_a_space(files: Iterable[IndexedFile]) -> list[IndexedFile]:
    """Keep the files that are in a standard space."""
    return [file for file in files if "space" in file.entities]


def _or_on_surface(files: Iterable[IndexedFile]) -> str:
    """Say that images on surfaces could be had, as a sentence goes on; empty without any."""
    there = {f.entities.get("space") for f in files if f.extension in SURFACE_IMAGES}
    options = [f"--space {space}" for space in SURFACE_SPACES if space in there]
    return f"; those on the surface are read with {' or '.join(options)}" if options else ""


def _surfaces(files: Sequence[IndexedFile], space: str | None) -> list[IndexedFile]:
    """Keep CIFTI where it comes in the space asked for, or else one file of each GIFTI pair."""
    cifti = [file for file in files if file.extension == CIFTI]
    if any(file.entities.get("space") == space for file in cifti):
        return cifti
    pairs: dict[Path, IndexedFile] = {}
    for file in files:
        if file.more in (("hemi-L",), ("hemi-R",)):
            left = file.path.with_name(file.path.name.replace("_hemi-R_", "_hemi-L_"))
            pairs.setdefault(left, replace(file, path=left))
    return [*cifti, *pairs.values()]


def _without_echoes(files: Sequence[IndexedFile]) -> list[IndexedFile]:
    """Leave out the echoes of what is there combined, or in more than one echo."""
    echoes: dict[Key, set[str | None]] = {}
    for file in _in_a_space(files):
        echoes.setdefault(_without_echo(file), set()).add(file.entities.get("echo"))
    kept = [
        file
        for file in files
        if "echo" not in file.entities
        or echoes.get(_without_echo(file), {None}) == {file.entities["echo"]}
    ]
    if several := {
        key for key, labels in echoes.items() if len(labels) > 1 and None not in labels
    }:
        names = sorted(f"{dict(key)['sub']}" for key in several)
        raise InputError(
            f"BOLD of sub-{_listed(names)} comes as several single echoes and no combination of "
            'them; choose one with --bids-filter-file, such as {"bold": {"echo": 1}}.'
        )
    return kept


def _without_echo(file: IndexedFile) -> Key:
    return tuple((k, v) for k, v in acquired(file.entities) if k != "echo")
