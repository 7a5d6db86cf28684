"""A step of a graph that computes one heavy result of the group level."""

import logging
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from nipype.interfaces.base import BaseInterfaceInputSpec, File, SimpleInterface, traits
from nipype.interfaces.base import TraitedSpec as Traited

from gradshift import plugins
from gradshift import settings as schema
from gradshift.bids.dataset import read_json
from gradshift.group.pieces import pieces
from gradshift.group.study import Study
from gradshift.levels.comparison import prepare, with_values
from gradshift.running.packing import packed
from gradshift.settings import Running

logger = logging.getLogger("gradshift")

RESULT = "piece.npz"


class PieceSpec(BaseInterfaceInputSpec):
    """What a step takes."""

    request = File(exists=True, desc="what was asked of the group level")
    name = traits.Str(desc="the kind of result")
    key = traits.List(traits.Str, desc="which one of them")


class PieceResult(Traited):
    """What a step gives."""

    out_file = File(exists=True, desc="the result")


class ComputePiece(SimpleInterface):
    """A node that computes one heavy result of a study."""

    input_spec = PieceSpec
    output_spec = PieceResult

    @property
    def seconds(self) -> float:
        """About what it takes: its weight in the progress."""
        return pieces()[self.inputs.name].seconds

    def _run_interface(self, runtime: Any) -> Any:
        request: Any = read_json(Path(self.inputs.request))
        with chdir(request["WorkingDirectory"]):  # options may name files from there
            study = _study(self.inputs.request)
            result = pieces()[self.inputs.name].compute(study, *self.inputs.key)
        path = Path(runtime.cwd) / RESULT
        path.write_bytes(packed(result))
        self._results["out_file"] = str(path)
        return runtime


@cache
def _study(request: str) -> Study:
    """Make the study that was asked about; a process that has several steps does it once."""
    asked: Any = read_json(Path(request))
    settings = schema.make(
        Path(asked["BIDSDir"]), Path(asked["OutputDir"]), "group", asked["Options"]
    )
    plugins.load(settings.analysis.plugin)
    given = {
        f.name: getattr(getattr(settings, group), f.name)
        for group, f in schema.options()
        if f.name in asked["Given"]
    }
    # The steps are what is spread: none of them starts processes of its own.
    alone = replace(settings, running=Running())
    with _silent():  # who asked has heard it all
        return with_values(prepare(alone, given))


@contextmanager
def _silent() -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
