"""The files of one run, found by their names and read as far as their headers."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradshift.bids.content import absent
from gradshift.bids.grids import GRID, Key
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name
from gradshift.bids.opener import check_file, missing
from gradshift.bids.parse import IndexedFile
from gradshift.bids.repetition import repetition_time
from gradshift.bids.run import GIFTI, IMAGES, SURFACE_IMAGES, Run
from gradshift.errors import InputError, MissingInputError, reason
from gradshift.images.header import read_header
from gradshift.images.onsurface import read_series

logger = logging.getLogger("gradshift")


class Beside:
    """Files by what their names say, to find the mask and the confounds of a run."""

    def __init__(self, files: Sequence[IndexedFile], *, denoised: bool = False) -> None:
        wanted = ("mask", "timeseries", "regressors", "motion", "outliers")
        self.denoised = denoised
        self.paths: dict[tuple[object, ...], Path] = {}
        for file in sorted(files, key=lambda file: file.extension):
            if file.suffix in wanted and file.extension in (*IMAGES, ".tsv"):
                key = self._key(file.path.parent, file.entities, file.suffix)
                self.paths[key] = file.path

    @staticmethod
    def _key(folder: Path, entities: Mapping[str, str], suffix: str) -> tuple[object, ...]:
        return folder, suffix, frozenset(entities.items())

    def find(self, folder: Path, entities: Mapping[str, str], suffixes: Sequence[str]) -> Path:
        """Return the file with these entities; with ``echo`` or else without it.

        Where there is none, the path that it would have.
        """
        less = {k: v for k, v in entities.items() if k not in ("echo", "part")}
        for names in (entities, less):
            for suffix in suffixes:
                if path := self.paths.get(self._key(folder, names, suffix)):
                    return path
        extension = ".nii.gz" if suffixes[0] == "mask" else ".tsv"
        return folder / file_name(entities, suffixes[0] + extension)


def _paths(file: IndexedFile, beside: Beside) -> Run:
    """Name the files that belong to a BOLD file."""
    entities = {k: v for k, v in file.entities.items() if k != "desc"}
    bare = {k: v for k, v in entities.items() if k not in GRID}
    folder = file.path.parent
    on_surface = file.extension in SURFACE_IMAGES  # there, what has a signal is the mask
    mask = None if on_surface else beside.find(folder, {**entities, "desc": "brain"}, ["mask"])
    right = other_hemisphere(file.path) if file.extension == GIFTI else None
    confounds = beside.find(folder, {**bare, "desc": "confounds"}, ["timeseries", "regressors"])
    if not beside.denoised:
        return Run(entities=entities, bold=file.path, right=right, mask=mask, confounds=confounds)
    motion, outliers = (beside.find(folder, bare, [name]) for name in ("motion", "outliers"))
    return Run(
        entities=entities,
        bold=file.path,
        right=right,
        mask=mask if mask and (mask.exists() or mask.is_symlink()) else None,
        confounds=motion if motion.exists() else confounds,
        outliers=outliers if outliers.exists() else None,
        denoised=True,
    )


def other_hemisphere(path: Path) -> Path:
    """Name the file of the other hemisphere."""
    pair = ("_hemi-L_", "_hemi-R_")
    here, other = pair if pair[0] in path.name else pair[::-1]
    return path.with_name(path.name.replace(here, other))


def elsewhere(file: IndexedFile, grid: Key, beside: Beside) -> Run:
    """Name a run that does not come on the grid of the others."""
    run = _paths(file, beside)
    wanted = dict(grid)
    space = file.entities.get("space", "the space of the scanner")
    same = space == wanted["space"]
    what = "at that resolution" if same else f"in {wanted['space']}"
    bare = {k: v for k, v in run.entities.items() if k not in GRID}
    return replace(
        run,
        entities={**bare, **wanted},
        problem=f"{file.path.name} is in {space}, and there is no such file {what}, as the other "
        "runs have it; run fMRIPrep with the same output spaces for all.",
    )


def read_run(file: IndexedFile, beside: Beside, root: Path) -> Run:
    """Read the header and the sidecars of a BOLD file; keep what is wrong as the problem."""
    run = _paths(file, beside)
    sidecars = [run.bold.with_name(run.bold.name.split(".")[0] + ".json")]
    sidecars.append(run.confounds.with_suffix(".json"))
    beside_it = [path for path in (run.right, run.mask) if path]
    run = replace(run, absent=absent([run.bold, *beside_it, run.confounds, *sidecars]))
    try:
        _check_place(file)
        _check_content(run, sidecars[0])
        for path in (run.bold, *beside_it):
            check_file(path)
        run, from_header = _measured(run)
        hemisphere = {} if run.right is None else {"hemi": "L"}
        metadata = inherited(run.bold, {**file.entities, **hemisphere}, root)
        seconds, remark = repetition_time(run.bold, metadata, from_header)
        if run.right is not None and from_header is None:  # GIFTI need not have one
            remark = ""
        return replace(run, tr=seconds, remarks=(remark,) if remark else ())
    except Exception as error:  # of one run, whatever it is
        return _left_out(run, error)


def _measured(run: Run) -> tuple[Run, float | None]:
    """Take from the header how large a run is, and the repetition time that it says."""
    if run.bold.name.endswith(SURFACE_IMAGES):
        surface = read_series(run.bold, run.right)
        places, n = surface.places, surface.n_volumes
        found = replace(run, shape=(places.count, 1, 1), surface=places.digest, n_volumes=n)
        return found, surface.tr
    header = read_header(run.bold)
    affine = tuple(tuple(float(v) for v in row) for row in header.affine)
    found = replace(run, shape=header.shape, affine=affine, n_volumes=header.n_volumes)
    return found, header.tr


def _left_out(run: Run, error: Exception) -> Run:
    """Keep what one run brings about as its problem, so that the others go on."""
    logger.debug("%s", run.label, exc_info=error)
    return replace(run, problem=reason(error))


def _check_content(run: Run, sidecar: Path) -> None:
    """Refuse a run whose images or sidecar are links without content."""
    if lacking := [p for p in (run.bold, run.right, run.mask, sidecar) if p in run.absent]:
        if len(run.absent) == 1:
            raise MissingInputError(missing(lacking[0]))
        raise MissingInputError(
            f"{', '.join(path.name for path in run.absent)} are links whose content is not here; "
            "in a DataLad dataset, 'datalad get' brings it."
        )


def _check_place(file: IndexedFile) -> None:
    """Refuse a file that lies in the folder of another person or session."""
    for key in ("sub", "ses"):
        label = f"_{key}-{file.entities.get(key)}_"
        if key in file.entities and label not in f"_{file.path.name}":
            raise InputError(
                f"{file.path} lies in the folder of {label.strip('_')}, and its name says "
                "otherwise; move it or rename it, whichever is wrong."
            )
