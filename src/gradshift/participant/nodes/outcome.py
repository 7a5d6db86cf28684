"""What one step hands to the next: arrays and notes in one file, or the reason for none.

Data that cannot be used are an outcome, not a crash: the steps that follow carry the reason
on, so that other runs of the same person still complete, and the tables say why a value is
missing. Anything unexpected is left to nipype, which keeps a crash file.
"""

import io
import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    File,
    SimpleInterface,
    TraitedSpec,
)
from numpy.typing import NDArray

from gradshift.errors import GradshiftError


@dataclass(frozen=True)
class Outcome:
    """The result of a step.

    Parameters
    ----------
    arrays : mapping of str to array
    notes : dict
        Whatever JSON can hold.
    failure : str
        Why there is no result; empty if there is one.
    """

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""

    def to_bytes(self) -> bytes:
        """Return the outcome as the content of an ``.npz`` file."""
        notes = json.dumps({"notes": self.notes, "failure": self.failure})
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **{**self.arrays, "_notes": np.array(notes)})
        return content.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> "Outcome":
        """Read an outcome."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != "_notes"}
            said = json.loads(str(file["_notes"]))
        return cls(arrays, said["notes"], said["failure"])


class OutcomeSpec(TraitedSpec):
    """Every step gives one file."""

    out_file = File(exists=True, desc="the outcome")


class Step(SimpleInterface):
    """A node that computes one `Outcome` in its own folder."""

    input_spec = BaseInterfaceInputSpec
    output_spec = OutcomeSpec

    @abstractmethod
    def compute(self) -> Outcome:
        """Do the work of the node."""

    def _run_interface(self, runtime: Any) -> Any:
        try:
            outcome = self.compute()
        except GradshiftError as error:
            outcome = Outcome(failure=str(error))
        path = Path(runtime.cwd) / "outcome.npz"
        path.write_bytes(outcome.to_bytes())
        self._results["out_file"] = str(path)
        return runtime
