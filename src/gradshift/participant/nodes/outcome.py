"""What one step hands to the next: a typed record in one ``.npz`` file, or why there is none.

Data that cannot be used are an outcome, not a crash: the steps that follow carry the reason
on, so that other runs of the same person still complete, and the tables say why a value is
missing. So is what nobody has foreseen, in a step whose failure the next ones can carry on: its
origin is kept in `UNFORESEEN`, and the step is done again by the next run. Everything else is
left to nipype, which keeps a crash file.

The schema of a file is the dataclass of its record: arrays are kept as arrays, everything
else as JSON. It is read back as the class that the reader names.
"""

import errno
from abc import abstractmethod
from pathlib import Path
from traceback import format_exception
from typing import Any, ClassVar

from nipype.interfaces.base import (
    BaseInterfaceInputSpec,
    DynamicTraitedSpec,
    File,
    SimpleInterface,
    TraitedSpec,
    traits,
)

from gradshift import plugins
from gradshift.errors import GradshiftError, reason
from gradshift.running.crashes import UNFORESEEN
from gradshift.running.packing import Failure, to_bytes


class StepSpec(DynamicTraitedSpec, BaseInterfaceInputSpec):
    """What every step takes."""

    code = traits.Str(desc="version and digest of its code, so that a change is computed anew")
    plugins = traits.List(
        traits.Str, nohash=True, desc="files of plug-ins, for processes that start afresh"
    )
    gathered = traits.Dict(desc="inputs that are lists of what other steps give; their lengths")
    stops = traits.Bool(
        False, usedefault=True, nohash=True, desc="whether what nobody has foreseen stops the run"
    )


def item(name: str, number: int) -> str:
    """Return the name of one item of an input that is a list."""
    return f"{name}_{number}"


def prepare(inputs: StepSpec) -> None:
    """Load the plug-ins of a step, and make lists of what other steps gave."""
    plugins.load(inputs.plugins or ())
    for name, n in (inputs.gathered or {}).items():
        items = [getattr(inputs, item(name, number)) for number in range(n)]
        setattr(inputs, name, items)


class OutcomeSpec(TraitedSpec):
    """Every step gives one file."""

    out_file = File(exists=True, desc="the outcome")


class Step(SimpleInterface):
    """A node that computes one record in its own folder."""

    input_spec = StepSpec
    output_spec = OutcomeSpec

    may_fail: ClassVar[bool] = False
    """Whether the steps that follow carry its failure on, whatever its cause."""

    seconds: ClassVar[float] = 0.2
    """About what it takes for a run of usual size: the weight of the step in the progress."""

    @abstractmethod
    def compute(self) -> object:
        """Do the work of the node; return its record."""

    def _run_interface(self, runtime: Any) -> Any:
        prepare(self.inputs)
        record: object
        try:
            record = self.compute()
        except GradshiftError as error:
            record = Failure(str(error))
        except Exception as error:  # unforeseen: of this part alone, where others do without
            if not self.may_fail or self.inputs.stops or _is_full(error):
                raise
            record = Failure(reason(error))
            keep(error, Path(runtime.cwd))
        path = Path(runtime.cwd) / "outcome.npz"
        path.write_bytes(to_bytes(record))
        self._results["out_file"] = str(path)
        return runtime


def keep(error: Exception, folder: Path) -> None:
    """Keep where an unforeseen error came from, in the folder of a step."""
    with (folder / UNFORESEEN).open("a", encoding="utf-8", errors="replace") as file:
        file.write("".join(format_exception(error)))


def _is_full(error: Exception) -> bool:
    """Tell whether a disk is full, which is no matter of one session."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


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

    seconds: ClassVar[float] = 0.2
    """About what it takes for a run of usual size: the weight of the step in the progress."""

    @abstractmethod
    def save(self, root: Path) -> list[Path]:
        """Write the results below a folder; return the files."""

    def _run_interface(self, runtime: Any) -> Any:
        prepare(self.inputs)
        files = self.save(Path(self.inputs.output_dir))
        self._results["files"] = [str(path) for path in files]
        return runtime
