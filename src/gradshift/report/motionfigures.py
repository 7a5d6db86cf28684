"""Figures of motion, and of how far the changes of connections go with it."""

import numpy as np

from gradshift.core.cortex.regions import Regions
from gradshift.figures.dependence import dependence
from gradshift.figures.slopes import slopes
from gradshift.report import words
from gradshift.report.album import Album, Named
from gradshift.report.headlinefigures import pairs_of
from gradshift.report.numbers import number

FEWEST = 4
"""People that a correlation with motion needs."""


def pictures_of_motion_in_connections(album: Album, regions: Regions) -> Named:
    """Draw how far changes of connections go with changes of motion (QC-FC)."""
    results = album.results
    upper = np.triu_indices(len(regions.names), k=1)
    places = regions.centroids
    distance = np.linalg.norm(places[upper[0]] - places[upper[1]], axis=1)
    panels = {}
    for recipe in results.recipes:
        matrix = results.matrix(album.task, "qcfc", recipe)
        if matrix is not None and (np.isfinite(matrix[upper]) & np.isfinite(distance)).any():
            panels[recipe] = (matrix[upper], distance)
    n = max((row.n for row in results.limits.connections if row.task == album.task), default=0)
    if not panels or n < FEWEST:
        return
    yield album.put(
        "qcfc",
        dependence(panels, n=n),
        "Correlation of the change of every connection with the change of motion: over the "
        "distance of the two regions, and as a histogram beside what chance alone gives; a row "
        "per recipe.",
        "Is the change of a connection correlated with the change of motion (QC-FC)? A dot per "
        "connection over the distance of its regions with the running median, and all of them "
        f"beside what chance alone gives with {n} people (dashed). A histogram that is shifted or "
        "wider, or a line that slopes, can mean that motion is in the results; connections are "
        "not independent of each other, so that some of this arises by chance.",
        "limits.json",
    )


def motion_pictures(album: Album) -> Named:
    """Draw the motion of everybody in both sessions."""
    results = album.results
    fd = np.array(
        [
            (person.mean_fd_baseline, person.mean_fd_followup)
            for person in results.people
            if person.included and person.task == album.task
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    if not np.isfinite(fd).all(axis=1).any():
        return
    sessions = (words.session(results.sessions[0]), words.session(results.sessions[1]))
    means = np.nanmean(fd, axis=0)
    yield album.put(
        "motion",
        slopes({"motion (mean FD)": pairs_of(fd, "mm", results.included(album.task))}, sessions),
        f"Mean framewise displacement of every person in {sessions[0]} and {sessions[1]}.",
        f"Motion of those compared: mean framewise displacement {number(means[0])} mm in "
        f"{sessions[0]}, {number(means[1])} mm in {sessions[1]}. A difference in motion "
        "alone can change connectivity.",
        "participants.tsv",
    )
