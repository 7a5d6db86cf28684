"""Libraries as gradshift uses them, whatever settings of them lie about.

matplotlib, nipype and pybids read settings where they are imported: in the current folder, in the
home, in /tmp of the machine. A picture with `text.usetex` needs LaTeX, and a home may be that of
somebody else, whose files cannot be read.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from gradshift.settings import Settings

NOWHERE = os.path.join(os.sep, "nonexistent")
"""A folder that is nobody's."""


def set_apart(*names: str) -> None:
    """Keep libraries from settings that are not gradshift's, and import some of them now.

    Parameters
    ----------
    names : str
        Of the three, those that are about to be used; none of them is imported yet.
    """
    os.environ["MPLBACKEND"] = "Agg"
    os.environ["NIPYPE_CONFIG_DIR"] = NOWHERE
    os.environ.pop("PYBIDS_CONFIG", None)
    shipped = _shipped_style()
    if shipped is not None:
        os.environ["MATPLOTLIBRC"] = str(shipped)
    if any(name not in sys.modules for name in names):
        with _empty_surroundings():
            for name in names:
                import_module(name)


def used(settings: Settings) -> tuple[str, ...]:
    """Name the libraries that a run uses and that have settings of their own."""
    running = settings.running
    if settings.level == "group" or running.reports_only:
        return ("matplotlib",)
    if running.dry_run or running.boilerplate_only:
        return ("bids",)
    return ("bids", "nipype", "matplotlib")


def _shipped_style() -> Path | None:
    """Return the settings that matplotlib comes with."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "mpl-data" / "matplotlibrc"


@contextmanager
def _empty_surroundings() -> Iterator[None]:
    """Work in a new folder that is the home as well, and go back."""
    before = {name: os.environ.get(name) for name in ("HOME", "PWD")}
    try:
        here = os.getcwd()
    except OSError:  # a folder that was removed: there is nothing to go back to
        here = os.sep
    with _empty_folder() as folder:
        os.environ["HOME"] = folder
        os.chdir(folder)
        try:
            yield
        finally:
            with suppress(OSError):
                os.chdir(here)
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextmanager
def _empty_folder() -> Iterator[str]:
    """Make a folder and remove it; where none can be made, take the top of the file system."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gradshift-"))
        except OSError:
            folder = os.sep
        yield folder
