"""What the sidecar of the measures of one session says, typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import unquote

from gradshift.bids.acquisition import Acquisition
from gradshift.bids.outputs import Sidecar
from gradshift.core.series.series import Gives
from gradshift.recipes.motionfilter import MotionFilter

BESIDE = re.compile(r"_mask\.|_desc-confounds_")
"""Names of files that belong to an image."""

Entities = Mapping[str, str]
"""Of a file name, values by short name."""


class Efflux(NamedTuple):
    """The efflux constant of the reference region that PET models share.

    Parameters
    ----------
    k2prime : float
    unit, origin : str
        Where the value is from.
    """

    k2prime: float
    unit: str
    origin: str


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One table of measures and what its sidecar says.

    What only sessions with values have raises KeyError where a session was excluded.

    Parameters
    ----------
    path : Path
        The table.
    about : mapping
        Its sidecar.
    condition : tuple of str
        Session with prefix and task under which it is compared, where tasks or runs of a session
        are conditions; empty: its own.
    """

    path: Path
    about: Sidecar
    condition: tuple[str, ...] = ()

    @property
    def entities(self) -> Entities:
        """Of the files of the session."""
        return cast(Entities, self.about["Entities"])

    @property
    def participant(self) -> str:
        """The participant, with prefix."""
        return f"sub-{self.entities['sub']}"

    @property
    def session(self) -> str:
        """The session, with prefix; ``n/a`` in a study without sessions."""
        if self.condition:
            return self.condition[0]
        return f"ses-{self.entities['ses']}" if "ses" in self.entities else "n/a"

    @property
    def modality(self) -> str:
        """What was measured: func, pet or mrs."""
        return str(self.about.get("Modality", "func"))

    @property
    def task(self) -> str:
        """The task."""
        if self.condition:
            return self.condition[1]
        return self.entities.get("task", "n/a")

    @property
    def run(self) -> str:
        """The run; ``n/a`` where runs were combined."""
        return self.entities.get("run", "n/a")

    @property
    def space(self) -> str:
        """The space of the images; ``n/a`` where the name has none."""
        return self.entities.get("space", "n/a")

    @property
    def recipe(self) -> str:
        """Name of the denoising recipe, of PET of the partial volume correction."""
        return str(self.about.get("Recipe") or self.denoising["name"])

    @property
    def denoising(self) -> Sidecar:
        """The denoising recipe, of BOLD."""
        return cast(Sidecar, self.about["DenoisingRecipe"])

    @property
    def fd_threshold(self) -> float | None:
        """Framewise displacement (mm) above which volumes were left out, of BOLD."""
        scrub = self.denoising.get("scrub") or {}
        return cast(float | None, scrub.get("fd_threshold"))

    @property
    def atlas(self) -> str:
        """Name of the atlas."""
        return str(self.about["Atlas"])

    @property
    def atlas_entities(self) -> Entities:
        """Of the atlas, in file names; none for values of no atlas."""
        return cast(Entities, self.about["AtlasEntities"])

    @property
    def estimator(self) -> str:
        """What connectivity is, of BOLD: pearson or partial."""
        return str(self.about["Estimator"])

    @property
    def excluded(self) -> str:
        """Why there are no values; empty if there are."""
        return self.about["Excluded"] or ""

    @property
    def sources(self) -> Sequence[str]:
        """Names of the files that were read, without masks and confounds."""
        names = [unquote(uri.rpartition("/")[2]) for uri in self.about["Sources"]]
        return [name for name in names if not BESIDE.search(name)]

    @property
    def contents(self) -> Mapping[str, str]:
        """What tells the content of these files apart, by name, where that was kept."""
        return cast(Mapping[str, str], self.about.get("SourceContents", {}))

    @property
    def runs(self) -> Sequence[Entities]:
        """Of BOLD, the entities of each run."""
        return cast(Sequence[Entities], self.about.get("Runs", ()))

    @property
    def acquired(self) -> Sequence[tuple[Entities, Acquisition]]:
        """Of BOLD, how each run was acquired, where that is known."""
        known = zip(self.runs, self.about.get("Acquisitions", ()), strict=False)
        return [
            ({**run, "ses": self.session.removeprefix("ses-"), "task": self.task},
             Acquisition.of_sidecar(how))
            for run, how in known
            if how
        ]  # fmt: skip

    @property
    def resampled(self) -> Sequence[Sidecar]:
        """Values of the session measured again as the coarsest of its person, where it was."""
        return cast(Sequence[Sidecar], self.about.get("Resampled", ()))

    @property
    def measures(self) -> Mapping[str, Sidecar]:
        """The measures by name, and what the sidecar says of each."""
        return cast(Mapping[str, Sidecar], self.about["Measures"])

    @property
    def warnings(self) -> Sequence[str]:
        """What to know of the values."""
        return cast(Sequence[str], self.about.get("Warnings", ()))

    @property
    def gives(self) -> Gives:
        """What the source has, of BOLD: voxels, series of regions, or matrices alone."""
        return cast(Gives, self.about.get("SourceGives", "voxels"))

    @property
    def tr(self) -> float | None:
        """Repetition time in seconds; None where it is not known, as of matrices alone."""
        return cast(float | None, self.about["RepetitionTime"])

    @property
    def n_volumes(self) -> int | None:
        """Volumes of all runs; None where it is not known."""
        return cast(int | None, self.about["NumberOfVolumes"])

    @property
    def n_retained(self) -> int | None:
        """Volumes that censoring retained; None where it is not known."""
        return cast(int | None, self.about["NumberOfVolumesRetained"])

    @property
    def n_common(self) -> int:
        """Volumes that are used where length matters."""
        return int(self.about["NumberOfCommonVolumes"])

    @property
    def minutes(self) -> float | None:
        """Length of the retained volumes; None where it is not known."""
        return cast(float | None, self.about["MinutesRetained"])

    @property
    def mean_fd(self) -> float | None:
        """Mean framewise displacement (mm); None where it is not known."""
        return cast(float | None, self.about["MeanFramewiseDisplacement"])

    @property
    def mean_fd_retained(self) -> float | None:
        """Mean framewise displacement (mm) of retained volumes; None where it is not known."""
        return cast(float | None, self.about["MeanFramewiseDisplacementRetained"])

    @property
    def mean_fd_unfiltered(self) -> float | None:
        """Mean displacement (mm) before motion parameters were filtered; None: they were not."""
        return cast(float | None, self.about.get("MeanFramewiseDisplacementUnfiltered"))

    @property
    def motion_filter(self) -> str:
        """What the motion parameters were filtered with, of BOLD; empty where they were not."""
        values = self.denoising.get("motion_filter")
        return MotionFilter(**values).words if values else ""

    @property
    def physiology(self) -> Mapping[str, float]:
        """Breaths and heartbeats per minute and the systemic signal, of BOLD, as far as known."""
        return cast(Mapping[str, float], self.about.get("Physiology", {}))

    @property
    def regressors(self) -> Sequence[Sequence[str]]:
        """Names of the confound regressors of each run."""
        return cast(Sequence[Sequence[str]], self.about["ConfoundRegressors"])

    @property
    def degrees_of_freedom(self) -> float | None:
        """Left after denoising; None where another program denoised."""
        return cast(float | None, self.about["DegreesOfFreedom"])

    @property
    def left_out_of_measures(self) -> Mapping[str, str]:
        """Regions without a value in any session of the person, and why."""
        return cast(Mapping[str, str], self.about["RegionsLeftOutOfMeasures"])

    @property
    def left_out_of_gradients(self) -> Sequence[str]:
        """Regions that the gradients do without; none where that is not said."""
        return cast(Sequence[str], self.about.get("RegionsLeftOutOfGradients") or ())

    @property
    def reference_region(self) -> str:
        """Reference region of PET; empty where there is none."""
        return str(self.about.get("ReferenceRegion") or "")

    @property
    def efflux(self) -> Efflux | None:
        """Efflux of the reference region of PET; None where none was used."""
        if not (k2prime := self.about.get("k2prime")):
            return None
        unit, origin = (self.about.get(key, "") for key in ("k2primeUnits", "k2primeFrom"))
        return Efflux(k2prime, unit, origin)
