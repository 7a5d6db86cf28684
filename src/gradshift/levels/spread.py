"""Heavy results of the group level as steps of a graph, so that one call spreads them.

A step reads what the participant level wrote, as the group level itself does, and computes one
result of `gradshift.group.pieces`. Joined results equal those of a single process to the last
digit; a step that fails costs one more try, here.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from nipype.pipeline import engine as pe

from gradshift import settings as schema
from gradshift.bids.write import write_json
from gradshift.group.pieces import pieces
from gradshift.group.study import Study
from gradshift.levels.piecestep import RESULT, ComputePiece
from gradshift.running.execute import execute
from gradshift.running.packing import unpacked
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings

logger = logging.getLogger("gradshift")


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
            for name, piece in pieces().items()
            for i, key in enumerate(piece.keys(study))
        }
        for node, (piece, key) in wanted.items():
            asked = ComputePiece(request=str(request), name=piece.compute.__name__, key=list(key))
            workflow.add_nodes([pe.Node(asked, name=node, mem_gb=_gigabytes(study))])
        crashed = execute(workflow, settings.running, settings.output_dir / "logs" / "crash")
        for node, (piece, key) in wanted.items():
            path = Path(folder) / workflow.name / node / RESULT
            if path.exists() and f"{workflow.name}.{node}" not in crashed:
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
        "WorkingDirectory": str(Path.cwd()),
    }
