"""How a run was acquired, as the JSON beside it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradshift.bids.inputs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How one run was acquired and preprocessed; None where nothing tells.

    Parameters
    ----------
    repetition_time : float
        Seconds.
    echo_time : str
        Milliseconds, with commas between those of several echoes.
    voxel_size : str
        Millimetres of the preprocessed image, such as ``2 x 2 x 2``.
    volumes : int
    phase_encoding, slice_timing, manufacturer, model, coil, software, fmriprep : str
        Slice timing is ``corrected``, ``not corrected``, or how many slices were taken at once.
    field_strength : float
        Tesla.
    space, resolution : str
    """

    repetition_time: float | None = None
    echo_time: str | None = None
    voxel_size: str | None = None
    volumes: int | None = None
    phase_encoding: str | None = None
    slice_timing: str | None = None
    field_strength: float | None = None
    manufacturer: str | None = None
    model: str | None = None
    coil: str | None = None
    software: str | None = None
    fmriprep: str | None = None
    space: str | None = None
    resolution: str | None = None


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
    )


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
