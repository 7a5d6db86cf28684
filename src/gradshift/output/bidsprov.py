"""A record of provenance as BIDS proposes it (BEP028): what was run, with what, on what.

Four files in ``prov/`` hold activities (the levels that were run), software, environments and
what the activities used and made that has no sidecar of its own. Nothing in them names a path of
a machine, a person or a time, so that a run that changes nothing changes no byte of them.
"""

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradshift import __version__
from gradshift import settings as schema
from gradshift.bids.dataset import read_json
from gradshift.bids.links import Links
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_table
from gradshift.errors import GradshiftError
from gradshift.output import record
from gradshift.output.identity import digest, identity, named

Object = Mapping[str, object]

FILES = {"act": "Activities", "soft": "Software", "env": "Environments", "ent": "ProvEntities"}
"""Suffix of each file, and the key of what it holds."""

LIBRARIES = ("nibabel", "nilearn", "nipype", "numba", "numpy", "pandas", "pybids", "scikit-learn",
             "scipy")  # fmt: skip
"""Packages that results depend on."""

RESULTS = "bids::prov#provEntity-results"
"""What the participant level makes, and the group level reads."""

MADE = (RESULTS, "bids::prov#provEntity-group")
"""How the identifiers begin of what is made here."""


def keep(settings: schema.Settings, links: Links | None = None) -> None:
    """Write the record of a level, with what is known of earlier runs.

    To be called while `gradshift.output.record.shared` is held, once the settings are recorded.

    Parameters
    ----------
    settings : Settings
    links : Links, optional
        The datasets that were read; those of earlier runs if None.
    """
    output_dir, level = settings.output_dir, settings.level
    place = "sub-*" if level == "participant" else settings.group_dir.name
    known = {suffix: _read(output_dir, suffix) for suffix in FILES}
    software = {**known["soft"], **_by_id(_software())}
    environments = {**known["env"], **_by_id([_environment()])}
    sources = {} if links is None else _by_id(_datasets(links))
    entities = {**known["ent"], **sources}
    activity = _identified(
        level,
        {
            "Label": f"{level.capitalize()} level, into {place}",
            "Command": _command(record.read(output_dir).get(level, {}), level),
            "AssociatedWith": sorted(software),
            "Used": sorted([*environments, *_used(entities, level)]),
        },
    )
    made = {
        "Id": RESULTS if level == "participant" else f"bids::prov#provEntity-{place}",
        "Label": f"Files made by the {level} level",
        "AtLocation": place,
        "GeneratedBy": activity["Id"],
    }
    others = [one for one in known["act"].values() if one["Label"] != activity["Label"]]
    content = {
        "act": _by_id([*others, activity]),
        "soft": software,
        "env": environments,
        "ent": {**entities, **_by_id([made])},
    }
    for suffix, objects in content.items():
        ordered = [objects[name] for name in sorted(objects)]
        write_json(_path(output_dir, suffix), {FILES[suffix]: ordered})
    folder = output_dir / "prov"
    described = {"description": {"Description": "What the files of this label describe"}}
    row = ("prov-gradshift", "Provenance of the results of gradshift")
    write_table(folder / "provenance.tsv", ("provenance_label", "description"), [row])
    write_json(folder / "provenance.json", described)


def _path(output_dir: Path, suffix: str) -> Path:
    return output_dir / "prov" / f"prov-gradshift_{suffix}.json"


def _read(output_dir: Path, suffix: str) -> dict[str, Object]:
    """Read what is known by identifier; a damaged file is made again."""
    try:
        objects = read_json(_path(output_dir, suffix))[FILES[suffix]]
        return {one["Id"]: one for one in objects}
    except (GradshiftError, KeyError, TypeError):
        return {}


def _by_id(objects: Iterable[Object]) -> dict[str, Object]:
    return {str(one["Id"]): one for one in objects}


def _identified(name: str, content: Object) -> Object:
    """Give an object an identifier that differs with anything in it."""
    return {"Id": f"bids::prov#{name}-{digest(content)[:8]}", **content}


def _software() -> list[Object]:
    versions = {"gradshift": __version__, "Python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # one that is not needed for what was asked
            continue
    return [
        _identified(name.lower(), {"Label": name, "Version": number})
        for name, number in versions.items()
    ]


def _environment() -> Object:
    try:
        label = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):  # no Linux
        label = platform.system() or "unknown"
    system = f"{platform.system()} ({platform.machine()})"
    return _identified("environment", {"Label": label, "OperatingSystem": system})


def _datasets(links: Links) -> list[Object]:
    targets = links.targets()
    return [
        {
            "Id": f"bids::prov#provEntity-{name}",
            "Label": named(identity(folder)),
            "AtLocation": targets[name],
        }
        for name, folder in links.folders.items()
    ]


def _used(entities: Mapping[str, Object], level: str) -> list[str]:
    """Name what a level reads: the datasets, or what the level before made."""
    if level == "group":
        return [RESULTS]
    return [name for name in entities if not name.startswith(MADE)]


def _command(options: Mapping[str, object], level: str) -> str:
    """Return the command line that gives the recorded settings, without paths."""
    usual = schema.defaults()
    words = ["gradshift", "BIDS_DIR", "OUTPUT_DIR", level]
    for name, value in options.items():
        if value is None or value == usual.get(name):
            continue
        if isinstance(value, bool):
            words.append(schema.flag(name if value else f"no_{name}"))
            continue
        words.append(schema.flag(name))
        values = value if isinstance(value, list) else [value]
        words += [Path(one).name if isinstance(one, str) else f"{one:g}" for one in values]
    return " ".join(words)
