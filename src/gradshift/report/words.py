"""Names in the tables, in words."""

import re
from collections.abc import Iterable

from gradshift.bids.outputs import Sidecar
from gradshift.core.cortex.regions import SYSTEMS
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.tracers.catalogue import from_json
from gradshift.tracers.tracer import UNNAMED, Tracer

NETWORKS = {
    "Vis": "visual",
    "SomMot": "somatomotor",
    "DorsAttn": "dorsal attention",
    "SalVentAttn": "ventral attention",
    "Limbic": "limbic",
    "Cont": "control",
    "Default": "default mode",
}

SETS = {
    "PCC": "posterior cingulate",
    "PCClh": "left posterior cingulate",
    "PCCrh": "right posterior cingulate",
    "ACC": "anterior cingulate",
    "semiovale": "centrum semiovale",
}


def measure(name: str) -> str:
    """Return what a measure is called; its name where nothing is known of it.

    Parameters
    ----------
    name : str
        As in the tables.
    """
    known = measures().get(name) or models().get(name)
    return known.title if known else name


def tracers(sidecars: Iterable[Sidecar]) -> list[Tracer]:
    """Return the tracers that the sidecars of PET results name, each once.

    Parameters
    ----------
    sidecars : iterable of mapping
        Of results of any modality.
    """
    by_name: dict[str, Tracer] = {}
    for sidecar in sidecars:
        if sidecar.get("Modality") == "pet":
            given = sidecar.get("Tracer")
            tracer = from_json(given) if given else Tracer(name=UNNAMED)
            by_name.setdefault(tracer.name, tracer)
    return list(by_name.values())


def molecule(tracers: Iterable[Tracer]) -> str:
    """Say what tracers stand for: synaptic density, or the uptake or binding of their names."""
    return listed(list(dict.fromkeys(tracer.words for tracer in tracers)))


def unit(name: str) -> str:
    """Return the unit of a measure; empty where nothing is known of it."""
    known = measures().get(name) or models().get(name)
    return known.unit if known else ""


def network(name: str) -> str:
    """Name a network or a structure; ``DefaultA`` and ``VisCent`` keep what tells them apart."""
    if name in SYSTEMS:
        return name.lower()
    for code, words in NETWORKS.items():
        if name.startswith(code):
            return " ".join(filter(None, (words, name.removeprefix(code))))
    return name


def label(level: str, name: str) -> str:
    """Say what a value belongs to.

    Parameters
    ----------
    level, name : str
        As in the tables.
    """
    if level == "network":
        return network(name)
    if level == "network-pair":
        return " and ".join(map(network, name.split("-")))
    if level == "set":
        return SETS.get(name, name)
    return "whole cortex" if level == "whole" else name


def where(level: str, name: str) -> str:
    """Say what a value belongs to, in a sentence after *in*."""
    place = label(level, name)
    if level == "network":
        return f"the {place} network"
    if level == "network-pair":
        return f"the {place} networks"
    known = level == "whole" or name in SETS
    return f"the {place}" if known else place


def session(name: str) -> str:
    """Name a session without its prefix."""
    return re.sub("^ses-", "", name)


def listed(parts: list[str]) -> str:
    """Join words with commas, and *and* before the last."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
