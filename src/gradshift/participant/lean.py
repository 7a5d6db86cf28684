"""Lean recipes in place of the usual ones, where the scans of a study are short."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.doors import ready_made
from gradshift.bids.inputs import runs_of_first
from gradshift.bids.sessions import group_runs
from gradshift.core.series.freedom import MIN_DF
from gradshift.errors import GradshiftError
from gradshift.participant.outlook import outlook
from gradshift.recipes.catalogue import load_recipe
from gradshift.recipes.lean import instead
from gradshift.settings import Settings

FIRST = 20
"""So many people of the study decide, in the order of their labels, whoever is asked for: a run
of one person, as on a cluster, then chooses as all the others do."""

logger = logging.getLogger("gradshift")


def for_short_scans(settings: Settings, given: Mapping[str, object]) -> Settings:
    """Choose lean recipes where the usual ones leave too few degrees of freedom.

    Parameters
    ----------
    settings : Settings
    given : mapping of str to object
        The options that were given: recipes that were asked for stay.

    Returns
    -------
    Settings
        With other recipes where at least half of the sessions are too short for all of the
        usual ones.
    """
    elsewhere = ready_made(settings.inputs.derivatives) is not None
    if "denoise" in given or settings.running.boilerplate_only or elsewhere:
        return settings
    try:
        spaces = {atlas.name: atlas.spaces for atlas in map(load_atlas, settings.analysis.atlas)}
        runs = runs_of_first(settings, spaces, FIRST)
    except GradshiftError:  # there is no BOLD, or the level says what is wrong with it
        return settings
    denoising = settings.denoising
    usual = [load_recipe(name).with_options(band=denoising.band) for name in denoising.denoise]
    good = [run for run in runs if not run.problem]
    prospects = [
        outlook(unit, usual) for unit in group_runs(good, combine=settings.analysis.combine_runs)
    ]
    short = [
        all(one.degrees_of_freedom < MIN_DF for one in prospect.prospects)
        for prospect in prospects
    ]
    lean = instead(short, [prospect.fitting for prospect in prospects])
    if not lean:
        return settings
    logger.warning(
        "Scans are short: %s leave fewer than %d degrees of freedom in %d of %d sessions. The "
        "study is cleaned with the lean recipes %s instead; --denoise names others.",
        " and ".join(denoising.denoise), MIN_DF, sum(short), len(short), " and ".join(lean),
    )  # fmt: skip
    return replace(settings, denoising=replace(denoising, denoise=lean))
