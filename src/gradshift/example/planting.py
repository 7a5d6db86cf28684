"""What is planted in the connectome of a simulated person."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Planting:
    """What the drug does to the region signals, at effect 1.

    Parameters
    ----------
    loosening : float
        Share of the network's common (mean) signal that each of its regions loses. Effects
        compound: at effect 2 the same share of what is left is lost once more.
    coupling : float
        How much each of these regions gains of the mean signal of each partner, taken with
        standard deviation 1. Levels off with the effect as `loosening` does.
    flattening : float
        The same for each region of the networks beside it at the high end of the hierarchy.
        Together both bring the two ends of the principal gradient closer.
    isolation : float
        Share of the variance of the hub's regions that becomes noise of their own: all their
        connections weaken. Compounds as `loosening` does.
    network : str
        The network that changes.
    beside : tuple of str
        The networks that share its end of the hierarchy.
    partners : tuple of str
        The sensory networks they couple to.
    hub : str
        The set of regions that is cut off.
    """

    loosening: float = 0.4
    coupling: float = 0.14
    flattening: float = 0.08
    isolation: float = 0.7
    network: str = "Default"
    beside: tuple[str, ...] = ("Cont",)
    partners: tuple[str, ...] = ("SomMot", "Vis")
    hub: str = "PCC"


PLANTING = Planting()
"""The planting of the example study."""
