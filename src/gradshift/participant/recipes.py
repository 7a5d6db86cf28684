"""Which recipes a run uses: those asked for, or none where another program denoised."""

from dataclasses import fields

from gradshift.bids.doors import DOORS, RAPIDTIDE, SERIES, Door, others, ready_made
from gradshift.errors import SettingsError
from gradshift.recipes.catalogue import load_recipe
from gradshift.recipes.motionfilter import MotionFilter
from gradshift.recipes.recipe import Recipe
from gradshift.settings import Denoising, Settings

ASIS = "asis"
"""The recipe of what another program denoised."""


def chosen_recipes(settings: Settings) -> list[Recipe]:
    """Load the recipes, with the options of the command line.

    Raises
    ------
    SettingsError
        If a recipe would denoise what is denoised, or a dataset is named that none uses.
    """
    denoising, derivatives = settings.denoising, settings.inputs.derivatives
    door = ready_made(derivatives)
    usual = next(f.default for f in fields(Denoising) if f.name == "denoise")
    specs = (ASIS,) if door and denoising.denoise == usual else denoising.denoise
    recipes = [
        load_recipe(spec).with_options(
            band=denoising.band,
            fd_threshold=denoising.fd_threshold,
            dvars_threshold=denoising.dvars_threshold,
            min_minutes=denoising.min_minutes,
            dummy_scans=None if denoising.dummy_scans == "auto" else int(denoising.dummy_scans),
            motion_filter=_motion_filter(denoising),
        )
        for spec in specs
    ]
    names = [recipe.name for recipe in recipes]
    if door is not None:
        _check_filter(door, denoising)
        refused = [
            r.name for r in recipes if r.regresses or (door.name in SERIES and r.name != ASIS)
        ]
        if refused:
            raise SettingsError(
                f"--denoise {', '.join(refused)} would denoise again what --derivatives "
                f"{door.name}= holds denoised; leave --denoise out (the recipe is then {ASIS})."
            )
    elif ASIS in names:
        raise SettingsError(
            f"--denoise {ASIS} is for data that another program denoised (--derivatives xcp_d=, "
            "series= or denoised=); on the output of fMRIPrep, none leaves series as they are."
        )
    wanted = {source.dataset for recipe in recipes for source in recipe.elsewhere}
    if door is None:
        wanted.add(RAPIDTIDE)
    if unused := [name for name in others(derivatives) if name not in wanted]:
        raise SettingsError(
            f"--derivatives names {', '.join(unused)}, of which no recipe takes a column; names "
            f"are {', '.join(DOORS)}, and those of datasets that a recipe of --denoise takes "
            "columns from."
        )
    return recipes


def _motion_filter(denoising: Denoising) -> MotionFilter | None:
    """Return the filter of the motion parameters that was asked for."""
    low, high = denoising.band_stop_min, denoising.band_stop_max
    if denoising.motion_filter is not None:
        return MotionFilter.of(denoising.motion_filter, low, high)
    if low is not None or high is not None:
        raise SettingsError(
            "--band-stop-min and --band-stop-max belong to --motion-filter; give it, too: lp or "
            "notch."
        )
    return None


def _check_filter(door: Door, denoising: Denoising) -> None:
    """Refuse to filter the motion of volumes that another program has left out already."""
    if door.name in SERIES and denoising.motion_filter is not None:
        raise SettingsError(
            f"--motion-filter has no effect on what --derivatives {door.name}= holds: its volumes "
            "were left out by the program that wrote it."
        )
