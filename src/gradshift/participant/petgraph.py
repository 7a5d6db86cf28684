"""The graph of PET scans: a part per person, in which the scans meet."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

import pandas as pd
from nipype.pipeline import engine as pe

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.fingerprint import fingerprint
from gradshift.bids.tables import people_table
from gradshift.core.kinetics import models
from gradshift.errors import reason
from gradshift.output.record import numbers
from gradshift.participant.asked import Asked
from gradshift.participant.node import collect, step
from gradshift.participant.nodes.curves import PetCurves
from gradshift.participant.nodes.finished import FinishedPet
from gradshift.participant.nodes.kinetics import Kinetics
from gradshift.participant.nodes.petperson import REFERENCE_MODEL, PetPerson
from gradshift.participant.nodes.savepet import SavePet
from gradshift.participant.origin import digest_of, origins
from gradshift.participant.petmodels import chosen_models
from gradshift.participant.petsources import Source, workflow_name
from gradshift.settings import Settings, columns

logger = logging.getLogger("gradshift")


def add_scans(
    workflow: pe.Workflow,
    sources: Sequence[Source],
    asked: Asked,
    origin: Mapping[str, object],
    untouched: Collection[str],
) -> None:
    """Add the steps of all PET scans: ``sub_<label>_pet`` for every person.

    Parameters
    ----------
    workflow : nipype Workflow
    sources : sequence of Source
    asked : Asked
    origin : mapping
        What sidecars say of code and source datasets.
    untouched : collection of str
        People, with prefix, whose results are all there: they are written only if they change.
    """
    names = chosen_models([source.scan for source in sources], asked.settings)
    logger.info("%d PET scans: %s.", len(sources), ", ".join(names))

    def part(source: Source) -> tuple[str, str]:
        return source.scan.entities["sub"], source.scan.pvc

    build = partial(_person_workflow, names=names, asked=asked, origin=origin)
    # All at once: nipype goes through all that is there each time something is added.
    workflow.add_nodes(
        [
            _part(list(of_part), partial(build, writes_again=f"sub-{sub}" not in untouched))
            for (sub, _), of_part in groupby(sorted(sources, key=part), key=part)
        ]
    )


def _part(
    sources: Sequence[Source], build: Callable[[Sequence[Source]], pe.Workflow]
) -> pe.Workflow:
    """Connect the steps of one person; what hinders that is the problem of the scans."""
    try:
        return build(sources)
    except Exception as error:  # of these scans, whatever it is
        logger.debug("%s", workflow_name(sources[0].scan), exc_info=error)
        marked = [
            replace(s, scan=replace(s.scan, problem=s.scan.problem or reason(error)))
            for s in sources
        ]
        return build(marked)


def _person_workflow(
    sources: Sequence[Source],
    names: Sequence[str],
    asked: Asked,
    origin: Mapping[str, object],
    *,
    writes_again: bool,
) -> pe.Workflow:
    """Connect the steps of one person: the scans meet where k2' is found."""
    workflow = pe.Workflow(name=workflow_name(sources[0].scan))
    settings = asked.settings
    person = step(
        PetPerson,
        "person",
        settings.analysis.plugin,
        model_code=digest_of("MODEL", REFERENCE_MODEL),
        k2prime=settings.pet.k2prime,
        blood_volume=settings.pet.blood_volume,
    )
    read = []
    for number, source in enumerate(sources, start=1):
        curves = _curves(source, settings, f"curves_{number}")
        kinetics = _kinetics(source, settings, names, f"kinetics_{number}")
        save = _save(source, asked, origin, f"save_{number}", writes_again=writes_again)
        workflow.connect(
            [
                (curves, kinetics, [("out_file", "curves")]),
                (person, kinetics, [("out_file", "person")]),
                (curves, save, [("out_file", "curves")]),
                (person, save, [("out_file", "person")]),
                (kinetics, save, [("out_file", "kinetics")]),
            ]
        )
        read.append(curves)
    collect(workflow, read, person, "curves")
    return workflow


def _kinetics(source: Source, settings: Settings, names: Sequence[str], name: str) -> pe.Node:
    return step(
        Kinetics,
        name,
        settings.analysis.plugin,
        atlases=[str(path) for path in source.atlases],
        models={model: digest_of("MODEL", model) for model in names},
        blood_volume=settings.pet.blood_volume,
        reference_name=_reference_name(source.scan.reference_name),
        tracer=source.scan.tracer.to_json(),
    )


def _save(
    source: Source, asked: Asked, origin: Mapping[str, object], name: str, *, writes_again: bool
) -> pe.Node:
    settings = asked.settings
    return step(
        SavePet,
        name,
        settings.analysis.plugin,
        overwrite=writes_again,
        entities=dict(source.scan.entities),
        atlases=[str(path) for path in source.atlases],
        recipe=source.recipe,
        reference_name=_reference_name(source.scan.reference_name),
        tracer=source.scan.tracer.to_json(),
        sources=[asked.links.uri(path) for path in source.scan.sources],
        software=f"gradshift {__version__}",
        settings=numbers(settings),
        origins=origins("MODEL", models()),
        provenance=dict(origin),
        output_dir=str(asked.output_dir),
    )


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


def _curves(source: Source, settings: Settings, name: str) -> pe.Node:
    """Add the step that reads a scan: curves to be fitted, or finished values."""
    scan, plugins = source.scan, settings.analysis.plugin
    files: dict[str, Any] = {
        "kind": scan.kind,
        "sources": [str(path) for path in scan.sources],
        "metadata": dict(scan.metadata),
        "atlases": [str(path) for path in source.atlases],
        "labels": [str(path) for path in source.labels],
        "coverage_threshold": settings.analysis.coverage_threshold,
        "problem": scan.problem,
    }
    optional = {"motion": scan.motion, "mask": scan.mask}
    if scan.kind in ("table", "maps"):
        files["models"] = list(scan.models)
        files["columns"] = columns(settings.inputs.pet_columns)
        files["known"] = list(models())
    else:
        files["references"] = list(scan.references)
        files["reference_name"] = scan.reference_name
        files["tracer"] = scan.tracer.to_json()
        files["weight"] = _weight(scan.entities["sub"], settings)
        optional["reference"] = scan.reference
    if scan.blood and "references" in files:
        described = [outputs.sidecar(path) for path in scan.blood]
        files["blood"] = [str(path) for path in scan.blood]
        files["blood_json"] = [str(path) for path in described if path.exists()]
    files |= {field: str(path) for field, path in optional.items() if path is not None}
    if not scan.problem:
        read = [*scan.sources, *scan.blood, *map(outputs.sidecar, scan.blood)]
        read += [path for path in optional.values() if path is not None]
        files["content"] = fingerprint(read)
    kind = FinishedPet if scan.kind in ("table", "maps") else PetCurves
    return step(kind, name, plugins, **files)
