"""The seam between the participant level and the kinds of input it works on.

A kind of input is one module of this package that defines ``MODALITY``, a class made of
`Modality`. The level finds what there is of each, builds one graph for all, runs it, and
asks each for its summary.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, Self

import gradshift.participant
from gradshift.bids.audit import Difference
from gradshift.participant.asked import Asked
from gradshift.settings import Settings


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
    def images(self) -> list[tuple[str, Path]]:
        """The participants, with prefix, and the files whose content their sidecars record."""
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

    def has_problem(self, person: str) -> bool:
        """Tell whether a result of a person is left out, once all steps of this person are done.

        Parameters
        ----------
        person : str
            With prefix.
        """
        return False

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
