"""The figures of the group page, drawn from the tables of the group level."""

from collections.abc import Sequence

from gradshift.report.album import Album, Named
from gradshift.report.connectionfigures import connection_pictures
from gradshift.report.gradientfigures import gradient_pictures, seed_pictures
from gradshift.report.grouped import GroupResults
from gradshift.report.headlinefigures import headline_pictures, specification_pictures
from gradshift.report.motionfigures import motion_pictures, pictures_of_motion_in_connections
from gradshift.report.networkfigures import network_pictures
from gradshift.report.regionfigures import region_pictures


def task_pictures(results: GroupResults, task: str, formats: Sequence[str] = ()) -> Named:
    """Draw the figures of one task; those without data are left out."""
    album = Album(results, task, formats)
    asked = results.asked(task)
    if asked:
        yield from headline_pictures(album, asked)
        yield from specification_pictures(album, asked)
    if results.regions is not None:
        yield from network_pictures(album, results.regions)
        yield from connection_pictures(album, results.regions)
        yield from region_pictures(album, results.regions)
        yield from gradient_pictures(album, results.regions)
        yield from seed_pictures(album, results.regions)
        yield from pictures_of_motion_in_connections(album, results.regions)
    yield from motion_pictures(album)
