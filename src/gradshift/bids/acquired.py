"""Reading how a run was acquired, from the JSON beside it and beside the raw image."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gradshift.bids.acquisition import Acquisition
from gradshift.bids.measurements import DIFFERENT
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name, folder
from gradshift.bids.run import Run
from gradshift.errors import reason

RAW_ENTITIES = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")


def read_acquisition(
    run: Run,
    root: Path,
    raw_folders: Sequence[Path] = (),
    fmriprep: str | None = None,
    remarks: set[str] | None = None,
) -> Acquisition:
    """Read the JSON of a run, and of the raw image where it lies beside, and describe it.

    Parameters
    ----------
    run : Run
    root : Path
        The preprocessed dataset.
    raw_folders : sequence of Path
        Where the raw image may lie, the likeliest first.
    fmriprep : str, optional
        Name and version of the pipeline.
    remarks : set of str, optional
        Where to put what of the JSON cannot be read; the description does without it.
    """
    remarks = set() if remarks is None else remarks
    raw = {key: run.entities[key] for key in RAW_ENTITIES if key in run.entities}
    image = Path(folder(raw, "func")) / file_name(raw, "bold.nii.gz")
    original: dict[str, object] = {}
    for place in raw_folders:
        if metadata := _inherited(place / image, raw, place, remarks):
            original = metadata
            break
    prepared = _inherited(run.bold, dict(run.entities), root, remarks)
    return acquisition(run, {**original, **prepared}, fmriprep)


def _inherited(
    path: Path, entities: Mapping[str, str], root: Path, remarks: set[str]
) -> dict[str, object]:
    if not path.is_relative_to(root):  # series of another dataset, which has no JSON of images
        return {}
    try:
        return inherited(path, entities, root)
    except Exception as error:  # what only describes a run must not cost it
        remarks.add(reason(error))
        return {}


def acquisition(
    run: Run, metadata: Mapping[str, object], fmriprep: str | None = None
) -> Acquisition:
    """Describe how one run was acquired.

    Parameters
    ----------
    run : Run
    metadata : mapping
        JSON of the raw image, with that of the preprocessed one on top.
    fmriprep : str, optional
        Name and version of the pipeline.
    """
    return Acquisition(
        repetition_time=round(run.tr, 4) or None,
        echo_time=_milliseconds(metadata.get("EchoTime")),
        voxel_size=_voxels(run.affine),
        volumes=run.n_volumes or None,
        phase_encoding=_text(metadata.get("PhaseEncodingDirection")),
        slice_timing=_slices(metadata),
        field_strength=_number(metadata.get("MagneticFieldStrength")),
        manufacturer=_text(metadata.get("Manufacturer")),
        model=_text(metadata.get("ManufacturersModelName")),
        coil=_text(metadata.get("ReceiveCoilName") or metadata.get("ReceiveCoilActiveElements")),
        software=_text(metadata.get("SoftwareVersions")),
        fmriprep=fmriprep,
        space=run.entities.get("space"),
        resolution=run.entities.get("res"),
        labels=_labels(run.entities),
    )


def _labels(entities: Mapping[str, str]) -> str | None:
    return "_".join(f"{key}-{entities[key]}" for key in DIFFERENT if key in entities) or None


def _milliseconds(value: object) -> str | None:
    times = value if isinstance(value, list) else [value]
    known = [number for time in times if (number := _number(time)) is not None]
    return ", ".join(f"{1000 * time:g}" for time in known) or None


def _voxels(affine: Sequence[Sequence[float]]) -> str | None:
    if not affine:
        return None
    sizes = [sum(row[axis] ** 2 for row in affine[:3]) ** 0.5 for axis in range(3)]
    return " x ".join(f"{size:.2f}".rstrip("0").rstrip(".") for size in sizes)


def _slices(metadata: Mapping[str, object]) -> str | None:
    corrected = metadata.get("SliceTimingCorrected")
    if isinstance(corrected, bool):
        return "corrected" if corrected else "not corrected"
    times = metadata.get("SliceTiming")
    if isinstance(times, list) and times:
        return f"{len(times)} slices, {len({str(time) for time in times})} times"
    return None


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None  # type: ignore[arg-type]


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value).strip() or None if value is not None else None
