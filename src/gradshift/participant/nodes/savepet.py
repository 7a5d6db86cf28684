"""Writing the curves, parameters and measures of PET scans."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    Directory,
    File,
    SimpleInterface,
    TraitedSpec,
    traits,
)

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.write import write_array, write_json, write_table
from gradshift.core.kinetics import models
from gradshift.participant.nodes.outcome import Outcome
from gradshift.report.person import draw_curves


class _SaveSpec(BaseInterfaceInputSpec):
    curves = File(exists=True, mandatory=True, desc="outcome of PetCurves")
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
    output_dir = Directory(mandatory=True, desc="top folder of the results")


class _Saved(TraitedSpec):
    files = traits.List(traits.Str, desc="what was written")


class SavePet(SimpleInterface):
    """Write the curves, parameters and measures of one PET scan, and draw the curves."""

    input_spec = _SaveSpec
    output_spec = _Saved

    def _run_interface(self, runtime: Any) -> Any:
        curves, found = Outcome.load(self.inputs.curves), Outcome.load(self.inputs.kinetics)
        person = Outcome.load(self.inputs.person)
        root, files = Path(self.inputs.output_dir), []
        for i, path in enumerate(self.inputs.atlases):
            atlas = Outcome.load(path).notes
            target = outputs.Target(
                entities=dict(self.inputs.entities),
                atlas=atlas["entities"],
                recipe=self.inputs.recipe,
            )
            about = self._about(atlas, curves, person, found)
            if f"tissue_{i}" in curves.arrays:
                files += self._save_curves(root, target, curves, found, i, atlas, about)
            table = found.notes["tables"][i]
            if len(table) > 1:
                kinetics = outputs.kinetics_path(root, target)
                write_table(kinetics, list(table), zip(*table.values(), strict=True))
                write_json(outputs.sidecar(kinetics), about)
                files.append(kinetics)
            measures = self._save_measures(root, target, found.notes["rows"][i], about)
            draw_curves(root, SessionResult(measures, about))
            files.append(measures)
        self._results["files"] = [str(path) for path in files]
        return runtime

    def _about(
        self, atlas: Mapping[str, Any], curves: Outcome, person: Outcome, found: Outcome
    ) -> dict[str, Any]:
        """Collect what every sidecar of a scan says."""
        injected, motion = (curves.notes.get(name, {}) for name in ("injected", "motion"))
        names = dict.fromkeys(row["measure"] for rows in found.notes["rows"] for row in rows)
        return {
            "Modality": "pet",
            "Sources": list(self.inputs.sources),
            "Software": self.inputs.software,
            "Entities": dict(self.inputs.entities),
            "Atlas": atlas["name"],
            "AtlasEntities": atlas["entities"],
            "Recipe": self.inputs.recipe,
            "Tracer": dict(self.inputs.tracer),
            "Excluded": curves.failure or found.notes["nothing"] or None,
            "InjectedRadioactivity": injected.get("activity"),
            "InjectedRadioactivityUnits": "MBq",
            "InjectedMass": injected.get("mass"),
            "InjectedMassUnits": "ug",
            "MeanFramewiseDisplacement": motion.get("mean"),
            "LargestFramewiseDisplacement": motion.get("largest"),
            "ReferenceRegion": self.inputs.reference_name,
            "k2prime": person.notes["k2prime"],
            "k2primeUnits": "1/min",
            "k2primeFrom": person.notes["k2prime_from"],
            "Warnings": [*curves.notes.get("remarks", []), *found.notes["warnings"]],
            "Measures": {
                name: {"Description": models()[name].methods, "Units": models()[name].unit}
                for name in names
            },
        }

    def _save_curves(
        self,
        root: Path,
        target: outputs.Target,
        curves: Outcome,
        found: Outcome,
        i: int,
        atlas: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> list[Path]:
        times = 60 * np.column_stack([curves.arrays["start"], curves.arrays["end"]])
        header = ["frame_start", "frame_end", *atlas["regions"]["names"]]
        files = []
        fitted = {
            name: found.arrays[f"curves_{name}_{i}"]
            for name in models()
            if f"curves_{name}_{i}" in found.arrays
        }
        for model, values in {"": curves.arrays[f"tissue_{i}"], **fitted}.items():
            path = outputs.tacs_path(root, target, model)
            write_array(path, header, np.column_stack([times, values]))
            told = {
                "frame_start": {"Description": "Start after injection", "Units": "s"},
                "frame_end": {"Description": "End after injection", "Units": "s"},
                "Units": "kBq/mL",
                "Content": f"Curves fitted by {model}" if model else "Mean activity of regions",
            }
            write_json(outputs.sidecar(path), {**about, **told})
            files.append(path)
        return files

    def _save_measures(
        self,
        root: Path,
        target: outputs.Target,
        rows: Sequence[Mapping[str, Any]],
        about: Mapping[str, Any],
    ) -> Path:
        path = outputs.pet_measures_path(root, target)
        entities = self.inputs.entities
        fixed = (
            "pet",
            entities.get("task"),
            entities.get("run"),
            entities.get("space"),
            about["Atlas"],
            target.recipe,
        )
        columns = outputs.MEASURE_COLUMNS[len(fixed) :]
        write_table(
            path, outputs.MEASURE_COLUMNS, ((*fixed, *(row[c] for c in columns)) for row in rows)
        )
        write_json(outputs.sidecar(path), {**about, "Settings": dict(self.inputs.settings)})
        return path
