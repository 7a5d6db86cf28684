"""Nipype's plugins for clusters, as gradshift uses them."""

from pathlib import Path
from typing import Any

GUARD = """\
from gradshift.running.pickles import guard_nipype
guard_nipype()
"""
"""What a job does before it reads its step from a pickle: see `gradshift.running.pickles`."""


class RefusedError(Exception):
    """A cluster that does not take a job; its cause says why."""

    def __init__(self, taken: int) -> None:
        super().__init__()
        self.taken = taken


def going_on(kind: type[Any]) -> type[Any]:
    """Return a plugin that goes on with all other nodes when a job dies without a word.

    For a job that left no result, killed for time or memory, nipype keeps what happened as one
    text, adds a list of lines to it, and is ended by the TypeError of that. A job that is not
    taken raises `RefusedError`.

    Parameters
    ----------
    kind : class
        A plugin of nipype that submits jobs.
    """
    _guard_jobs()

    class GoingOn(kind):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._taken = 0
            super().__init__(*args, **kwargs)

        def _submit_job(self, *args: Any, **kwargs: Any) -> Any:
            try:
                number = super()._submit_job(*args, **kwargs)
            except Exception as error:  # of many kinds, one for each scheduler
                raise RefusedError(self._taken) from error
            self._taken += 1
            return number

        def _report_crash(self, node: Any, result: Any = None) -> Any:
            if result is not None and isinstance(result["traceback"], str):
                lines = result["traceback"].splitlines(keepends=True)
                result = {**result, "traceback": lines}
            return super()._report_crash(node, result)

    return GoingOn


def _guard_jobs() -> None:
    """Let the scripts of jobs read pickles as every process here does, without running them."""
    from nipype.pipeline.plugins import base

    create = base.create_pyscript
    if getattr(create, "is_guarded", False):
        return

    def create_guarded(*args: Any, **kwargs: Any) -> str:
        script = Path(create(*args, **kwargs))
        script.write_text(GUARD + script.read_text(encoding="utf-8"), encoding="utf-8")
        return str(script)

    create_guarded.is_guarded = True  # type: ignore[attr-defined]
    base.create_pyscript = create_guarded
