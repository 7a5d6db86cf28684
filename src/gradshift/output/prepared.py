"""What the first process wrote for all, so that the others need neither write nor wait for it.

A thousand tasks of an array begin together. Whoever finds everything written as it would write it
takes no lock.
"""

from collections.abc import Mapping
from pathlib import Path

from gradshift.bids import atlascopies
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json
from gradshift.errors import GradshiftError
from gradshift.output.identity import digest

SHARED = (
    *("dataset_description.json", ".bidsignore", "README", "prov/*"),
    *("logs/settings.toml", "logs/provenance.json"),
)
"""Files that all processes share, by pattern; those of the atlases come beside them."""


def is_current(output_dir: Path, content: Mapping[str, object]) -> bool:
    """Tell whether the files that all share are as a process with the same content left them.

    Parameters
    ----------
    output_dir : Path
    content : mapping of str to object
        What they are written from.
    """
    try:
        kept = read_json(_path(output_dir))
    except GradshiftError:  # not there yet, or damaged
        return False
    return kept == _now(output_dir, content)


def keep(output_dir: Path, content: Mapping[str, object]) -> None:
    """Remember how the files that all share were left; parameters as of `is_current`."""
    write_json(_path(output_dir), _now(output_dir, content))


def _now(output_dir: Path, content: Mapping[str, object]) -> dict[str, object]:
    paths = sorted(path for pattern in SHARED for path in output_dir.glob(pattern))
    paths += atlascopies.files(output_dir)
    states = {path.relative_to(output_dir).as_posix(): path.stat() for path in paths}
    return {
        "Content": digest(content),
        "Files": {name: [state.st_size, state.st_mtime_ns] for name, state in states.items()},
    }


def _path(output_dir: Path) -> Path:
    return output_dir / "logs" / "prepared.json"
