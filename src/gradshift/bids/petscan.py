"""One scan of PET and what goes with it; one measurement per session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradshift.tracers.tracer import UNNAMED, Tracer

ACQUIRED = ("sub", "ses", "task", "acq", "trc", "rec", "run")
"""Entities that tell one PET scan from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PetScan:
    """One source of regional values of one PET scan.

    Parameters
    ----------
    entities : mapping of str to str
        Of the acquisition, with ``space`` for images.
    kind : {'tacs', 'image', 'static', 'table', 'maps'}
        What the sources are: curves of regions, a 4-D image, an image of one frame, finished
        tables, or finished maps. Only the last two can be several files.
    sources : tuple of Path
    models : tuple of str
        Of finished results, what each source is of: the model in the name of a table (empty
        if it names none), our name of what a map shows.
    seg : str
        Segmentation of the curves or the table; empty if not told, or for an image.
    pvc : str
        Method of partial volume correction; empty for none.
    reference : Path, optional
        Curve of the reference region, or a mask of it if the source is an image.
    references : tuple of str
        Reference regions that there are curves of.
    blood : tuple of Path
    motion : Path, optional
        Table with the framewise displacement of the scan.
    tracer : Tracer
        With a name only where nothing more is known of it.
    reference_name : str
        The reference region, as asked for, or of the tracer; empty where there is none.
    metadata : mapping
        Of the scan: what its JSON files say, those of the raw scan first.
    mask : Path, optional
        Brain mask on the grid of an image.
    shape, affine
        Of an image, as in `gradshift.bids.run.Run`.
    problem : str
        Why the scan cannot be used; empty if it can.
    """

    entities: Mapping[str, str]
    kind: str
    sources: tuple[Path, ...]
    models: tuple[str, ...] = ()
    seg: str = ""
    pvc: str = ""
    reference: Path | None = None
    references: tuple[str, ...] = ()
    blood: tuple[Path, ...] = ()
    motion: Path | None = None
    tracer: Tracer = field(default_factory=lambda: Tracer(name=UNNAMED))
    reference_name: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    mask: Path | None = None
    shape: tuple[int, int, int] = (0, 0, 0)
    affine: tuple[tuple[float, ...], ...] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """The scan as a log line names it, such as ``sub-01 ses-pre pet``."""
        named = [f"{k}-{self.entities[k]}" for k in ACQUIRED if k in self.entities]
        return " ".join([*named, "pet", *([f"pvc-{self.pvc}"] if self.pvc else [])])

    @property
    def on_grid(self) -> bool:
        """Whether the sources are images, which need the labels of an atlas."""
        return self.kind in ("image", "static", "maps")
