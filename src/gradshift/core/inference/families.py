"""Which results are corrected together."""

from collections.abc import Mapping, Sequence

CONFIRMATORY = frozenset(
    {
        ("withinfc", "network", "Default"),
        ("segregation", "network", "Default"),
        ("lowhighfc", "whole", "whole"),
        ("ordercollapse", "whole", "whole"),
        ("lambdaref", "whole", "whole"),
        ("eigenvectorcentrality", "set", "PCC"),
    }
)
"""The six values the study was made for, declared beforehand; each question whose first value
moves with any shift of all correlations has a second one that does not."""

CELLS = frozenset({("withinfc", "network"), ("betweenfc", "network-pair")})
"""The cells of the matrix of networks: 28 for seven networks."""

SCORE = "score"
"""Modality and family of the ratings, levels and rates of a study that a model names."""

DECLARED = frozenset({"confirmatory", "system", "pet-primary", "mrs-primary", SCORE})
"""Families that are declared beforehand, besides those of the user; naming a score declares it."""

FIRST = ("confirmatory", "system", "pet-primary", "mrs-primary", SCORE, "network", "set", "whole")
"""Families that tables begin with; the others follow."""

SYSTEM = "systemfc"
"""The measure whose values, a structure beyond the cortex with a network each, are one family."""

PRIMARY_METABOLITE = "glutamate"

Members = tuple[str, str, str]
"""Measure, level and label of the values of a family; ``*`` stands for any."""


def families(
    modality: str,
    measure: str,
    level: str,
    label: str,
    own: Mapping[str, Sequence[Members]] | None = None,
) -> tuple[str, ...]:
    """Return the families that a value belongs to.

    Parameters
    ----------
    modality : {'func', 'pet', 'mrs', 'score'}
    measure, level, label : str
        As in the tables.
    own : mapping of str to sequence of Members, optional
        Families of the user: a value in any of them is in no other. An own ``confirmatory``
        takes the place of the shipped one.

    Returns
    -------
    tuple of str
        A result in two families is corrected in each, and has a row in each.
    """
    own = own or {}
    value = (measure, level, label)
    if named := tuple(name for name, members in own.items() if _among(value, members)):
        return named
    if modality == SCORE:
        return (SCORE,)
    if modality != "func":
        return (_molecular(modality, measure, level, label),)
    if measure == SYSTEM:
        return ("system",)
    confirmatory = value in CONFIRMATORY and "confirmatory" not in own
    names = ["confirmatory"] if confirmatory else []
    if (measure, level) in CELLS:
        names.append("network")
    elif level in ("region", "network", "network-pair"):
        names.append(f"{level}-{measure}")
    elif not names:
        names.append(level)
    return tuple(names)


def _molecular(modality: str, measure: str, level: str, label: str) -> str:
    """Return the family of a value of PET or spectroscopy."""
    if modality == "mrs":
        return "mrs-primary" if measure == PRIMARY_METABOLITE else "mrs"
    if level == "region":
        return "pet-region"
    is_primary = level == "set" or (level, label) == ("network", "Default")
    return "pet-primary" if is_primary else "pet-set"


def _among(value: Members, members: Sequence[Members]) -> bool:
    """Say whether a value is one of the members."""
    return any(
        all(wanted in ("*", word) for wanted, word in zip(member, value, strict=True))
        for member in members
    )
