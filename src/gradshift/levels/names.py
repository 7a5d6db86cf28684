"""The names that options take, by option: what a shell offers to complete."""

from collections.abc import Callable, Iterable, Mapping


def _atlases(**_: object) -> Iterable[str]:
    from gradshift.atlases.catalogue import available

    return available()


def _recipes(**_: object) -> Iterable[str]:
    from gradshift.recipes.catalogue import available

    return available()


def _measures(**_: object) -> Iterable[str]:
    from gradshift.levels.measuresasked import words

    return words()


def _models(**_: object) -> Iterable[str]:
    from gradshift.core.kinetics import models

    return models()


NAMES: Mapping[str, Callable[..., Iterable[str]]] = {
    "atlas": _atlases,
    "denoise": _recipes,
    "measures": _measures,
    "pet_model": _models,
}
"""Each is called with what argcomplete hands to completers."""
