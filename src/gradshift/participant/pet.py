"""PET at the participant level: which scans, which atlases, which models, and their graph."""

import logging
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nipype.pipeline import engine as pe

from gradshift import __version__
from gradshift.atlases.catalogue import Atlas, available, load_atlas
from gradshift.bids import outputs
from gradshift.bids.dataset import read_json
from gradshift.bids.pet import SCHAEFER, PetScan
from gradshift.bids.petdata import table_names
from gradshift.bids.tables import people_table
from gradshift.bids.write import write_json
from gradshift.core.cortex.regions import Regions
from gradshift.core.kinetics import models
from gradshift.core.pet.model import REFUSED
from gradshift.errors import GradshiftError, InputError, SettingsError
from gradshift.output.record import numbers
from gradshift.participant.nodes.atlas import keep_labels, keep_named, keep_regions
from gradshift.participant.nodes.curves import PetCurves, plain_name
from gradshift.participant.nodes.kinetics import Kinetics, PetPerson
from gradshift.participant.nodes.outcome import Outcome
from gradshift.participant.nodes.savepet import SavePet
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings, columns

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A scan with the regions it has values of.

    Parameters
    ----------
    scan : PetScan
    atlases : tuple of Path
        Regions, as the nodes read them.
    labels : tuple of Path
        Their labels on the grid of an image.
    """

    scan: PetScan
    atlases: tuple[Path, ...]
    labels: tuple[Path, ...] = ()

    @property
    def recipe(self) -> str:
        """Partial volume correction, as the tables have it."""
        return self.scan.pvc or "n/a"

    def targets(self) -> Iterator[outputs.Target]:
        """Yield what is written, one per atlas."""
        for path in self.atlases:
            entities = Outcome.load(path).notes["entities"]
            yield outputs.Target(entities=self.scan.entities, atlas=entities, recipe=self.recipe)


def check_models(settings: Settings) -> None:
    """Refuse models that are not offered.

    Raises
    ------
    SettingsError
    """
    for name in settings.pet.pet_model:
        if name in REFUSED:
            raise SettingsError(f"--pet-model {name}: {REFUSED[name]}.")
        if name not in models():
            raise SettingsError(f"There is no PET model {name}; models are {', '.join(models())}.")
    if unknown := sorted(set(columns(settings.inputs.pet_columns)) - {"region", *models()}):
        raise SettingsError(
            f"--pet-columns names {', '.join(unknown)}; it takes region and {', '.join(models())}."
        )


def chosen_models(scans: Sequence[PetScan], settings: Settings) -> list[str]:
    """Return the models asked for, or the best that the scans allow."""
    if settings.pet.pet_model:
        return list(settings.pet.pet_model)
    if any(scan.blood and scan.kind != "static" for scan in scans):
        free = any(_has_free_fraction(scan.blood) for scan in scans)
        return ["vtlogan", "vt1tcm", *(["vtfplogan", "vtfp1tcm"] if free else [])]
    if settings.pet.k2prime is not None and any(scan.kind != "static" for scan in scans):
        return ["dvrreflogan", "bpndmrtm2", "bpndsrtm2"]
    return ["suvr"]


def _has_free_fraction(blood: Sequence[Path]) -> bool:
    """Tell whether the free fraction was measured; whether it makes sense is found later."""
    described = [outputs.sidecar(path) for path in blood]
    return any(path.exists() and read_json(path).get("PlasmaFreeFraction") for path in described)


def place(scan: PetScan, atlases: Sequence[Atlas], settings: Settings) -> Source:
    """Find the regions of a scan and keep them where the nodes read them."""
    kept, analysis = intermediate(settings.work_dir) / "atlases", settings.analysis
    names: list[str] = []
    if not scan.on_grid and not scan.problem:
        try:
            names = _names(scan, settings)
        except GradshiftError as error:
            scan = replace(scan, problem=str(error))
    atlas = _atlas_of(scan.seg, names, atlases)
    if scan.on_grid or scan.problem or atlas is not None:
        return Source(
            scan=scan,
            atlases=tuple(
                keep_regions(a, analysis.pcc, analysis.kernel, kept)
                for a in ([atlas] if atlas is not None else atlases)
            ),
            labels=tuple(
                keep_labels(a, scan.entities["space"], scan.shape, scan.affine, kept)
                for a in (atlases if scan.on_grid and not scan.problem else ())
            ),
        )
    regions = Regions(
        names=tuple(names),
        networks=("",) * len(names),
        hemispheres=("",) * len(names),
        centroids=np.full((len(names), 3), np.nan),
    )
    seg = "".join(letter for letter in scan.seg if letter.isalnum()) or "regions"
    return Source(scan=scan, atlases=(keep_named(seg, {"seg": seg}, regions, kept),))


def _names(scan: PetScan, settings: Settings) -> list[str]:
    """List the regions of tables, each once."""
    given = columns(settings.inputs.pet_columns)
    return list(
        dict.fromkeys(
            name for path in scan.sources for name in table_names(path, scan.kind, given)
        )
    )


def _atlas_of(seg: str, names: Sequence[str], atlases: Sequence[Atlas]) -> Atlas | None:
    """Tell which atlas the regions of a table belong to: by its name, or by most of theirs."""
    there = {plain_name(name) for name in names}
    candidates = list(atlases)
    if (named := SCHAEFER.fullmatch(seg)) is not None:
        name = f"Schaefer2018_{named[1]}_{named[2]}"
        candidates += [load_atlas(name)] if name in available() else []
    for atlas in candidates:
        mine = {plain_name(row.name) for row in atlas.rows}
        if len(mine & there) > len(mine) / 2:
            return atlas
    return None


def prepare(sources: Sequence[Source], root: Path) -> None:
    """Write the regions of the atlases that PET has values of."""
    for path in dict.fromkeys(path for source in sources for path in source.atlases):
        atlas = Outcome.load(path).notes
        target = outputs.regions_path(root, atlas["entities"])
        if not target.exists():
            write_json(target, {"Name": atlas["name"], **atlas["regions"]})


def add_pet(
    workflow: pe.Workflow,
    sources: Sequence[Source],
    settings: Settings,
    untouched: Collection[str] = (),
) -> None:
    """Add the steps of all PET scans: ``sub_<label>_pet`` for every person.

    Parameters
    ----------
    workflow : nipype Workflow
    sources : sequence of Source
    settings : Settings
    untouched : collection of str
        People, with prefix, whose results are all there: they are written only if they change.
    """
    names = chosen_models([source.scan for source in sources], settings)
    if sources:
        logger.info("%d PET scans: %s.", len(sources), ", ".join(names))

    def person(source: Source) -> tuple[str, str]:
        return source.scan.entities["sub"], source.scan.pvc

    by_person = groupby(sorted(sources, key=person), key=person)
    for (sub, pvc), found in by_person:
        name = f"sub_{sub}_pet" + (f"_{pvc}" if pvc else "")
        person_workflow = _person_workflow(
            name, list(found), names, settings, writes_again=f"sub-{sub}" not in untouched
        )
        workflow.add_nodes([person_workflow])


def _person_workflow(
    name: str,
    sources: Sequence[Source],
    names: Sequence[str],
    settings: Settings,
    *,
    writes_again: bool,
) -> pe.Workflow:
    """Connect the steps of one person: the scans meet where k2' is found.

    Inputs
    ------
    Every scan: its curves or image, and blood.

    Outputs
    -------
    Written by the ``save`` nodes.
    """
    from nipype.interfaces.utility import Merge

    workflow = pe.Workflow(name=name)
    pet = settings.pet
    person = pe.Node(PetPerson(k2prime=pet.k2prime, blood_volume=pet.blood_volume), name="person")
    scans = pe.Node(Merge(len(sources)), name="scans", run_without_submitting=True)
    for number, source in enumerate(sources, start=1):
        curves = pe.Node(_curves(source, settings), name=f"curves_{number}")
        atlases = [str(path) for path in source.atlases]
        reference = _reference_name(pet.pet_reference)
        kinetics = pe.Node(
            Kinetics(
                atlases=atlases,
                models=list(names),
                blood_volume=pet.blood_volume,
                reference_name=reference,
            ),
            name=f"kinetics_{number}",
        )
        save = pe.Node(
            SavePet(
                entities=dict(source.scan.entities),
                atlases=atlases,
                recipe=source.recipe,
                reference_name=reference,
                sources=[path.name for path in source.scan.sources],
                software=f"gradshift {__version__}",
                settings=numbers(settings),
                output_dir=str(settings.output_dir),
            ),
            name=f"save_{number}",
            overwrite=writes_again,
        )
        workflow.connect(
            [
                (curves, scans, [("out_file", f"in{number}")]),
                (curves, kinetics, [("out_file", "curves")]),
                (person, kinetics, [("out_file", "person")]),
                (curves, save, [("out_file", "curves")]),
                (person, save, [("out_file", "person")]),
                (kinetics, save, [("out_file", "kinetics")]),
            ]
        )
    workflow.connect([(scans, person, [("out", "curves")])])
    return workflow


def _reference_name(given: str) -> str:
    """Return the label of the reference region in the tables."""
    return "reference" if given.endswith((".nii", ".nii.gz")) else given


def _weight(sub: str, settings: Settings) -> float | None:
    """Look up the weight of a person (kg) in participants.tsv."""
    table = people_table(settings.bids_dir)
    if "weight" not in table.columns or f"sub-{sub}" not in table.index:
        return None
    weight = pd.to_numeric(table.loc[f"sub-{sub}", "weight"], errors="coerce")
    return float(weight) if weight > 0 else None


def _curves(source: Source, settings: Settings) -> PetCurves:
    scan = source.scan
    step = PetCurves(
        kind=scan.kind,
        sources=[str(path) for path in scan.sources],
        models=list(scan.models),
        references=list(scan.references),
        metadata=dict(scan.metadata),
        atlases=[str(path) for path in source.atlases],
        labels=[str(path) for path in source.labels],
        columns=columns(settings.inputs.pet_columns),
        coverage_threshold=settings.analysis.coverage_threshold,
        reference_name=settings.pet.pet_reference,
        weight=_weight(scan.entities["sub"], settings),
        problem=scan.problem,
    )
    if scan.blood:
        described = [outputs.sidecar(path) for path in scan.blood]
        step.inputs.blood = [str(path) for path in scan.blood]
        step.inputs.blood_json = [str(path) for path in described if path.exists()]
    if scan.reference is not None:
        step.inputs.reference = str(scan.reference)
    if scan.motion is not None:
        step.inputs.motion = str(scan.motion)
    if scan.mask is not None:
        step.inputs.mask = str(scan.mask)
    return step


def describe(scans: Sequence[PetScan], settings: Settings) -> str:
    """Say what would be done with PET, a block per scan."""
    names = ", ".join(chosen_models(scans, settings))
    blocks = []
    for scan in scans:
        lines = [scan.label, *(f"  {scan.kind:<10} {p}" for p in scan.sources)]
        if scan.problem:
            lines.append(f"  left out   {scan.problem}")
        else:
            blood = ", ".join(path.name for path in scan.blood) or "none"
            lines += [f"  blood      {blood}", f"  models     {names}"]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def summary(sources: Sequence[Source], settings: Settings, crashed: Sequence[str]) -> int:
    """Say how many scans are done, which are not, and why; return the exit code."""
    root = settings.output_dir
    problems: dict[str, str] = {}
    for source in sources:
        step = f".sub_{source.scan.entities['sub']}_pet"
        for target in source.targets():
            path = outputs.sidecar(outputs.pet_measures_path(root, target))
            if any(step in name for name in crashed):
                problems[source.scan.label] = "a step crashed"
            elif not path.exists():
                problems[source.scan.label] = "no result was written"
            elif excluded := read_json(path)["Excluded"]:
                problems[source.scan.label] = excluded
            else:
                _log_remarks(source.scan.label, read_json(path))
    logger.info(
        "%d PET scans done, %d failed or left out.", len(sources) - len(problems), len(problems)
    )
    for label, reason in problems.items():
        logger.error("%s: %s", label, reason)
    if settings.running.clean_workdir:
        troubled = {label.split()[0] for label in problems}
        steps = intermediate(settings.work_dir)
        for sub in {source.scan.entities["sub"] for source in sources}:
            if f"sub-{sub}" not in troubled:
                for folder in steps.glob(f"gradshift_*/sub_{sub}_pet*"):
                    shutil.rmtree(folder)
    return InputError.exit_code if len(problems) == len(sources) else int(bool(problems))


def _log_remarks(label: str, about: Mapping[str, Any]) -> None:
    for text in about["Warnings"]:
        logger.warning("%s: %s", label, text)
