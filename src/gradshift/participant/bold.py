"""BOLD at the participant level: which runs, which recipes, and what came of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from gradshift.bids.audit import Difference, audit, differences, gathered, summed
from gradshift.bids.confoundheader import check_header
from gradshift.bids.dataset import find_bold
from gradshift.bids.doors import DENOISED, ready_made
from gradshift.bids.elsewhere import locate
from gradshift.bids.exclude import names_bold
from gradshift.bids.inputs import find_runs
from gradshift.bids.run import Run
from gradshift.errors import MissingInputError, NothingSelectedError, reason
from gradshift.participant.asked import Asked, NothingFoundError
from gradshift.participant.describe import describe_runs
from gradshift.participant.runs import Runs
from gradshift.recipes.recipe import Recipe

STEPS = ("parcellate", "denoise", "connect", "person", "voxelwise", "measure", "save", "savemaps")
CODE = tuple(f"gradshift.participant.nodes.{name}" for name in STEPS)
"""The modules that make the numbers of the results."""

logger = logging.getLogger("gradshift")


@dataclass(frozen=True, kw_only=True)
class Bold(Runs):
    """The BOLD runs of a study.

    Parameters
    ----------
    asked : Asked
    runs : sequence of Run
    """

    order: ClassVar[int] = 1
    title: ClassVar[str] = "BOLD run"
    code: ClassVar[Sequence[str]] = CODE

    runs: Sequence[Run]

    @classmethod
    def find(cls, asked: Asked) -> Self:
        """Find the runs, and mark those that no recipe can clean."""
        door = ready_made(asked.settings.inputs.derivatives)
        if door is not None and door.name != DENOISED:
            raise NothingFoundError
        try:
            runs = find_runs(asked.settings, asked.spaces)
        except (MissingInputError, NothingSelectedError) as error:
            if names_bold(asked.settings.inputs):  # what the user named must be there
                raise
            raise NothingFoundError(error) from error
        runs = [
            check_recipes(run, asked.recipes, asked.settings.inputs.derivatives) for run in runs
        ]
        bold = cls(asked=asked, runs=runs, acquired=audit(runs, asked.settings))
        for space in dict.fromkeys(bold.spaces):
            for atlas in asked.atlases:
                atlas.images(space)  # refuses a space it does not come in
        return bold

    @property
    def spaces(self) -> list[str]:
        """Spaces of the runs that can be used."""
        return [run.entities["space"] for run in self.runs if not run.problem]

    @property
    def derivatives(self) -> list[Path]:
        """The output of fMRIPrep, or of what denoised it."""
        inputs = self.asked.settings.inputs
        return [
            find_bold(
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
        return "\n".join([*map(summed, gathered(self.differences())), text]), possible

    def place(self) -> Self:
        """Bring the atlases to the grids of the runs; mark the runs that lie beside them."""
        from gradshift.participant.nodes.atlas import keep_run_labels
        from gradshift.participant.plan import grid

        labels: dict[object, Sequence[Path]] = {}
        problems: dict[object, str] = {}
        for key, run in {grid(run): run for run in self.runs if not run.problem}.items():
            try:
                labels[key] = [
                    keep_run_labels(atlas, run, self.asked.atlas_dir)
                    for atlas in self.asked.atlases
                ]
            except Exception as error:  # of the runs on this grid, whatever it is
                problems[key] = reason(error)
        runs = [
            run
            if run.problem or grid(run) in labels
            else replace(run, problem=problems[grid(run)])
            for run in self.runs
        ]
        return replace(self, runs=runs, labels=labels)


MODALITY = Bold


def check_recipes(run: Run, recipes: Sequence[Recipe], derivatives: Sequence[str] = ()) -> Run:
    """Mark a run that no recipe can clean; warn of recipes that cannot."""
    from gradshift.participant.nodes.denoise import needs_confounds

    if run.problem:
        return run
    problems = []
    for recipe in recipes:
        try:
            if needs_confounds(recipe):
                check_header(run.confounds, recipe)
            if recipe.motion_filter is not None:
                recipe.motion_filter.check(run.tr)
            locate(run.entities, recipe, derivatives)
        except Exception as error:  # of this run, whatever it is
            problems.append(reason(error))
    if len(problems) == len(recipes):
        return replace(run, problem=problems[0])
    for problem in problems:
        logger.warning("%s: %s", run.label, problem)
    return run
