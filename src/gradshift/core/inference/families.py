"""Which results are corrected together."""

from collections.abc import Mapping, Sequence

CONFIRMATORY = frozenset(
    {
        ("withinfc", "network", "Default"),
        ("lowhighfc", "whole", "whole"),
        ("lambdaref", "whole", "whole"),
        ("eigenvectorcentrality", "set", "PCC"),
    }
)
"""The four values the study was made for, declared beforehand."""

CELLS = frozenset({("withinfc", "network"), ("betweenfc", "network-pair")})
"""The cells of the matrix of networks: 28 for seven networks."""


FIRST = ("confirmatory", "network", "set", "whole")
"""Families that tables begin with; the others follow."""


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
    modality : {'func', 'pet', 'mrs'}
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
    if modality != "func":
        return (modality,)
    confirmatory = value in CONFIRMATORY and "confirmatory" not in own
    found = ["confirmatory"] if confirmatory else []
    if (measure, level) in CELLS:
        found.append("network")
    elif level in ("region", "network", "network-pair"):
        found.append(f"{level}-{measure}")
    elif not found:
        found.append(level)
    return tuple(found)


def _among(value: Members, members: Sequence[Members]) -> bool:
    """Say whether a value is one of the members."""
    return any(
        all(wanted in ("*", word) for wanted, word in zip(member, value, strict=True))
        for member in members
    )
