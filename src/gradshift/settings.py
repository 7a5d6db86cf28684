"""The options of one run: typed once, checked once, and never changed afterwards.

Every option is one field of one of the small dataclasses below. The command line, the
settings file (``--config-file``), the record kept in ``logs/`` and the documentation are all
made from these fields. Importing this module is cheap.
"""

import errno
import json
import math
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from gradshift import checks
from gradshift.checks import Check
from gradshift.errors import MissingInputError, SettingsError


def option(
    default: Any,
    help: str,
    *,
    kind: type = str,
    metavar: str | None = None,
    nargs: str | int | None = None,
    choices: tuple[str, ...] | None = None,
    numbers: str = "",
    local: bool = False,
    aliases: tuple[str, ...] = (),
    check: Check | None = None,
) -> Any:
    """Describe one option.

    Parameters
    ----------
    default : object
    help : str
        One line for ``--help``; the default is added by the command line.
    kind : type
        What one word of the option is converted to; ``bool`` makes a switch.
    metavar, nargs, choices
        As in `argparse`.
    numbers : {'', 'participant', 'group'}
        The level whose numbers the option changes: such settings are recorded with an
        output, and a rerun that differs from the record is refused.
    local : bool
        A path of this machine, or a wish for this run only: not kept in the settings that
        are written to ``logs/``.
    aliases : tuple of str
        Further names on the command line: a letter, or what users of fMRIPrep and XCP-D type.
    check : callable, optional
        Given the name on the command line and a value, unless this is None; raises
        `SettingsError` for one that makes no sense.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "kind": kind,
            "metavar": metavar,
            "nargs": nargs,
            "choices": choices,
            "numbers": numbers,
            "local": local,
            "aliases": aliases,
            "check": check,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which data to use."""

    derivatives: tuple[str, ...] = option(
        (),
        "where data lie: fmriprep=PATH, petprep=PATH, finished models of PET kinetics=PATH; in "
        "place of fMRIPrep's, series of regions or matrices xcp_d=PATH or series=PATH, denoised "
        "images denoised=PATH; and NAME=PATH of any dataset that a recipe takes columns from",
        nargs="+",
        metavar="NAME=PATH",
        local=True,
    )
    participant_label: tuple[str, ...] = option(
        (),
        "participants to work on, with or without sub-",
        nargs="+",
        metavar="LABEL",
        check=checks.labels,
    )
    session_label: tuple[str, ...] = option(
        (),
        "sessions to work on, with or without ses-",
        nargs="+",
        metavar="LABEL",
        numbers="participant",
        aliases=("--session-id",),
        check=checks.labels,
    )
    task_id: tuple[str, ...] = option(
        (),
        "tasks to work on, with or without task-",
        nargs="+",
        metavar="LABEL",
        aliases=("-t",),
        check=checks.labels,
    )
    space: str | None = option(
        None,
        "standard space of the BOLD files to use, or fsLR, fsaverage5 or fsaverage6 for those on "
        "the surface; the first of MNI152NLin2009cAsym, MNI152NLin6Asym that every atlas comes in "
        "if not given",
        metavar="NAME",
        numbers="participant",
    )
    mrs_table: str | None = option(
        None,
        "table of metabolite values; phenotype/mrs.tsv, or columns mrs_VOI_METABOLITE of "
        "sessions.tsv, if not given",
        metavar="FILE",
        local=True,
    )
    mrs_columns: tuple[str, ...] = option(
        (),
        "columns of that table with other names than voi, metabolite, value, ...: "
        "our name, an equals sign, the name there",
        nargs="+",
        metavar="NAME=COLUMN",
        numbers="participant",
        check=checks.pairs,
    )
    mrs_crlb: tuple[str, ...] = option(
        (),
        "largest Cramér-Rao lower bound in per cent, by metabolite, such as GSH=30; beyond, a "
        "value was not measured; 30 for gaba and gabaplus and 20 for every other if not given",
        nargs="+",
        metavar="NAME=PERCENT",
        numbers="participant",
    )
    pet_columns: tuple[str, ...] = option(
        (),
        "columns of finished PET tables, or model or measure in the names of finished maps, such "
        "as region=name vtlogan=VT",
        nargs="+",
        metavar="NAME=COLUMN",
        numbers="participant",
        check=checks.pairs,
    )
    exclude: str | None = option(
        None,
        "text file of runs to leave out: one file name or start of one per line",
        metavar="FILE",
        local=True,
    )
    bids_filter_file: str | None = option(
        None,
        "JSON of filters for BOLD (bold) and PET files (pet), as fMRIPrep takes it; at the group "
        "level it chooses one of several acquisitions of a session",
        metavar="FILE",
        local=True,
    )
    bids_database_dir: str | None = option(
        None, "folder that keeps the lists of files for the next run", metavar="DIR", local=True
    )
    skip_bids_validation: bool = option(
        False, "do not insist on a dataset_description.json", kind=bool
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Denoising:
    """Denoising of the region series."""

    denoise: tuple[str, ...] = option(
        ("aCompCor", "36P"),
        "recipes by name, or a JSON file; the first is the primary one; if not given, 12P and "
        "simple where scans are too short for the usual ones",
        nargs="+",
        metavar="RECIPE",
        check=checks.distinct,
    )
    band: tuple[float, float] = option(
        (0.01, 0.08),
        "pass band in Hz",
        kind=float,
        nargs=2,
        metavar=("LOW", "HIGH"),  # type: ignore[arg-type]
        numbers="participant",
        check=checks.band,
    )
    fd_threshold: float | None = option(
        None,
        "leave out volumes with a larger framewise displacement, in mm; 0.5 in the "
        "shipped recipes if not given",
        kind=float,
        metavar="MM",
        numbers="participant",
        aliases=("--fd-thresh",),
        check=checks.positive,
    )
    dvars_threshold: float | None = option(
        None,
        "leave out volumes with larger standardised DVARS; not used by the shipped "
        "recipes if not given",
        kind=float,
        metavar="X",
        numbers="participant",
        check=checks.positive,
    )
    dummy_scans: str = option(
        "auto",
        "first volumes that are not steady yet, or auto: those that fMRIPrep marks; recipes that "
        "keep first volumes keep these, too",
        metavar="N|auto",
        numbers="participant",
        check=checks.count_or_auto,
    )
    motion_filter: str | None = option(
        None,
        "filter breathing out of the motion parameters before displacement is computed from them: "
        "lp keeps what is slower than --band-stop-min, notch stops what lies between it and "
        "--band-stop-max; not filtered if not given",
        choices=("lp", "notch"),
        numbers="participant",
        aliases=("--motion-filter-type",),
    )
    band_stop_min: float | None = option(
        None,
        "lower edge of --motion-filter, in breaths per minute; 6 for lp and 12 for notch if not "
        "given",
        kind=float,
        metavar="BPM",
        numbers="participant",
        check=checks.positive,
    )
    band_stop_max: float | None = option(
        None,
        "upper edge of --motion-filter notch, in breaths per minute; 18 if not given",
        kind=float,
        metavar="BPM",
        numbers="participant",
        check=checks.positive,
    )
    min_minutes: float | None = option(
        None,
        "leave out sessions with fewer retained minutes; 5 in the shipped recipes if not given",
        kind=float,
        metavar="N",
        numbers="participant",
        check=checks.not_negative,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What is computed."""

    atlas: tuple[str, ...] = option(
        ("Schaefer2018_200_7",),
        "atlases by name, two joined by +, or a JSON file; the first is the primary one",
        nargs="+",
        metavar="ATLAS",
        aliases=("--atlases",),
        check=checks.distinct,
    )
    measures: tuple[str, ...] = option(
        ("default",),
        "measures to compute, besides those of the confirmatory family: default, all, groups "
        "that are opt-in, or names; a later run adds to those that an output has",
        nargs="+",
        metavar="NAME",
    )
    plugin: tuple[str, ...] = option(
        (),
        "Python files with measures or kinetic models of your own",
        nargs="+",
        metavar="FILE",
        local=True,
    )
    coverage_threshold: float = option(
        0.5,
        "share of a region's voxels that the brain mask must hold",
        kind=float,
        metavar="SHARE",
        numbers="participant",
        aliases=("--min-coverage",),
        check=checks.share,
    )
    connectivity: str = option(
        "pearson",
        "estimator of the matrices",
        choices=("pearson", "partial"),
        numbers="participant",
    )
    combine_runs: bool = option(
        True, "join the runs of a session and task", kind=bool, numbers="participant"
    )
    pcc: str = option(
        "core",
        "regions of the posterior cingulate cortex: core (by place), all (every "
        "default-mode pCunPCC region), names joined by commas, or a sphere x,y,z,radius in mm",
        metavar="RULE",
        numbers="participant",
    )
    kernel: str = option(
        "cosine",
        "likeness of connectivity profiles that the gradients are made from",
        choices=("cosine", "normalized_angle"),
        numbers="participant",
    )
    densities: tuple[float, ...] = option(
        (0.10, 0.15, 0.20, 0.25, 0.30),
        "shares of connections kept in thresholded graphs, two or more, rising",
        kind=float,
        nargs="+",
        metavar="SHARE",
        numbers="participant",
        check=checks.densities,
    )
    voxelwise: bool = option(
        True, "make voxel maps: ALFF, fALFF, ReHo, connectivity of the PCC", kind=bool
    )
    smoothing: float = option(
        0.0,
        "smooth the voxel maps that are written, full width at half maximum",
        kind=float,
        metavar="MM",
        numbers="participant",
        check=checks.not_negative,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pet:
    """Kinetic models of PET."""

    pet_model: tuple[str, ...] = option(
        (),
        "kinetic models; if not given vtlogan and vt1tcm with blood, else dvrreflogan, "
        "bpndmrtm2 and bpndsrtm2 with --k2prime, else suvr",
        nargs="+",
        metavar="MODEL",
        numbers="participant",
    )
    k2prime: float | None = option(
        None,
        "efflux from the reference region, the same for everybody; from a one-tissue model of "
        "the reference region, one for all sessions of a person, if not given and there is blood",
        kind=float,
        metavar="PER_MINUTE",
        numbers="participant",
        check=checks.positive,
    )
    tracer: str | None = option(
        None,
        "JSON file of a tracer of your own; shipped are those of the documentation, and a scan "
        "says by trc- or TracerName which one it is of",
        metavar="FILE",
        numbers="participant",
        local=True,
    )
    pet_reference: str | None = option(
        None,
        "reference region: its name in PETPrep, or a mask on the grid of the 4-D image; if not "
        "given, that of the tracer, or of an unknown tracer the only one there is",
        metavar="NAME|FILE",
        numbers="participant",
    )
    blood_volume: str = option(
        "0.05",
        "share of a region that is blood in vt1tcm, or fit",
        metavar="SHARE|fit",
        numbers="participant",
        check=checks.blood_volume,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Group level: sessions compared over people."""

    baseline: str | None = option(
        None, "session before the drug", metavar="LABEL", numbers="group", check=checks.label
    )
    followup: str | None = option(
        None, "session after the drug", metavar="LABEL", numbers="group", check=checks.label
    )
    model: str | None = option(
        None,
        "JSON file that says the design: which sessions, groups or treatments to compare",
        metavar="FILE",
        local=True,
    )
    comparison: str | None = option(
        None,
        "name of a further comparison of the same results: it is written to group-LABEL/, beside "
        "group/",
        metavar="LABEL",
        check=checks.label,
    )
    alpha: float = option(
        0.05,
        "significance level",
        kind=float,
        metavar="P",
        numbers="group",
        check=checks.level,
    )
    smallest_effect: float = option(
        0.5,
        "smallest effect of interest, in standard deviations of the change: declared results say "
        "whether any change is smaller than that",
        kind=float,
        metavar="DZ",
        numbers="group",
        check=checks.positive,
    )
    preregister: str | None = option(
        None,
        "write the design, families and smallest effect to FILE before any value is read, and "
        "stop; given again, a run that follows the file says so and one that departs names the "
        "difference",
        metavar="FILE",
        local=True,
    )
    n_permutations: int = option(
        10000,
        "random sign flips where all of them are too many (more than 16 people)",
        kind=int,
        metavar="N",
        numbers="group",
        check=checks.positive,
    )
    coupling: tuple[str, ...] = option(
        (),
        "pairs of changes to correlate, as MEASURE:LABEL~MEASURE:LABEL; if not given, PET of "
        "the default mode with its fALFF, of the cortex with the centrality of the PCC, of the "
        "anterior cingulate with its glutamate",
        nargs="+",
        metavar="PAIR",
        numbers="group",
        check=checks.coupling,
    )
    families: str | None = option(
        None,
        "JSON file of results to correct together: family to list of [measure, level, label], "
        "* for any",
        metavar="FILE",
        local=True,
    )
    maps: tuple[str, ...] = option(
        (),
        "maps to compare the changes of regions with: tables of regions (.tsv, a column of "
        "numbers for each map), or NIfTI images in the space of the atlas",
        nargs="+",
        metavar="FILE",
        local=True,
    )
    nbs_thresholds: tuple[float, ...] = option(
        (2.5, 3.1),
        "thresholds of |t| above which connections form components",
        kind=float,
        nargs="+",
        metavar="T",
        numbers="group",
        check=checks.thresholds,
    )
    random_seed: int = option(
        20240501,
        "seed of every random number",
        kind=int,
        metavar="N",
        numbers="group",
        check=checks.not_negative,
    )
    figure_format: tuple[str, ...] = option(
        (),
        "write the figures of the group for print, too: pdf, png at 300 dots per inch; as wide as "
        "one or two columns of a journal",
        nargs="+",
        metavar="KIND",
        check=checks.figure_formats,
    )
    single_file: bool = option(
        False,
        "write the page of the group as one file with its figures in it, too: group/single.html",
        kind=bool,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How the work is done."""

    work_dir: str | None = option(
        None,
        "folder for intermediate results; OUTPUT_DIR/work if not given",
        metavar="DIR",
        aliases=("-w",),
        local=True,
    )
    nprocs: int = option(
        1,
        "processors to use at once",
        kind=int,
        metavar="N",
        aliases=("--nthreads", "--n-cpus"),
        check=checks.positive,
    )
    omp_nthreads: int = option(
        1,
        "threads of one process; there are nprocs / N processes then",
        kind=int,
        metavar="N",
        check=checks.positive,
    )
    mem: float | None = option(
        None,
        "memory that may be used, in GB; nine tenths of what is free if not given",
        kind=float,
        metavar="GB",
        check=checks.positive,
    )
    use_plugin: str | None = option(
        None,
        "YAML file with a nipype plugin and its plugin_args",
        metavar="FILE",
        local=True,
        aliases=("--nipype-plugin-file",),
    )
    overwrite: bool = option(
        False,
        "accept settings that differ from those of the existing output",
        kind=bool,
        local=True,
    )
    dry_run: bool = option(False, "print what would be done, and stop", kind=bool, local=True)
    reports_only: bool = option(
        False,
        "write the pages and the methods text again from the tables that are there, and stop",
        kind=bool,
    )
    boilerplate_only: bool = option(
        False, "write the methods text of these options to OUTPUT_DIR/logs, and stop", kind=bool
    )
    resource_monitor: bool = option(
        False, "write memory, processor use and time of every step to OUTPUT_DIR/logs", kind=bool
    )
    stop_on_first_crash: bool = option(False, "stop at the first crash", kind=bool)
    clean_workdir: bool = option(
        False,
        "remove the intermediate results of the participants that finished without errors",
        kind=bool,
    )
    verbose: bool = option(
        False, "more detail, and every warning in full", kind=bool, aliases=("-v",)
    )
    quiet: bool = option(
        False,
        "print warnings and errors only; the log file has everything",
        kind=bool,
        aliases=("-q",),
    )

    @property
    def processes(self) -> int:
        """How many run at once: times the threads of each they never exceed what was asked."""
        return self.nprocs // self.omp_nthreads


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything one run was asked for."""

    bids_dir: Path
    output_dir: Path
    level: str
    inputs: Inputs = field(default_factory=Inputs)
    denoising: Denoising = field(default_factory=Denoising)
    analysis: Analysis = field(default_factory=Analysis)
    pet: Pet = field(default_factory=Pet)
    group: Group = field(default_factory=Group)
    running: Running = field(default_factory=Running)

    @property
    def work_dir(self) -> Path:
        """Folder of intermediate results."""
        given = self.running.work_dir
        return Path(given).resolve() if given else self.output_dir / "work"

    @property
    def part(self) -> str:
        """Level, and comparison where it is a further one, as the record of an output has it."""
        comparison = self.group.comparison
        return f"{self.level}-{comparison}" if self.level == "group" and comparison else self.level

    @property
    def group_dir(self) -> Path:
        """Folder of the results of a comparison."""
        comparison = self.group.comparison
        return self.output_dir / (f"group-{comparison}" if comparison else "group")


GROUPS: Mapping[str, type] = {
    "inputs": Inputs,
    "denoising": Denoising,
    "analysis": Analysis,
    "pet": Pet,
    "group": Group,
    "running": Running,
}


LARGEST = 2**31 - 1
"""The largest whole number of any option but the seed."""

LONGEST_FILE = 2**20
"""Bytes of a settings or plugin file, and more than a person writes."""


def options() -> Iterator[tuple[str, Field[Any]]]:
    """Yield every option with the name of its group."""
    for group, cls in GROUPS.items():
        for f in fields(cls):
            yield group, f


def make(bids_dir: Path, output_dir: Path, level: str, given: Mapping[str, object]) -> Settings:
    """Build settings from the options that were given, and check them.

    Parameters
    ----------
    bids_dir, output_dir : Path
    level : {'participant', 'group'}
    given : mapping of str to object
        Values by field name, such as ``{"fd_threshold": 0.3}``.

    Raises
    ------
    SettingsError
        For a value that makes no sense.
    """
    by_group: dict[str, dict[str, object]] = {group: {} for group in GROUPS}
    for group, f in options():
        if f.name in given:
            by_group[group][f.name] = _checked(f, given[f.name])
    settings = Settings(
        bids_dir=bids_dir,
        output_dir=output_dir,
        level=level,
        **{group: cls(**by_group[group]) for group, cls in GROUPS.items()},
    )
    settings = replace(
        settings, inputs=_bare_labels(settings.inputs), group=_bare_sessions(settings.group)
    )
    _check(settings)
    return settings


KINDS: Mapping[type, tuple[tuple[type, ...], str]] = {
    float: ((int, float), "a number"),
    int: ((int,), "a whole number"),
    str: ((str,), "text"),
    bool: ((bool,), "true or false"),
}
"""What a settings file may hold for an option, and how a message calls it."""


def _checked(f: Field[Any], value: Any) -> Any:
    """Convert a value from the command line or a file to the type of its option."""
    kind, nargs = f.metadata["kind"], f.metadata["nargs"]
    name = flag(f.name)
    many = nargs is not None
    if value is None:
        return None
    words = list(value) if many and isinstance(value, list | tuple) else [value]
    if any(isinstance(word, list | tuple | dict) for word in words):
        raise SettingsError(f"{name} takes one value, got {value!r}.")
    allowed, expected = KINDS[kind]
    for word in words:
        if not isinstance(word, allowed) or (kind is not bool and isinstance(word, bool)):
            raise SettingsError(f"{name} takes {expected}, got {word!r}.")
        if isinstance(word, float) and not math.isfinite(word):
            raise SettingsError(f"{name} takes a finite number, got {word!r}.")
    if isinstance(nargs, int) and len(words) != nargs:
        raise SettingsError(f"{name} takes {nargs} values, got {len(words)}.")
    choices = f.metadata["choices"]
    if choices and words[0] not in choices:
        raise SettingsError(f"{name} is one of {', '.join(choices)}, got {words[0]!r}.")
    try:
        converted = tuple(kind(word) for word in words)
    except OverflowError as error:
        raise SettingsError(f"{name} takes {expected}, got one that is too large.") from error
    if kind is int and f.name != "random_seed" and any(abs(word) > LARGEST for word in converted):
        raise SettingsError(f"{name} takes at most {LARGEST}, got a larger number.")
    return converted if many else converted[0]


def flag(name: str) -> str:
    """Return the command-line name of a field."""
    return "--" + name.replace("_", "-")


def _without(prefix: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Strip a BIDS prefix, and drop labels named twice."""
    return tuple(dict.fromkeys(label.removeprefix(prefix) for label in labels))


def _bare_labels(inputs: Inputs) -> Inputs:
    return replace(
        inputs,
        participant_label=_without("sub-", inputs.participant_label),
        session_label=tuple(sorted(_without("ses-", inputs.session_label))),
        task_id=_without("task-", inputs.task_id),
    )


def _bare_sessions(group: Group) -> Group:
    return replace(
        group,
        baseline=group.baseline and group.baseline.removeprefix("ses-"),
        followup=group.followup and group.followup.removeprefix("ses-"),
    )


def _check(settings: Settings) -> None:
    """Refuse values that make no sense, each by itself, and those that contradict others."""
    for name, f in options():
        check, value = f.metadata["check"], getattr(getattr(settings, name), f.name)
        if check is not None and value is not None:
            check(flag(f.name), value)
    running, group = settings.running, settings.group
    if running.omp_nthreads > running.nprocs:
        raise SettingsError(
            f"--omp-nthreads {running.omp_nthreads} is more than the --nprocs "
            f"{running.nprocs} that may be used in all; give a larger --nprocs."
        )
    if running.verbose and running.quiet:
        raise SettingsError("--verbose and --quiet contradict each other; give one of them.")
    if group.baseline is not None and group.baseline == group.followup:
        raise SettingsError(
            f"--baseline and --followup name the same session, {group.baseline!r}."
        )


def columns(pairs: Sequence[str]) -> dict[str, str]:
    """Return NAME=COLUMN words as our name to the column's."""
    return {name: column for name, _, column in (pair.partition("=") for pair in pairs)}


def read_small(path: Path) -> str:
    """Read a text that a person wrote.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file, such as a pipe that nobody writes to.
    ValueError
        If it is not UTF-8, or longer than anybody writes.
    """
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        content = file.read(LONGEST_FILE + 1)
    if len(content) > LONGEST_FILE:
        raise ValueError(f"it is longer than {LONGEST_FILE} bytes")
    return content.decode("utf-8-sig")


def read_file(path: Path) -> dict[str, object]:
    """Read options from a TOML file: their names on the command line, without dashes in front.

    Raises
    ------
    MissingInputError
        If there is no such file.
    SettingsError
        If it cannot be read, is not TOML, or names an option that does not exist.
    """
    try:
        content = tomllib.loads(read_small(path))
    except FileNotFoundError as error:
        raise MissingInputError(f"There is no settings file {path}.") from error
    except (ValueError, RecursionError) as error:  # such as an integer of 5000 digits
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error
    given = {key.replace("-", "_"): value for key, value in content.items()}
    known = {f.name for _, f in options()}
    if unknown := sorted(key for key in content if key.replace("-", "_") not in known):
        raise SettingsError(
            f"The settings file {path} has unknown keys: {', '.join(unknown)}. Keys are the "
            "options of the command line, such as fd-threshold."
        )
    return given


def defaults() -> dict[str, object]:
    """Return every option with its default, as a file holds them."""
    return {
        f.name: list(f.default) if isinstance(f.default, tuple) else f.default
        for _, f in options()
    }


def values(settings: Settings, *, numbers: str | None = None) -> dict[str, object]:
    """Return the options that were set, by field name, without what is `local`.

    Parameters
    ----------
    settings : Settings
    numbers : {None, 'participant', 'group'}
        Only the options that change the numbers of this level.
    """
    chosen = {}
    for group, f in options():
        value = getattr(getattr(settings, group), f.name)
        wanted = numbers is None or f.metadata["numbers"] == numbers
        if wanted and not f.metadata["local"] and value is not None:
            chosen[f.name] = value
    return chosen


def shown(value: object) -> str:
    """Return the value of an option as a message has it."""
    if value is None:
        return "not given"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def to_toml(given: Mapping[str, object]) -> str:
    """Write options as TOML, in the form that `read_file` reads."""
    lines = []
    for name, value in given.items():
        plain = list(value) if isinstance(value, tuple) else value
        lines.append(f"{name.replace('_', '-')} = {json.dumps(plain, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
