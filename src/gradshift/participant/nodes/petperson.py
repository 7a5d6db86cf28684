"""The step in which the scans of one person meet."""

import numpy as np
from nipype.interfaces.base import File, InputMultiPath, traits

from gradshift.core.kinetics import models
from gradshift.core.pet.model import UnfitError, fit
from gradshift.participant.nodes.curves import scan_of
from gradshift.participant.nodes.fittedrecords import PersonEfflux
from gradshift.participant.nodes.outcome import Step, StepSpec
from gradshift.participant.nodes.petrecords import ScanRecord
from gradshift.running.packing import Failure, load

REFERENCE_MODEL = "vt1tcm"
"""The model that gives k2 of the reference region."""


def share_of_blood(word: str) -> float | None:
    """Return the share of blood that an option fixes; None where it is fitted."""
    return None if word == "fit" else float(word)


class _PersonSpec(StepSpec):
    curves = InputMultiPath(File(exists=True), desc="outcomes of PetCurves")
    model_code = traits.Str(desc="digest of the code of the model of the reference region")
    k2prime = traits.Either(None, traits.Float, desc="1/min, where it was given")
    blood_volume = traits.Str(desc="share of blood, or fit")


class PetPerson(Step):
    """One efflux of the reference region for all sessions of a person; a `PersonEfflux`."""

    input_spec = _PersonSpec

    def compute(self) -> PersonEfflux:
        """Take k2' as given, or the mean k2 of a one-tissue model of the reference region."""
        if self.inputs.k2prime is not None:
            return PersonEfflux(k2prime=self.inputs.k2prime, origin="given")
        fitted = [k2 for path in self.inputs.curves if (k2 := self._efflux(path)) is not None]
        if not fitted:
            return PersonEfflux(k2prime=None, origin="not known")
        origin = f"mean k2 of the reference region in {len(fitted)} sessions (one-tissue model)"
        return PersonEfflux(k2prime=float(np.mean(fitted)), origin=origin)

    def _efflux(self, path: str) -> float | None:
        """Fit k2 of the reference region of one scan."""
        record = load(path, ScanRecord)
        curves = None if isinstance(record, Failure) else record.curves
        if curves is None or curves.reference is None or curves.source is None:
            return None
        volume = share_of_blood(self.inputs.blood_volume)
        scan = scan_of(curves, curves.reference[:, None], blood_volume=volume)
        try:
            result = fit(models()[REFERENCE_MODEL], scan)
        except UnfitError:
            return None  # the other scans may tell
        if result.at_bound is None or result.at_bound[0]:
            return None
        return float(result.parameters["k2"][0])
