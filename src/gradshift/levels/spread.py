"""Heavy results of the group level as steps of a graph, so that one call spreads them.

A step reads what the participant level wrote, as the group level itself does, and computes one
result of `gradshift.group.pieces`. Joined results equal those of a single process to the last
digit; a step that fails costs one more try, here.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nipype.interfaces.base import BaseInterfaceInputSpec, File, SimpleInterface, traits
from nipype.interfaces.base import TraitedSpec as Traited
from nipype.pipeline import engine as pe

from gradshift import plugins
from gradshift import settings as schema
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json
from gradshift.group.pieces import PIECES
from gradshift.group.study import Study
from gradshift.levels.comparison import prepare, with_values
from gradshift.running.execute import execute
from gradshift.running.packing import packed, unpacked
from gradshift.running.workdir import intermediate
from gradshift.settings import Running, Settings

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
        return PIECES[self.inputs.name].seconds

    def _run_interface(self, runtime: Any) -> Any:
        study = _study(self.inputs.request)
        result = PIECES[self.inputs.name].compute(study, *self.inputs.key)
        path = Path(runtime.cwd) / RESULT
        path.write_bytes(packed(result))
        self._results["out_file"] = str(path)
        return runtime


def spread(study: Study, given: Mapping[str, object]) -> None:
    """Let the plugin of the user's choice compute the heavy results of a study.

    Parameters
    ----------
    study : Study
        With values; it is given the results.
    given : mapping
        The options that were given, by field name.
    """
    settings = study.settings
    steps = intermediate(settings.work_dir)
    with TemporaryDirectory(prefix="group-", dir=steps) as folder:
        request = Path(folder) / "request.json"
        write_json(request, _request(settings, given))
        workflow = pe.Workflow(name="pieces", base_dir=folder)
        wanted = {
            f"{name}{i:04d}": (piece, key)
            for name, piece in PIECES.items()
            for i, key in enumerate(piece.keys(study))
        }
        for node, (piece, key) in wanted.items():
            asked = ComputePiece(request=str(request), name=piece.compute.__name__, key=list(key))
            workflow.add_nodes([pe.Node(asked, name=node, mem_gb=_gigabytes(study))])
        crashed = execute(workflow, settings.running, settings.output_dir / "logs" / "crash")
        for node, (piece, key) in wanted.items():
            path = Path(folder) / "pieces" / node / RESULT
            if path.exists():
                piece.hand(study, key, unpacked(path, piece.result))
    if crashed:
        logger.warning(
            "%d of %d steps of the group level failed on the cluster and are computed here; crash "
            "files are in %s.",
            len(crashed),
            len(wanted),
            settings.output_dir / "logs" / "crash",
        )


def _gigabytes(study: Study) -> float:
    """Return about how much memory a step takes: the values twice, and the libraries."""
    return 0.4 + 2e-9 * float(study.table.memory_usage().sum())


def _request(settings: Settings, given: Mapping[str, object]) -> dict[str, object]:
    """Say what is asked, so that another process can make the same study."""
    options = {
        f.name: value
        for group, f in schema.options()
        if (value := getattr(getattr(settings, group), f.name)) is not None
    }
    return {
        "BIDSDir": str(settings.bids_dir),
        "OutputDir": str(settings.output_dir),
        "Options": options,
        "Given": list(given),
    }


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
