"""What the sessions of one person have in common."""

from nipype.interfaces.base import BaseInterfaceInputSpec, File, InputMultiPath, traits

from gradshift.nodes.outcome import Outcome, Step


class _Spec(BaseInterfaceInputSpec):
    sessions = InputMultiPath(File(exists=True), mandatory=True, desc="outcomes of Connect")
    labels = traits.List(traits.Str, desc="the sessions, as messages name them")
    n_atlases = traits.Int(mandatory=True, desc="number of atlases")
    recipes = traits.List(traits.Str, desc="names of the recipes")


class Person(Step):
    """Regions valid in every session, and the number of volumes all sessions have.

    The notes have, per recipe, ``n_common`` and per atlas the ``reasons`` for which regions
    are left out of the measures of every session. Sessions that were left out have no say.
    """

    input_spec = _Spec

    def compute(self) -> Outcome:
        """Compare the sessions recipe by recipe."""
        sessions = [Outcome.load(path) for path in self.inputs.sessions]
        notes = {}
        for recipe in self.inputs.recipes:
            used = [i for i, s in enumerate(sessions) if not s.notes["recipes"][recipe]["failure"]]
            reasons: list[dict[str, str]] = [{} for _ in range(self.inputs.n_atlases)]
            for i in used:
                for a, found in enumerate(sessions[i].notes["reasons"]):
                    for region, text in found.items():
                        reasons[a].setdefault(region, f"{text} ({self.inputs.labels[i]})")
            counts = [sessions[i].notes["recipes"][recipe]["n_retained"] for i in used]
            notes[recipe] = {"n_common": min(counts, default=0), "reasons": reasons}
        return Outcome(notes=notes)
