"""Finding PET scans: curves of regions, images, blood, and finished tables."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradshift.bids.dataset import describe, find_kinetics, find_petprep
from gradshift.bids.filters import filtered
from gradshift.bids.grids import PREFERRED_SPACES
from gradshift.bids.index import BLOOD, PET, index
from gradshift.bids.layout import raw_folders
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name, folder
from gradshift.bids.parse import IndexedFile
from gradshift.bids.petruns import one_per_session
from gradshift.bids.petscan import ACQUIRED, PetScan
from gradshift.errors import MissingInputError, SettingsError, reason
from gradshift.images.header import read_header
from gradshift.settings import Settings, columns
from gradshift.tracers.catalogue import identify, load_tracer
from gradshift.tracers.tracer import Tracer

SCHAEFER = re.compile(r"Schaefer2018(\d+)Parcels(7|17)Networks")
"""PETPrep's name of a segmentation that is an atlas of ours."""


MODELS: Mapping[tuple[str, str], str] = {
    ("logan", "vt"): "vtlogan",
    ("1tcm", "vt"): "vt1tcm",
    ("loganref", "dvr"): "dvrreflogan",
    ("reflogan", "dvr"): "dvrreflogan",
    ("mrtm2", "bpnd"): "bpndmrtm2",
    ("srtm2", "bpnd"): "bpndsrtm2",
    ("suvr", "suvr"): "suvr",
    ("", "suvr"): "suvr",
}
"""The ``model`` and ``meas`` of finished results, in the words of BIDS's proposal, as ours."""

RATIO = ("suvr", "ratio", "unitless", "1", "arbitrary", "none")
"""Units of an image that was divided by its reference region already."""

logger = logging.getLogger("gradshift")


def find_scans(settings: Settings, atlas_spaces: Mapping[str, Sequence[str]]) -> list[PetScan]:
    """Find the PET scans of a study, as PETPrep and programs that fit kinetic models leave them.

    Finished results come before curves, and curves before images, where a scan has several;
    but what gives the regions of an atlas comes before what does not.

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
    given = settings.inputs.derivatives
    finders = (find_petprep, find_kinetics)
    roots = [root for find in finders if (root := find(settings.bids_dir, given)) is not None]
    database, sessions = settings.inputs.bids_database_dir, settings.inputs.session_label
    files: list[IndexedFile] = []
    for root in dict.fromkeys(roots):
        labels = sorted(p.name.removeprefix("sub-") for p in root.glob("sub-*") if p.is_dir())
        wanted = settings.inputs.participant_label
        if people := [label for label in labels if not wanted or label in wanted]:
            files += index(root, people, database, PET)
    files = [file for file in files if not sessions or file.entities.get("ses") in sessions]
    values = [file for file in files if _has_values(file)]
    kept = filtered(values, settings.inputs.bids_filter_file, "pet")
    files = [file for file in files if file in kept or file not in values]
    if not kept:
        return []
    raw = _raw(settings.bids_dir)
    people = sorted({file.entities["sub"] for file in files})
    blood = [] if raw is None else index(raw, _there(raw, people), database, BLOOD)
    own = () if settings.pet.tracer is None else (load_tracer(settings.pet.tracer),)
    scans: list[PetScan] = []
    for key in dict.fromkeys(_acquired(file.entities) for file in files):
        scans += _Acquisition(
            entities=dict(key),
            files=[file for file in files if _acquired(file.entities) == key],
            blood=tuple(sorted(f.path for f in blood if _matches(f.entities, dict(key)))),
            roots=roots,
            raw=raw,
            settings=settings,
            atlas_spaces=atlas_spaces,
            tracers=own,
        ).scans()
    _check_own(own, scans)
    return sorted(one_per_session(scans), key=lambda scan: (scan.label, scan.sources[0].name))


def _check_own(own: Sequence[Tracer], scans: Sequence[PetScan]) -> None:
    """Refuse a tracer of the user's own that no scan is of."""
    for tracer in own:
        if scans and not any(scan.tracer == tracer for scan in scans):
            tracers = ", ".join(sorted({scan.tracer.name for scan in scans}))
            raise SettingsError(
                f"--tracer holds {tracer.name}, and no scan is of it: trc- or TracerName say "
                f"{tracers}."
            )


def _raw(bids_dir: Path) -> Path | None:
    """Return the dataset with the raw scans and blood: the one given, or one beside it."""
    given = None
    for place in raw_folders(bids_dir):
        if (describe(place) or {}).get("DatasetType", "raw") == "derivative":
            continue
        if any(next(place.glob(pattern), None) for pattern in ("sub-*/pet", "sub-*/ses-*/pet")):
            return place
        given = bids_dir if place == bids_dir else given
    return given


