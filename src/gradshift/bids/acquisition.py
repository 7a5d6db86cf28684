"""How a run was acquired."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields


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
    labels : str
        Of the name of the file, those that tell several acquisitions apart, such as ``acq-mb``.
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
    labels: str | None = None

    @classmethod
    def of_sidecar(cls, block: Mapping[str, object]) -> "Acquisition":
        """Read back what `as_sidecar` wrote."""
        known = {f.name: block[_key(f.name)] for f in fields(cls) if _key(f.name) in block}
        return cls(**known)  # type: ignore[arg-type]

    def as_sidecar(self) -> dict[str, object]:
        """Return what is known, for a sidecar."""
        return {_key(name): value for name, value in asdict(self).items() if value is not None}


def _key(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
