"""What filters breathing out of the motion parameters of the head."""

from dataclasses import dataclass
from typing import Literal, cast

from gradshift.errors import InputError, SettingsError

Kind = Literal["lp", "notch"]
"""A low-pass filter, or one that stops a band."""

BREATHING = (12.0, 18.0)
"""Breaths per minute of adults at rest (Fair et al. 2020)."""

STEPS = 60
"""Into which that range is cut to look where breathing appears."""

LOW_PASS = 6.0
"""Cycles per minute that a low-pass filter keeps: 0.1 Hz (Gratton et al. 2020)."""


@dataclass(frozen=True, kw_only=True)
class MotionFilter:
    """A filter of the six motion parameters against breathing.

    Parameters
    ----------
    kind : {'lp', 'notch'}
    low : float
        Cycles per minute: what a low-pass filter keeps is below it, what a notch stops above it.
    high : float, optional
        The upper end of what a notch stops; None for a low-pass filter.

    Raises
    ------
    SettingsError
        If the edges are not numbers above 0 in order.

    References
    ----------
    Fair et al. (2020), NeuroImage 208:116400; Gratton et al. (2020), NeuroImage 217:116866.
    """

    kind: Kind
    low: float
    high: float | None = None

    def __post_init__(self) -> None:
        """Check the edges."""
        if self.kind == "lp" and self.high is not None:
            raise SettingsError(
                "--band-stop-max is the upper end of what --motion-filter notch stops; "
                "--motion-filter lp has --band-stop-min alone."
            )
        if self.high is not None and self.low >= self.high:
            raise SettingsError(
                f"--motion-filter notch stops what lies between --band-stop-min and "
                f"--band-stop-max, got {self.low:g} and {self.high:g} breaths per minute."
            )

    @classmethod
    def of(cls, kind: str, low: float | None, high: float | None) -> "MotionFilter":
        """Return the filter of a kind; edges that are None are the usual ones."""
        if kind == "lp":
            return cls(kind="lp", low=LOW_PASS if low is None else low, high=high)
        usual_low, usual_high = BREATHING
        return cls(
            kind=cast(Kind, kind),
            low=usual_low if low is None else low,
            high=usual_high if high is None else high,
        )

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        if self.high is None:
            return f"low-pass filter at {self.low:g} cycles per minute"
        return f"notch filter of {self.low:g}-{self.high:g} cycles per minute"

    def check(self, tr: float) -> None:
        """Check that breathing can be told apart from motion at a repetition time (s).

        Raises
        ------
        InputError
            If a notch would lie at or above the Nyquist frequency, or if breathing, which appears
            mirrored below that frequency, would lie in what a low-pass filter keeps.
        """
        nyquist = 30 / tr
        if max(self.low, self.high or 0) >= nyquist:
            raise InputError(
                f"A repetition time of {tr:g} s shows at most {nyquist:.3g} cycles per minute, "
                f"and the {self.words} (--motion-filter) lies beyond; use "
                f"{'lp' if self.high else 'a lower --band-stop-min'}, or no filter."
            )
        first, last = BREATHING
        rates = (first + (last - first) * step / STEPS for step in range(STEPS + 1))
        mirrored = (abs(r - round(r * tr / 60) * 60 / tr) for r in rates if r > nyquist)
        slowest = min(mirrored, default=self.low)
        if self.high is None and slowest < self.low:
            raise InputError(
                f"At a repetition time of {tr:g} s breathing ({first:g} to {last:g} per minute) "
                f"appears down to {slowest:.3g} cycles per minute, and --motion-filter lp would "
                f"keep what is below {self.low:g}; use a lower --band-stop-min, or no filter."
            )
