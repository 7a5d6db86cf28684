"""Which columns of a table of another program are the regions of an atlas: by their names."""

import re
from collections.abc import Sequence

from gradshift.bids.tableheader import Header

SHARE = 0.9
"""More than this share of the numbered regions of an atlas must be there, or the table is of
another resolution: of the Schaefer atlases each has the names of the coarser ones."""

_LABEL = re.compile(r"(?:N?Z?Mean|Med)_(\d+)")
"""A column that is named by the label that its region has in the image, as C-PAC does it."""

_OURS = re.compile(r"Schaefer2018_(\d+)_(7|17)")
_THEIRS = re.compile(r"(?:Schaefer2018p?|_desc-)(\d+)(?:n|Parcels)(7|17)(?=_|Networks)")
"""Parcels and networks of a Schaefer atlas: as ours is called, and in names of files of C-PAC
(``atlas-Schaefer2018p200n17``) and giga_connectome (``desc-200Parcels17NetworksSimple``, or
``seg-Schaefer2018200Parcels17Networks``)."""

_NETWORKS = re.compile(r"^(7|17)networks_")
_NUMBERED = re.compile(r"(.*?)_?\d+")


def plain(name: str) -> str:
    """Return what spellings of a region's name share.

    ``7Networks_LH_Vis_1`` and the ``LH_Vis_1`` of the 4S atlases are one region, and so are names
    that differ in case or in the signs between their parts.
    """
    return _NETWORKS.sub("", re.sub(r"[^a-z0-9]+", "_", name.strip().casefold()))


def columns_of(header: Header, regions: Sequence[str]) -> tuple[int, ...]:
    """Find the regions of an atlas among the columns of a table.

    Parameters
    ----------
    header : Header
        A table without names has the regions in their order, if it has as many columns.
    regions : sequence of str

    Returns
    -------
    tuple of int
        The column of each region, -1 where it has none; empty where the table is of other
        regions, or of the same atlas in another resolution.
    """
    if header.names is None:
        return tuple(range(len(regions))) if header.n_columns == len(regions) else ()
    if all(map(_LABEL.fullmatch, header.names)):
        return _by_label(header.names, len(regions))
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header.names):
        places.setdefault(plain(name), []).append(place)
    wanted = [plain(name) for name in regions]
    numbered = [name for name in wanted if _stem(name)]
    stems = {_stem(name) for name in numbered}
    matches = [name for name in wanted if name in places]
    several = any(len(places[name]) > 1 for name in matches)
    finer = any(_stem(other) in stems for other in set(places) - set(wanted))
    coarser = bool(numbered) and sum(n in places for n in numbered) <= SHARE * len(numbered)
    if several or finer or coarser or 2 * len(matches) <= len(wanted):
        return ()
    return tuple(places[name][0] if name in places else -1 for name in wanted)


def contradicts(file: str, atlas: str) -> bool:
    """Tell whether the name of a file speaks of another Schaefer atlas than the one wanted.

    The columns of such a file have no names that would tell.
    """
    theirs, ours = _THEIRS.search(file), _OURS.search(atlas)
    if theirs is None or ours is None:
        return False
    return theirs.groups() != ours.groups()


def _by_label(names: Sequence[str], n_regions: int) -> tuple[int, ...]:
    """Find regions 1 to R by the labels that columns are named by."""
    labels = [int(name.rpartition("_")[2]) for name in names]
    known = {label: place for place, label in enumerate(labels)}
    fits = len(known) == len(labels) and min(labels) > 0 and max(labels) <= n_regions
    if not fits or len(labels) <= SHARE * n_regions:
        return ()
    return tuple(known.get(label, -1) for label in range(1, n_regions + 1))


def _stem(name: str) -> str:
    """Return a name without the number at its end; empty where it has none."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else ""
