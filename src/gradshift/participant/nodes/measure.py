"""Computing the measures of one session."""

from typing import Any

import numpy as np
from nipype.interfaces.base import BaseInterfaceInputSpec, File, traits
from numpy.typing import NDArray

from gradshift.core.cortex.measure import Value, evaluate, unavailable
from gradshift.core.measures import measures
from gradshift.core.series.maps import MAPS
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.participant.nodes.session import build_session


class _Spec(BaseInterfaceInputSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    voxelwise = File(desc="outcome of Voxelwise, where voxel maps were asked for")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    measures = traits.List(traits.Str, desc="names of the measures")
    options = traits.Any(desc="options of the measures")


class Measures(Step):
    """All measures of one session; the notes have the rows per recipe and atlas number."""

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Evaluate every measure for every recipe and atlas."""
        found = Outcome.load(self.inputs.session)
        person = Outcome.load(self.inputs.person)
        maps = Outcome.load(self.inputs.voxelwise) if self.inputs.voxelwise else Outcome()
        rows: dict[str, list[list[dict[str, Any]]]] = {}
        for recipe in self.inputs.recipes:
            rows[recipe] = [
                [vars(value) for value in self._values(found, person, maps, recipe, i)]
                for i in range(len(self.inputs.atlases))
            ]
        return Outcome(notes={"rows": rows})

    def _values(
        self, found: Outcome, person: Outcome, maps: Outcome, recipe: str, i: int
    ) -> list[Value]:
        atlas = self.inputs.atlases[i]
        wanted = [measures()[name] for name in self.inputs.measures]
        if failure := found.notes["recipes"][recipe]["failure"]:
            reason = f"excluded: {failure}"
            return [v for m in wanted for v in unavailable(m, read_regions(atlas), reason)]
        common = person.notes[recipe]
        names = read_regions(atlas).names
        session = build_session(
            found,
            recipe,
            i,
            atlas,
            reasons=common["reasons"][i],
            n_common=common["n_common"],
            options=self.inputs.options,
            dropout=np.isin(names, common["dropout"][i]),
            maps=_of_regions(maps, recipe, i),
            missing_maps=_missing(maps, recipe),
        )
        return [v for m in wanted for v in evaluate(m, session, common["reasons"][i])]


def _of_regions(maps: Outcome, recipe: str, i: int) -> dict[str, NDArray[np.float64]]:
    """Return the region means of every map, by the name of the map."""
    end = f"_{recipe}_{i}"
    return {
        key.removesuffix(end): values
        for key, values in maps.arrays.items()
        if key.endswith(end) and not key.startswith("seed_")
    }


def _missing(maps: Outcome, recipe: str) -> dict[str, str]:
    if maps.failure:
        return dict.fromkeys(MAPS, maps.failure)
    return dict(maps.notes.get(recipe, {}).get("missing", {}))
