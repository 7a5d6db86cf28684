"""What identifies a dataset."""

import hashlib
import json
from pathlib import Path
from typing import Required, TypedDict, cast

from gradshift.bids.dataset import describe
from gradshift.output.code import LENGTH


class Identity(TypedDict, total=False):
    """Which dataset a folder holds; see `identity`."""

    Name: str
    DatasetDOI: str
    GeneratedBy: list[dict[str, object]]
    Digest: Required[str]


def identity(folder: Path) -> Identity:
    """Say which dataset a folder holds, wherever it lies.

    That is what stays the same while a study grows and moves: name, DOI, and of a derivative
    what made it, with its version. People, authors and acknowledgements may be added.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Identity
        ``Name``, ``DatasetDOI`` and ``GeneratedBy``, as far as they are known, and ``Digest``.
    """
    description = describe(folder) or {}
    made = description.get("GeneratedBy")
    makers = made if isinstance(made, list) else []
    known = {
        "Name": description.get("Name"),
        "DatasetDOI": description.get("DatasetDOI"),
        "GeneratedBy": [
            {key: maker[key] for key in ("Name", "Version") if key in maker}
            for maker in makers
            if isinstance(maker, dict)
        ],
    }
    known = {key: value for key, value in known.items() if value}
    return cast(Identity, {**known, "Digest": digest(known)})


def digest(content: object) -> str:
    """Return the digest of plain content, or of bytes."""
    data = content if isinstance(content, bytes) else json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:LENGTH]


def named(dataset: Identity) -> str:
    """Name a dataset in a message."""
    makers = " and ".join(
        " ".join(str(maker[key]) for key in ("Name", "Version") if key in maker)
        for maker in dataset.get("GeneratedBy", ())
    )
    parts = [dataset.get("DatasetDOI"), f"by {makers}" if makers else None]
    more = ", ".join(part for part in parts if part)
    return repr(dataset.get("Name", "unnamed")) + (f" ({more})" if more else "")
