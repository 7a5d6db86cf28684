"""Options of denoising."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


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
