"""Which columns of a table of another program are the regions of an atlas: by their names."""

import re
from collections.abc import Sequence

from gradshift.bids.numbertable import Header

SHARE = 0.9
"""More than this share of the numbered regions of an atlas must be there, or the table is of
another resolution: of the Schaefer atlases each has the names of the coarser ones."""

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


def _stem(name: str) -> str:
    """Return a name without the number at its end; empty where it has none."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else ""
