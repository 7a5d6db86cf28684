"""Reading nipype's pickles without running what somebody else may have put into them."""

import dataclasses
import gzip
import io
import json
import pickle  # nosec B403
from pathlib import Path
from typing import Any

OWN = "gradshift."
ROOMS = ("nipype.interfaces.utility.", "nipype.interfaces.base.")
"""Where the steps that come with nipype, and the records of all steps, are defined."""

PLAIN = {
    "builtins": {"set", "frozenset", "complex", "bytearray", "slice", "range"},
    "collections": {"OrderedDict"},
    "copyreg": {"_reconstructor"},
    "pathlib": {"PosixPath", "PurePosixPath"},
    "datetime": {"date", "datetime", "timedelta"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "traits.trait_base": {"_Undefined", "_Uninitialized"},
    "nipype.interfaces.base.support": {"Bunch", "InterfaceResult"},
    "nipype.pipeline.engine.nodes": {"Node"},
}
"""What holds data and does nothing when it is made, by module."""


class _Reader(pickle.Unpickler):
    """Makes nothing but steps, their inputs and results, and plain data."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that a result may hold.

        Raises
        ------
        pickle.UnpicklingError
            For anything else, such as a function.
        """
        if module == "builtins" and name == "object":
            return object
        if name in PLAIN.get(module, ()):
            return super().find_class(module, name)
        if module.startswith((OWN, *ROOMS)) and "." not in name:
            kind = super().find_class(module, name)
            if isinstance(kind, type) and kind.__module__ == module and _is_record(kind):
                return kind
        raise pickle.UnpicklingError(f"{module}.{name} is nothing that a result holds")


def _is_record(kind: type) -> bool:
    """Tell whether a class is a step of a graph, its inputs or outputs, or a dataclass."""
    from nipype.interfaces.base import BaseInterface, TraitedSpec
    from nipype.interfaces.base.specs import BaseTraitedSpec

    return dataclasses.is_dataclass(kind) or issubclass(
        kind, BaseInterface | TraitedSpec | BaseTraitedSpec
    )


class Guarded:
    """What nipype uses of the module `pickle`, with a reader that runs nothing."""

    dump, dumps = staticmethod(pickle.dump), staticmethod(pickle.dumps)
    HIGHEST_PROTOCOL = pickle.HIGHEST_PROTOCOL
    UnpicklingError = pickle.UnpicklingError

    @staticmethod
    def loads(content: bytes, **how: Any) -> Any:
        """Read what nipype wrote."""
        return _Reader(io.BytesIO(content), **how).load()


def guard_nipype() -> None:
    """Let nipype read its pickles through `Guarded`, here and in processes forked off."""
    from nipype.utils import filemanip

    filemanip.pickle = Guarded


def is_whole(path: Path) -> bool:
    """Tell whether a pickle of nipype can be read, and holds nothing that is not its own."""
    try:
        content = gzip.decompress(path.read_bytes())
        start = content.find(b"\n")
        if start >= 0 and _is_json(content[:start]):
            content = content[start + 1 :]
        Guarded.loads(content)
    except Exception:  # a damaged pickle can raise whatever a class it names does
        return False
    return True


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
