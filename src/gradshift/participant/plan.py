"""What the graph of BOLD runs is built from: the runs in their sessions, and the plan."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nipype.pipeline import engine as pe

from gradshift.bids.acquisition import Acquisition
from gradshift.bids.content import content_of
from gradshift.bids.run import Run
from gradshift.bids.sessions import AnyRun, unit_entities
from gradshift.participant.asked import Asked
from gradshift.recipes.recipe import Recipe
from gradshift.settings import Analysis


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the graph is built from, besides the runs.

    Parameters
    ----------
    asked : Asked
    atlases : sequence of Path
        The regions of every atlas; the first is the primary one.
    labels : mapping
        Their labels by `grid`.
    acquired : mapping
        How runs were acquired, by their entities.
    sessions : mapping of str to sequence of str
        The sessions of each person in the order of time, as far as it is known.
    provenance : mapping
        What sidecars say of code and source datasets.
    raw : sequence of Path
        Where the raw data may lie, the likeliest first.
    untouched : collection of str
        People, with prefix, whose results are all there: they are written only if they change.
    """

    asked: Asked
    atlases: Sequence[Path]
    labels: Mapping[object, Sequence[Path]]
    acquired: Mapping[frozenset[tuple[str, str]], Acquisition]
    sessions: Mapping[str, Sequence[str]]
    provenance: Mapping[str, object]
    raw: Sequence[Path] = ()
    untouched: Collection[str] = ()

    @property
    def recipes(self) -> Sequence[Recipe]:
        """The first is the primary one."""
        return self.asked.recipes

    @property
    def recipe_names(self) -> list[str]:
        """Names of the recipes."""
        return [recipe.name for recipe in self.recipes]

    @property
    def motion_filter(self) -> str:
        """What the motion parameters are filtered with, in words; empty for no filter."""
        chosen = self.recipes[0].motion_filter
        return chosen.words if chosen else ""

    @property
    def atlas_files(self) -> list[str]:
        """The atlases as steps take them."""
        return [str(path) for path in self.atlases]

    @property
    def analysis(self) -> Analysis:
        """What is computed."""
        return self.asked.settings.analysis

    @property
    def plugins(self) -> Sequence[str]:
        """Files of plug-ins."""
        return self.analysis.plugin

    def sources(self, runs: Sequence[AnyRun]) -> list[str]:
        """Name the files that runs are read from."""
        return [self.asked.links.uri(path) for run in runs for path in run.files]

    def acquisition(self, run: AnyRun) -> dict[str, object]:
        """Return how a run was acquired, as sidecars have it; empty where it is not known."""
        how = self.acquired.get(frozenset(run.entities.items()))
        return {} if how is None else how.as_sidecar()

    def contents(self, runs: Sequence[AnyRun]) -> dict[str, str]:
        """Return what tells the content of files apart, by name, of runs that can be used."""
        paths = [run.source for run in runs if not run.problem]
        return {path.name: content_of(path) for path in paths}

    def writes_again(self, run: AnyRun) -> bool:
        """Tell whether results are written that the intermediate results already stand for."""
        return f"sub-{run.entities['sub']}" not in self.untouched


@dataclass(frozen=True, kw_only=True)
class Session:
    """The runs of a unit of analysis in the graph, and the nodes that later steps need.

    Parameters
    ----------
    runs : sequence of Run
    tag : str
        Name of the session among the nodes of its person.
    denoised : sequence of Node
        Those that denoise its runs.
    connect, person, measure : Node
    """

    runs: Sequence[AnyRun]
    tag: str
    denoised: Sequence[pe.Node]
    connect: pe.Node
    person: pe.Node
    measure: pe.Node

    @property
    def run_tags(self) -> list[str]:
        """Names of the runs among the nodes of their person."""
        return run_tags(self.runs)


def grid(run: Run) -> tuple[object, ...]:
    """Return what two runs must share to lie on the same grid."""
    affine = tuple(tuple(round(value, 4) for value in row) for row in run.affine)
    return run.entities["space"], run.shape, affine, run.surface


def session_label(unit: Sequence[AnyRun]) -> str:
    """Name a unit as messages do."""
    entities = unit_entities(unit)
    named = [f"{key}-{entities[key]}" for key in ("ses", "run") if key in entities]
    return " ".join(named) or "the only session"


def session_tag(unit: Sequence[AnyRun]) -> str:
    """Name a unit among the nodes of its person."""
    named = [
        f"{key}_{value}"
        for key, value in unit_entities(unit).items()
        if key not in ("sub", "task", "space", "res", "den")
    ]
    return "_".join(named) or "session"


def run_tags(unit: Sequence[AnyRun]) -> list[str]:
    """Name the runs of a unit among the nodes of their person."""
    return [f"{session_tag(unit)}_{number}" for number in range(1, len(unit) + 1)]
