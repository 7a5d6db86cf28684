"""The choices that change how a session is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KERNELS = ("cosine", "normalized_angle")
"""Ways to turn the likeness of two connectivity profiles into an affinity."""

K_MODES = ("round", "brainspace")
"""Ways to turn a tenth of the regions into a whole number."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Choices for the measures of a session.

    Parameters
    ----------
    kernel : {'cosine', 'normalized_angle'}
        Affinity of two connectivity profiles. Gradients of different kernels have
        different units and must not be compared.
    k_mode : {'round', 'brainspace'}
        How many connections each region keeps: a tenth of the regions, rounded, or
        ``int(R * (1 - 0.9))``, one less for most R, as BrainSpace 0.3 does.
    densities : tuple of float
        Shares of all connections kept in thresholded graphs, rising, within (0, 1].
    lag : int
        Volumes between cause and effect in measures of direction.

    Raises
    ------
    ValueError
        If a choice is none of those offered.
    """

    kernel: str = "cosine"
    k_mode: str = "round"
    densities: tuple[float, ...] = (0.10, 0.15, 0.20, 0.25, 0.30)
    lag: int = 1

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
        _require("kernel", self.kernel, KERNELS)
        _require("k_mode", self.k_mode, K_MODES)
        steps = (0.0, *self.densities)
        if len(self.densities) < 2 or any(
            low >= high for low, high in zip(steps, (*self.densities, 1.01), strict=True)
        ):
            raise ValueError(
                f"densities must be two or more rising numbers within (0, 1], got "
                f"{self.densities}."
            )
        if self.lag < 1:
            raise ValueError(f"lag must be 1 volume or more, got {self.lag}.")


def _require(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"Unknown {name} {value!r}; choices are {', '.join(choices)}.")
