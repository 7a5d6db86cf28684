"""Finding PET scans: curves of regions, images, blood, and finished tables."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import describe, find_petprep
from gradshift.bids.index import BLOOD, PET, IndexedFile, index
from gradshift.bids.inputs import PREFERRED_SPACES, inherited
from gradshift.bids.names import file_name, folder
from gradshift.errors import GradshiftError, MissingInputError, SettingsError
from gradshift.images.volumes import read_header
from gradshift.settings import Settings

ACQUIRED = ("sub", "ses", "task", "acq", "trc", "rec", "run")
"""Entities that tell one PET scan from another."""

SCHAEFER = re.compile(r"Schaefer2018(\d+)Parcels(7|17)Networks")
"""PETPrep's name of a segmentation that is an atlas of ours."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, slots=True, kw_only=True)
class PetScan:
    """One source of regional values of one PET scan.

    Parameters
    ----------
    entities : mapping of str to str
        Of the acquisition, with ``space`` for an image.
    kind : {'tacs', 'image', 'table'}
        What `source` is: curves of regions, a 4-D image, or finished values.
    source : Path
    seg : str
        Segmentation of the curves or the table; empty if not told, or for an image.
    pvc : str
        Method of partial volume correction; empty for none.
    reference : Path, optional
        Curve of the reference region, or a mask of it if the source is an image.
    blood : tuple of Path
    metadata : mapping
        Of the scan: what its JSON files say, those of the raw scan first.
    mask : Path, optional
        Brain mask on the grid of an image.
    shape, affine
        Of an image, as in `gradshift.bids.inputs.Run`.
    problem : str
        Why the scan cannot be used; empty if it can.
    """

    entities: Mapping[str, str]
    kind: str
    source: Path
    seg: str = ""
    pvc: str = ""
    reference: Path | None = None
    blood: tuple[Path, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    mask: Path | None = None
    shape: tuple[int, int, int] = (0, 0, 0)
    affine: tuple[tuple[float, ...], ...] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """The scan as a log line names it, such as ``sub-01 ses-pre pet``."""
        named = [f"{k}-{self.entities[k]}" for k in ACQUIRED if k in self.entities]
        return " ".join([*named, "pet", *([f"pvc-{self.pvc}"] if self.pvc else [])])


def find_scans(settings: Settings, atlas_spaces: Mapping[str, Sequence[str]]) -> list[PetScan]:
    """Find the PET scans of a study, as PETPrep leaves them.

    Finished tables come before curves, and curves before images, where a scan has several.

    Parameters
    ----------
    settings : Settings
    atlas_spaces : mapping of str to sequence of str
        The spaces every atlas comes in, by atlas name.

    Returns
    -------
    list of PetScan
        Empty where there is no PET.

    Raises
    ------
    MissingInputError
        If a mask that was named is not there.
    """
    root = find_petprep(settings.bids_dir, settings.inputs.derivatives)
    if root is None:
        return []
    there = sorted(p.name.removeprefix("sub-") for p in root.glob("sub-*") if p.is_dir())
    wanted = settings.inputs.participant_label
    people = [label for label in there if not wanted or label in wanted]
    if not people:
        return []
    database, sessions = settings.inputs.bids_database_dir, settings.inputs.session_label

    def kept(file: IndexedFile) -> bool:
        return not sessions or file.entities.get("ses") in sessions

    files = [file for file in index(root, people, database, PET) if kept(file)]
    raw = _raw(settings.bids_dir)
    blood = [] if raw is None else index(raw, _there(raw, people), database, BLOOD)
    scans: list[PetScan] = []
    for key in dict.fromkeys(_acquired(file.entities) for file in files):
        mine = [file for file in files if _acquired(file.entities) == key]
        samples = tuple(sorted(f.path for f in blood if _matches(f.entities, dict(key))))
        scans += _scans(dict(key), mine, samples, settings, atlas_spaces, (root, raw))
    return sorted(scans, key=lambda scan: (scan.label, scan.source.name))


def _raw(bids_dir: Path) -> Path | None:
    """Return the raw dataset, where the folder given is one."""
    description = describe(bids_dir) or {}
    return None if description.get("DatasetType", "raw") == "derivative" else bids_dir


def _there(root: Path, people: Sequence[str]) -> list[str]:
    return [label for label in people if (root / f"sub-{label}").is_dir()] or list(people)


def _acquired(entities: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((k, entities[k]) for k in ACQUIRED if k in entities)


def _matches(entities: Mapping[str, str], acquired: Mapping[str, str]) -> bool:
    """Tell whether blood belongs to a scan: nothing in its name contradicts, same session."""
    same = all(entities.get(k) == acquired.get(k) for k in ("sub", "ses"))
    return same and all(acquired.get(k, v) == v for k, v in _acquired(entities))


def _scans(
    acquired: dict[str, str],
    files: Sequence[IndexedFile],
    blood: tuple[Path, ...],
    settings: Settings,
    atlas_spaces: Mapping[str, Sequence[str]],
    roots: tuple[Path, Path | None],
) -> list[PetScan]:
    """Choose what to use of one acquisition."""
    wanted = settings.pet.pet_reference
    root, raw = roots
    told = _raw_metadata(acquired, raw)

    def make(file: IndexedFile, kind: str, **more: Any) -> PetScan:
        metadata = {**told, **inherited(file.path, file.entities, root)}
        seg, pvc = (file.entities.get(name, "") for name in ("seg", "pvc"))
        return PetScan(
            **{
                "entities": acquired,
                "kind": kind,
                "source": file.path,
                "seg": seg,
                "pvc": pvc,
                "blood": blood,
                "metadata": metadata,
                **more,
            }
        )

    tables = [file for file in files if file.suffix == "kinpar"]
    if tables:
        return [make(file, "table", blood=()) for file in tables]
    curves = [f for f in files if f.suffix in ("tacs", "timeseries") and f.path.suffix == ".tsv"]
    references = {
        (f.entities.get("label") or f.entities["ref"], f.entities.get("pvc", "")): f.path
        for f in curves
        if "label" in f.entities or "ref" in f.entities
    }
    regional = [f for f in curves if "label" not in f.entities and "ref" not in f.entities]
    mask = _is_mask(wanted)
    if regional and not mask:
        return [
            make(file, "tacs", reference=_reference(references, wanted, file)) for file in regional
        ]
    images = _images(files, settings.inputs.space, atlas_spaces)
    found = [
        _image(file, files, acquired, make, Path(wanted) if mask else None) for file in images
    ]
    if regional and not found:
        raise SettingsError(
            f"--pet-reference {wanted} is a mask, which needs a 4-D PET image "
            f"(*_space-*_desc-preproc_pet.nii.gz); {regional[0].path.name} holds curves only. "
            "Name a reference region of PETPrep instead, such as semiovale."
        )
    return found


def _raw_metadata(acquired: Mapping[str, str], raw: Path | None) -> dict[str, Any]:
    """Read what the JSON files of a raw scan say."""
    if raw is None:
        return {}
    scan = raw / folder(acquired, "pet") / file_name(acquired, "pet.nii.gz")
    return inherited(scan, acquired, raw)


def _is_mask(reference: str) -> bool:
    """Tell whether a reference is a mask, which must then be there."""
    if not reference.endswith((".nii", ".nii.gz")):
        return False
    if not Path(reference).exists():
        raise MissingInputError(f"There is no mask {reference} (--pet-reference).")
    return True


def _reference(
    references: Mapping[tuple[str, str], Path], wanted: str, file: IndexedFile
) -> Path | None:
    """Find the curve of the reference region, with the same partial volume correction."""
    pvc = file.entities.get("pvc", "")
    return references.get((wanted, pvc))


def _images(
    files: Sequence[IndexedFile], asked: str | None, atlas_spaces: Mapping[str, Sequence[str]]
) -> list[IndexedFile]:
    """Keep the preprocessed images in one standard space that every atlas comes in."""
    images = [
        file
        for file in files
        if file.suffix == "pet" and "space" in file.entities and "stat" not in file.entities
    ]
    there = {file.entities["space"] for file in images}
    fitting = [s for s in there if all(s in spaces for spaces in atlas_spaces.values())]
    order = [asked] if asked else [s for s in PREFERRED_SPACES if s in fitting] + sorted(fitting)
    chosen = next((space for space in order if space in there), None)
    return [file for file in images if file.entities["space"] == chosen]


def _image(
    file: IndexedFile,
    files: Sequence[IndexedFile],
    acquired: Mapping[str, str],
    make: Callable[..., PetScan],
    reference: Path | None,
) -> PetScan:
    """Read the header of an image."""
    space = file.entities["space"]
    masks = [f.path for f in files if f.suffix == "mask" and f.entities.get("space") == space]
    entities = {**acquired, "space": space}
    mask = masks[0] if masks else None
    try:
        header = read_header(file.path)
    except GradshiftError as error:
        return make(file, "image", entities=entities, problem=str(error))
    return make(
        file,
        "image",
        entities=entities,
        mask=mask,
        reference=reference,
        shape=header.shape,
        affine=tuple(tuple(float(v) for v in row) for row in header.affine),
    )
