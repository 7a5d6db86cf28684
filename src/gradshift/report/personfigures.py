"""The figures of one participant's page, drawn from the tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import SessionResult, read_map, read_matrix, read_tsv, read_vertices
from gradshift.bids.facts import Entities
from gradshift.bids.mapimages import Surface, read_ground_map
from gradshift.bids.outputs import VOLUME_MAP
from gradshift.core.cortex.regions import Regions
from gradshift.figures.matrices import matrices
from gradshift.figures.motion import Carpets, motion
from gradshift.figures.scatter import gradient_plane
from gradshift.figures.slices import slices
from gradshift.figures.style import SEQUENTIAL, symmetric_limit
from gradshift.report import words
from gradshift.report.cortex import maps_on_cortex, on_cortex
from gradshift.report.personresults import (
    Person,
    motion_name,
    run_label,
    session_label,
    stem,
)
from gradshift.report.saving import save

Array = NDArray[np.float64]

Panels = dict[str, Array]
"""Of a figure, by title."""


def draw_motion(
    person: Person, entities: Entities, threshold: float | None, carpets: Carpets | None
) -> None:
    """Draw the motion of one run, over the carpet if there is one.

    Parameters
    ----------
    person : Person
    entities : mapping of str to str
        Of the run.
    threshold : float or None
        Framewise displacement (mm) above which volumes were left out.
    carpets : Carpets or None
        If None, a figure that is there already is kept: only it may have the carpet.
    """
    path = person.figures / motion_name(entities)
    if carpets is None and path.exists():
        return
    tr = _repetition_time(person, entities)
    figure = motion_of(person.output_dir, entities, threshold, tr, carpets)
    if figure is not None:
        save(figure, path)


def motion_of(
    output_dir: Path,
    entities: Entities,
    threshold: float | None,
    tr: float | None,
    carpets: Carpets | None = None,
) -> Figure | None:
    """Draw the motion of one run from its table; None where no table is kept."""
    quality = outputs.quality_path(output_dir, entities)
    if not quality.exists():
        return None
    table = read_tsv(quality).apply(pd.to_numeric, errors="coerce")
    return motion(
        table["fd"].to_numpy(float),
        table["dvars"].to_numpy(float),
        table["kept"].to_numpy() == 1,
        title=run_label(entities),
        threshold=threshold,
        carpets=carpets,
        tr=tr,
    )


def _repetition_time(person: Person, entities: Entities) -> float | None:
    """Find the repetition time of a run in seconds; None where none of its results has one."""
    for result in person.everything:
        if not result.excluded and any(dict(run) == dict(entities) for run in result.runs):
            return result.tr
    return None


def draw_task(person: Person, task: str) -> None:
    """Draw what the sessions of one task gave, from the tables."""
    results, regions = person.usable(task), person.regions
    if not results or regions is None:
        return
    save(
        matrices(
            read_matrices(person, results),
            regions.networks,
            unit="correlation",
            limit=1.0,
            names=words.network,
        ),
        person.figures / f"{stem(task)}matrices.png",
    )
    vertices = read_vertices(person.output_dir, person.everything, person.atlas)
    _draw_coverage(person, task, regions, vertices)
    _draw_gradients(person, task, regions, vertices)
    seed = seed_of(person.output_dir, results, regions)
    if seed is not None:
        save(seed, person.figures / f"{stem(task)}seed.png")


def read_matrices(person: Person, results: Sequence[SessionResult]) -> Panels:
    """Read the connectivity of the sessions, with the difference."""
    return with_difference(
        {session_label(r): read_matrix(r.matrix_path(person.output_dir))[1] for r in results}
    )


def with_difference(panels: Panels) -> Panels:
    """Add the last minus the first, if there are two or more."""
    titles = list(panels)
    if len(titles) < 2:
        return dict(panels)
    first, last = titles[0], titles[-1]
    return {**panels, f"{last} minus {first}": panels[last] - panels[first]}


def _draw_coverage(
    person: Person, task: str, regions: Regions, vertices: dict[str, NDArray[np.intp]] | None
) -> None:
    """Draw the coverage of the regions on the cortex, where there is a surface."""
    coverage = {
        session_label(result): values
        for result in person.usable(task)
        if (values := _least_coverage(person, result, regions)) is not None
    }
    if not coverage:
        return
    figure = on_cortex(
        coverage, vertices, unit="coverage", limits=(0, 1), colours=SEQUENTIAL
    )  # fmt: skip
    if figure is not None:
        save(figure, person.figures / f"{stem(task)}coverage.png")


def _least_coverage(person: Person, result: SessionResult, regions: Regions) -> Array | None:
    """Read the (R,) coverage of a session, the least of its runs; None where no table is kept."""
    paths = [
        outputs.coverage_path(person.output_dir, entities, result.atlas_entities)
        for entities in result.runs
    ]
    tables = [read_tsv(path).set_index("name")["coverage"] for path in paths if path.exists()]
    if not tables:
        return None
    least = pd.concat(tables, axis=1).apply(pd.to_numeric, errors="coerce").min(axis=1)
    return np.asarray(least.reindex(list(regions.names)), dtype=np.float64)


def _draw_gradients(
    person: Person, task: str, regions: Regions, vertices: dict[str, NDArray[np.intp]] | None
) -> None:
    """Draw the first two gradients in their plane, and the first on the cortex."""
    planes = {session_label(r): _gradients(r, regions.names) for r in person.usable(task)}
    if not any(np.isfinite(values).any() for values in planes.values()):
        return
    unit = "diffusion units"
    save(
        gradient_plane(planes, regions.networks, unit=unit, names=words.network),
        person.figures / f"{stem(task)}gradients.svg",
    )
    first = with_difference({title: values[:, 0] for title, values in planes.items()})
    surface = on_cortex(first, vertices, unit=f"gradient 1 ({unit})")
    if surface is not None:
        save(surface, person.figures / f"{stem(task)}cortex.png")


def _gradients(result: SessionResult, names: Sequence[str]) -> Array:
    """Read the (R, 2) first gradients from the table of measures."""
    table, columns = read_tsv(result.path), ["gradient1", "gradient2"]
    chosen = table[(table["level"] == "region") & table["measure"].isin(columns)]
    chosen = chosen.assign(value=pd.to_numeric(chosen["value"], errors="coerce"))
    wide = chosen.pivot_table(index="label", columns="measure", values="value", dropna=False)
    return np.asarray(wide.reindex(index=list(names), columns=columns), dtype=np.float64)


def seed_of(output_dir: Path, results: Sequence[SessionResult], regions: Regions) -> Figure | None:
    """Draw the maps of connectivity with the posterior cingulate, a row per session.

    None where the atlas has no posterior cingulate, or the maps are missing or share no grid.
    """
    members = regions.sets.get("PCC", ())
    paths = {session_label(r): r.map_path(output_dir, "zpcc") for r in results}
    if not members or not all(path.exists() for path in paths.values()):
        return None
    if not all(path.name.endswith(VOLUME_MAP) for path in paths.values()):
        return _seed_on_surface(paths)
    volumes, affine = _on_one_grid(paths)
    middle = np.nanmean(regions.centroids[list(members)], axis=0)
    if affine is None or not np.isfinite(middle).all():
        return None
    return slices(
        volumes,
        affine,
        through=(float(middle[0]), float(middle[1]), float(middle[2])),
        limit=symmetric_limit(*volumes.values()),
        unit="Fisher z",
    )


def _seed_on_surface(paths: Mapping[str, Path]) -> Figure | None:
    """Draw maps of vertices, a row per session; None where they do not share a mesh."""
    maps = {title: read_ground_map(path) for title, path in paths.items()}
    grounds = [ground for _, ground in maps.values() if isinstance(ground, Surface)]
    if len(grounds) < len(maps) or not all(map(grounds[0].is_like, grounds)):
        return None
    panels = {title: values for title, (values, _) in maps.items()}
    return maps_on_cortex(panels, grounds[0], unit="Fisher z")


def _on_one_grid(paths: dict[str, Path]) -> tuple[Panels, Array | None]:
    """Read maps, NaN outside the mask, and the (4, 4) affine; None where they share no grid."""
    maps = {title: read_map(path) for title, path in paths.items()}
    volumes = {title: values for title, (values, _) in maps.items()}
    affines = [affine for _, affine in maps.values()]
    shapes = {values.shape for values in volumes.values()}
    alike = len(shapes) == 1 and all(np.allclose(affines[0], affine) for affine in affines)
    return volumes, affines[0] if alike else None
