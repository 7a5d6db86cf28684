"""What the sessions of one person have in common."""

from typing import Any

from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits

from gradshift.core.cortex.gradients import search_dropout
from gradshift.errors import InputError
from gradshift.participant.nodes.outcome import Outcome, Step
from gradshift.participant.nodes.session import build_session


class _Spec(BaseInterfaceInputSpec):
    sessions = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of Connect")
    labels = traits.List(traits.Str, desc="the sessions, as messages name them")
    atlases = traits.List(traits.Str, desc="regions of the atlases, a file each")
    recipes = traits.List(traits.Str, desc="names of the recipes")
    options = traits.Any(desc="options of the measures")


class Person(Step):
    """Regions valid in every session, and the number of volumes all sessions have.

    The notes have, per recipe, ``n_common`` and per atlas the ``reasons`` for which regions
    are left out of the measures of every session, and the ``dropout``: names of the regions
    left out of the gradients of every session. Sessions that were left out have no say.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Compare the sessions recipe by recipe."""
        sessions = [Outcome.load(path) for path in self.inputs.sessions]
        return Outcome(notes={name: self._common(sessions, name) for name in self.inputs.recipes})

    def _common(self, sessions: list[Outcome], recipe: str) -> dict[str, Any]:
        used = {
            label: session
            for label, session in zip(self.inputs.labels, sessions, strict=True)
            if not session.notes["recipes"][recipe]["failure"]
        }
        counts = [s.notes["recipes"][recipe]["n_retained"] for s in used.values()]
        n_common = min(counts, default=0)
        reasons: list[dict[str, str]] = [{} for _ in self.inputs.atlases]
        for label, session in used.items():
            for i, found in enumerate(session.notes["reasons"]):
                for region, text in found.items():
                    reasons[i].setdefault(region, f"{text} ({label})")
        dropout: list[list[str]] = []
        for i, atlas in enumerate(self.inputs.atlases):
            found_in = [
                self._dropout(session, recipe, i, atlas, reasons[i], n_common)
                for session in used.values()
            ]
            dropout.append(sorted(set().union(*found_in)))
        return {"n_common": n_common, "reasons": reasons, "dropout": dropout}

    def _dropout(
        self,
        found: Outcome,
        recipe: str,
        i: int,
        atlas: str,
        reasons: dict[str, str],
        n_common: int,
    ) -> set[str]:
        """Name the regions that dropped out of one session."""
        options = self.inputs.options
        session = build_session(
            found, recipe, i, atlas, reasons=reasons, n_common=n_common, options=options
        )
        try:
            lost = search_dropout(
                session.matrix_common, session.regions, session.reference, options
            )
        except InputError:  # no gradients at all: the measures say why
            return set()
        return {name for name, gone in zip(session.regions.names, lost, strict=True) if gone}
