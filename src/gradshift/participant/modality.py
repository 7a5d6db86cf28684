"""The seam between the participant level and the kinds of input it works on.

A kind of input is one module of this package that defines ``MODALITY``, a class made of
`Modality`. The level finds what there is of each, builds one graph for all, runs it, and
asks each for its summary.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Self

import gradshift.participant
from gradshift.atlases.catalogue import Atlas
from gradshift.bids.audit import Difference
from gradshift.errors import GradshiftError
from gradshift.recipes.catalogue import Recipe
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
    """

    settings: Settings
    atlases: Sequence[Atlas]
    recipes: Sequence[Recipe]

    @property
    def spaces(self) -> Mapping[str, Sequence[str]]:
        """The spaces every atlas comes in, by its name."""
        return {atlas.name: atlas.spaces for atlas in self.atlases}

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


class Modality(ABC):
    """What was found of one kind of input, and what is done with it.

    Instances are frozen: `place` returns another one.
    """

    order: ClassVar[int]
    """Those with a lower number come first, in messages and in the graph."""

    title: ClassVar[str]
    """What one of its inputs is called in a message."""

    asked: Asked

    @classmethod  # noqa: B027 - most have no options of their own
    def check(cls, settings: Settings) -> None:
        """Refuse options that make no sense, before anything is looked for.

        Raises
        ------
        SettingsError
        """

    @classmethod
    @abstractmethod
    def find(cls, asked: Asked) -> Self:
        """Find what there is.

        Raises
        ------
        NothingFoundError
            If there is nothing; the level fails only if that is so of all.
        """

    @property
    @abstractmethod
    def people(self) -> set[str]:
        """The participants, with prefix."""

    @property
    def spaces(self) -> list[str]:
        """Standard spaces of the inputs that can be used."""
        return []

    @property
    def problem(self) -> str:
        """Why there is nothing to write, not even a reason; empty if there is."""
        return ""

    @abstractmethod
    def describe(self) -> tuple[str, bool]:
        """Say what would be done, a block per input, and whether any of it can be.

        As far as headers and tables tell; an empty text says nothing.
        """

    def differences(self) -> list[Difference]:
        """List how the acquisitions of people, and of the study, differ."""
        return []

    @property
    def derivatives(self) -> list[Path]:
        """The preprocessed datasets that are read."""
        return []

    def place(self) -> Self:
        """Bring the atlases to the grids of the inputs; mark those that lie beside them."""
        return self

    def write_regions(self) -> None:  # noqa: B027 - most have no regions but those of the atlases
        """Write regions of its own to the atlases of the output."""

    @abstractmethod
    def build(self, workflow: Any, untouched: Collection[str]) -> None:
        """Add the steps to a nipype workflow; what needs no step is written at once.

        Parameters
        ----------
        workflow : nipype Workflow
        untouched : collection of str
            People, with prefix, whose results are all there: written only if they change.
        """

    @abstractmethod
    def summary(self, crashed: Sequence[str]) -> int:
        """Say what is done, what is not, and why; return the exit code.

        Parameters
        ----------
        crashed : sequence of str
            Full names of the nodes that crashed.
        """


def modalities() -> list[type[Modality]]:
    """Return every kind of input that a module of this package defines, in their order."""
    package = gradshift.participant
    modules = [
        import_module(f"{package.__name__}.{m.name}") for m in iter_modules(package.__path__)
    ]
    kinds = [module.MODALITY for module in modules if hasattr(module, "MODALITY")]
    return sorted(kinds, key=lambda kind: kind.order)
