"""Tables whose rows are dataclasses: a field with a description is a column."""

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from gradshift.bids import outputs
from gradshift.bids.write import write_json, write_table


def column(description: str, **options: Any) -> Any:
    """Return a field of a dataclass that is a column of its table.

    Parameters
    ----------
    description : str
        What it holds, for the sidecar and the documentation.
    **options
        As `dataclasses.field` takes them.
    """
    return field(metadata={"description": description}, **options)


def columns(row: type) -> dict[str, str]:
    """Return the columns of a table and what they hold, in their order.

    Parameters
    ----------
    row : type
        The dataclass of its rows.
    """
    return {f.name: f.metadata["description"] for f in fields(row) if "description" in f.metadata}


def write_rows(path: Path, row: type, rows: Iterable[object], sidecar: Mapping[str, Any]) -> None:
    """Write a table and the JSON that describes its columns.

    Parameters
    ----------
    path : Path
    row : type
        The dataclass of the rows.
    rows : iterable of instances of `row`
    sidecar : mapping
        What the JSON says besides.
    """
    described = columns(row)
    write_table(
        path, list(described), ([getattr(one, name) for name in described] for one in rows)
    )
    texts = {name: {"Description": text} for name, text in described.items()}
    write_json(outputs.sidecar(path), {**texts, **sidecar})
