"""The options of one run: typed once, checked once, and never changed afterwards.

Every option is one field of one of the small dataclasses of this package, which has a module for
each of its sections. The command line, the settings file (``--config-file``), the record kept in
``logs/`` and the documentation are all made from these fields. Importing it is cheap.
"""

from gradshift.settings.analysis import Analysis
from gradshift.settings.denoising import Denoising
from gradshift.settings.files import LONGEST_FILE, read_file, read_small, shown, to_toml
from gradshift.settings.group import Group
from gradshift.settings.inputs import Inputs
from gradshift.settings.optionfield import flag, option
from gradshift.settings.pet import Pet
from gradshift.settings.running import Running
from gradshift.settings.whole import (
    GROUPS,
    KINDS,
    LARGEST,
    Settings,
    columns,
    defaults,
    make,
    options,
    values,
)

__all__ = [
    "GROUPS",
    "KINDS",
    "LARGEST",
    "LONGEST_FILE",
    "Analysis",
    "Denoising",
    "Group",
    "Inputs",
    "Pet",
    "Running",
    "Settings",
    "columns",
    "defaults",
    "flag",
    "make",
    "option",
    "options",
    "read_file",
    "read_small",
    "shown",
    "to_toml",
    "values",
]
