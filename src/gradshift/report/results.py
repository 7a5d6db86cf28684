"""What the pages are made from: the tables and sidecars of an output, read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult
from gradshift.bids.columnar import read_columns
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.tables import KEYS
from gradshift.core.cortex.measure import lacking
from gradshift.core.cortex.regions import Regions
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.group.contrasts import Contrast
from gradshift.group.table import statistics_used
from gradshift.output import record
from gradshift.report import words
from gradshift.report.methods import Described, Used
from gradshift.report.sample import headline, sample


def find_row(
    rows: Sequence[Contrast], key: tuple[str, str, str], **fixed: str | None
) -> Contrast | None:
    """Find a result; of several families the one that comes first in the table."""
    for row in rows:
        same = (row.measure, row.level, row.label) == key
        if same and all(getattr(row, name) == value for name, value in fixed.items()):
            return row
    return None


@dataclass(frozen=True, kw_only=True)
class PairedValues:
    """Values of one task, atlas and recipe, as people x sessions.

    Parameters
    ----------
    table : DataFrame
        Of measures, only the rows wanted.
    people : sequence of str
    sessions : pair of str
        Baseline and follow-up.
    """

    table: pd.DataFrame
    people: Sequence[str]
    sessions: tuple[str, str]

    def of(self, key: tuple[str, str, str]) -> NDArray[np.float64]:
        """Return the (people, 2) values of one label, runs averaged; unreliable ones are NaN."""
        measure, level, label = key
        t = self.table
        chosen = t[(t["measure"] == measure) & (t["level"] == level) & (t["label"] == label)]
        chosen = chosen[~chosen["status"].str.startswith("unreliable")]
        wide = chosen.groupby(list(KEYS), observed=True)["value"].mean().unstack()
        wide = wide.reindex(index=list(self.people), columns=list(self.sessions))
        return np.asarray(wide, dtype=np.float64)

    def regions(self, measure: str, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the (2, R) means over people of a measure of regions."""
        t = self.table
        chosen = t[(t["measure"] == measure) & (t["level"] == "region")]
        means = chosen.groupby(["session_id", "label"], observed=True)["value"].mean().unstack()
        means = means.reindex(index=list(self.sessions), columns=list(names))
        return np.asarray(means, dtype=np.float64)


def read_values(path: Path, atlas: str, recipe: str) -> pd.DataFrame:
    """Read the group's table of measures, as far as the page shows it.

    Parameters
    ----------
    path : Path
    atlas, recipe : str
        The primary ones. Values of no atlas, and of PET and MRS, stay whatever the recipe.
    """
    table = read_columns(path)
    shown = table["atlas"].isin([atlas, "n/a"])
    return table[shown & ((table["recipe"] == recipe) | (table["modality"] != "func"))]


def read_regions(output_dir: Path, results: Sequence[SessionResult], atlas: str) -> Regions | None:
    """Read the regions of an atlas as they were used; None where they are not kept."""
    for result in results:
        if result.atlas == atlas:
            path = outputs.regions_path(output_dir, result.atlas_entities)
            return outputs.regions_from(read_json(path)) if path.exists() else None
    return None


def what_was_used(
    output_dir: Path,
    results: Sequence[SessionResult],
    folder: Path,
) -> Used:
    """Collect from the sidecars what was run.

    Parameters
    ----------
    output_dir : Path
    results : sequence of SessionResult
    folder : Path
        Of the group level, whether it was run or not.
    """
    sidecar = folder / "contrasts.json"
    described = read_json(sidecar) if sidecar.exists() else {}
    primary = _primary(output_dir, results)
    atlases: dict[str, Described] = {}
    recipes: dict[str, Sidecar] = {}
    names: set[str] = set()
    for result in results:
        if result.atlas_entities and result.atlas not in atlases:
            atlases[result.atlas] = _described(output_dir, result)
        if result.modality == "func":
            recipes.setdefault(result.recipe, result.denoising)
        names |= {name for name in result.measures if _could_be_had(name, result)}
    estimators = [result.estimator for result in results if result.modality == "func"]
    return Used(
        atlases=_first(primary[0], atlases),
        recipes=_first(primary[1], recipes),
        tracers=[
            Described((tracer.told,), tracer.sources)
            for tracer in words.tracers(result.about for result in results)
        ],
        measures=[name for name in (*measures(), *models()) if name in names],
        headline=headline(folder) if described else Used().headline,
        statistics=statistics_used(folder) if described else (),
        design=described.get("Design", ""),
        estimator=estimators[0] if estimators else "",
        sample=sample(folder, results, primary),
        surfaces=sorted({one.space for one in results if one.gives == "vertices"}),
    )


def _could_be_had(name: str, result: SessionResult) -> bool:
    """Tell whether what a result was made from has what a measure needs."""
    measure = measures().get(name)
    return measure is None or not lacking(measure, result.gives)


T = TypeVar("T")


def _first(name: str, described: Mapping[str, T]) -> list[T]:
    """Return what is described, that of a name first."""
    names = sorted(described, key=lambda other: other != name)
    return [described[one] for one in names]


def _primary(output_dir: Path, results: Sequence[SessionResult]) -> tuple[str, str]:
    """Name the atlas and recipe that were given first."""
    recorded = record.read(output_dir).get("participant", {})
    bold = [one for one in results if one.modality == "func"] or list(results)
    atlas = recorded.get("atlas") or [one.atlas for one in bold]
    recipe = recorded.get("denoise") or [one.recipe for one in bold]
    return str(atlas[0]), str(recipe[0])


def _described(output_dir: Path, result: SessionResult) -> Described:
    """Describe the atlas of a result as its regions were kept."""
    path = outputs.regions_path(output_dir, result.atlas_entities)
    kept = read_json(path) if path.exists() else {}
    sentences = tuple(kept.get("Descriptions") or (f"The atlas was {result.atlas}.",))
    return Described(sentences, tuple(kept.get("Cite", ())))
