"""Figures of the principal gradient, and of the posterior cingulate in every voxel."""

from pathlib import Path

import numpy as np

from gradshift.bids.collect import read_map, read_vertices
from gradshift.bids.mapimages import Surface, read_ground_map
from gradshift.bids.outputs import VOLUME_MAP
from gradshift.core.cortex.regions import Regions
from gradshift.figures.density import densities
from gradshift.figures.slices import slices
from gradshift.figures.style import symmetric_limit
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.cortex import maps_on_cortex, on_cortex


def gradient_pictures(album: Album, regions: Regions) -> Named:
    """Draw how the regions are spread along the principal gradient, and where they lie."""
    results = album.results
    gradients = results.values(album.task).regions("gradient1", regions.names)
    if not np.isfinite(gradients).all(axis=0).any():
        return
    before, after = gradients
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    everybody = "" if results.effect[1] == "change" else " People of all groups."
    label = f"principal gradient ({words.unit('gradient1')})"
    yield album.put(
        "gradient",
        densities(before, after, sessions, label=label),
        "Density of the principal gradient over regions in both sessions.",
        "How the regions are spread along the principal gradient (means over people). A "
        f"compressed hierarchy is narrower.{everybody}",
        "measures.tsv",
    )
    vertices = read_vertices(results.output_dir, results.sources, results.atlas)
    panels = {
        sessions[0]: before,
        sessions[1]: after,
        f"{sessions[1]} minus {sessions[0]}": after - before,
    }
    figure = on_cortex(panels, vertices, unit=label)
    if figure is not None:
        yield album.put(
            "cortex",
            figure,
            "The principal gradient on the inflated cortex in both sessions, and its difference.",
            "The principal gradient on the inflated cortex (fsaverage5), mean over people, and "
            f"{sessions[1]} minus {sessions[0]}, on one scale. Not a map of tests.{everybody}",
            "measures.tsv",
            kind="png",
        )


def seed_pictures(album: Album, regions: Regions) -> Named:
    """Draw the change of the connectivity of voxels with the posterior cingulate."""
    results, held = album.results, album.results.tested
    paths = [results.map_path(album.task, stat) for stat in ("meanchange", "pfwe")]
    members = list(regions.sets.get("PCC", ()))
    if paths[0] is None or paths[1] is None or not members:
        return
    if not paths[0].name.endswith(VOLUME_MAP):
        yield from _seed_on_surface(album, paths[0], paths[1])
        return
    x, y, z = np.nanmean(regions.centroids[members], axis=0).tolist()
    change, affine = read_map(paths[0])
    p, _ = read_map(paths[1])
    if not np.isfinite((x, y, z)).all() or not np.isfinite(change).any():
        return
    below = np.nan_to_num(p, nan=1.0) <= results.alpha
    n = int(below.sum())
    outlined = f"Outlined: {n} voxels with" if n else "No voxel has"
    yield album.put(
        "seed",
        slices(
            {f"{held.mean} ({results.effect[0]})": change}, affine, through=(x, y, z),
            limit=symmetric_limit(change), unit=f"{held.noun} of Fisher z", outlined=below,
        ),
        f"Slices through the posterior cingulate cortex with the {held.mean} of every voxel's "
        "connectivity with it.",
        f"{held.mean[0].upper()}{held.mean[1:]} of every voxel's connectivity with the posterior "
        f"cingulate cortex, cut through it; left is left. {outlined} a family-wise p of at most "
        f"{results.alpha:g} over the whole brain.",
        paths[0].name,
        paths[1].name,
        kind="png",
    )  # fmt: skip


def _seed_on_surface(album: Album, change_path: Path, p_path: Path) -> Named:
    """Draw the change of every vertex on the mesh that it was computed on."""
    change, ground = read_ground_map(change_path)
    p, _ = read_ground_map(p_path)
    if not isinstance(ground, Surface) or not np.isfinite(change).any():
        return
    title = f"mean change ({album.results.effect[0]})"
    figure = maps_on_cortex({title: change}, ground, unit="change of Fisher z")
    if figure is None:
        return
    n = int((np.nan_to_num(p, nan=1.0) <= album.results.alpha).sum())
    yield album.put(
        "seed",
        figure,
        "The cortex from both sides with the mean change of every vertex's connectivity with the "
        "posterior cingulate cortex.",
        "Mean change of every vertex's connectivity with the posterior cingulate cortex, on the "
        f"surface that it was computed on. {n or 'No'} vertices and voxels have a family-wise p "
        f"of at most {album.results.alpha:g} over the whole map.",
        change_path.name,
        p_path.name,
        kind="png",
    )
