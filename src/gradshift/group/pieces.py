"""Heavy results of a study that other processes may compute, each by itself.

A function that is marked with `piece` gives a result for each of its keys, and computes it once.
Where a cluster is used, see `gradshift.levels.spread`, results come from there: they are handed
to the study before anybody asks, and are the same to the last digit.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar, get_type_hints

import gradshift.group
from gradshift.group.study import Study, once

T = TypeVar("T")

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece(Generic[T]):
    """A kind of heavy result.

    Parameters
    ----------
    compute : callable
        Takes a study and the words of a key, returns dataclasses, lists of them, or None.
    keys : callable
        Takes a study, returns the keys that there is a result for.
    seconds : float
        About what one takes for a study of usual size: its weight in the progress.
    """

    compute: Callable[..., T]
    keys: Callable[[Study], Iterable[Key]]
    seconds: float

    def __call__(self, study: Study, *key: str) -> T:
        """Return a result; it is computed unless it was before, here or elsewhere."""
        return once(self.compute)(study, *key)

    def handed(self, study: Study, *key: str) -> T | None:
        """Return a result only where another process computed it."""
        return study.computed.get((self.compute, *key))

    def hand(self, study: Study, key: Key, result: Any) -> None:
        """Give a study a result that another process computed."""
        study.computed[self.compute, *key] = result

    @property
    def result(self) -> Any:
        """Type of a result."""
        return get_type_hints(self.compute)["return"]


_KNOWN: dict[str, Piece[Any]] = {}


def pieces() -> Mapping[str, Piece[Any]]:
    """Return the kinds of heavy results by name, of all modules of this room."""
    for module in iter_modules(gradshift.group.__path__):
        import_module(f"{gradshift.group.__name__}.{module.name}")
    return _KNOWN


def piece(
    keys: Callable[[Study], Iterable[Key]], *, seconds: float
) -> Callable[[Callable[..., T]], Piece[T]]:
    """Mark a function of a study and the words of a key, see `Piece`."""

    def mark(compute: Callable[..., T]) -> Piece[T]:
        made = _KNOWN[compute.__name__] = Piece(compute, keys, seconds)
        return made

    return mark


def as_a_whole(study: Study) -> list[Key]:
    """Return the key of a result that is not divided."""
    return [()]
