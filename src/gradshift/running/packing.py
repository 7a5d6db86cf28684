"""How what one process hands to another becomes bytes, without pickles."""

import io
import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Record = TypeVar("Record")

CONTENT = "content"
"""Name of the part of a file that is JSON."""


@dataclass(frozen=True)
class Failure:
    """Why a step has no result."""

    reason: str


def to_bytes(record: object) -> bytes:
    """Return a record as the content of an ``.npz`` file."""
    return packed({"type": type(record).__name__, "record": record})


def load(path: str | Path, kind: type[Record]) -> Record | Failure:
    """Read what a step left.

    Parameters
    ----------
    path : path-like
    kind : type
        The dataclass it is of.

    Raises
    ------
    TypeError
        If it is another record.
    """
    content, arrays = _content(path)
    if content["type"] == Failure.__name__:
        return Failure(**content["record"])
    if content["type"] != kind.__name__:
        raise TypeError(f"{path} holds a {content['type']}, not a {kind.__name__}.")
    record: Record = _unpacked(kind, content["record"], arrays)
    return record


def read(path: str | Path, kind: type[Record]) -> Record:
    """Read what a step left that never fails."""
    record = load(path, kind)
    if isinstance(record, Failure):
        raise TypeError(f"{path} holds no {kind.__name__}: {record.reason}")
    return record


def packed(value: object) -> bytes:
    """Return dataclasses, lists of them, numbers and arrays as the content of an ``.npz`` file."""
    arrays: dict[str, NDArray[Any]] = {}
    content = _packed(value, "", arrays)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{**arrays, CONTENT: np.array(json.dumps(content))})
    return file.getvalue()


def unpacked(path: str | Path, kind: Any) -> Any:
    """Read what `packed` made of a value of a type.

    Parameters
    ----------
    path : path-like
    kind : type
        A dataclass, a generic list of one, or either with None.
    """
    content, arrays = _content(path)
    return _unpacked(kind, content, arrays)


def _content(path: str | Path) -> tuple[Any, dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != CONTENT}
        return json.loads(str(file[CONTENT])), arrays


def _packed(value: object, place: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """Return the JSON of a value; arrays are put aside under their place in it."""
    if isinstance(value, np.ndarray):
        arrays[place.lstrip("/")] = value
        return place.lstrip("/")
    if is_dataclass(value):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, Mapping):
        return {k: _packed(inner, f"{place}/{k}", arrays) for k, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(inner, f"{place}/{i}", arrays) for i, inner in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path) else value


def _unpacked(kind: Any, content: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Build a value of a type from its JSON."""
    if content is None or kind is Any:
        return content
    origin, inner = _origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        [kind] = [one for one in inner if one is not types.NoneType]
        return _unpacked(kind, content, arrays)
    if origin is np.ndarray:
        return arrays[content]
    if origin is list:
        return [_unpacked(inner[0], one, arrays) for one in content]
    if kind is Path:
        return Path(content)
    if origin is tuple:
        return tuple(_unpacked(inner[0], one, arrays) for one in content)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _unpacked(inner[1], one, arrays) for name, one in content.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{k: _unpacked(hints[k], one, arrays) for k, one in content.items()})
    return content


def _origin(kind: Any) -> Any:
    """Return the class of a generic type, or of an alias of one (`NDArray` of numpy 2.5)."""
    origin = get_origin(kind)
    return get_origin(getattr(origin, "__value__", None)) or origin


@cache
def _hints(kind: Any) -> dict[str, object]:
    return get_type_hints(kind)
