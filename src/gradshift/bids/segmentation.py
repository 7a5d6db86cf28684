"""Tissues in the space of a run: the segmentation that fMRIPrep leaves beside its images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradshift.bids.opener import is_dangling
from gradshift.bids.parse import parse
from gradshift.bids.run import Run

TISSUES: Mapping[int, str] = {1: "grey matter", 2: "white matter", 3: "cerebrospinal fluid"}
"""Labels of ``_dseg.nii.gz`` without a ``desc``, as BIDS numbers them."""

_WHITE, _FLUID = (2, 7, 41, 46, 77, *range(251, 256)), (4, 5, 14, 15, 24, 31, 43, 44, 63, 72)
_DEEP = (*range(10, 14), 16, 17, 18, 26, 28, *range(49, 55), 58, 60)

STRUCTURES: Mapping[int, str] = {
    **dict.fromkeys((3, 42), "cortex"),
    **dict.fromkeys(_DEEP, "deep grey matter"),
    **dict.fromkeys((8, 47), "cerebellum"),
    **dict.fromkeys(_WHITE, "white matter"),
    **dict.fromkeys(_FLUID, "cerebrospinal fluid"),
}
"""Labels of ``_desc-aseg_dseg.nii.gz``, as FreeSurfer numbers them."""

OF_SPACE = ("sub", "space", "cohort")
OF_RUN = ("ses", "task", "acq", "ce", "rec", "dir", "run")
"""What a segmentation shares with a run; of the run itself where its name has a task."""


@dataclass(frozen=True)
class Segmentation:
    """An image of labels in the space of a run, and the tissue that each stands for."""

    path: Path
    tissues: Mapping[int, str] = field(default_factory=dict)


def find_segmentation(run: Run) -> Segmentation | None:
    """Find the segmentation in the space of a run, that of FreeSurfer first.

    Parameters
    ----------
    run : Run
        Of a run in the space of the scanner nothing is looked for.

    Returns
    -------
    Segmentation or None
        Of the same space, and of its resolution where there are several; None where the
        derivatives have none, or only a link without content.
    """
    if run.problem or run.surface or "space" not in run.entities:
        return None
    found = sorted(_candidates(run), key=lambda one: one[0])
    return found[0][1] if found else None


def _candidates(run: Run) -> Iterator[tuple[tuple[bool, bool, bool, str], Segmentation]]:
    """Yield the segmentations of a run with what they are sorted by."""
    for path in _files(run):
        own = parse(path, {}).entities
        tissues = {None: TISSUES, "aseg": STRUCTURES}.get(own.get("desc"))
        alike = OF_SPACE if "task" not in own else (*OF_SPACE, *OF_RUN)
        if tissues and not {"seg", "label"} & set(own) and _agree(own, run.entities, alike):
            res, ses = (not _agree(own, run.entities, [key]) for key in ("res", "ses"))
            yield (tissues is TISSUES, res, ses, path.name), Segmentation(path, tissues)


def _files(run: Run) -> Iterator[Path]:
    """Yield the segmentations in the folder of a run and the anatomy of any session."""
    person = next((p for p in run.bold.parents if p.name == f"sub-{run.entities['sub']}"), None)
    anatomy = [] if person is None else [person / "anat", *sorted(person.glob("ses-*/anat"))]
    for folder in (run.bold.parent, *anatomy):
        yield from (path for path in folder.glob("*_dseg.nii.gz") if not is_dangling(path))


def _agree(own: Mapping[str, str], run: Mapping[str, str], keys: Sequence[str]) -> bool:
    return all(own.get(key) == run.get(key) for key in keys)
