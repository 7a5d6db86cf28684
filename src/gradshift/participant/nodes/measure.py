"""Computing the measures of one session."""

from nipype.interfaces.base import File, traits

from gradshift.core.cortex.measure import Value, evaluate, unavailable
from gradshift.core.cortex.session import RegionMaps, build_session
from gradshift.core.measures import measures
from gradshift.core.series.maps import MAPS
from gradshift.participant.nodes.atlas import read_atlas, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.packing import Failure, load, read
from gradshift.participant.nodes.sessionrecords import (
    CommonGround,
    JoinedSession,
    MeasuredSession,
    VoxelMaps,
)


class _Spec(StepSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    voxelwise = File(desc="outcome of Voxelwise, where voxel maps were asked for")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    measures = traits.Dict(traits.Str, traits.Str, desc="the measures, and digests of their code")
    options = traits.Any(desc="options of the measures")
    gives = traits.Enum("voxels", "series", "matrix", desc="what the source has")


class Measures(Step):
    """All measures of one session; a `MeasuredSession`."""

    input_spec = _Spec
    seconds = 2.0

    def compute(self) -> MeasuredSession:
        """Evaluate every measure for every recipe and atlas."""
        session = read(self.inputs.session, JoinedSession)
        person = read(self.inputs.person, CommonGround)
        return MeasuredSession(
            values={
                recipe: tuple(
                    tuple(self._values(session, person, recipe, i))
                    for i in range(len(self.inputs.atlases))
                )
                for recipe in self.inputs.recipes
            }
        )

    def _values(
        self, session: JoinedSession, person: CommonGround, recipe: str, i: int
    ) -> list[Value]:
        atlas = self.inputs.atlases[i]
        regions = read_regions(atlas)
        wanted = [measures()[name] for name in self.inputs.measures]
        if recipe in session.failures:
            reason = f"excluded: {session.failures[recipe]}"
            return [value for m in wanted for value in unavailable(m, regions, reason)]
        joined, common = session.joined[recipe], person.recipes[recipe][i]
        measured = build_session(
            joined.series[i],
            joined.matrices[i],
            regions,
            common,
            self.inputs.options,
            reference=read_atlas(atlas).reference,
            maps=self._maps(recipe, i),
            gives=self.inputs.gives,
        )
        return [value for m in wanted for value in evaluate(m, measured, common.reasons)]

    def _maps(self, recipe: str, i: int) -> RegionMaps:
        """Return the region means of the voxel maps, or why there are none."""
        if not self.inputs.voxelwise:
            return RegionMaps()
        maps = load(self.inputs.voxelwise, VoxelMaps)
        if isinstance(maps, Failure):
            return RegionMaps(missing=dict.fromkeys(MAPS, maps.reason))
        return maps.recipes[recipe].regions[i]
