"""The results of one participant, as the figures and the page see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradshift.bids.collect import SessionResult, find_results
from gradshift.bids.facts import Entities
from gradshift.core.cortex.regions import Regions
from gradshift.report.results import read_regions


@dataclass(frozen=True, kw_only=True)
class Person:
    """One participant's results as the page sees them.

    Parameters
    ----------
    output_dir : Path
    participant : str
        With prefix.
    atlas, recipe : str
        The primary ones, which the figures show.
    sessions : sequence of str
        With prefix, in the order of time as far as it is known; others follow.
    """

    output_dir: Path
    participant: str
    atlas: str
    recipe: str
    sessions: Sequence[str] = ()

    @cached_property
    def results(self) -> list[SessionResult]:
        """All results, in the order of the sessions."""
        rank = {session: i for i, session in enumerate(self.sessions)}
        return sorted(
            find_results(self.output_dir, self.participant),
            key=lambda r: (r.task, rank.get(r.session, len(rank)), r.run),
        )

    @property
    def everything(self) -> list[SessionResult]:
        """All results of BOLD."""
        return [result for result in self.results if result.modality == "func"]

    @property
    def molecules(self) -> list[SessionResult]:
        """Results of PET, of the primary atlas where it has such, and of spectroscopy."""
        atlases = [r.atlas for r in self.results if r.modality == "pet"]
        atlas = self.atlas if self.atlas in atlases or not atlases else atlases[0]
        return [r for r in self.results if r.modality != "func" and r.atlas in (atlas, "n/a")]

    @cached_property
    def primary(self) -> list[SessionResult]:
        """Those of the primary atlas and recipe."""
        return [r for r in self.everything if (r.atlas, r.recipe) == (self.atlas, self.recipe)]

    @cached_property
    def regions(self) -> Regions | None:
        """Regions of the primary atlas."""
        return read_regions(self.output_dir, self.results, self.atlas)

    @property
    def tasks(self) -> list[str]:
        """Tasks with results, each once."""
        return list(dict.fromkeys(result.task for result in self.everything))

    def usable(self, task: str) -> list[SessionResult]:
        """Return the primary results of a task that were not left out."""
        return [r for r in self.primary if r.task == task and not r.excluded]

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.output_dir / self.participant / "figures"

    def link(self, path: Path) -> str:
        """Return a file as the page links to it."""
        return path.relative_to(self.output_dir).as_posix()


def session_label(result: SessionResult) -> str:
    """Name the session of a result, and its run where runs were not joined."""
    parts = [result.session] if result.session != "n/a" else []
    parts += [f"run-{result.run}"] if result.run != "n/a" else []
    return " ".join(parts) or "the only session"


def run_label(entities: Entities) -> str:
    """Name a run by its session, task and run."""
    return " ".join(f"{k}-{entities[k]}" for k in ("ses", "task", "run") if k in entities)


def motion_name(entities: Entities) -> str:
    """Name the figure of the motion of a run."""
    parts = [f"{k}-{v}" for k, v in entities.items() if k in ("ses", "task", "acq", "dir", "run")]
    return "_".join([*parts, "motion.png"])


def stem(task: str) -> str:
    """Return how the names of the figures of a task start."""
    return "" if task == "n/a" else f"task-{task}_"
