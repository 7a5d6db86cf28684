"""Tables of the group level, and what their sidecars say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradshift import __version__
from gradshift.bids import outputs
from gradshift.bids.write import write_json, write_table
from gradshift.core.statistics import statistics
from gradshift.settings import Settings
from gradshift.study.design import Design
from gradshift.study.model import read_families


def about(design: Design, settings: Settings) -> dict[str, Any]:
    """Collect what every sidecar of the group level says."""
    return {
        "Software": f"gradshift {__version__}",
        "Design": str(design),
        "DesignType": design.kind,
        "Baseline": design.baseline,
        "Followup": design.followup,
        "MoreFollowups": list(design.more),
        "PrimaryAtlas": design.atlases[0],
        "PrimaryRecipe": design.recipes[0],
        "Alpha": settings.group.alpha,
        "OwnFamilies": read_families(Path(own)) if (own := settings.group.families) else {},
        "RandomSeed": settings.group.random_seed,
        "Statistics": {name: found.methods for name, found in statistics().items()},
    }


def write_described(
    path: Path,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> None:
    """Write a table and the JSON that describes its columns."""
    write_table(path, list(columns), ([row[name] for name in columns] for row in rows))
    described = {name: {"Description": text} for name, text in columns.items()}
    write_json(outputs.sidecar(path), {**described, **about})
