"""Nipype's plugins for clusters, as gradshift uses them."""

from typing import Any


def going_on(kind: type[Any]) -> type[Any]:
    """Return a plugin that goes on with all other nodes when a job dies without a word.

    For a job that left no result, killed for time or memory, nipype keeps what happened as one
    text, adds a list of lines to it, and is ended by the TypeError of that.

    Parameters
    ----------
    kind : class
        A plugin of nipype that submits jobs.
    """

    class GoingOn(kind):
        def _report_crash(self, node: Any, result: Any = None) -> Any:
            if result is not None and isinstance(result["traceback"], str):
                lines = result["traceback"].splitlines(keepends=True)
                result = {**result, "traceback": lines}
            return super()._report_crash(node, result)

    return GoingOn
