"""The regions of an atlas as the mathematics sees them: names, networks, places, sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

LEVELS = ("region", "network", "network-pair", "set", "whole")
"""What a value can belong to, from the smallest to the whole cortex."""

LOW = frozenset({"Vis", "SomMot", "VisCent", "VisPeri", "SomMotA", "SomMotB"})
"""Sensory networks, in the names of 7 and of 17 networks."""

HIGH = frozenset(
    {"Default", "Cont", "ContA", "ContB", "ContC", "DefaultA", "DefaultB", "DefaultC"}
)
"""High-order networks, in the names of 7 and of 17 networks (limbic is left out: dropout)."""


SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "Thalamus": ("thalamus", "tha-"),
    "Striatum": ("accumbens", "caudate", "putamen", "nac-", "cau-", "put-"),
    "Pallidum": ("pallidum", "gp-", "agp", "pgp"),
    "Hippocampus": ("hippocampus", "hip-"),
    "Amygdala": ("amygdala", "amy-"),
    "Cerebellum": ("cerebell",),
}
"""Structures beyond the cortex, and how names of their regions begin, after the hemisphere."""


CINGULATE = ("Default_PFC", "SalVentAttn_Med")
"""Parts of the names of medial frontal regions."""


@dataclass(frozen=True, kw_only=True)
class Regions:
    """The R regions of an atlas, in the order of its labels.

    Parameters
    ----------
    names : tuple of str, length R
    networks : tuple of str, length R
        Empty for a region that belongs to no cortical network (such as the thalamus): it
        takes no part in network and whole-cortex values.
    hemispheres : tuple of str, length R
        ``L``, ``R`` or empty.
    centroids : (R, 3) array
        Centres in millimetres, in the atlas's space.
    sets : mapping of str to tuple of int
        Named sets of positions (0-based), such as ``PCC``.
    """

    names: tuple[str, ...]
    networks: tuple[str, ...]
    hemispheres: tuple[str, ...]
    centroids: NDArray[np.float64]
    sets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {
            "names": len(self.names),
            "networks": len(self.networks),
            "hemispheres": len(self.hemispheres),
            "centroids": len(self.centroids),
        }
        if len(set(sizes.values())) != 1:
            raise ValueError(f"Regions need one entry each in every field, got {sizes}.")

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def anterior_cingulate(self) -> tuple[int, ...]:
        """Medial frontal regions around the anterior cingulate, by name and place.

        Where a spectroscopy voxel usually lies: 20 to 50 mm in front of, 0 to 40 mm above the
        anterior commissure, less than 14 mm from the middle.
        """
        return tuple(
            i
            for i, (x, y, z) in enumerate(self.centroids.tolist())
            if any(part in self.names[i] for part in CINGULATE)
            and abs(x) < 14
            and 20 <= y <= 50
            and 0 <= z <= 40
        )

    @cached_property
    def network_names(self) -> tuple[str, ...]:
        """Networks in the order in which the atlas first names them."""
        return tuple(dict.fromkeys(network for network in self.networks if network))

    @cached_property
    def network_index(self) -> NDArray[np.intp]:
        """(R,) position in `network_names`; -1 where a region has no network."""
        position = {name: i for i, name in enumerate(self.network_names)}
        return np.array([position.get(network, -1) for network in self.networks], dtype=np.intp)

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Structure of every region without a network, by its name; empty where there is none."""
        return tuple(
            "" if network else _system(name)
            for name, network in zip(self.names, self.networks, strict=True)
        )

    @cached_property
    def system_pairs(self) -> tuple[tuple[str, str], ...]:
        """Every structure beyond the cortex with every network."""
        present = [system for system in SYSTEMS if system in self.systems]
        return tuple((system, network) for system in present for network in self.network_names)

    @property
    def cortical(self) -> NDArray[np.bool_]:
        """(R,) True for regions that belong to a network."""
        return self.network_index >= 0

    @property
    def low(self) -> NDArray[np.bool_]:
        """(R,) True for regions of sensory networks."""
        return np.array([network in LOW for network in self.networks], dtype=bool)

    @property
    def high(self) -> NDArray[np.bool_]:
        """(R,) True for regions of high-order networks."""
        return np.array([network in HIGH for network in self.networks], dtype=bool)

    @cached_property
    def network_pairs(self) -> tuple[tuple[str, str], ...]:
        """Every pair of networks once, each pair in alphabetical order."""
        return tuple(tuple(sorted(pair)) for pair in combinations(self.network_names, 2))  # type: ignore[misc]

    def labels(self, level: str) -> tuple[str, ...]:
        """Return the labels of a level, in the order in which values come."""
        match level:
            case "region":
                return self.names
            case "network":
                return self.network_names
            case "network-pair":
                return tuple("-".join(pair) for pair in self.network_pairs)
            case "set":
                return tuple(self.sets)
            case "whole":
                return ("whole",)
        raise ValueError(f"Unknown level {level!r}; levels are {', '.join(LEVELS)}.")


def _system(name: str) -> str:
    """Return the structure that a name of a region begins with; empty for none."""
    bare = name.lower().removeprefix("lh-").removeprefix("rh-").removeprefix("left-")
    bare = bare.removeprefix("right-")
    return next((system for system, starts in SYSTEMS.items() if bare.startswith(starts)), "")
