"""Processes that share the work of the group level."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from gradshift import plugins
from gradshift.core.inference.resampling import Workers
from gradshift.errors import StorageError
from gradshift.running.number import processes
from gradshift.running.workdir import intermediate
from gradshift.settings import Settings


def workers(settings: Settings) -> Workers:
    """Return a function that applies another to all items, in as many processes as may run.

    Results come in the order of the items: their number changes no digit. Large arrays are
    written to the work folder once, and mapped by all processes. Each process has as many
    threads as this one, see `gradshift.cli`. A process that is killed costs one retry of the
    item it had, alone; the others go on after it.

    Parameters
    ----------
    settings : Settings
    """
    n = processes(settings.running)
    if n == 1:
        return map
    pool = _Pool(n, str(intermediate(settings.work_dir)), settings.analysis.plugin)

    def apply(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
        return _each(function, iter(items), pool)

    return apply


class _Pool(NamedTuple):
    """How many processes share the work, where arrays go, and the plug-ins they load first."""

    n: int
    folder: str
    plugins: tuple[str, ...]


def _each(function: Callable[[Any], Any], items: Iterator[Any], pool: _Pool) -> Iterator[Any]:
    """Yield the results in order; where a process was killed, go on with the item it had."""
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    unfinished: deque[Any] = deque()

    def handed_out() -> Iterator[Any]:
        yield from list(unfinished)
        for item in items:
            unfinished.append(item)
            yield item

    while True:
        parallel = Parallel(
            return_as="generator",
            n_jobs=pool.n,
            temp_folder=pool.folder,
            initializer=plugins.load,
            initargs=(pool.plugins,),
        )
        try:
            for result in parallel(delayed(function)(item) for item in handed_out()):
                unfinished.popleft()
                yield result
        except TerminatedWorkerError:
            yield _alone(function, unfinished.popleft(), pool.plugins)
        else:
            return


def _alone(function: Callable[[Any], Any], item: Any, plugin: tuple[str, ...]) -> Any:
    """Do one piece of work in a process of its own, with nothing beside it.

    Raises
    ------
    StorageError
        If that process is killed as well.
    """
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with ProcessPoolExecutor(1, initializer=plugins.load, initargs=(plugin,)) as pool:
        try:
            return pool.submit(function, item).result()
        except TerminatedWorkerError as error:
            raise StorageError(
                "A process of the group level was killed twice, the second time with nothing "
                "beside it, most often for lack of memory: give more memory, or fewer --nprocs."
            ) from error
