"""Find the design of a study: in its tables, in a model file, or as the options say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradshift.atlases.catalogue import load_atlas
from gradshift.bids.collect import SessionResult
from gradshift.bids.numbers import known_numbers
from gradshift.bids.scores import Score, read_scores
from gradshift.errors import InputError, SettingsError
from gradshift.recipes.catalogue import load_recipe
from gradshift.settings import Settings
from gradshift.study.design import Design
from gradshift.study.designs import kinds
from gradshift.study.effect import MOTION
from gradshift.study.kind import Kind, Request
from gradshift.study.model import Model, read_model
from gradshift.study.observations import StudyTables
from gradshift.study.outcomes import NOWHERE, checked
from gradshift.study.scores import column_of


def find_design(
    settings: Settings,
    tables: StudyTables,
    results: Sequence[SessionResult],
    given: Mapping[str, object],
    recorded: Mapping[str, object],
) -> Design:
    """Find which sessions to compare, and the order of atlases and recipes.

    Parameters
    ----------
    settings : Settings
    tables : StudyTables
        Of those who have a result.
    results : sequence of SessionResult
    given : mapping
        Options that were given.
    recorded : mapping
        Options the participant level ran with.

    Raises
    ------
    SettingsError
        If the sessions, or their order, are not clear.
    InputError
        If there are fewer than two, or no result for an atlas or recipe asked for.
    """
    path = settings.group.model
    model = read_model(Path(path), tuple(kinds())) if path else None
    request = Request(tables=tables, group=settings.group, bids_dir=settings.bids_dir, model=model)
    if model and request.named:
        raise SettingsError(
            "--model names the sessions: leave out --baseline and --followup, or the model."
        )
    kind = kinds()[model.design] if model else _recognised(request)
    design = kind.arrange(request)
    atlases = _ordered(
        "atlas",
        list(dict.fromkeys(result.atlas for result in results)),
        asked=[load_atlas(spec).name for spec in _names(given, "atlas")],
        known=_names(recorded, "atlas"),
    )
    recipes = _ordered(
        "recipe",
        list(dict.fromkeys(result.recipe for result in results)),
        asked=[load_recipe(spec).name for spec in _names(given, "denoise")],
        known=_names(recorded, "denoise"),
    )
    others = [result for result in results if result.modality != "func"]
    outcomes = checked(design, _scores(request, model.outcomes if model else ()))
    nowhere = [NOWHERE] if outcomes else []
    return replace(
        design,
        sentence=kind.sentence(design),
        days={
            (one.person, one.session): one.days
            for one in tables.measured
            if math.isfinite(one.days)
        },
        covariates=_covariates(tables, model),
        scores=_scores(request, model.moderators if model else ()),
        outcomes=outcomes,
        blinding=model.blinding if model else "",
        named_conditions=bool(model and model.conditions),
        atlases=tuple(dict.fromkeys([*atlases, *(result.atlas for result in others), *nowhere])),
        recipes=tuple(dict.fromkeys([*recipes, *(result.recipe for result in others), *nowhere])),
    )


def _recognised(request: Request) -> Kind:
    """Return the first kind of design that the tables show."""
    return next(kind for kind in kinds().values() if kind.recognise(request))


def _scores(request: Request, names: Sequence[str]) -> dict[str, Score]:
    """Read the moderators or outcomes of a model, from whatever table has them."""
    columns = list(dict.fromkeys(map(column_of, names)))
    scores = read_scores(request.bids_dir, request.tables.names, columns)
    return {name: scores[column_of(name)] for name in names}


def _covariates(tables: StudyTables, model: Model | None) -> dict[str, dict[str, float]]:
    """Return the covariates of a model: columns of participants.tsv, or ``deltafd``."""
    covariates: dict[str, dict[str, float]] = {}
    for name in model.covariates if model else ():
        if name != MOTION and name not in tables.people.columns:
            raise SettingsError(
                f"The covariate {name} is no column of participants.tsv; there is deltafd (the "
                f"change of motion) and {', '.join(tables.people.columns) or 'nothing else'}."
            )
        texts = {} if name == MOTION else tables.known(name)
        covariates[name] = known_numbers(texts, f"The covariate {name}")
    return covariates


def _names(options: Mapping[str, object], option: str) -> list[str]:
    """Return the names that an option holds; none where it was not given."""
    names = options.get(option)
    return list(map(str, names)) if isinstance(names, list | tuple) else []


def _ordered(
    what: str, present: Sequence[str], *, asked: Sequence[str], known: Sequence[str]
) -> tuple[str, ...]:
    """Put names in the order they were asked for, or else recorded in.

    Results of names that are not recorded were made with settings that no longer hold.
    """
    if absent := [name for name in asked if name not in present]:
        raise InputError(
            f"There is no result for the {what} {', '.join(absent)}; there is "
            f"{', '.join(present)}. Run the participant level with it first."
        )
    if asked:
        return tuple(asked)
    return tuple(name for name in (known or present) if name in present)
