"""The options of one run together: made from what was given, and checked."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from gradshift.errors import SettingsError
from gradshift.settings.analysis import Analysis
from gradshift.settings.denoising import Denoising
from gradshift.settings.group import Group
from gradshift.settings.inputs import Inputs
from gradshift.settings.optionfield import flag
from gradshift.settings.pet import Pet
from gradshift.settings.running import Running


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
        return self.group.folder if self.level == "group" else self.level

    @property
    def group_dir(self) -> Path:
        """Folder of the results of a comparison."""
        return self.output_dir / self.group.folder


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
