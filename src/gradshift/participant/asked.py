"""What the participant level was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradshift.atlases.catalogue import Atlas
from gradshift.bids.links import Links
from gradshift.errors import GradshiftError
from gradshift.recipes.recipe import Recipe
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings


class NothingFoundError(Exception):
    """There is nothing of a kind of input; the cause is why, where that is worth telling."""

    def __init__(self, cause: GradshiftError | None = None) -> None:
        super().__init__()
        self.cause = cause


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the participant level was asked for.

    Parameters
    ----------
    settings : Settings
    atlases, recipes : sequence
        The first of each is the primary one.
    measures : sequence of str
        Names of those to compute.
    """

    settings: Settings
    atlases: Sequence[Atlas]
    recipes: Sequence[Recipe]
    measures: Sequence[str]

    @property
    def spaces(self) -> Mapping[str, Sequence[str]]:
        """The spaces every atlas comes in, by its name."""
        return {atlas.name: atlas.spaces for atlas in self.atlases}

    @cached_property
    def links(self) -> Links:
        """The datasets that results come from, as BIDS URIs name them."""
        return Links.of(self.settings)

    @property
    def output_dir(self) -> Path:
        """Top folder of the results."""
        return self.settings.output_dir

    @cached_property
    def steps_dir(self) -> Path:
        """Folder of the intermediate results."""
        return intermediate(self.settings.work_dir)

    @property
    def atlas_dir(self) -> Path:
        """Folder of the atlases as the steps read them."""
        return self.steps_dir / "atlases"
