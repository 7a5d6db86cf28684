"""The figures of the pages, of values of one's own choice."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from gradshift.api.personplots import PersonPlots
from gradshift.api.tables import Tables
from gradshift.errors import MissingInputError, SettingsError
from gradshift.figures.coupling import coupling
from gradshift.figures.forest import Effect, forest
from gradshift.figures.matrices import matrices
from gradshift.figures.slopes import Pairs, slopes
from gradshift.figures.specification import specification
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.headlinefigures import CHOICES, SPECIFIED, variants_of
from gradshift.report.molecules import coupled_changes

WIDTH = 22
"""Letters in a line of a title."""

Key = tuple[str, str]
"""Measure and label, such as ``("withinfc", "Default")``."""


class Plots(PersonPlots):
    """The figures of an output, as figures of matplotlib: show, change or save them.

    Values are of the primary atlas and recipe. A value is named by its measure and its label,
    such as ``("withinfc", "Default")``, as in the tables.

    Parameters
    ----------
    output : Tables
    """

    def __init__(self, output: Tables) -> None:
        super().__init__(output)
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
            panels["\n".join(_title(key))] = Pairs(pairs[:, 0], pairs[:, 1], words.unit(key[0]))
        return slopes(panels, sessions)

    def forest(self, *values: Key, task: str | None = None) -> Figure:
        """Draw Hedges' g with its 95 % interval, recipes beside each other.

        Parameters and errors are those of `slopes`.
        """
        group, task = self._group, task or self._group.tasks[0]
        rows = {}
        for key in self._keys(values, task):
            results = [group.find(key, task, recipe) for recipe in group.recipes]
            rows[", ".join(_named(key))] = [
                Effect(row.hedges_g, row.ci_low, row.ci_high)
                if row
                else Effect(np.nan, np.nan, np.nan)
                for row in results
            ]
        return forest(rows, group.recipes, label="Hedges' g, 95 % interval")

    def specification(self, *values: Key, task: str | None = None) -> Figure:
        """Draw Hedges' g under every choice of the analysis, the smallest effect first.

        Choices are atlas and recipe, of gradients also the kernel, of graphs the density.
        Parameters and errors are those of `slopes`.

        Raises
        ------
        MissingInputError
            If `group/variants.tsv` has none of the values.
        """
        group, task = self._group, task or self._group.tasks[0]
        keys = self._keys(values, task)
        panels = {"\n".join(_title(key)): variants_of(group, key, task) for key in keys}
        panels = {title: variants for title, variants in panels.items() if variants}
        if not panels:
            raise MissingInputError(
                f"{group.folder / 'variants.tsv'} holds no variant of "
                f"{', '.join(f'{measure} {label}' for measure, _, label in keys)}; it has "
                f"{', '.join(sorted({row.measure for row in group.variants})) or 'no rows'}."
            )
        return specification(panels, CHOICES, label=SPECIFIED)

    def coupling(self) -> Figure:
        """Scatter changes of two modalities over people, a panel per pair declared beforehand.

        Beneath are the correlation with its interval, as in `group/coupling.tsv`, and the
        correlations without each person in turn.

        Raises
        ------
        MissingInputError
            If no pair could be correlated.
        """
        panels = list(coupled_changes(self._group))
        if not panels:
            raise MissingInputError(
                f"{self._group.folder / 'coupling.tsv'} holds no correlation between people: "
                "it needs PET or MRS beside fMRI (--pair), and enough people with both."
            )
        return coupling(panels)

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


def _named(key: tuple[str, str, str]) -> list[str]:
    """Return the measure in words and, unless it is of the whole cortex, what it belongs to."""
    measure, level, label = key
    return [words.measure(measure), *([] if level == "whole" else [words.label(level, label)])]


def _title(key: tuple[str, str, str]) -> list[str]:
    """Return the lines of a title."""
    return [
        line for name in _named(key) for line in textwrap.wrap(name, WIDTH, break_on_hyphens=False)
    ]
