"""The figures of persons' pages, of values of one's own choice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.api.tables import Tables
from gradshift.bids.collect import find_results, read_regions, read_vertices
from gradshift.errors import MissingInputError, SettingsError
from gradshift.figures.matrices import matrices
from gradshift.figures.scatter import gradient_plane
from gradshift.report import words
from gradshift.report.cortex import on_cortex
from gradshift.report.personfigures import motion_of, seed_of


class PersonPlots:
    """The figures of one person, as figures of matplotlib.

    Parameters
    ----------
    output : Tables
    """

    def __init__(self, output: Tables) -> None:
        self._output = output

    def matrix(self, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Draw the connectivity of sessions of a person, regions ordered by network.

        Parameters
        ----------
        sub : str
        sessions : str
            With or without prefix; all that have values if none is given.
        task : str, optional
            The first if not given.
        """
        panels = {
            words.session(f"ses-{ses.removeprefix('ses-')}"): _values(
                self._output.matrix(sub, ses, task=task)
            )
            for ses in self._of_person(sub, sessions)
        }
        networks = list(self._output.regions()["network"])
        return matrices(panels, networks, unit="correlation", names=words.network)

    def motion(self, sub: str, ses: str, task: str | None = None, run: int = 1) -> Figure:
        """Draw framewise displacement and DVARS of a run, volumes that were left out shaded.

        Parameters
        ----------
        sub, ses : str
            With or without prefix.
        task : str, optional
            The first if not given.
        run : int
            Which run of the session, counted from 1.

        Raises
        ------
        SettingsError
            If the session has fewer runs.
        MissingInputError
            If there is no such session, or no table of its motion.
        """
        result = self._output.result(sub, ses, task=task)
        if not 1 <= run <= len(result.runs):
            raise SettingsError(
                f"There is no run {run} of {sub} {ses}; the session has {len(result.runs)}."
            )
        entities = result.runs[run - 1]
        figure = motion_of(self._output.path, entities, result.fd_threshold, result.tr)
        if figure is None:
            raise MissingInputError(f"There is no table of the motion of {sub} {ses}.")
        return figure

    def slices(self, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Cut the maps of connectivity with the posterior cingulate, a row per session.

        Parameters are those of `matrix`.

        Raises
        ------
        MissingInputError
            If there are no such maps, or the maps of the sessions share no grid.
        """
        names = self._of_person(sub, sessions)
        results = [self._output.result(sub, ses, task=task) for ses in names]
        regions = read_regions(self._output.path, results[0])
        figure = seed_of(self._output.path, results, regions)
        if figure is None:
            raise MissingInputError(
                f"There are no maps of connectivity with the posterior cingulate "
                f"(stat-zpcc) of {sub} {', '.join(names)} on one grid."
            )
        return figure

    def gradients(self, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Scatter the regions over the first two gradients, a panel per session."""
        regions = self._output.regions()
        panels = {}
        for ses in self._of_person(sub, sessions):
            name = f"ses-{ses.removeprefix('ses-')}"
            columns = [
                self._of_regions(f"gradient{k}", sub, name, task).reindex(regions.index)
                for k in (1, 2)
            ]
            panels[words.session(name)] = np.column_stack([_values(one) for one in columns])
        unit = words.unit("gradient1")
        return gradient_plane(panels, list(regions["network"]), unit=unit, names=words.network)

    def cortex(self, measure: str, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Draw a measure of regions on the inflated cortex (fsaverage5), a row per session.

        Raises
        ------
        MissingInputError
            If there is no surface to draw on, or no value of the session.
        """
        output, regions = self._output, self._output.regions()
        vertices = read_vertices(output.path, find_results(output.path), output.primary[0])
        panels = {}
        for ses in self._of_person(sub, sessions):
            name = f"ses-{ses.removeprefix('ses-')}"
            values = self._of_regions(measure, sub, name, task).reindex(regions.index)
            panels[words.session(name)] = _values(values)
        figure = on_cortex(panels, vertices, unit=words.unit(measure))
        if figure is None:
            raise MissingInputError(
                f"There is no surface of the atlas {output.primary[0]} in {output.path}/atlases."
            )
        return figure

    def _of_person(self, sub: str, sessions: Sequence[str]) -> Sequence[str]:
        """Return the sessions asked for; where none is, those of the person with values."""
        if sessions:
            return sessions
        table = self._output.sessions
        named = f"sub-{sub.removeprefix('sub-')}"
        usable = table[(table["participant_id"] == named) & (table["modality"] == "func")]
        usable = usable[usable["excluded"] == ""]
        if usable.empty:
            raise MissingInputError(f"There is no fMRI session of {named} with values.")
        names = list(dict.fromkeys(usable["session_id"]))
        first = [name for name in self._output.compared if name in names]
        return first + [name for name in names if name not in first]

    def _of_regions(self, measure: str, sub: str, ses: str, task: str | None) -> pd.Series:
        """Return a measure of regions of a session, by region."""
        atlas, recipe = self._output.primary
        t = self._output.measures
        chosen = t[
            (t["measure"] == measure)
            & (t["level"] == "region")
            & (t["participant_id"] == f"sub-{sub.removeprefix('sub-')}")
            & (t["session_id"] == ses)
            & (t["atlas"] == atlas)
            & ((t["recipe"] == recipe) | (t["modality"] != "func"))
        ]
        if task is not None:
            chosen = chosen[chosen["task"] == task]
        if chosen.empty:
            raise MissingInputError(f"There is no {measure} of regions of {sub} {ses}.")
        return chosen.groupby("label")["value"].mean()


def _values(table: pd.DataFrame | pd.Series) -> NDArray[np.float64]:
    return np.asarray(table, dtype=np.float64)
