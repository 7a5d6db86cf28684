"""What the kinds of runs share: the graph from denoised series on, and what came of it."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.audit import Acquired
from gradshift.bids.dataset import read_json
from gradshift.bids.layout import raw_folders
from gradshift.bids.sessions import AnyRun, group_runs, unit_entities
from gradshift.participant.asked import Asked
from gradshift.participant.ending import crash_in, excluded, exit_code
from gradshift.participant.modality import Modality
from gradshift.participant.order import order_sessions
from gradshift.participant.origin import provenance
from gradshift.recipes.recipe import Recipe

FOR_ALL = ("figures",)
"""Steps that make no numbers: a person's results are whole without them."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Runs(Modality):
    """Runs that become series of regions, or matrices, whatever they were read from.

    Parameters
    ----------
    asked : Asked
    runs : sequence
        Of one class, which `gradshift.participant.graph` knows how to read.
    labels : mapping
        Labels of the atlases by `grid`, where voxels are read and once they are placed.
    acquired : sequence of Acquired
        How the runs that can be used were acquired, as far as their source tells.
    """

    code: ClassVar[Sequence[str]]
    """The modules that make the numbers of the results."""

    asked: Asked
    runs: Sequence[AnyRun]
    labels: Mapping[object, Sequence[Path]] = field(default_factory=dict)
    acquired: Sequence[Acquired] = ()

    @property
    def people(self) -> set[str]:
        """The participants, with prefix."""
        return {f"sub-{run.entities['sub']}" for run in self.runs}

    @property
    def images(self) -> list[tuple[str, Path]]:
        """The participants, with prefix, and the files that their values come from."""
        usable = [run for run in self.runs if not run.problem]
        return [(f"sub-{run.entities['sub']}", run.source) for run in usable]

    @property
    def problem(self) -> str:
        """Why no run can be used; empty if one can."""
        if any(not run.problem for run in self.runs):
            return ""
        n = len(self.runs) - 1
        others = f" ({n} more runs cannot be used either.)" if n else ""
        return f"{self.runs[0].label}: {self.runs[0].problem}{others}"

    @property
    def raw(self) -> list[Path]:
        """Where the raw data may lie, the likeliest first."""
        roots = [*self.derivatives, self.asked.settings.bids_dir]
        return list(dict.fromkeys(place for root in roots for place in raw_folders(root)))

    def build(self, workflow: Any, untouched: Collection[str]) -> None:
        """Add the steps of all runs."""
        from gradshift.participant.graph import add_runs
        from gradshift.participant.nodes.atlas import keep_regions
        from gradshift.participant.plan import Plan

        settings = self.asked.settings
        analysis = settings.analysis
        plan = Plan(
            asked=self.asked,
            atlases=[
                keep_regions(atlas, self.spaces, analysis, self.asked.atlas_dir)
                for atlas in self.asked.atlases
            ],
            labels=self.labels,
            acquired={frozenset(entities.items()): how for entities, how in self.acquired},
            sessions={
                person.removeprefix("sub-"): order_sessions(settings, person)
                for person in sorted(self.people)
            },
            provenance=provenance(self, self.code),
            raw=self.raw,
            untouched=untouched,
        )
        logger.info("%d runs of %d participants.", len(self.runs), len(self.people))
        add_runs(workflow, self.runs, plan)

    @cached_property
    def _units(self) -> list[dict[str, str]]:
        """The entities of the sessions."""
        combine = self.asked.settings.analysis.combine_runs
        return [unit_entities(unit) for unit in group_runs(self.runs, combine=combine)]

    def has_problem(self, person: str) -> bool:
        """Tell whether a recipe of a session of a person is left out."""
        units = [unit for unit in self._units if f"sub-{unit['sub']}" == person]
        return any(self._problems(unit, ()) for unit in units)

    def summary(self, crashed: Sequence[str]) -> int:
        """Say how many sessions are done, which are not, and why; return the exit code."""
        recipes, units = self.asked.recipes, self._units
        problems = {
            _label(unit): reasons for unit in units if (reasons := self._problems(unit, crashed))
        }
        partly = [r for r in problems.values() if sum(map(len, r.values())) < len(recipes)]
        for unit in units:
            if _label(unit) not in problems:
                self._log_remarks(unit)
        failed = len(problems) - len(partly)
        logger.info(
            "%d sessions done, %d failed or left out%s. Results are in %s.",
            len(units) - len(problems),
            failed,
            f", {len(partly)} with some recipes only" if partly else "",
            self.asked.output_dir,
        )
        for label, reasons in problems.items():
            for why, names in reasons.items():
                which = "" if len(names) == len(recipes) else f" (recipe {', '.join(names)})"
                logger.error("%s%s: %s", label, which, why)
        return exit_code(failed, len(units), trouble=bool(problems) or bool(crashed))

    def _target(self, entities: Mapping[str, str], atlas: Atlas, recipe: Recipe) -> outputs.Target:
        return outputs.Target(entities=entities, atlas=atlas.entities, recipe=recipe.name)

    def _problems(
        self, entities: Mapping[str, str], crashed: Sequence[str]
    ) -> dict[str, list[str]]:
        """Look up in the sidecars which recipes of a session were left out, by reason."""
        workflow = f"sub_{entities['sub']}_task_{entities.get('task', 'none')}"
        crash = crash_in(workflow, crashed, FOR_ALL)
        by_reason: dict[str, list[str]] = {}
        for recipe in self.asked.recipes:
            target = self._target(entities, self.asked.atlases[0], recipe)
            path = outputs.sidecar(outputs.measures_path(self.asked.output_dir, target))
            why = crash or excluded(path)
            if why:
                by_reason.setdefault(why, []).append(recipe.name)
        return by_reason

    def _log_remarks(self, entities: Mapping[str, str]) -> None:
        """Log the warnings of a session, and the regions that are n/a in its results."""
        remarks: dict[str, list[str]] = {}
        recipes = self.asked.recipes
        for atlas, recipe in product(self.asked.atlases, recipes):
            target = self._target(entities, atlas, recipe)
            path = outputs.sidecar(outputs.series_path(self.asked.output_dir, target))
            sidecar = read_json(path)
            texts = list(sidecar["Warnings"])
            if left_out := sidecar["RegionsLeftOut"]:
                listed = ", ".join(f"{name} ({why})" for name, why in left_out.items())
                texts.append(f"{len(left_out)} regions of {atlas.name} are n/a: {listed}.")
            for text in texts:
                remarks.setdefault(text, []).append(recipe.name)
        for text, names in remarks.items():
            which = "" if len(set(names)) == len(recipes) else f" (recipe {', '.join(names)})"
            logger.warning("%s%s: %s", _label(entities), which, text)


def _label(entities: Mapping[str, str]) -> str:
    return " ".join(f"{k}-{v}" for k, v in entities.items() if k not in ("space", "res"))
