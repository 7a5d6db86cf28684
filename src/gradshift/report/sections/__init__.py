"""Further sections of the page of the group: one module each, found by themselves.

A module in this folder that defines ``SECTION`` adds a section before the list of people.
"""

from functools import cache

from gradshift.core.folders import found_in
from gradshift.report.grouped import GroupResults
from gradshift.report.section import Builder, Section


@cache
def _builders() -> list[Builder]:
    every = found_in(__name__, __path__, "SECTION").values()
    return sorted(every, key=lambda builder: builder.rank)


def sections(results: GroupResults) -> dict[str, Section]:
    """Return the sections that an output has something for, by anchor, in their order."""
    built = {builder.name: builder.build(results) for builder in _builders()}
    return {name: section for name, section in built.items() if section is not None}
