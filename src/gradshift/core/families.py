"""Which results are corrected together."""

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


def families(modality: str, measure: str, level: str, label: str) -> tuple[str, ...]:
    """Return the families that a value belongs to.

    Parameters
    ----------
    modality : {'func', 'pet', 'mrs'}
    measure, level, label : str
        As in the tables.

    Returns
    -------
    tuple of str
        A result in two families is corrected in each, and has a row in each.
    """
    if modality != "func":
        return (modality,)
    found = ["confirmatory"] if (measure, level, label) in CONFIRMATORY else []
    if (measure, level) in CELLS:
        found.append("network")
    elif level in ("region", "network", "network-pair"):
        found.append(f"{level}-{measure}")
    elif not found:
        found.append(level)
    return tuple(found)
