"""What the sessions of one person have in common."""

from collections.abc import Mapping
from dataclasses import replace

from nipype.interfaces.base import File, InputMultiPath, traits

from gradshift.core.cortex.common import Common, alike, seconds_of
from gradshift.core.cortex.dropout import search_dropout
from gradshift.core.cortex.session import build_session
from gradshift.errors import InputError
from gradshift.participant.nodes.atlas import read_atlas, read_regions
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.sessionrecords import CommonGround, JoinedRuns, JoinedSession
from gradshift.running.packing import read


class _Spec(StepSpec):
    sessions = InputMultiPath(File(exists=True), desc="outcomes of Connect")
    labels = traits.List(traits.Str, desc="the sessions, as messages name them")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    options = traits.Any(desc="options of the measures")
    gives = traits.Enum("voxels", "vertices", "series", "matrix", desc="what the source has")


class Person(Step):
    """Regions valid in every session, and the time that all sessions have.

    Gives the `CommonGround` of the sessions; those that were left out have no say.
    """

    input_spec = _Spec

    def compute(self) -> CommonGround:
        """Compare the sessions recipe by recipe."""
        sessions = [read(path, JoinedSession) for path in self.inputs.sessions]
        recipes = {}
        for recipe in self.inputs.recipes:
            used = {
                label: session.joined[recipe]
                for label, session in zip(self.inputs.labels, sessions, strict=True)
                if recipe in session.joined
            }
            recipes[recipe] = tuple(self._common(used, i) for i in range(len(self.inputs.atlases)))
        return CommonGround(recipes=recipes)

    def _common(self, sessions: Mapping[str, JoinedRuns], i: int) -> Common:
        """Return what sessions share of atlas number i."""
        series = [session.series[i] for session in sessions.values()]
        reasons: dict[str, str] = {}
        for label, session in sessions.items():
            for region, text in session.series[i].reasons.items():
                reasons.setdefault(region, f"{text} ({label})")
        common = Common(
            seconds=min((seconds_of(len(one.volumes), one.tr) for one in series), default=0.0),
            reasons=reasons,
            same_tr=alike([one.tr for one in series]),
        )
        lost = [self._dropout(session, i, common) for session in sessions.values()]
        return replace(common, dropout=tuple(sorted(set().union(*lost))))

    def _dropout(self, joined: JoinedRuns, i: int, common: Common) -> set[str]:
        """Name the regions that dropped out of one session."""
        options, atlas = self.inputs.options, self.inputs.atlases[i]
        session = build_session(
            joined.series[i],
            joined.matrices[i],
            read_regions(atlas),
            common,
            options,
            reference=read_atlas(atlas).reference,
            gives=self.inputs.gives,
        )
        try:
            lost = search_dropout(
                session.matrix_common, session.regions, session.reference, options
            )
        except InputError:  # no gradients at all: the measures say why
            return set()
        return {name for name, gone in zip(session.regions.names, lost, strict=True) if gone}