def _there(root: Path, people: Sequence[str]) -> list[str]:
    return [label for label in people if (root / f"sub-{label}").is_dir()] or list(people)


def _acquired(entities: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((k, entities[k]) for k in ACQUIRED if k in entities)


def _matches(entities: Mapping[str, str], acquired: Mapping[str, str]) -> bool:
    """Tell whether blood belongs to a scan: nothing in its name contradicts, same session."""
    same = all(entities.get(k) == acquired.get(k) for k in ("sub", "ses"))
    return same and all(acquired.get(k, v) == v for k, v in _acquired(entities))


@dataclass(frozen=True, kw_only=True)
class _Acquisition:
    """All files of one scan, of which some are used."""

    entities: Mapping[str, str]
    files: Sequence[IndexedFile]
    blood: tuple[Path, ...]
    roots: Sequence[Path]
    raw: Path | None
    settings: Settings
    atlas_spaces: Mapping[str, Sequence[str]]
    tracers: Sequence[Tracer] = ()

    def scans(self) -> list[PetScan]:
        """Choose what to use."""
        wanted = self.settings.pet.pet_reference
        mask = Path(wanted) if wanted and _is_mask(wanted) else None
        tables = [file for file in self.files if file.suffix == "kinpar"]
        curves = [f for f in self._curves() if _has_values(f)]
        images = [self._image(file, mask) for file in self._in_space("pet")]
        maps = self._maps()
        if tables and (any(map(self._of_atlas, tables)) or not maps):
            return self._tables(tables)
        if maps:
            return self._finished_maps(maps)
        if curves and mask is None and (any(map(self._of_atlas, curves)) or not images):
            return [self._regional(file) for file in curves]
        if curves and not images:
            raise SettingsError(
                f"--pet-reference {wanted} is a mask, which needs a 4-D PET image "
                f"(*_space-*_desc-preproc_pet.nii.gz); {curves[0].path.name} holds curves only. "
                "Name a reference region of PETPrep instead, such as semiovale."
            )
        return images

    def _curves(self) -> list[IndexedFile]:
        """List the tables of curves, those of reference regions too."""
        return [
            f
            for f in self.files
            if f.suffix in ("tacs", "timeseries") and f.entities.get("desc") != "confounds"
        ]

    def _of_atlas(self, file: IndexedFile) -> bool:
        """Tell by its name whether a table has the regions of an atlas."""
        seg = file.entities.get("seg", "")
        plain = {"".join(filter(str.isalnum, name)).lower() for name in self.atlas_spaces}
        return SCHAEFER.fullmatch(seg) is not None or seg.lower() in plain

    def _make(self, file: IndexedFile, kind: str, **more: Any) -> PetScan:
        root = next(root for root in self.roots if file.path.is_relative_to(root))
        metadata, problem = dict[str, object](), ""
        try:
            metadata = {**self._raw_metadata(), **inherited(file.path, file.entities, root)}
        except Exception as error:  # of this scan, whatever it is
            problem = reason(error)
        tracer = identify(self.entities.get("trc", ""), metadata, self.tracers)
        references = tuple(sorted(self._references(file)))
        name = self.settings.pet.pet_reference or tracer.reference_region.value
        if not name and len(references) == 1:
            name = references[0]
        motion = [f.path for f in self.files if f.entities.get("desc") == "confounds"]
        given = {
            "entities": self.entities,
            "kind": kind,
            "sources": (file.path,),
            "seg": file.entities.get("seg", ""),
            "pvc": file.entities.get("pvc", ""),
            "blood": self.blood,
            "motion": motion[0] if motion else None,
            "metadata": metadata,
            "tracer": tracer,
            "reference_name": name,
            "references": references,
            "problem": problem,
        }
        return PetScan(**{**given, **more})

    def _raw_metadata(self) -> dict[str, object]:
        """Read what the JSON files of the raw scan say."""
        if self.raw is None:
            return {}
        name = file_name(self.entities, "pet.nii.gz")
        scan = self.raw / folder(self.entities, "pet") / name
        return inherited(scan, self.entities, self.raw)

    def _regional(self, file: IndexedFile) -> PetScan:
        """Join curves with that of the reference region, of the same partial volume correction."""
        scan = self._make(file, "tacs")
        return replace(scan, reference=self._references(file).get(scan.reference_name))

    def _references(self, file: IndexedFile) -> dict[str, Path]:
        """List the curves of reference regions that go with a source."""
        return {
            f.entities.get("label") or f.entities["ref"]: f.path
            for f in self._curves()
            if not _has_values(f) and f.entities.get("pvc") == file.entities.get("pvc")
        }

    def _tables(self, tables: Sequence[IndexedFile]) -> list[PetScan]:
        """Put the finished tables of one segmentation and correction together."""
        scans = []
        for key in dict.fromkeys(_variant(file) for file in tables):
            files = sorted((f for f in tables if _variant(f) == key), key=lambda f: f.path.name)
            scans.append(
                self._make(
                    files[0],
                    "table",
                    sources=tuple(f.path for f in files),
                    models=tuple(f.entities.get("model", "") for f in files),
                    blood=(),
                )
            )
        return scans

    def _maps(self) -> list[tuple[IndexedFile, str]]:
        """List the finished maps that show a model of ours."""
        named = {word.lower(): ours for ours, word in self._columns().items()}
        maps = []
        for file in self._in_space("mimap"):
            model, meas = (file.entities.get(k, "").lower() for k in ("model", "meas"))
            if ours := named.get(meas) or named.get(model) or MODELS.get((model, meas)):
                maps.append((file, ours))
            else:
                logger.warning(
                    "%s is not used: no model of ours gives it; --pet-columns vtlogan=%s would "
                    "take it for one.",
                    file.path.name,
                    file.entities.get("meas", "MEAS"),
                )
        return maps

    def _columns(self) -> dict[str, str]:
        return columns(self.settings.inputs.pet_columns)

    def _finished_maps(self, known: Sequence[tuple[IndexedFile, str]]) -> list[PetScan]:
        """Put the finished maps of one partial volume correction together."""
        scans = []
        for pvc in dict.fromkeys(file.entities.get("pvc", "") for file, _ in known):
            maps = [(f, ours) for f, ours in known if f.entities.get("pvc", "") == pvc]
            shown = [ours for _, ours in maps]
            first = self._image(maps[0][0], None)
            problem = first.problem
            if twice := [ours for ours in shown if shown.count(ours) > 1]:
                names = ", ".join(f.path.name for f, ours in maps if ours == twice[0])
                problem = (
                    f"Several maps are {twice[0]}: {names}; choose one with --bids-filter-file."
                )
            scans.append(
                replace(
                    first,
                    kind="maps",
                    sources=tuple(file.path for file, _ in maps),
                    models=tuple(shown),
                    blood=(),
                    problem=problem,
                )
            )
        return scans

    def _in_space(self, suffix: str) -> list[IndexedFile]:
        """Keep the images in one standard space that every atlas comes in."""
        images = [
            file
            for file in self.files
            if file.suffix == suffix and "space" in file.entities and "stat" not in file.entities
        ]
        asked = self.settings.inputs.space
        available = {file.entities["space"] for file in images}
        fitting = [
            s for s in available if all(s in spaces for spaces in self.atlas_spaces.values())
        ]
        order = [s for s in PREFERRED_SPACES if s in fitting] + sorted(fitting)
        chosen = next((s for s in ([asked] if asked else order) if s in available), None)
        return sorted(
            (file for file in images if file.entities["space"] == chosen),
            key=lambda file: file.path.name,
        )

    def _image(self, file: IndexedFile, mask: Path | None) -> PetScan:
        """Read the header of an image, and find what lies on its grid."""
        space = file.entities["space"]
        brains = [
            f.path
            for f in self.files
            if f.suffix == "mask"
            and f.entities.get("space") == space
            and f.entities.get("desc", "brain") == "brain"
            and "label" not in f.entities
        ]
        scan = self._make(
            file,
            "image",
            entities={**self.entities, "space": space},
            mask=brains[0] if brains else None,
        )
        curve = self._references(file).get(scan.reference_name)
        scan = replace(scan, reference=mask or curve)
        try:
            header = read_header(file.path, single=True)
        except Exception as error:  # of this scan, whatever it is
            return replace(scan, problem=scan.problem or reason(error))
        scan = replace(
            scan,
            shape=header.shape,
            affine=tuple(tuple(float(v) for v in row) for row in header.affine),
        )
        if header.n_volumes > 1:
            return scan
        if str(scan.metadata.get("Units", "")).lower() in RATIO:
            return replace(scan, kind="maps", models=("suvr",), blood=(), reference=None)
        return replace(scan, kind="static")


def _has_values(file: IndexedFile) -> bool:
    """Tell whether a file has values of regions, and is no mask, reference curve or motion."""
    beside = file.suffix == "mask" or file.entities.get("desc") == "confounds"
    return not beside and not {"label", "ref"} & set(file.entities)


def _variant(file: IndexedFile) -> tuple[str, str]:
    return file.entities.get("seg", ""), file.entities.get("pvc", "")


def _is_mask(reference: str) -> bool:
    """Tell whether a reference is a mask, which must then be there."""
    if not reference.endswith((".nii", ".nii.gz")):
        return False
    if not Path(reference).exists():
        raise MissingInputError(f"There is no mask {reference} (--pet-reference).")
    return True
