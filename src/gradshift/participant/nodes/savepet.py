"""Writing the curves, parameters and measures of PET scans."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from nipype.interfaces.base import File, traits

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_array, write_table
from gradshift.core.kinetics import models
from gradshift.participant.nodes.atlas import atlas_digests, read_atlas
from gradshift.participant.nodes.fittedrecords import FittedAtlas, FittedScan, PersonEfflux
from gradshift.participant.nodes.outcome import Save, SaveSpec
from gradshift.participant.nodes.petrecords import RegionCurves, ScanFacts, ScanRecord
from gradshift.participant.nodes.records import AtlasRecord
from gradshift.participant.nodes.save import write_measures
from gradshift.report.personcurves import draw_curves
from gradshift.running.packing import Failure, load, read


class _Spec(SaveSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves or FinishedPet")
    person = File(exists=True, mandatory=True, desc="outcome of PetPerson")
    kinetics = File(exists=True, mandatory=True, desc="outcome of Kinetics")
    entities = traits.Dict(mandatory=True, desc="BIDS entities of the scan")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipe = traits.Str(mandatory=True, desc="partial volume correction, or n/a")
    tracer = traits.Dict(mandatory=True, desc="facts of the tracer")
    reference_name = traits.Str(desc="name of the reference region")
    sources = traits.List(traits.Str, mandatory=True, desc="names of the files used")
    software = traits.Str(mandatory=True, desc="name and version")
    settings = traits.Dict(desc="the options that change numbers")
    origins = traits.Dict(desc="what sidecars say of the code of the models")


class SavePet(Save):
    """Write the curves, parameters and measures of one PET scan, and draw the curves."""

    input_spec = _Spec
    seconds = 2.0

    def save(self, root: Path) -> list[Path]:
        """Write the results of every atlas."""
        scan = load(self.inputs.curves, ScanRecord)
        fitted, files = read(self.inputs.kinetics, FittedScan), []
        for i, path in enumerate(self.inputs.atlases):
            atlas, of_atlas = read_atlas(path), fitted.atlases[i]
            target = outputs.Target(
                entities=dict(self.inputs.entities),
                atlas=atlas.entities,
                recipe=self.inputs.recipe,
            )
            sidecar = self._sidecar(atlas, scan, fitted)
            if isinstance(scan, ScanRecord) and scan.curves is not None:
                tissue = {"": scan.curves.tissue[i], **_in_order(of_atlas)}
                files += self._save_curves(target, atlas, scan.curves, tissue, sidecar)
            if len(of_atlas.table) > 1:
                kinetics = outputs.kinetics_path(root, target)
                rows = zip(*of_atlas.table.values(), strict=True)
                write_table(kinetics, list(of_atlas.table), rows)
                write_json(outputs.sidecar(kinetics), sidecar)
                files.append(kinetics)
            measures = outputs.pet_measures_path(root, target)
            write_measures(
                measures, of_atlas.values, "pet", target.entities, atlas.name, target.recipe
            )
            settings = dict(self.inputs.settings)
            write_json(outputs.sidecar(measures), {**sidecar, "Settings": settings})
            draw_curves(root, SessionResult(measures, sidecar))
            files.append(measures)
        return files

    def _sidecar(
        self, atlas: AtlasRecord, scan: ScanRecord | Failure, fitted: FittedScan
    ) -> dict[str, object]:
        """Collect what every sidecar of a scan has."""
        facts = ScanFacts() if isinstance(scan, Failure) else scan.facts
        excluded = scan.reason if isinstance(scan, Failure) else fitted.nothing
        efflux = read(self.inputs.person, PersonEfflux)
        names = dict.fromkeys(v.measure for one in fitted.atlases for v in one.values)
        return {
            "Modality": "pet",
            "Sources": list(self.inputs.sources),
            "Software": self.inputs.software,
            "Entities": dict(self.inputs.entities),
            "Atlas": atlas.name,
            "AtlasEntities": atlas.entities,
            "Recipe": self.inputs.recipe,
            "Tracer": dict(self.inputs.tracer),
            "Excluded": excluded or None,
            **self.inputs.provenance,
            **atlas_digests(atlas, self.inputs.entities),
            "InjectedRadioactivity": facts.activity,
            "InjectedRadioactivityUnits": "MBq",
            "InjectedMass": facts.mass,
            "InjectedMassUnits": "ug",
            "MeanFramewiseDisplacement": facts.mean_motion,
            "LargestFramewiseDisplacement": facts.largest_motion,
            "ReferenceRegion": self.inputs.reference_name,
            "k2prime": efflux.k2prime,
            "k2primeUnits": "1/min",
            "k2primeFrom": efflux.origin,
            "Warnings": [*facts.remarks, *fitted.warnings],
            "Measures": {
                name: {
                    "Description": models()[name].methods,
                    "Units": models()[name].unit,
                    **self.inputs.origins.get(name, {}),
                }
                for name in names
            },
        }

    def _save_curves(
        self,
        target: outputs.Target,
        atlas: AtlasRecord,
        scan: RegionCurves,
        curves: Mapping[str, np.ndarray],
        sidecar: Mapping[str, object],
    ) -> list[Path]:
        """Write curves by the model that fitted them; those without a model were measured."""
        root = Path(self.inputs.output_dir)
        times = 60 * np.column_stack([scan.frames.start, scan.frames.end])
        header = ["frame_start", "frame_end", *atlas.regions["names"]]
        files = []
        for model, values in curves.items():
            path = outputs.tacs_path(root, target, model)
            write_array(path, header, np.column_stack([times, values]))
            described = {
                "frame_start": {"Description": "Start after injection", "Units": "s"},
                "frame_end": {"Description": "End after injection", "Units": "s"},
                "Units": "kBq/mL",
                "Content": f"Curves fitted by {model}" if model else "Mean activity of regions",
            }
            write_json(outputs.sidecar(path), {**sidecar, **described})
            files.append(path)
        return files


def _in_order(fitted: FittedAtlas) -> dict[str, np.ndarray]:
    """Return the fitted curves in the order of the models' names."""
    return {name: fitted.curves[name] for name in sorted(fitted.curves)}
