"""Tables whose rows are dataclasses: a field with a description is a column."""

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from gradshift.bids import outputs
from gradshift.bids.celltypes import READERS
from gradshift.bids.tables import read_cells
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_table
from gradshift.errors import InputError

R = TypeVar("R")


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


def write_rows(
    path: Path, row: type, rows: Iterable[object], sidecar: Mapping[str, object]
) -> None:
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


def read_rows(path: Path, row: type[R]) -> list[R]:
    """Read a table back as instances of the dataclass it was written from.

    Parameters
    ----------
    path : Path
    row : type
        The dataclass of the rows.

    Returns
    -------
    list of instances of `row`
        ``n/a`` is NaN in a column of numbers, and None where the field may be None. Empty where
        the table was not written.

    Raises
    ------
    InputError
        If a column is missing, or a cell is not what its column holds.
    """
    if not path.exists():
        return []
    table = read_cells(path)
    names = list(columns(row))
    if missing := [name for name in names if name not in table]:
        raise InputError(
            f"{path} has no column {', '.join(missing)}; it was written by another version, or "
            "changed. Run the level that writes it again."
        )
    types = get_type_hints(row)
    try:
        parsed = [list(map(READERS[types[name]], table[name])) for name in names]
    except ValueError as error:
        raise InputError(f"{path} has a cell that does not fit its column: {error}.") from error
    return [row(**dict(zip(names, cells, strict=True))) for cells in zip(*parsed, strict=True)]
