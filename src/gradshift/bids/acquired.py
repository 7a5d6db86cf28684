"""Reading how a run was acquired, from the JSON beside it and beside the raw image."""

from collections.abc import Mapping
from pathlib import Path

from gradshift.bids.acquisition import Acquisition, acquisition
from gradshift.bids.inputs import Run
from gradshift.bids.layout import raw_folders
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name, folder

RAW_ENTITIES = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")


def read_acquisition(run: Run, root: Path, fmriprep: str | None = None) -> Acquisition:
    """Read the JSON of a run, and of the raw image where it lies beside, and describe it.

    Parameters
    ----------
    run : Run
    root : Path
        The preprocessed dataset.
    fmriprep : str, optional
        Name and version of the pipeline.
    """
    raw = {key: run.entities[key] for key in RAW_ENTITIES if key in run.entities}
    image = Path(folder(raw, "func")) / file_name(raw, "bold.nii.gz")
    original: dict[str, object] = {}
    for place in raw_folders(root):
        if place != root and (metadata := _inherited(place / image, raw, place)):
            original = metadata
            break
    prepared = _inherited(run.bold, dict(run.entities), root)
    return acquisition(run, {**original, **prepared}, fmriprep)


def _inherited(path: Path, entities: Mapping[str, str], root: Path) -> dict[str, object]:
    try:
        return inherited(path, entities, root)
    except Exception:  # an audit says what is known; the run itself was checked before
        return {}
