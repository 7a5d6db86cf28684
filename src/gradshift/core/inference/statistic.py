"""What a statistic says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """What the methods section says of a statistic.

    Parameters
    ----------
    name : str
        The name of its module.
    formula : str
        LaTeX, for the documentation.
    high, low : str
        What a high and what a low value of the result mean.
    methods : str
        The sentence for the methods section.
    cite : tuple of str
        Keys of ``report/references.bib``.
    caveat : str
        What its results must not be taken for.
    """

    name: str
    formula: str
    high: str
    low: str
    methods: str
    cite: tuple[str, ...]
    caveat: str
