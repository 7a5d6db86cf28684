"""The figure of the time-activity curves of a PET scan, drawn from the tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_tsv
from gradshift.bids.dataset import read_json
from gradshift.core.cortex.regions import Regions
from gradshift.figures.curves import Curve, curves
from gradshift.report.personresults import session_label
from gradshift.report.saving import save

Array = NDArray[np.float64]


class Activity(NamedTuple):
    """A table of curves: (T,) minutes in the middle of frames, R regions, (T, R) activity."""

    minutes: Array
    names: list[str]
    values: Array


def draw_curves(output_dir: Path, result: SessionResult) -> None:
    """Draw the curves of a PET scan with those that the models fitted, from the tables.

    Shown are means over the cortex and over sets of regions, and the region that the first
    model misses by most. A scan without fitted curves has no figure.

    Parameters
    ----------
    output_dir : Path
    result : SessionResult
        Of PET.
    """
    target = result.target
    paths = {name: outputs.tacs_path(output_dir, target, name) for name in result.measures}
    fitted = {name: _activity(path).values for name, path in paths.items() if path.exists()}
    regions_path = outputs.regions_path(output_dir, target.atlas)
    if result.excluded or not fitted or not regions_path.exists():
        return
    measured = _activity(outputs.tacs_path(output_dir, target))
    regions = outputs.regions_from(read_json(regions_path))
    groups = _groups(regions, measured.names) | _worst(measured, next(iter(fitted.values())))
    panels = [
        Curve(
            title,
            _mean_curve(measured.values, group),
            {name: _mean_curve(values, group) for name, values in fitted.items()},
        )
        for title, group in groups.items()
        if len(group)
    ]
    save(
        curves(measured.minutes, panels, title=f"{session_label(result)}, {result.atlas}"),
        output_dir / result.participant / "figures" / _name(target),
    )


def _activity(path: Path) -> Activity:
    table = read_tsv(path).apply(pd.to_numeric, errors="coerce")
    times = table[["frame_start", "frame_end"]].to_numpy(float)
    values = table.drop(columns=["frame_start", "frame_end"])
    return Activity(times.mean(axis=1) / 60, list(values.columns), values.to_numpy(float))


def _groups(regions: Regions, names: Sequence[str]) -> dict[str, Sequence[int]]:
    """Return the regions that a panel shows the mean of, as positions, by title."""
    position = {name: i for i, name in enumerate(names)}
    cortical = [
        position[name]
        for name, is_cortical in zip(regions.names, regions.cortical, strict=True)
        if is_cortical
    ]
    return {
        "cortex": cortical or list(range(len(names))),
        "PCC": regions.sets.get("PCC", ()),
        "ACC": regions.anterior_cingulate,
    }


def _worst(measured: Activity, fitted: Array) -> dict[str, Sequence[int]]:
    """Return the region whose curve a model misses by most; none where nothing was fitted."""
    squares = (measured.values - fitted) ** 2
    known = np.isfinite(squares).any(axis=0)
    if not known.any():
        return {}
    misfit = np.full(squares.shape[1], -1.0)
    misfit[known] = np.nanmean(squares[:, known], axis=0)
    worst = int(misfit.argmax())
    return {f"largest misfit:\n{measured.names[worst]}": [worst]}


def _name(target: outputs.Target) -> str:
    """Name the figure of a scan."""
    entities = {k: v for k, v in target.entities.items() if k not in ("sub", "space")}
    pvc = {} if target.recipe == "n/a" else {"pvc": target.recipe}
    parts = [f"{key}-{value}" for key, value in {**entities, **pvc}.items()]
    return "_".join([*parts, f"{''.join(target.atlas.values())}_curves.svg"])


def _mean_curve(values: Array, group: Sequence[int]) -> Array:
    """Average the curves of the regions that have one; NaN where none has a value."""
    chosen = values[:, list(group)]
    finite = np.isfinite(chosen)
    total = np.where(finite, chosen, 0).sum(axis=1)
    return np.where(finite.any(axis=1), total / np.maximum(finite.sum(axis=1), 1), np.nan)
