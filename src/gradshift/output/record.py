"""The record of an output: with which settings its numbers were made."""

import secrets
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from gradshift import settings as schema
from gradshift.bids.write import write_text
from gradshift.errors import SettingsError
from gradshift.output.lock import locked
from gradshift.output.same import check_same as check_same
from gradshift.settings import Settings

GROWING = ("atlas", "denoise", "measures")
"""Options whose names may be added to in a later run."""

PATIENCE = 60.0
"""Seconds to wait for other processes that write the record, or anything all of them share."""


def shared(
    output_dir: Path, is_written: Callable[[], bool] = lambda: False
) -> AbstractContextManager[bool]:
    """Hold what all processes that work into an output share: its record and descriptions.

    Parameters
    ----------
    output_dir : Path
    is_written : callable
        Whether it is as this process would write it. Of a thousand that begin together one
        writes, and the others wait no longer than that takes.

    Returns
    -------
    context manager
        It gives whether it is still to be written.
    """
    return locked(output_dir / "logs", ["settings"], patience=PATIENCE, is_done=is_written)


def _path(output_dir: Path) -> Path:
    return output_dir / "logs" / "settings.toml"


def read(output_dir: Path) -> dict[str, dict[str, Any]]:
    """Read the settings an output was made with, by level; empty for a new output."""
    path = _path(output_dir)
    if not path.exists():
        return {}
    try:
        levels = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The record of settings {path} is damaged: {error}.") from error
    if not all(isinstance(recorded, dict) for recorded in levels.values()):
        raise SettingsError(f"The record of settings {path} is damaged: it needs a part a level.")
    return {
        level: {key.replace("-", "_"): value for key, value in recorded.items()}
        for level, recorded in levels.items()
    }


def check(settings: Settings) -> None:
    """Compare settings with those recorded in the output.

    Only options that change numbers count; atlases, recipes and measures may be added.

    Raises
    ------
    SettingsError
        If they differ and ``--overwrite`` was not given.
    """
    if settings.running.overwrite:
        return
    recorded = read(settings.output_dir).get(settings.part)
    if differing := _differing(recorded, settings):
        further = " --comparison LABEL for a further one," if settings.level == "group" else ""
        raise SettingsError(
            f"{settings.output_dir} was made with other settings: {'; '.join(differing)}. Use "
            f"the same settings, another OUTPUT_DIR,{further} or --overwrite."
        )


def _differing(recorded: Mapping[str, object] | None, settings: Settings) -> list[str]:
    """Say which options that change numbers differ from the record, if there is one.

    An option that came with a later version, and is as it is by default, is no difference.
    """
    if recorded is None:
        return []
    now, usual = numbers(settings), schema.defaults()
    return [
        f"{schema.flag(name)} was {schema.shown(recorded.get(name))} and is now "
        f"{schema.shown(now.get(name))}"
        for name in sorted(set(recorded) | set(now))
        if name not in GROWING
        and recorded.get(name) != now.get(name)
        and not (name not in recorded and now[name] == usual[name])
    ]


def keep(settings: Settings, names: Mapping[str, Sequence[str]]) -> None:
    """Record the settings of this run; to be called while what is `shared` is held.

    They are compared once more: another process may have been the first to record.

    Parameters
    ----------
    settings : Settings
    names : mapping of str to sequence of str
        Names of the atlases (``atlas``) and recipes (``denoise``), whatever files they came
        from, and of the measures (``measures``). They are added to those recorded, unless
        other settings differ: results that were made with these no longer count. With
        ``--overwrite`` the measures take the place of those recorded.

    Raises
    ------
    SettingsError
        As `check`.
    """
    check(settings)
    recorded = read(settings.output_dir)
    known = recorded.get(settings.part, {})
    if _differing(known or None, settings):
        known = {}
    now = numbers(settings)
    for option, given in names.items():
        anew = option == "measures" and settings.running.overwrite
        now[option] = list(dict.fromkeys([*([] if anew else known.get(option, [])), *given]))
    recorded[settings.part] = now
    text = "\n".join(
        f"[{level}]\n{schema.to_toml(options)}" for level, options in recorded.items()
    )
    write_text(_path(settings.output_dir), text)
    keep_options(settings)


def keep_options(settings: Settings) -> None:
    """Write the options of this run to a file of their own, to be used again."""
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}_{secrets.token_hex(4)}_{settings.level}.toml"
    paths = (
        f"# gradshift {settings.bids_dir} {settings.output_dir} {settings.level}\n"
        f"# To use these options again: --config-file with this file.\n"
    )
    write_text(
        settings.output_dir / "logs" / stamp, paths + schema.to_toml(schema.values(settings))
    )


def numbers(settings: Settings) -> dict[str, object]:
    """Return the options that change the numbers of this level, as a file holds them."""
    options = schema.values(settings, numbers=settings.level)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}


def recorded_measures(output_dir: Path) -> list[str]:
    """Return the measures that an output was asked for; none for a new one."""
    return list(read(output_dir).get("participant", {}).get("measures", ()))


def participant_level(output_dir: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Return the options the participant level ran with.

    Raises
    ------
    SettingsError
        If an option that changes its numbers is now given another value.
    """
    recorded = read(output_dir).get("participant", {})
    wanted = {f.name for _, f in schema.options() if f.metadata["numbers"] == "participant"}
    for name in wanted & set(given):
        value = given[name]
        value = list(value) if isinstance(value, tuple) else value
        if recorded and recorded.get(name) != value:
            raise SettingsError(
                f"The participant level in {output_dir} ran with {schema.flag(name)} "
                f"{schema.shown(recorded.get(name))}, not {schema.shown(value)}; run it again "
                "with this value, or leave the option out at the group level."
            )
    return recorded
