"""How runs were acquired, and where sessions or people differ in that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from gradshift.bids.dataset import describe, find_fmriprep
from gradshift.bids.diagnosis import makers
from gradshift.bids.inputs import Run
from gradshift.bids.layout import raw_folders
from gradshift.bids.metadata import inherited
from gradshift.bids.names import file_name, folder
from gradshift.errors import GradshiftError
from gradshift.settings import Settings

RAW_ENTITIES = ("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")

BEARING = frozenset({"repetition_time", "voxel_size", "resolution", "space"})
"""What bears on numbers: a difference within a person belongs into their ``status``."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which runs differ.

    Parameters
    ----------
    scope : {'person', 'study'}
        Whether sessions of one person differ, or people do.
    participant : str
        With prefix; ``n/a`` for the study.
    task : str
    what : str
        Name of a field of `Acquisition`.
    values : mapping of str to tuple of str
        Runs (of the study: participants), by the value they have; ``n/a`` where nothing tells.
    bears_on_numbers : bool
        Whether a measure may change because of it.
    """

    scope: str
    participant: str
    task: str
    what: str
    values: Mapping[str, tuple[str, ...]]
    bears_on_numbers: bool

    @property
    def sentence(self) -> str:
        """The difference in words."""
        who = "People" if self.scope == "study" else f"Sessions of {self.participant}"
        values = "; ".join(f"{value}: {_some(runs)}" for value, runs in self.values.items())
        return f"{who} differ in {self.what.replace('_', ' ')} of task-{self.task} ({values})."


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
    except GradshiftError:  # an audit says what is known; the run itself was checked before
        return {}


def audit(runs: Sequence[Run], settings: Settings) -> list[Difference]:
    """Find what differs in how the runs of a study were acquired; see `differences`.

    Parameters
    ----------
    runs : sequence of Run
        Those with a problem are left out.
    settings : Settings
        Where the preprocessed dataset lies.
    """
    inputs = settings.inputs
    good = [run for run in runs if not run.problem]
    if not good:
        return []
    root = find_fmriprep(
        settings.bids_dir, inputs.derivatives, validate=not inputs.skip_bids_validation
    )
    version = ", ".join(makers(describe(root))) or None
    return differences([(run, read_acquisition(run, root, version)) for run in good])


def differences(acquired: Sequence[tuple[Run, Acquisition]]) -> list[Difference]:
    """Find what differs within people and over the study.

    Parameters
    ----------
    acquired : sequence of (Run, Acquisition)
        Runs without a problem; runs are compared within their task. In phase encoding, runs of
        one session may differ; the sets of directions of the sessions are compared.

    Returns
    -------
    list of Difference
        Those of people first, then those of the study: things in which no person differs, but
        people do.
    """
    differing = []
    tasks = sorted({run.entities.get("task", "n/a") for run, _ in acquired})
    for task in tasks:
        rows = [(r, a) for r, a in acquired if r.entities.get("task", "n/a") == task]
        for what in (f.name for f in fields(Acquisition)):
            inside = list(_of_people(rows, what, task))
            differing += inside or _of_study(rows, what, task)
    return sorted(differing, key=lambda row: (row.scope, row.participant, row.task))


def _of_people(
    rows: Sequence[tuple[Run, Acquisition]], what: str, task: str
) -> Iterable[Difference]:
    for person in sorted({run.entities["sub"] for run, _ in rows}):
        own = [(run, how) for run, how in rows if run.entities["sub"] == person]
        values = _by_value(own, what, lambda run: f"ses-{run.entities.get('ses', 'n/a')}")
        if len(values) > 1:
            yield Difference(
                scope="person", participant=f"sub-{person}", task=task, what=what, values=values,
                bears_on_numbers=what in BEARING,
            )  # fmt: skip


def _of_study(rows: Sequence[tuple[Run, Acquisition]], what: str, task: str) -> list[Difference]:
    values = _by_value(rows, what, lambda run: f"sub-{run.entities['sub']}")
    if len(values) < 2:
        return []
    return [
        Difference(
            scope="study",
            participant="n/a",
            task=task,
            what=what,
            values=values,
            bears_on_numbers=what in BEARING,
        )
    ]


def _by_value(
    rows: Sequence[tuple[Run, Acquisition]], what: str, place: Callable[[Run], str]
) -> dict[str, tuple[str, ...]]:
    """Group sessions, or people, by what their runs have in common."""
    had: dict[str, set[str]] = {}
    for run, how in rows:
        value = getattr(how, what)
        had.setdefault(place(run), set()).add("n/a" if value is None else f"{value}")
    values: dict[str, list[str]] = {}
    for name, texts in sorted(had.items()):
        values.setdefault(" and ".join(sorted(texts)), []).append(name)
    return {text: tuple(names) for text, names in sorted(values.items())}


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


def _some(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
