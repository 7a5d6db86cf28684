"""Where the figures of one task of the group page go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from gradshift.report.grouped import GroupResults
from gradshift.report.pages import Picture, picture
from gradshift.report.saving import save, save_for_print

Named = Iterator[tuple[str, Picture]]


@dataclass(frozen=True)
class Album:
    """Where the figures of one task go.

    Parameters
    ----------
    results : GroupResults
    task : str
    formats : sequence of str
        In which they are written for print, too: ``pdf``, ``png``.
    """

    results: GroupResults
    task: str
    formats: Sequence[str] = ()

    def put(
        self, name: str, figure: Figure, alt: str, caption: str, *sources: str, kind: str = "svg"
    ) -> tuple[str, Picture]:
        """Save a figure; `sources` are the files that hold its numbers."""
        stem = "" if self.task == "n/a" else f"task-{self.task}_"
        path = save(figure, self.results.folder / "figures" / f"{stem}{name}.{kind}")
        for more in self.formats:
            save_for_print(figure, path.with_name(f"{path.stem}_print.{more}"))
        return name, picture(path, self.results.folder, alt, caption, sources)
