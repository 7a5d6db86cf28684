"""Denoising recipes: what one holds, and what it may hold."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from gradshift.errors import SettingsError
from gradshift.recipes.elsewhere import Elsewhere
from gradshift.recipes.motionfilter import MotionFilter

DEFAULT_BAND = (0.01, 0.08)
"""Pass band in Hz of recipes that filter, unless another is asked for."""

MASKS = ("CSF", "WM", "combined")
"""Tissue masks for which fMRIPrep computes anatomical CompCor components."""


@dataclass(frozen=True, kw_only=True)
class Scrub:
    """Which volumes are censored for motion.

    Parameters
    ----------
    fd_threshold : float or None
        Framewise displacement (mm) above which a volume is dropped; None: not by this.
    dvars_threshold : float or None
        Standardised DVARS above which a volume is dropped; None: not by this.
    min_segment : int
        Runs of retained volumes shorter than this are dropped too.
    before, after : int
        Neighbours that are dropped with each volume above a threshold.
    """

    fd_threshold: float | None = 0.5
    dvars_threshold: float | None = None
    min_segment: int = 5
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        for key in ("fd_threshold", "dvars_threshold"):
            value = getattr(self, key)
            if value is not None:
                _check(_is_number(value) and value > 0, key, value, "a positive number or null")
        for key in ("min_segment", "before", "after"):
            value = getattr(self, key)
            _check(_is_count(value), key, value, "a whole number, 0 or more")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the region means of one run are cleaned, and how much must be left.

    Parameters
    ----------
    name : str
        Letters and digits; goes into file names as ``desc-<name>``.
    description : str
        What was done, as a sentence for the methods text; made from the columns if left out.
    columns : tuple of str
        Columns of fMRIPrep's confounds file, or patterns such as ``cosine*``.
    acompcor : mapping of str to int
        Number of anatomical CompCor components by tissue mask (``CSF``, ``WM``,
        ``combined``).
    filter : bool
        Whether to band-pass filter (`band`).
    band : tuple of two float
        Low and high edge in Hz; an option of the command line, not a key of the JSON.
    detrend : bool
        Whether to remove the linear trend.
    drop_non_steady_state : bool
        Whether to drop the first volumes that fMRIPrep marks as not yet steady.
    scrub : Scrub or None
        Censoring for motion; None censors nothing.
    min_minutes : float
        Minutes that must be retained.
    min_share : float
        Share of the volumes that must be retained, 0 to 1.
    max_mean_fd : float
        Mean framewise displacement (mm) above which a run is left out; has no effect
        without `scrub`.
    cite : tuple of str
        Keys of the bibliography.
    elsewhere : tuple of Elsewhere
        Columns of other datasets.
    dummy_scans : int, optional
        First volumes that are not yet steady, in place of those that fMRIPrep marks; an option of
        the command line, not a key of the JSON.
    motion_filter : MotionFilter, optional
        What the motion parameters go through before displacement is computed from them; an option
        of the command line, not a key of the JSON.

    Raises
    ------
    SettingsError
        If a value makes no sense.
    """

    name: str
    description: str = ""
    columns: tuple[str, ...] = ()
    acompcor: Mapping[str, int] = field(default_factory=dict)
    filter: bool = True
    band: tuple[float, float] = DEFAULT_BAND
    detrend: bool = True
    drop_non_steady_state: bool = True
    scrub: Scrub | None = None
    min_minutes: float = 5.0
    min_share: float = 0.5
    max_mean_fd: float = 0.55
    cite: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    dummy_scans: int | None = None
    motion_filter: MotionFilter | None = None

    def __post_init__(self) -> None:
        _check(
            isinstance(self.name, str) and re.fullmatch("[A-Za-z0-9]+", self.name) is not None,
            "name",
            self.name,
            "letters and digits only, because it goes into file names",
        )
        _check(isinstance(self.description, str), "description", self.description, "text")
        for key in ("columns", "cite"):
            value = getattr(self, key)
            _check(
                isinstance(value, tuple) and all(isinstance(item, str) and item for item in value),
                key,
                value,
                "a list of names",
            )
        for key in ("filter", "detrend", "drop_non_steady_state"):
            value = getattr(self, key)
            _check(isinstance(value, bool), key, value, "true or false")
        _check(
            isinstance(self.acompcor, Mapping)
            and all(m in MASKS and _is_count(n) and n > 0 for m, n in self.acompcor.items()),
            "acompcor",
            self.acompcor,
            f"numbers of components by mask ({', '.join(MASKS)})",
        )
        for key in ("min_minutes", "max_mean_fd"):
            value = getattr(self, key)
            _check(_is_number(value) and value >= 0, key, value, "a number, 0 or more")
        _check(
            _is_number(self.min_share) and 0 <= self.min_share <= 1,
            "min_share",
            self.min_share,
            "a number from 0 to 1",
        )
        if not self.description:
            object.__setattr__(self, "description", _describe(self))

    @property
    def regresses(self) -> bool:
        """Whether anything is regressed out or left out for motion."""
        return bool(self.columns or self.acompcor or self.scrub or self.elsewhere)

    @property
    def passband(self) -> tuple[float, float] | None:
        """Band in Hz, or None where the recipe does not filter."""
        return self.band if self.filter else None

    @property
    def mean_fd_limit(self) -> float | None:
        """Largest mean framewise displacement (mm); None where nothing is scrubbed."""
        return None if self.scrub is None else self.max_mean_fd

    def with_options(
        self,
        *,
        band: tuple[float, float] | None = None,
        fd_threshold: float | None = None,
        dvars_threshold: float | None = None,
        min_minutes: float | None = None,
        dummy_scans: int | None = None,
        motion_filter: MotionFilter | None = None,
    ) -> "Recipe":
        """Return the recipe with options of the command line in place of its own values.

        None leaves a value as it is. A recipe that does not scrub or filter stays so:
        thresholds and band then have no effect.
        """
        scrub = self.scrub
        if scrub is not None:
            scrub = replace(
                scrub,
                fd_threshold=scrub.fd_threshold if fd_threshold is None else fd_threshold,
                dvars_threshold=(
                    scrub.dvars_threshold if dvars_threshold is None else dvars_threshold
                ),
            )
        return replace(
            self,
            scrub=scrub,
            band=self.band if band is None else band,
            min_minutes=self.min_minutes if min_minutes is None else min_minutes,
            dummy_scans=dummy_scans if self.drop_non_steady_state else None,
            motion_filter=motion_filter,
        )

    def as_dict(self) -> dict[str, object]:
        """Return all values as plain JSON types, for sidecars and logs."""
        values = asdict(self)
        for key in ("columns", "cite", "band"):
            values[key] = list(values[key])
        values["columns"] += [_plain(values) for values in values.pop("elsewhere")]
        if not self.filter:
            values["band"] = None
        for key in ("dummy_scans", "motion_filter"):
            if values[key] is None:
                del values[key]
        return values


def _plain(source: Mapping[str, object]) -> dict[str, object]:
    """Return columns of another dataset as a recipe has them."""
    columns = source["columns"]
    assert isinstance(columns, tuple)
    return {**source, "columns": list(columns)}


def _check(condition: bool, key: str, value: object, wanted: str) -> None:
    if not condition:
        raise SettingsError(f"{key!r} must be {wanted}, not {shortened(value)}.")


def shortened(value: object) -> str:
    """Write a value in at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < float("inf")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _describe(recipe: Recipe) -> str:
    parts = [f"{count} aCompCor components of {mask}" for mask, count in recipe.acompcor.items()]
    parts += [f"{', '.join(one.columns)} of {one.dataset}" for one in recipe.elsewhere]
    regressors = [*recipe.columns, *parts]
    if not regressors:
        return "No confounds were regressed out."
    return f"Confounds regressed out were {', '.join(regressors)}."
