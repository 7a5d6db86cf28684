"""Names of tracers and radionuclides."""

import re

RADIONUCLIDE = re.compile(r"\[?(\d{1,3})-?([A-Za-z]{1,2})\]?|\[?([A-Za-z]{1,2})-?(\d{1,3})\]?")
"""``11C``, ``[11C]``, ``C11`` or ``C-11``."""


def radionuclide(text: object) -> str:
    """Return a radionuclide as ``11C``; empty where a text names none.

    Parameters
    ----------
    text : object
        As ``TracerRadionuclide`` has it, such as ``C11``, ``11C`` or ``[11C]``.
    """
    match = RADIONUCLIDE.fullmatch(str(text or "").strip())
    if match is None:
        return ""
    mass, symbol = (match[1], match[2]) if match[1] else (match[4], match[3])
    return f"{mass}{symbol.capitalize()}"


def plain(name: str) -> str:
    """Return what two spellings of a tracer's name share: no radionuclide, letters and digits."""
    bare = re.sub(r"[^a-z0-9]", "", re.sub(r"^\s*[\[(]\s*\w+\s*[\])]", "", name).lower())
    return re.sub(r"^(11c|c11|18f|f18)(?=[a-z])", "", bare)


def leading(name: str) -> str:
    """Return the radionuclide that a name starts with, such as ``[18F]``."""
    match = re.match(r"\[(\d{1,3}[A-Za-z]{1,2})\]|(11C|C11|18F|F18)(?=[-_A-Za-z])", name.strip())
    return radionuclide(match[1] or match[2]) if match else ""
