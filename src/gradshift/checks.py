"""Checks of single options: each refuses values that make no sense.

A check is given the name of the option on the command line, and its value.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from gradshift.errors import SettingsError

Check = Callable[[str, Any], None]


def positive(name: str, value: float) -> None:
    """Ask for a number above 0."""
    if value <= 0:
        raise SettingsError(f"{name} takes a number above 0, got {value:g}.")


def not_negative(name: str, value: float) -> None:
    """Ask for a number of at least 0."""
    if value < 0:
        shown = value if isinstance(value, int) else f"{value:g}"
        raise SettingsError(f"{name} takes a number of at least 0, got {shown}.")


def count_or_auto(name: str, value: str) -> None:
    """Ask for a number of volumes, or for that which fMRIPrep found."""
    if value != "auto" and not (value.isascii() and value.isdecimal() and int(value) < 10_000):
        raise SettingsError(f"{name} takes a number of volumes or auto, got {value!r}.")


def share(name: str, value: float) -> None:
    """Ask for a share."""
    if not 0 <= value <= 1:
        raise SettingsError(f"{name} takes a share between 0 and 1, got {value:g}.")


def level(name: str, value: float) -> None:
    """Ask for a significance level."""
    if not 0 < value < 1:
        raise SettingsError(f"{name} takes a number between 0 and 1, got {value:g}.")


def band(name: str, value: tuple[float, float]) -> None:
    """Ask for a pass band."""
    low, high = value
    if not 0 < low < high:
        raise SettingsError(f"{name} takes 0 < LOW < HIGH in Hz, got {low:g} {high:g}.")


def densities(name: str, value: Sequence[float]) -> None:
    """Ask for rising shares to integrate over."""
    steps = (0.0, *value, 1.0)
    if len(steps) < 4 or any(low >= high for low, high in pairwise(steps)):
        raise SettingsError(
            f"{name} takes two or more rising shares between 0 and 1, got "
            f"{' '.join(map(str, value))}."
        )


def thresholds(name: str, value: Sequence[float]) -> None:
    """Ask for at least one number, all above 0."""
    if not value or min(value) <= 0:
        raise SettingsError(
            f"{name} takes numbers above 0, got {' '.join(map(str, value)) or 'none'}."
        )


def label(name: str, value: str) -> None:
    """Ask for a BIDS label, without its prefix; an empty one counts as none."""
    if value:
        labels(name, [value])


def labels(_: str, value: Sequence[str]) -> None:
    """Ask for BIDS labels, without their prefix."""
    for word in value:
        if not (word.isascii() and word.isalnum()):
            raise SettingsError(
                f"A BIDS label has letters and digits only, got {word!r}; give it with or "
                "without sub-, ses- or task-."
            )


def blood_volume(name: str, value: str) -> None:
    """Ask for a share of blood, or for its estimation."""
    if value != "fit" and not _is_share_of_blood(value):
        raise SettingsError(f"{name} takes a share between 0 and 0.5, or fit, got {value}.")


def _is_share_of_blood(text: str) -> bool:
    try:
        return 0 <= float(text) <= 0.5
    except ValueError:
        return False


def coupling(name: str, value: Sequence[str]) -> None:
    """Ask for pairs of changes."""
    for word in value:
        sides = [side.partition(":") for side in word.split("~")]
        if len(sides) != 2 or not all(measure and label for measure, _, label in sides):
            raise SettingsError(
                f"{name} takes MEASURE:LABEL~MEASURE:LABEL, such as "
                f"vtlogan:Default~falff:Default, got {word!r}."
            )


def pairs(name: str, value: Sequence[str]) -> None:
    """Ask for a name and a column each."""
    if wrong := [pair for pair in value if not all(pair.partition("=")[::2])]:
        raise SettingsError(f"{name} takes NAME=COLUMN, got {wrong[0]!r}.")


def distinct(name: str, value: Sequence[str]) -> None:
    """Ask for names that differ."""
    if twice := sorted({word for word in value if value.count(word) > 1}):
        raise SettingsError(f"{name} names {', '.join(twice)} twice.")


def figure_formats(name: str, value: Sequence[str]) -> None:
    """Ask for kinds of files that figures can be written as."""
    if unknown := sorted(set(value) - {"pdf", "png"}):
        raise SettingsError(f"{name} takes pdf and png, not {', '.join(unknown)}.")
