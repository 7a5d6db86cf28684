"""Building a `Session` from what the steps before left."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.options import Options
from gradshift.core.cortex.session import Session
from gradshift.participant.nodes.atlas import read_reference, read_regions
from gradshift.participant.nodes.outcome import Outcome


def build_session(
    found: Outcome,
    recipe: str,
    i: int,
    atlas: str,
    *,
    reasons: Mapping[str, str],
    n_common: int,
    options: Options,
    dropout: NDArray[np.bool_] | None = None,
    maps: Mapping[str, NDArray[np.float64]] | None = None,
    missing_maps: Mapping[str, str] | None = None,
) -> Session:
    """Build the session of one recipe and one atlas.

    Parameters
    ----------
    found : Outcome
        Of Connect.
    recipe : str
    i : int
        Number of the atlas.
    atlas : str
        File of its regions.
    reasons : mapping of str to str
        Regions that must not be used, with the reason.
    n_common, options, dropout, maps, missing_maps
        See `Session`.
    """
    regions = read_regions(atlas)
    left_out = np.array([name in reasons for name in regions.names])
    series = found.arrays[f"series_{recipe}_{i}"].copy()
    matrix = found.arrays[f"matrix_{recipe}_{i}"].copy()
    series[:, left_out] = matrix[left_out] = matrix[:, left_out] = np.nan
    notes: Mapping[str, Any] = found.notes["recipes"][recipe]
    return Session(
        regions=regions,
        series=series,
        volumes=found.arrays[f"volumes_{recipe}"],
        run_of=found.arrays[f"run_{recipe}"],
        tr=notes["tr"],
        matrix=matrix,
        n_common=n_common,
        maps={k: np.where(left_out, np.nan, v) for k, v in (maps or {}).items()},
        missing_maps=missing_maps or {},
        reference=read_reference(atlas),
        dropout=dropout,
        options=options,
    )
