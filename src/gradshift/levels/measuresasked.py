"""Which measures the words of an option ask for."""

from collections.abc import Sequence

from gradshift.core.cortex.measure import ALL, DEFAULT
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.measures import measures, opt_in
from gradshift.errors import SettingsError, did_you_mean
from gradshift.output import record
from gradshift.settings import Settings


def words() -> list[str]:
    """List the words that ``--measures`` takes: groups first, then single measures."""
    return [DEFAULT, ALL, *opt_in(), *measures()]


def measures_asked(settings: Settings) -> list[str]:
    """Return the measures that a run of the participant level computes.

    Measures of the confirmatory family are always among them, and those that an output has
    been asked for before: a later run adds to them, unless ``--overwrite`` is given.

    Returns
    -------
    list of str
        Names, in alphabetical order.

    Raises
    ------
    SettingsError
        If a word is neither a measure nor a group.
    """
    asked = named(settings.analysis.measures)
    if not settings.running.overwrite:
        asked |= set(record.recorded_measures(settings.output_dir))
    return [name for name in measures() if name in asked]


def named(asked: Sequence[str]) -> set[str]:
    """Return the measures that words stand for, with those of the confirmatory family."""
    every, groups = measures(), opt_in()
    if unknown := sorted(set(asked) - set(words())):
        raise SettingsError(
            f"There is no measure {', '.join(w + did_you_mean(w, words()) for w in unknown)}; "
            f"measures are {', '.join(every)}; groups are {', '.join((DEFAULT, ALL, *groups))}."
        )
    members = {
        ALL: tuple(every),
        DEFAULT: tuple(name for name, measure in every.items() if not measure.group),
        **groups,
    }
    chosen = {measure for measure, _, _ in CONFIRMATORY}
    return chosen.union(*(members.get(word, (word,)) for word in asked or (DEFAULT,)))
