"""What results are made of: datasets, atlases, recipes; one of a name in an output.

The record lies in ``logs/provenance.json``. Digests are those of contents, so that files may
move, and two files of one name are told apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from gradshift.bids import atlascopies
from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json
from gradshift.errors import SettingsError
from gradshift.output.identity import Identity, digest, named

ADVICE = "Use another OUTPUT_DIR, or --overwrite to replace the results that are there."


@dataclass(frozen=True, kw_only=True)
class AtlasFiles:
    """The files of an atlas as they are used.

    Parameters
    ----------
    table : str
        Digest of its label tables.
    images : mapping of str to str
        Digest of its images, by space.
    files : mapping of str to str
        Digests of their copies, by name in the folder of the atlases.
    """

    table: str
    images: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What the results of a run are made of.

    Parameters
    ----------
    dataset : Identity
        Of BIDS_DIR.
    derivatives : mapping of str to list
        Identities of the preprocessed datasets, by kind of input.
    atlases : mapping of str to AtlasFiles
    recipes : mapping of str to str
        Digests of the denoising recipes.
    """

    dataset: Identity
    derivatives: Mapping[str, Sequence[Identity]]
    atlases: Mapping[str, AtlasFiles]
    recipes: Mapping[str, str]


def atlas_files(
    tables: Sequence[Path], images: Mapping[str, Sequence[Path]], copies: Mapping[str, Path]
) -> AtlasFiles:
    """Read what identifies an atlas.

    Parameters
    ----------
    tables : sequence of Path
        Label tables of its parts.
    images : mapping of str to sequence of Path
        Images of its parts, by space.
    copies : mapping of str to Path
        All these files, by the name that each has in an output.
    """
    every = [*tables, *(path for paths in images.values() for path in paths)]
    known = {path: digest(path.read_bytes()) for path in dict.fromkeys(every)}

    def joined(paths: Sequence[Path]) -> str:
        first, *others = (known[path] for path in paths)
        return digest([first, *others]) if others else first

    return AtlasFiles(
        table=joined(tables),
        images={space: joined(paths) for space, paths in images.items()},
        files={name: digest(atlascopies.content(path)) for name, path in copies.items()},
    )


def read(output_dir: Path) -> Provenance | None:
    """Read what the results in an output are made of; None where nothing is recorded."""
    path = _path(output_dir)
    if not path.exists():
        return None
    record = read_json(path)
    try:
        return Provenance(
            dataset=record["dataset"],
            derivatives=record["derivatives"],
            atlases={name: AtlasFiles(**files) for name, files in record["atlases"].items()},
            recipes=record["recipes"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"The record {path} is damaged; remove it: {error}.") from error


def check(output_dir: Path, now: Provenance) -> None:
    """Refuse to mix what has one name and two contents in an output.

    Raises
    ------
    SettingsError
        If the dataset is another one, or an atlas or a recipe of the same name.
    """
    known = read(output_dir)
    nothing = Provenance(dataset=now.dataset, derivatives={}, atlases={}, recipes={})
    copies = [] if known else list(_other_copies(output_dir, now))
    if differing := [*_differing(known or nothing, now), *copies]:
        raise SettingsError(f"{output_dir} holds results of {differing[0]}. {ADVICE}")


def keep(output_dir: Path, now: Provenance, *, anew: bool) -> None:
    """Record what results are made of, with what was known before unless it begins anew."""
    known = None if anew else read(output_dir)
    if known is not None:
        atlases = dict(known.atlases)
        for name, files in now.atlases.items():
            before = atlases.get(name, files)
            atlases[name] = AtlasFiles(
                table=files.table,
                images={**before.images, **files.images},
                files={**before.files, **files.files},
            )
        now = Provenance(
            dataset=now.dataset,
            derivatives={**known.derivatives, **now.derivatives},
            atlases=atlases,
            recipes={**known.recipes, **now.recipes},
        )
    write_json(_path(output_dir), asdict(now))


def is_kept(output_dir: Path, atlas: str, path: Path) -> bool:
    """Tell whether a file made from an atlas is as `keep_file` saw it."""
    known = read(output_dir)
    files = known.atlases[atlas].files if known and atlas in known.atlases else {}
    return path.is_file() and files.get(path.name) == digest(path.read_bytes())


def keep_file(output_dir: Path, atlas: str, path: Path) -> None:
    """Record a file that was made from an atlas, which is in the record already."""
    known = read(output_dir)
    assert known is not None
    files = {**known.atlases[atlas].files, path.name: digest(path.read_bytes())}
    atlases = {**known.atlases, atlas: replace(known.atlases[atlas], files=files)}
    write_json(_path(output_dir), asdict(replace(known, atlases=atlases)))


def _path(output_dir: Path) -> Path:
    return output_dir / "logs" / "provenance.json"


def _differing(known: Provenance, now: Provenance) -> Iterator[str]:
    """Yield what has the same name and another content, as a sentence goes on."""
    if known.dataset["Digest"] != now.dataset["Digest"]:
        yield f"another dataset, {named(known.dataset)}, not of {named(now.dataset)}"
    for kind, datasets in now.derivatives.items():
        before = known.derivatives.get(kind, datasets)
        if [one["Digest"] for one in before] != [one["Digest"] for one in datasets]:
            old, new = (", ".join(map(named, sources)) or "none" for sources in (before, datasets))
            yield f"another preprocessed dataset ({kind}), {old}, not of {new}"
    for name, files in now.atlases.items():
        old_files = known.atlases.get(name, files)
        if old_files.table != files.table:
            yield f"another atlas {name}: its label table was different"
        for space, image in files.images.items():
            if old_files.images.get(space, image) != image:
                yield f"another atlas {name}: its image in {space} was different"
        for other, others in {**known.atlases, **now.atlases}.items():
            for file in files.files.keys() & others.files.keys():
                if files.files[file] != others.files[file]:
                    yield f"the atlas {other}, whose file {file} is not that of {name}"
    for name, content in now.recipes.items():
        if known.recipes.get(name, content) != content:
            yield f"another denoising recipe {name}"


def _other_copies(output_dir: Path, now: Provenance) -> Iterator[str]:
    """Yield atlases whose copies in an output without a record are not what is used now."""
    for name, files in now.atlases.items():
        for file, content in files.files.items():
            path = output_dir / atlascopies.FOLDER / file
            if path.is_file() and path.stat().st_size and digest(path.read_bytes()) != content:
                yield f"another atlas {name}, or its copy {path} is damaged (remove it then)"
