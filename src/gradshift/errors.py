"""What can go wrong, as one tree; the exit codes are those of the BIDS execution spec.

::

    GradshiftError                 1
      SettingsError               64   wrong usage, or settings that differ from an output's
      InputError                  65   data that cannot be used
        ExcludedError             65   readable data that the quality rules leave out
        MissingInputError         66   a file or folder that is not there
        NotBidsError              16   not a BIDS dataset, or nothing preprocessed in it
        NothingSelectedError      18   the filters select nothing
      OutputError                 73   an output that cannot be created, or is locked
      StorageError                74   the disk is full, or failed

Every message is one sentence for the user: what was looked for, where, what is there
instead, and what to do.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 200
"""Letters of the own words of an unforeseen error that are quoted."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint for a message, ``" (did you mean aCompCor?)"``; empty if nothing is near.

    Parameters
    ----------
    word : str
        What was typed; upper and lower case count alike. Of names that are near, those with
        its numbers come first: whoever types 100 does not mean 400.
    known : iterable of str
    """
    names = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), names, n=max(1, len(names)))
    numbers = set(re.findall(r"\d+", word))
    near.sort(key=lambda name: -len(numbers & set(re.findall(r"\d+", name))))
    return f" (did you mean {names[near[0]]}?)" if near else ""


def reason(error: Exception) -> str:
    """Return why something cannot be done: a sentence of ours, or one about an unforeseen error.

    Parameters
    ----------
    error : Exception
        Of any kind: what one run or session brings about must not stop the others.
    """
    if isinstance(error, GradshiftError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory to read it; give more memory, or fewer --nprocs."
    if isinstance(error, ImportError):
        return (
            f"A library cannot be loaded: {error}; check PYTHONPATH, or install gradshift in an "
            "environment of its own."
        )
    first = (str(error).strip() or "it says no more").splitlines()[0]
    return f"An error that gradshift does not know: {type(error).__name__}: {first[:LONGEST]}."


class GradshiftError(Exception):
    """Anything gradshift can explain to its user."""

    exit_code = 1


class SettingsError(GradshiftError):
    """An option that makes no sense, or settings that differ from an output's."""

    exit_code = 64


class InputError(GradshiftError):
    """Data that cannot be used."""

    exit_code = 65


class ExcludedError(InputError):
    """Readable data that the quality rules leave out."""


class MissingInputError(InputError):
    """A file or folder that is not there."""

    exit_code = 66


class NotBidsError(InputError):
    """A folder that is not a BIDS dataset, or has nothing preprocessed in it."""

    exit_code = 16


class NothingSelectedError(InputError):
    """Filters that select nothing."""

    exit_code = 18


class OutputError(GradshiftError):
    """An output that cannot be created, or that another process holds."""

    exit_code = 73


class StorageError(GradshiftError):
    """A disk that is full or failed."""

    exit_code = 74
