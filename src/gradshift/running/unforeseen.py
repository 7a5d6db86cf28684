"""What is said of an error that nobody has foreseen."""

import logging
import secrets
import time
from pathlib import Path
from traceback import format_exception

from gradshift.errors import reason

logger = logging.getLogger("gradshift")


def tell(error: Exception, output_dir: Path | None) -> str:
    """Say in a sentence what happened, and keep where it came from in the logs of an output.

    Parameters
    ----------
    error : Exception
    output_dir : Path or None
        None where it is not known yet. One that has no logs is left as it is.
    """
    logger.debug("", exc_info=error)
    sentence = reason(error)
    logs = None if output_dir is None else output_dir / "logs"
    if logs is None or not logs.is_dir():
        return f"{sentence} Please report it with what --verbose shows."
    path = logs / "crash" / f"{time.strftime('%Y%m%d-%H%M%S')}_{secrets.token_hex(2)}_error.txt"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(format_exception(error)), encoding="utf-8", errors="replace")
    except OSError:
        return f"{sentence} Please report it with what --verbose shows."
    return f"{sentence} Please report it with {path}."
