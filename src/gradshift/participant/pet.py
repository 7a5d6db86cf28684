"""PET at the participant level: which scans, which atlases, and what came of them."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from gradshift.bids import outputs
from gradshift.bids.dataset import find_kinetics, find_petprep, read_json
from gradshift.bids.pet import find_scans
from gradshift.bids.petscan import PetScan
from gradshift.bids.pettimes import window
from gradshift.bids.write import write_json
from gradshift.core.kinetics import models
from gradshift.errors import SettingsError, did_you_mean
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.ending import crash_in, excluded, exit_code
from gradshift.participant.modality import Modality
from gradshift.participant.origin import provenance
from gradshift.participant.petmodels import chosen_models
from gradshift.participant.petsources import Source, place, workflow_name
from gradshift.settings import Settings, columns
from gradshift.tracers.catalogue import load_tracer, shipped

CODE = tuple(f"gradshift.participant.nodes.{name}" for name in ("curves", "finished", "kinetics"))
"""The modules that make the numbers of the results."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Pet(Modality):
    """The PET scans of a study.

    Parameters
    ----------
    asked : Asked
    scans : sequence of PetScan
    placed : sequence of Source
        The scans with their regions, once they are placed.
    """

    order: ClassVar[int] = 2
    title: ClassVar[str] = "PET scan"

    asked: Asked
    scans: Sequence[PetScan]
    placed: Sequence[Source] = field(default_factory=tuple)

    @classmethod
    def check(cls, settings: Settings) -> None:
        """Refuse models that are not offered."""
        check_models(settings)

    @classmethod
    def find(cls, asked: Asked) -> Self:
        """Find the scans."""
        if not (scans := find_scans(asked.settings, asked.spaces)):
            raise NothingFoundError
        return cls(asked=asked, scans=scans)

    @property
    def people(self) -> set[str]:
        """The participants, with prefix."""
        return {f"sub-{scan.entities['sub']}" for scan in self.scans}

    @property
    def spaces(self) -> list[str]:
        """Spaces of the images that can be used."""
        usable = [scan for scan in self.scans if scan.on_grid and not scan.problem]
        return [scan.entities["space"] for scan in usable]

    @property
    def derivatives(self) -> list[Path]:
        """The outputs of PETPrep, and of programs that fit kinetic models."""
        settings = self.asked.settings
        given = settings.inputs.derivatives
        folders = [find(settings.bids_dir, given) for find in (find_petprep, find_kinetics)]
        return [folder for folder in folders if folder is not None]

    def describe(self) -> tuple[str, bool]:
        """Say what would be done, a block per scan, and whether any can be used."""
        names = ", ".join(chosen_models(self.scans, self.asked.settings))
        blocks = []
        for scan in self.scans:
            lines = [scan.label, *(f"  {scan.kind:<10} {p}" for p in scan.sources)]
            if scan.problem:
                lines.append(f"  left out   {scan.problem}")
            else:
                blood = ", ".join(path.name for path in scan.blood) or "none"
                if minutes := window(scan.metadata):
                    lines.append(f"  minutes    {minutes[0]:g} to {minutes[1]:g} after injection")
                lines += [f"  blood      {blood}", f"  models     {names}"]
            blocks.append("\n".join(lines))
        return "\n".join(blocks), any(not scan.problem for scan in self.scans)

    def place(self) -> Self:
        """Find the regions of every scan."""
        return replace(self, placed=[place(scan, self.asked) for scan in self.scans])

    def write_regions(self) -> None:
        """Write the regions of tables that belong to no atlas that was asked for."""
        from gradshift.participant.nodes.atlas import read_atlas

        asked = {atlas.name for atlas in self.asked.atlases}
        for path in dict.fromkeys(path for source in self.placed for path in source.atlases):
            atlas = read_atlas(path)
            if atlas.name not in asked:
                target = outputs.regions_path(self.asked.output_dir, atlas.entities)
                write_json(target, {"Name": atlas.name, **atlas.regions})

    def build(self, workflow: Any, untouched: Collection[str]) -> None:
        """Add the steps of all scans."""
        from gradshift.participant.petgraph import add_scans

        add_scans(workflow, self.placed, self.asked, provenance(self, CODE), untouched)

    def has_problem(self, person: str) -> bool:
        """Tell whether a scan of a person is left out."""
        placed = [one for one in self.placed if f"sub-{one.scan.entities['sub']}" == person]
        return any(self._problem(one, target, ()) for one in placed for target in one.targets())

    def _problem(self, source: Source, target: outputs.Target, crashed: Sequence[str]) -> str:
        """Say why a result of a scan has no values; empty if it has some."""
        path = outputs.sidecar(outputs.pet_measures_path(self.asked.output_dir, target))
        return crash_in(workflow_name(source.scan), crashed) or excluded(path) or ""

    def summary(self, crashed: Sequence[str]) -> int:
        """Say how many scans are done, which are not, and why; return the exit code."""
        problems: dict[str, str] = {}
        for source in self.placed:
            for target in source.targets():
                path = outputs.sidecar(outputs.pet_measures_path(self.asked.output_dir, target))
                if why := self._problem(source, target, crashed):
                    problems[source.scan.label] = why
                else:
                    for text in read_json(path)["Warnings"]:
                        logger.warning("%s: %s", source.scan.label, text)
        n, failed = len(self.placed), len(problems)
        logger.info("%d PET scans done, %d failed or left out.", n - failed, failed)
        for label, reason in problems.items():
            logger.error("%s: %s", label, reason)
        return exit_code(failed, n, trouble=bool(problems))


MODALITY = Pet


def check_models(settings: Settings) -> None:
    """Refuse models that are not offered.

    Raises
    ------
    SettingsError
    """
    own = () if settings.pet.tracer is None else (load_tracer(settings.pet.tracer),)
    for name in settings.pet.pet_model:
        if name not in models():
            refused = {t.name: why for t in (*own, *shipped()) if (why := t.why_refused(name))}
            reasons = "".join(f" It is not offered for {t}: {why}." for t, why in refused.items())
            raise SettingsError(
                f"There is no PET model {name}{did_you_mean(name, models())}; models are "
                f"{', '.join(models())}.{reasons}"
            )
    if unknown := sorted(set(columns(settings.inputs.pet_columns)) - {"region", *models()}):
        raise SettingsError(
            f"--pet-columns names {', '.join(unknown)}; it takes region and {', '.join(models())}."
        )
