"""What is said of an error that nobody has foreseen."""

import logging
import time
from pathlib import Path
from traceback import format_exception

logger = logging.getLogger("gradshift")

LONGEST = 200
"""Letters of an error's own words that are quoted."""


def tell(error: Exception, output_dir: Path | None) -> str:
    """Say in a sentence what happened, and keep where it came from in the logs of an output.

    Parameters
    ----------
    error : Exception
    output_dir : Path or None
        None where it is not known yet. One that has no logs is left as it is.
    """
    logger.debug("", exc_info=error)
    first = (str(error).strip() or "it says no more").splitlines()[0]
    sentence = f"An error that gradshift does not know: {type(error).__name__}: {first[:LONGEST]}."
    logs = None if output_dir is None else output_dir / "logs"
    if logs is None or not logs.is_dir():
        return f"{sentence} Please report it with what --verbose shows."
    path = logs / "crash" / f"{time.strftime('%Y%m%d-%H%M%S')}_error.txt"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(format_exception(error)), encoding="utf-8", errors="replace")
    except OSError:
        return f"{sentence} Please report it with what --verbose shows."
    return f"{sentence} Please report it with {path}."
