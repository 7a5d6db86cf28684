"""What the viewers of the group page hold: a cortex to turn, slices, connections."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.collect import read_map, read_vertices
from gradshift.bids.outputs import VOLUME_MAP
from gradshift.core.cortex.regions import Regions
from gradshift.images.surface import fsaverage5
from gradshift.images.underlay import underlay
from gradshift.report import words
from gradshift.report.connections import read_tested
from gradshift.report.grouped import GroupResults
from gradshift.report.regionwords import region

MOST_VALUES = 1_000_000
"""Values of people that the page holds at most; measures beyond are told without people."""

MOST_VOXELS = 400_000
"""Voxels of a map; beyond, every second along each axis."""

MOST_CONNECTIONS = 600

Content = Mapping[str, Any]


def viewers(results: GroupResults, task: str) -> dict[str, str]:
    """Pack what the viewers of a task show, as JSON by name; only those there is data for."""
    regions = results.regions
    if regions is None:
        return {}
    content = {
        "cortex": _cortex(results, regions, task),
        "slices": _slices(results, task),
        "connections": _connections(results, regions, task),
    }
    return {
        name: json.dumps(one, separators=(",", ":")).replace("<", "\\u003c")
        for name, one in content.items()
        if one is not None
    }


def _base64(values: NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(kind).tobytes()).decode()


def _cortex(results: GroupResults, regions: Regions, task: str) -> Content | None:
    """Pack both hemispheres, the region of every vertex, and the changes of people."""
    vertices = read_vertices(results.output_dir, results.sources, results.atlas)
    surface = surface_of(vertices) if vertices else None
    if surface is None:
        return None
    return {
        "task": task,
        "difference": " minus ".join(words.session(name) for name in results.sessions[::-1]),
        **surface,
        "names": list(regions.names),
        "words": [region(name) for name in regions.names],
        **_people(results, regions, task),
    }


def surface_of(vertices: Mapping[str, NDArray[np.intp]]) -> Content | None:
    """Pack both hemispheres of fsaverage5; None where the installed nilearn does not bring them.

    Parameters
    ----------
    vertices : mapping of {'left', 'right'} to (V,) array of int
        Region of each vertex, 1 to R; 0 for none.
    """
    halves = fsaverage5()
    if halves is None:
        return None
    return {
        "triangles": _base64(halves["left"].triangles, "<u2"),  # those of both are the same
        "sides": {
            side: {
                "places": _base64(np.round(100 * half.inflated), "<i2"),
                "depth": _base64(half.sulcal_depth > 0, "u1"),
                "regions": _base64(vertices[side], "<u2"),
            }
            for side, half in halves.items()
        },
    }


def _people(results: GroupResults, regions: Regions, task: str) -> Content:
    """Pack the change of every person and region, whole numbers of 16 bits in units of a step."""
    values = results.values(task)
    table = values.table[values.table["level"] == "region"]
    table = table[table["session_id"].isin(values.sessions)]
    if table.empty:
        return {"people": [], "changes": {}}
    wide = table.pivot_table(
        index=["measure", "participant_id"],
        columns=["session_id", "label"],
        values="value",
        observed=True,
    )
    changes, left = {}, MOST_VALUES
    for measure, rows in wide.groupby(level="measure", sort=False, observed=True):
        before, after = (
            rows.droplevel("measure")[session].reindex(
                index=list(values.people), columns=list(regions.names)
            )
            if session in rows.columns.get_level_values(0)
            else None
            for session in values.sessions
        )
        if before is None or after is None or (left := left - before.size) < 0:
            continue
        changes[str(measure)] = packed((after - before).to_numpy(np.float64))
    return {"people": list(values.people), "changes": changes}


def packed(values: NDArray[np.float64]) -> Content:
    """Pack values as whole numbers of 16 bits in units of a step, the smallest for none."""
    step = float(np.nanmax(np.abs(values), initial=0.0)) / 32767 or 1.0
    whole = np.where(np.isfinite(values), np.round(values / step), -32768)
    return {"step": step, "of": _base64(whole, "<i2")}


def _slices(results: GroupResults, task: str) -> Content | None:
    """Pack the change of connectivity with the posterior cingulate, over an anatomy."""
    paths = [results.map_path(task, stat) for stat in ("meanchange", "pfwe")]
    below = underlay()
    if paths[0] is None or paths[1] is None or below is None:
        return None
    if not paths[0].name.endswith(VOLUME_MAP):
        return None
    change, affine = read_map(paths[0])
    p, _ = read_map(paths[1])
    every = 1 if change.size <= MOST_VOXELS else 2
    thinned = (slice(None, None, every),) * 3
    limit = float(np.nanmax(np.abs(change), initial=0.0)) or 1.0
    whole = np.where(np.isfinite(change), np.round(127 * change / limit), -128)
    marked = np.nan_to_num(p, nan=1.0) <= results.alpha
    return {
        "unit": f"{results.tested.noun} of Fisher z",
        "limit": limit,
        "alpha": results.alpha,
        "anatomy": _grid(*below) | {"of": _base64(below[0], "u1")},
        "map": _grid(change[thinned], affine @ np.diag([every, every, every, 1]))
        | {"of": _base64(whole[thinned], "i1"), "found": _base64(marked[thinned], "u1")},
    }


def _grid(values: NDArray[Any], affine: NDArray[np.float64]) -> dict[str, Any]:
    """Say where the voxels of an image lie, its axes along those of space."""
    return {
        "shape": list(values.shape),
        "start": affine[:3, 3].tolist(),
        "step": np.diag(affine)[:3].tolist(),
    }


def _connections(results: GroupResults, regions: Regions, task: str) -> Content | None:
    """Pack the strongest connections, by t."""
    tested = read_tested(results, task)
    if tested is None or not tested.n or not np.isfinite(regions.centroids).all():
        return None
    first, second = np.nonzero(np.triu(np.isfinite(tested.t), k=1))
    strongest = np.argsort(-np.abs(tested.t[first, second]), kind="stable")[:MOST_CONNECTIONS]
    pairs = list(zip(first[strongest].tolist(), second[strongest].tolist(), strict=True))
    return {
        "n": tested.n,
        "tested": results.tested.noun,
        "alpha": results.alpha,
        "places": np.round(regions.centroids, 1).tolist(),
        "words": [region(name) for name in regions.names],
        "networks": [words.network(name) if name else "other" for name in regions.networks],
        "pairs": pairs,
        **{
            name: list(_digits(matrix, pairs))
            for name, matrix in (
                ("t", tested.t),
                ("change", tested.change),
                ("single", tested.single),
                ("enhanced", tested.enhanced),
            )
        },
    }


def _digits(matrix: NDArray[np.float64], pairs: list[tuple[int, int]]) -> Iterator[float | None]:
    for i, j in pairs:
        value = float(matrix[i, j])
        yield value if np.isfinite(value) else None
