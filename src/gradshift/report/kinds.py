"""Kinds of input, in their order and by name."""

NAMES = {"func": "BOLD", "pet": "PET", "mrs": "MRS", "score": "scores"}
"""In the order of rows and sentences."""


def name_of(modality: str) -> str:
    """Return what a kind of input is called; one that is not known here by its own name."""
    return NAMES.get(modality, modality.upper())


def rank(modality: str) -> tuple[int, str]:
    """Return what kinds of input are sorted by: those that are not known here come last."""
    known = list(NAMES)
    return known.index(modality) if modality in known else len(known), modality
