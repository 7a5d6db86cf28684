"""BOLD at the participant level: which runs, which recipes, and what came of them."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Self

from gradshift.atlases.catalogue import Atlas
from gradshift.bids import outputs
from gradshift.bids.audit import Acquired, Difference, audit, differences
from gradshift.bids.confounds import check_header
from gradshift.bids.dataset import find_fmriprep, read_json
from gradshift.bids.exclude import names_bold
from gradshift.bids.inputs import Run, find_runs
from gradshift.bids.sessions import group_runs, unit_entities
from gradshift.errors import InputError, MissingInputError, NothingSelectedError
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.describe import describe_runs
from gradshift.participant.ending import clean, exit_code, in_person
from gradshift.participant.modality import Modality
from gradshift.participant.order import order_sessions
from gradshift.participant.origin import provenance
from gradshift.recipes.recipe import Recipe

STEPS = ("parcellate", "denoise", "connect", "person", "voxelwise", "measure", "save", "savemaps")
CODE = tuple(f"gradshift.participant.nodes.{name}" for name in STEPS)
"""The modules that make the numbers of the results."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Bold(Modality):
    """The BOLD runs of a study.

    Parameters
    ----------
    asked : Asked
    runs : sequence of Run
    labels : mapping
        Labels of the atlases by `grid`, once they are placed.
    acquired : sequence of Acquired
        How the runs that can be used were acquired.
    """

    order: ClassVar[int] = 1
    title: ClassVar[str] = "BOLD run"

    asked: Asked
    runs: Sequence[Run]
    labels: Mapping[object, Sequence[Path]] = field(default_factory=dict)
    acquired: Sequence[Acquired] = ()

    @classmethod
    def find(cls, asked: Asked) -> Self:
        """Find the runs, and mark those that no recipe can clean."""
        try:
            runs = find_runs(asked.settings, asked.spaces)
        except (MissingInputError, NothingSelectedError) as error:
            if names_bold(asked.settings.inputs):  # what the user named must be there
                raise
            raise NothingFoundError(error) from error
        runs = [check_recipes(run, asked.recipes) for run in runs]
        bold = cls(asked=asked, runs=runs, acquired=audit(runs, asked.settings))
        for space in dict.fromkeys(bold.spaces):
            for atlas in asked.atlases:
                atlas.images(space)  # refuses a space it does not come in
        return bold

    @property
    def people(self) -> set[str]:
        """The participants, with prefix."""
        return {f"sub-{run.entities['sub']}" for run in self.runs}

    @property
    def spaces(self) -> list[str]:
        """Spaces of the runs that can be used."""
        return [run.entities["space"] for run in self.runs if not run.problem]

    @property
    def problem(self) -> str:
        """Why no run can be used; empty if one can."""
        if any(not run.problem for run in self.runs):
            return ""
        n = len(self.runs) - 1
        others = f" ({n} more runs cannot be used either.)" if n else ""
        return f"{self.runs[0].label}: {self.runs[0].problem}{others}"

    @property
    def derivatives(self) -> list[Path]:
        """The output of fMRIPrep."""
        inputs = self.asked.settings.inputs
        return [
            find_fmriprep(
                self.asked.settings.bids_dir,
                inputs.derivatives,
                validate=not inputs.skip_bids_validation,
            )
        ]

    def differences(self) -> list[Difference]:
        """List how the acquisitions of people, and of the study, differ."""
        return differences(self.acquired)

    def describe(self) -> tuple[str, bool]:
        """Say what would be done, a block per session, and whether a recipe can clean any."""
        text, possible = describe_runs(
            self.runs,
            [atlas.name for atlas in self.asked.atlases],
            self.asked.recipes,
            combine=self.asked.settings.analysis.combine_runs,
        )
        return "\n".join([*(row.sentence for row in self.differences()), text]), possible

    def place(self) -> Self:
        """Bring the atlases to the grids of the runs; mark the runs that lie beside them."""
        from gradshift.participant.nodes.atlas import keep_labels
        from gradshift.participant.plan import grid

        labels: dict[object, list[Path]] = {}
        problems: dict[object, str] = {}
        for key, run in {grid(run): run for run in self.runs if not run.problem}.items():
            space, folder = run.entities["space"], self.asked.atlas_dir
            try:
                labels[key] = [
                    keep_labels(atlas, space, run.shape, run.affine, folder)
                    for atlas in self.asked.atlases
                ]
            except InputError as error:
                problems[key] = str(error)
        runs = [
            run
            if run.problem or grid(run) in labels
            else replace(run, problem=problems[grid(run)])
            for run in self.runs
        ]
        return replace(self, runs=runs, labels=labels)

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
            provenance=provenance(self, CODE),
            untouched=untouched,
        )
        logger.info("%d runs of %d participants.", len(self.runs), len(self.people))
        add_runs(workflow, self.runs, plan)

    def summary(self, crashed: Sequence[str]) -> int:
        """Say how many sessions are done, which are not, and why; return the exit code."""
        recipes, combine = self.asked.recipes, self.asked.settings.analysis.combine_runs
        units = [unit_entities(unit) for unit in group_runs(self.runs, combine=combine)]
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
            for reason, names in reasons.items():
                which = "" if len(names) == len(recipes) else f" (recipe {', '.join(names)})"
                logger.error("%s%s: %s", label, which, reason)
        clean(self.asked, self.people, problems, "task_*")
        return exit_code(failed, len(units), trouble=bool(problems) or bool(crashed))

    def _target(self, entities: Mapping[str, str], atlas: Atlas, recipe: Recipe) -> outputs.Target:
        return outputs.Target(entities=entities, atlas=atlas.entities, recipe=recipe.name)

    def _problems(
        self, entities: Mapping[str, str], crashed: Sequence[str]
    ) -> dict[str, list[str]]:
        """Look up in the sidecars which recipes of a session were left out, by reason."""
        workflow = f"sub_{entities['sub']}_task_{entities.get('task', 'none')}"
        by_reason: dict[str, list[str]] = {}
        for recipe in self.asked.recipes:
            target = self._target(entities, self.asked.atlases[0], recipe)
            path = outputs.sidecar(outputs.measures_path(self.asked.output_dir, target))
            if in_person(workflow, crashed):
                reason = "a step crashed"
            elif not path.exists():
                reason = "no result was written"
            else:
                reason = read_json(path)["Excluded"]
            if reason:
                by_reason.setdefault(reason, []).append(recipe.name)
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


MODALITY = Bold


def check_recipes(run: Run, recipes: Sequence[Recipe]) -> Run:
    """Mark a run that no recipe can clean; warn of recipes that cannot."""
    from gradshift.participant.nodes.denoise import needs_confounds

    if run.problem:
        return run
    problems = []
    for recipe in recipes:
        try:
            if needs_confounds(recipe):
                check_header(run.confounds, recipe)
        except InputError as error:
            problems.append(str(error))
    if len(problems) == len(recipes):
        return replace(run, problem=problems[0])
    for problem in problems:
        logger.warning("%s: %s", run.label, problem)
    return run


def _label(entities: Mapping[str, str]) -> str:
    return " ".join(f"{k}-{v}" for k, v in entities.items() if k not in ("space", "res"))
