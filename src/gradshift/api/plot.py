"""The figures of the pages, of values of one's own choice."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradshift.api.tables import Tables
from gradshift.bids.collect import find_results, read_vertices
from gradshift.errors import MissingInputError, SettingsError
from gradshift.figures.forest import Effect, forest
from gradshift.figures.matrices import matrices
from gradshift.figures.scatter import gradient_plane
from gradshift.figures.slopes import Pairs, slopes
from gradshift.report import words
from gradshift.report.cortex import on_cortex
from gradshift.report.grouped import GroupResults

WIDTH = 22
"""Letters in a line of a title."""

Key = tuple[str, str]
"""Measure and label, such as ``("withinfc", "Default")``."""


class Plots:
    """The figures of an output, as figures of matplotlib: show, change or save them.

    Values are of the primary atlas and recipe. A value is named by its measure and its label,
    such as ``("withinfc", "Default")``, as in the tables.

    Parameters
    ----------
    output : Tables
    """

    def __init__(self, output: Tables) -> None:
        self._output = output
        self._group = GroupResults(output.path / "group", output.path)

    def slopes(self, *values: Key, task: str | None = None) -> Figure:
        """Draw a line per person from baseline to follow-up, a panel per value.

        Parameters
        ----------
        values : pair of str
            Measure and label; the headline values if none is given.
        task : str, optional
            The first if not given.

        Raises
        ------
        SettingsError
            If there is no such value.
        """
        group, task = self._group, task or self._group.tasks[0]
        table = group.values(task)
        sessions = (words.session(group.sessions[0]), words.session(group.sessions[1]))
        panels = {}
        for key in self._keys(values, task):
            pairs = table.of(key)
            panels[_title(key)] = Pairs(pairs[:, 0], pairs[:, 1], words.unit(key[0]))
        return slopes(panels, sessions)

    def forest(self, *values: Key, task: str | None = None) -> Figure:
        """Draw Hedges' g with its 95 % interval, recipes beside each other.

        Parameters and errors are those of `slopes`.
        """
        group, task = self._group, task or self._group.tasks[0]
        rows = {}
        for key in self._keys(values, task):
            results = [group.find(key, task, recipe) for recipe in group.recipes]
            rows[_title(key).replace("\n", " ")] = [
                Effect(row.hedges_g, row.ci_low, row.ci_high)
                if row
                else Effect(np.nan, np.nan, np.nan)
                for row in results
            ]
        return forest(rows, group.recipes, label="Hedges' g, 95 % interval")

    def matrix(self, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Draw the connectivity of sessions of a person, regions ordered by network.

        Parameters
        ----------
        sub : str
        sessions : str
            One or more, with or without prefix.
        task : str, optional
            The first if not given.
        """
        panels = {
            words.session(f"ses-{ses.removeprefix('ses-')}"): _values(
                self._output.matrix(sub, ses, task=task)
            )
            for ses in sessions
        }
        networks = list(self._output.regions()["network"])
        return matrices(panels, networks, unit="correlation", names=words.network)

    def change(self, stat: str = "meanchange", task: str | None = None) -> Figure:
        """Draw a matrix of the group: the mean change of the connection of every two regions.

        Parameters
        ----------
        stat : str
            Which, as in the file names: meanchange, t, p, pfwe, tfce, pfwetfce or qcfc.
        task : str, optional
            The first if not given.
        """
        group = self._group
        values = group.matrix(task or group.tasks[0], stat, group.recipe)
        if values is None:
            raise MissingInputError(f"There is no matrix stat-{stat} in {group.folder}.")
        networks = list(self._output.regions()["network"])
        return matrices({stat: values}, networks, unit=stat, names=words.network)

    def gradients(self, sub: str, *sessions: str, task: str | None = None) -> Figure:
        """Scatter the regions over the first two gradients, a panel per session."""
        regions = self._output.regions()
        panels = {}
        for ses in sessions:
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
        for ses in sessions:
            name = f"ses-{ses.removeprefix('ses-')}"
            values = self._of_regions(measure, sub, name, task).reindex(regions.index)
            panels[words.session(name)] = _values(values)
        figure = on_cortex(panels, vertices, unit=words.unit(measure))
        if figure is None:
            raise MissingInputError(
                f"There is no surface of the atlas {output.primary[0]} in {output.path}/atlases."
            )
        return figure

    def _keys(self, values: Sequence[Key], task: str) -> list[tuple[str, str, str]]:
        """Return measure, level and label of values; of the headlines if there are none."""
        if not values:
            return [asked.key for asked in self._group.asked(task)]
        known = {(row.measure, row.label): row.level for row in self._group.rows}
        for value in values:
            if tuple(value) not in known:
                labels = sorted({label for measure, label in known if measure == value[0]})
                listed = ", ".join(labels[:20]) or "no such measure"
                raise SettingsError(f"There is no result of {value[0]} {value[1]}; {listed}.")
        return [(measure, known[measure, label], label) for measure, label in values]

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


def _title(key: tuple[str, str, str]) -> str:
    measure, level, label = key
    name = textwrap.fill(words.measure(measure), WIDTH)
    return name if level == "whole" else f"{name}\n{words.NETWORKS.get(label, label)}"


def _values(table: pd.DataFrame | pd.Series) -> NDArray[np.float64]:
    return np.asarray(table, dtype=np.float64)
