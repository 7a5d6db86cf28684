"""Processes that share the work of the group level."""

from collections.abc import Callable, Iterable
from typing import Any

from gradshift import plugins
from gradshift.core.inference.resampling import Workers
from gradshift.settings import Settings


def workers(settings: Settings) -> Workers:
    """Return a function that applies another to all items, in as many processes as may run.

    Results come in the order of the items: their number changes no digit. Large arrays are
    written to the work folder once, and mapped by all processes. Each process has as many
    threads as this one, see `gradshift.cli`.

    Parameters
    ----------
    settings : Settings
    """
    if settings.running.processes == 1:
        return map
    from joblib import Parallel, delayed

    folder = settings.work_dir
    folder.mkdir(parents=True, exist_ok=True)
    parallel = Parallel(
        n_jobs=settings.running.processes,
        return_as="generator",
        temp_folder=str(folder),
        initializer=plugins.load,
        initargs=(settings.analysis.plugin,),
    )

    def apply(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
        found: Iterable[Any] = parallel(delayed(function)(item) for item in items)
        return found

    return apply
