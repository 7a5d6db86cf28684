"""Computing the measures of one session."""

from dataclasses import replace
from functools import partial

from nipype.interfaces.base import File, traits

from gradshift.core.cortex.common import Common
from gradshift.core.cortex.measure import Measure, Value, evaluate, unavailable
from gradshift.core.cortex.session import RegionMaps, build_session
from gradshift.core.cortex.variants import Variant, variants
from gradshift.core.measures import measures
from gradshift.core.series.maps import MAPS
from gradshift.participant.nodes.atlas import read_atlas, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.sessionrecords import (
    CommonGround,
    JoinedRuns,
    JoinedSession,
    MeasuredSession,
    VoxelMaps,
)
from gradshift.running.packing import Failure, load, read


class _Spec(StepSpec):
    session = File(exists=True, mandatory=True, desc="outcome of Connect")
    person = File(exists=True, mandatory=True, desc="outcome of Person")
    voxelwise = File(desc="outcome of Voxelwise, where voxel maps were asked for")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    measures = traits.Dict(traits.Str, traits.Str, desc="the measures, and digests of their code")
    options = traits.Any(desc="options of the measures")
    connectivity = traits.Str(desc="estimator; where it is given, other choices are measured")
    gives = traits.Enum("voxels", "vertices", "series", "matrix", desc="what the source has")


class Measures(Step):
    """All measures of one session; a `MeasuredSession`."""

    input_spec = _Spec
    seconds = 2.0

    def compute(self) -> MeasuredSession:
        """Evaluate every measure for every recipe and atlas."""
        session = read(self.inputs.session, JoinedSession)
        person = read(self.inputs.person, CommonGround)
        values: dict[str, tuple[tuple[Value, ...], ...]] = {}
        others: dict[str, tuple[tuple[Variant, ...], ...]] = {}
        for recipe in self.inputs.recipes:
            if recipe in session.failures:
                values[recipe] = self._nothing(f"excluded: {session.failures[recipe]}")
            else:
                joined, common = session.joined[recipe], person.recipes[recipe]
                of_atlases = [
                    self._measured(joined, common[i], recipe, i)
                    for i in range(len(self.inputs.atlases))
                ]
                values[recipe] = tuple(one for one, _ in of_atlases)
                others[recipe] = tuple(other for _, other in of_atlases)
        return MeasuredSession(values=values, variants=others)

    def _wanted(self) -> list[Measure]:
        return [measures()[name] for name in self.inputs.measures]

    def _nothing(self, reason: str) -> tuple[tuple[Value, ...], ...]:
        """Give every label of every atlas the reason why it has no value."""
        return tuple(
            tuple(v for m in self._wanted() for v in unavailable(m, read_regions(atlas), reason))
            for atlas in self.inputs.atlases
        )

    def _measured(
        self, joined: JoinedRuns, common: Common, recipe: str, i: int
    ) -> tuple[tuple[Value, ...], tuple[Variant, ...]]:
        """Measure a session with one recipe and atlas, and with other choices."""
        atlas, wanted = self.inputs.atlases[i], self._wanted()
        build = partial(
            build_session,
            joined.series[i],
            joined.matrices[i],
            read_regions(atlas),
            options=self.inputs.options,
            reference=read_atlas(atlas).reference,
            gives=self.inputs.gives,
        )
        session = build(common, maps=self._maps(recipe, i))
        values = tuple(value for m in wanted for value in evaluate(m, session, common.reasons))
        if not self.inputs.connectivity:
            return values, ()
        dropout = dict.fromkeys(common.dropout or (), "left out of gradients")
        whole = build(replace(common, reasons={**common.reasons, **dropout}, dropout=()))
        return values, tuple(variants(session, whole, wanted, self.inputs.connectivity))

    def _maps(self, recipe: str, i: int) -> RegionMaps:
        """Return the region means of the voxel maps, or why there are none."""
        if not self.inputs.voxelwise:
            return RegionMaps()
        maps = load(self.inputs.voxelwise, VoxelMaps)
        if isinstance(maps, Failure):
            return RegionMaps(missing=dict.fromkeys(MAPS, maps.reason))
        return maps.recipes[recipe].regions[i]
