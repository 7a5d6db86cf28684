"""A run from Python: the settings, checks and levels of the command line."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from gradshift import settings as schema
from gradshift.errors import SettingsError, did_you_mean
from gradshift.running.memory import check_enough

LEVELS = ("participant", "group")


def run(
    bids_dir: str | PathLike[str],
    output_dir: str | PathLike[str],
    level: str,
    options: Mapping[str, object],
) -> int:
    """Run a level in this process; see `gradshift.run`.

    Settings of matplotlib, nipype and the numerical libraries stay as the session has them, but
    for the number of threads, which is that of the command line while the run lasts.
    """
    from threadpoolctl import threadpool_limits

    if level not in LEVELS:
        raise SettingsError(f"The level is participant or group, not {level!r}.")
    given = {name: _given(value) for name, value in options.items()}
    known = [f.name for _, f in schema.options()]
    if unknown := [name for name in given if name not in known]:
        hints = ", ".join(name + did_you_mean(name, known) for name in unknown)
        raise SettingsError(f"There is no option {hints}; gradshift --help lists the options.")
    settings = schema.make(Path(bids_dir).resolve(), Path(output_dir).resolve(), level, given)

    check_enough()
    from gradshift.levels.run import run as run_level

    with threadpool_limits(settings.running.omp_nthreads):
        return run_level(settings, given)


def _given(value: object) -> object:
    """Return a value as the command line gives it: paths are text."""
    if isinstance(value, PathLike):
        return str(Path(value))
    if isinstance(value, list | tuple):
        return tuple(map(_given, value))
    return value
