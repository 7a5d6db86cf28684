"""Computing the measures of one session."""

from dataclasses import asdict
from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, traits

from gradshift.core.measures import Value, evaluate, measures, unavailable
from gradshift.core.session import Session
from gradshift.nodes.atlas import read_regions
from gradshift.nodes.outcome import Outcome, Step


class _Spec(BaseInterfaceInputSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    measures = traits.List(traits.Str, desc="names of the measures")


class Measures(Step):
    """All measures of one session; the notes have the rows per recipe and atlas number."""

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Evaluate every measure for every recipe and atlas."""
        found = Outcome.load(self.inputs.session)
        person = Outcome.load(self.inputs.person)
        rows: dict[str, list[list[dict[str, Any]]]] = {}
        for recipe in self.inputs.recipes:
            rows[recipe] = [
                [asdict(value) for value in self._values(found, person, recipe, i)]
                for i in range(len(self.inputs.atlases))
            ]
        return Outcome(notes={"rows": rows})

    def _values(self, found: Outcome, person: Outcome, recipe: str, i: int) -> list[Value]:
        regions = read_regions(self.inputs.atlases[i])
        wanted = [measures()[name] for name in self.inputs.measures]
        notes = found.notes["recipes"][recipe]
        if notes["failure"]:
            return [
                value
                for measure in wanted
                for value in unavailable(measure, regions, f"excluded: {notes['failure']}")
            ]
        common = person.notes[recipe]
        reasons = common["reasons"][i]
        left_out = np.array([name in reasons for name in regions.names])
        series = found.arrays[f"series_{recipe}_{i}"].copy()
        matrix = found.arrays[f"matrix_{recipe}_{i}"].copy()
        series[:, left_out] = matrix[left_out] = matrix[:, left_out] = np.nan
        session = Session(
            regions=regions,
            series=series,
            volumes=found.arrays[f"volumes_{recipe}"],
            run_of=found.arrays[f"run_{recipe}"],
            tr=notes["tr"],
            matrix=matrix,
            n_common=common["n_common"],
        )
        return [value for m in wanted for value in evaluate(m, session, reasons)]
