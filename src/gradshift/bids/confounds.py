"""fMRIPrep's confounds: the file of one run, as numbers by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.confoundheader import base_of, read_metadata, some
from gradshift.bids.confoundnames import DVARS, FD, MOTION, UNFILTERED, modern_names
from gradshift.bids.displacement import framewise_displacement, is_distance
from gradshift.bids.numbers import read_numbers
from gradshift.bids.tables import read_table
from gradshift.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Confounds:
    """The confounds of one run.

    Parameters
    ----------
    path : Path
        The file they came from.
    columns : mapping of str to (T,) array
        NaN where the file has ``n/a``.
    metadata : mapping of str to mapping
        The JSON file beside it; empty if there is none.
    """

    path: Path
    columns: Mapping[str, NDArray[np.float64]]
    metadata: Mapping[str, object]

    @property
    def n_volumes(self) -> int:
        """Number of volumes, T."""
        return len(next(iter(self.columns.values())))

    def as_measured(self, volumes: NDArray[np.intp]) -> "Confounds":
        """Return the values of some volumes, all as they were measured among the others."""
        columns = {name: values[volumes] for name, values in self.columns.items()}
        return replace(self, columns=columns)

    @cached_property
    def fd(self) -> NDArray[np.float64] | None:
        """(T,) framewise displacement in mm, the first NaN.

        Recomputed from the motion parameters where the column is missing, has gaps or values
        below 0; without these parameters the column as it is, None where there is none. What is
        no further below 0 than filters and splines put a head at rest counts as 0.
        """
        given = self.columns.get(FD)
        if given is not None and is_distance(given):
            return np.maximum(given, 0.0)
        if not set(MOTION) <= set(self.columns):
            return given
        return framewise_displacement(self.motion)

    @property
    def motion(self) -> NDArray[np.float64]:
        """(T, 6) motion parameters.

        Raises
        ------
        InputError
            If one is missing.
        """
        if missing := [name for name in MOTION if name not in self.columns]:
            raise InputError(
                f"The confounds file {self.path} has no {some(missing)}, and --motion-filter "
                "needs all six motion parameters."
            )
        return np.column_stack([self.columns[name] for name in MOTION])

    @property
    def unfiltered_fd(self) -> NDArray[np.float64] | None:
        """(T,) displacement before `moved_by`; None where nothing was filtered."""
        return self.columns.get(UNFILTERED)

    def moved_by(self, filtered: NDArray[np.float64]) -> "Confounds":
        """Return the confounds with the displacement of filtered motion parameters, (T, 6).

        The parameters themselves stay as they are: what they do to the image, breathing included,
        is regressed out with them.
        """
        before = self.fd
        assert before is not None  # the parameters are there
        new = {FD: framewise_displacement(filtered), UNFILTERED: before}
        return replace(self, columns={**self.columns, **new})

    def at(self, volumes: NDArray[np.intp]) -> "Confounds":
        """Return the confounds of some volumes, as if the others had not been measured.

        Derivatives are left out, to be computed anew. A displacement is the way from one of these
        volumes to the next.
        """
        anew = {n for n in self.columns if "_derivative1" in n and base_of(n)[0] in self.columns}
        kept = {name: values[volumes] for name, values in self.columns.items() if name not in anew}
        for name, fd in ((FD, self.fd), (UNFILTERED, self.unfiltered_fd)):
            if fd is not None:
                way = np.nancumsum(fd)[volumes]
                kept[name] = np.concatenate([np.full(min(len(way), 1), np.nan), np.diff(way)])
        return replace(self, columns=kept)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was taken otherwise than the file has it, a sentence each."""
        given = self.columns.get(FD)
        if given is None or (is_distance(given) and not (given < 0).any()):
            return ()
        if is_distance(given):
            return (
                f"Column {FD!r} of {self.path.name} has values down to {np.nanmin(given):.2g} mm; "
                "those below 0 count as 0.",
            )
        if self.fd is given:  # nothing to compute it from
            return ()
        return (
            f"Column {FD!r} of {self.path.name} has gaps or values below 0, which no distance "
            "has; it was computed from the motion parameters.",
        )

    @property
    def dvars(self) -> NDArray[np.float64] | None:
        """(T,) standardised DVARS, the first NaN; None where there is no such column."""
        return self.columns.get(DVARS)

    @cached_property
    def non_steady_state(self) -> NDArray[np.bool_]:
        """(T,) True for volumes marked as not yet steady."""
        marked = np.zeros(self.n_volumes, dtype=bool)
        for name, values in self.columns.items():
            if name.startswith("non_steady_state_outlier"):
                marked |= values > 0
        return marked


def read_confounds(path: Path, n_volumes: int | None = None) -> Confounds:
    """Read a confounds file and the JSON file beside it.

    Parameters
    ----------
    path : Path
        As `gradshift.bids.tables.read_table` takes it; the names of fMRIPrep 1.0 are translated.
    n_volumes : int, optional
        Number of volumes of the run; there must be as many rows.

    Returns
    -------
    Confounds

    Raises
    ------
    MissingInputError
        If the file is not there.
    InputError
        If it is not a table of numbers, or has another number of rows.
    """
    path = Path(path)
    table = read_table(path)
    if table.empty:
        raise InputError(f"The confounds file {path} has a header but no rows.")
    if n_volumes is not None and len(table) != n_volumes:
        raise InputError(
            f"The confounds file {path} has {len(table)} rows, and the run has {n_volumes} "
            "volumes; they do not belong together, or one is damaged."
        )
    names = modern_names(path, table.columns)
    columns = {
        name: read_numbers(
            list(table.iloc[:, place]),
            f"Column {name[:60]!r} of the confounds file {path}",
        )
        for place, name in enumerate(names)
    }
    return Confounds(path=path, columns=columns, metadata=read_metadata(path))
