"""Components of aCompCor among the columns of a confounds file."""

import re
from collections.abc import Iterable, Mapping

BY_NAME: Mapping[str, str] = {"c_comp_cor_": "CSF", "w_comp_cor_": "WM", "a_comp_cor_": "combined"}
"""Masks that names of CompCor tell since fMRIPrep 21; before, ``a_comp_cor_`` was of any mask."""


def unequal_components(by_session: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Say where the sessions of a person were cleaned with unequal numbers of components.

    Parameters
    ----------
    by_session : mapping of str to mapping of str to int
        `Regressors.components` by the label of the session.

    Returns
    -------
    tuple of str
        A sentence per mask.
    """
    masks = sorted({mask for counts in by_session.values() for mask in counts})
    remarks = []
    for mask in masks:
        counts = {label: by_mask.get(mask, 0) for label, by_mask in sorted(by_session.items())}
        if len(set(counts.values())) > 1:
            numbers = ", ".join(f"{label} {count}" for label, count in counts.items())
            remarks.append(
                f"Sessions differ in the number of aCompCor components of {mask}: {numbers}."
            )
    return tuple(remarks)


def components_of(columns: Iterable[str], metadata: Mapping[str, object], mask: str) -> list[str]:
    """Return the retained aCompCor columns of a mask, first component first.

    Where no metadata tell the masks, the names do, if they are those of fMRIPrep 21 and later.
    """
    present = list(columns)
    described = [
        name
        for name in present
        if isinstance(entry := metadata.get(name), dict)
        and entry.get("Method") == "aCompCor"
        and entry.get("Mask") == mask
        and entry.get("Retained", True) is True
    ]
    masks_known = any(isinstance(entry, dict) and "Mask" in entry for entry in metadata.values())
    if not masks_known and any(
        name.startswith(("c_comp_cor_", "w_comp_cor_")) for name in present
    ):
        described = [name for name in present if BY_NAME.get(name[: len("c_comp_cor_")]) == mask]
    return sorted(described, key=_by_number)


def _by_number(name: str) -> tuple[int, str]:
    number = re.search("[0-9]+$", name)
    # A few digits only: a name is not to be trusted with the length of an integer.
    return (int(number.group()[-9:]) if number else 0), name
