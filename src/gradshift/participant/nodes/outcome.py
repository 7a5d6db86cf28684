"""What one step hands to the next: a typed record in one ``.npz`` file, or why there is none.

Data that cannot be used are an outcome, not a crash: the steps that follow carry the reason
on, so that other runs of the same person still complete, and the tables say why a value is
missing. Anything unexpected is left to nipype, which keeps a crash file.

The schema of a file is the dataclass of its record: arrays are kept as arrays, everything
else as JSON. It is read back as the class that the reader names.
"""

import io
import json
import types
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    File,
    SimpleInterface,
    TraitedSpec,
    traits,
)
from numpy.typing import NDArray

from gradshift import plugins
from gradshift.errors import GradshiftError

Record = TypeVar("Record")

CONTENT = "content"
"""Name of the part of a file that is JSON."""


@dataclass(frozen=True)
class Failure:
    """Why a step has no result."""

    reason: str


def to_bytes(record: object) -> bytes:
    """Return a record as the content of an ``.npz`` file."""
    arrays: dict[str, NDArray[Any]] = {}
    content = {"type": type(record).__name__, "record": _packed(record, "", arrays)}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{**arrays, CONTENT: np.array(json.dumps(content))})
    return file.getvalue()


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
    with np.load(path, allow_pickle=False) as file:
        content = json.loads(str(file[CONTENT]))
        arrays = {name: file[name] for name in file.files if name != CONTENT}
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
    return value


def _unpacked(kind: Any, content: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Build a value of a type from its JSON."""
    if content is None or kind is Any:
        return content
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        [kind] = [one for one in inner if one is not types.NoneType]
        return _unpacked(kind, content, arrays)
    if origin is np.ndarray:
        return arrays[content]
    if origin is tuple:
        return tuple(_unpacked(inner[0], one, arrays) for one in content)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _unpacked(inner[1], one, arrays) for name, one in content.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{k: _unpacked(hints[k], one, arrays) for k, one in content.items()})
    return content


@cache
def _hints(kind: Any) -> dict[str, object]:
    return get_type_hints(kind)


class StepSpec(BaseInterfaceInputSpec):
    """What every step takes."""

    code = traits.Str(desc="version and digest of its code, so that a change is computed anew")
    plugins = traits.List(
        traits.Str, nohash=True, desc="files of plug-ins, for processes that start afresh"
    )


class OutcomeSpec(TraitedSpec):
    """Every step gives one file."""

    out_file = File(exists=True, desc="the outcome")


class Step(SimpleInterface):
    """A node that computes one record in its own folder."""

    input_spec = StepSpec
    output_spec = OutcomeSpec

    @abstractmethod
    def compute(self) -> object:
        """Do the work of the node; return its record."""

    def _run_interface(self, runtime: Any) -> Any:
        plugins.load(self.inputs.plugins or ())
        record: object
        try:
            record = self.compute()
        except GradshiftError as error:
            record = Failure(str(error))
        path = Path(runtime.cwd) / "outcome.npz"
        path.write_bytes(to_bytes(record))
        self._results["out_file"] = str(path)
        return runtime


class SaveSpec(StepSpec):
    """What every step takes that writes results."""

    provenance = traits.Dict(desc="what sidecars say of code and source datasets")
    output_dir = traits.Directory(mandatory=True, desc="top folder of the results")


class Saved(TraitedSpec):
    """What a step gives that writes results."""

    files = traits.List(traits.Str, desc="what was written")


class Save(SimpleInterface):
    """A node that gives results their BIDS names."""

    input_spec = SaveSpec
    output_spec = Saved

    @abstractmethod
    def save(self, root: Path) -> list[Path]:
        """Write the results below a folder; return the files."""

    def _run_interface(self, runtime: Any) -> Any:
        plugins.load(self.inputs.plugins or ())
        files = self.save(Path(self.inputs.output_dir))
        self._results["files"] = [str(path) for path in files]
        return runtime
