"""The choices that change how a session is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KERNELS = ("cosine", "normalized_angle")
"""Ways to turn the likeness of two connectivity profiles into an affinity."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Choices for the measures of a session.

    Parameters
    ----------
    kernel : {'cosine', 'normalized_angle'}
        Affinity of two connectivity profiles. Gradients of different kernels have
        different units and must not be compared.
    densities : tuple of float
        Shares of all connections kept in thresholded graphs, rising, within (0, 1].

    Raises
    ------
    ValueError
        If a choice is none of those offered.
    """

    kernel: str = "cosine"
    densities: tuple[float, ...] = (0.10, 0.15, 0.20, 0.25, 0.30)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Options":
        """Take the choices from settings or a record of them, by name; others are as usual.

        Parameters
        ----------
        values : mapping of str to object
            May hold other settings, too.
        """
        return cls(
            kernel=values.get("kernel", cls.kernel),
            densities=tuple(values.get("densities", cls.densities)),
        )

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise ValueError(f"Unknown kernel {self.kernel!r}; choices are {', '.join(KERNELS)}.")
        steps = (0.0, *self.densities)
        if len(self.densities) < 2 or any(
            low >= high for low, high in zip(steps, (*self.densities, 1.01), strict=True)
        ):
            raise ValueError(
                f"densities must be two or more rising numbers within (0, 1], got "
                f"{self.densities}."
            )
