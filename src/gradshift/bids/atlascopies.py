"""The atlases of an output: a dataset of atlases as BIDS 1.11 (BEP038) lays it out.

``atlases/`` holds ``atlas-<label>_description.json``, the label table and its JSON file at the
top, and images as ``tpl-<space>/anat/tpl-<space>_atlas-<label>..._dseg.nii.gz``.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path

from gradshift.bids.names import file_name

FOLDER = "atlases"
"""Where they lie in an output."""

IGNORED = "*_regions.json\n*_reference.tsv\n*_fsaverage5.tsv\n"
"""What lies beside them and BIDS has no name for."""

README = """\
The atlases that the results of gradshift rest on: images and label tables as they were used.
*_regions.json says in what order and sets their regions were used, *_reference.tsv holds
reference gradients, *_fsaverage5.tsv the region of each vertex of that surface.
"""

PACKED_SURFACE = ".dlabel.nii.gz"
"""An end of names that BIDS does not know: such images are written unpacked."""

ENDS = {
    ".dlabel.nii": (".dlabel.nii", PACKED_SURFACE),
    ".nii.gz": (".nii.gz",),
    ".nii": (".nii",),
}
"""How the names of images end as they are written, and as they are given."""

COLUMNS = {
    "hemisphere": {"Description": "Hemisphere: L, R, or n/a for both"},
    "network": {"Description": "Network of the region; n/a where it belongs to none"},
    "x": {"Description": "Centre in the space of the image, to the right", "Units": "mm"},
    "y": {"Description": "Centre in the space of the image, to the front", "Units": "mm"},
    "z": {"Description": "Centre in the space of the image, upwards", "Units": "mm"},
}
"""What the columns of a label table mean, as far as BIDS does not say it."""


def files(root: Path) -> list[Path]:
    """List all files of the atlases of an output, unfinished ones too."""
    return sorted(path for path in (root / FOLDER).rglob("*") if path.is_file())


def labelled(root: Path) -> list[tuple[Path, Path]]:
    """Pair the volumes of the atlases of an output with their label tables.

    Images that lie beside the tables, as in outputs of before, are found, too.
    """
    tables = {path: _entities(path) for path in sorted((root / FOLDER).glob("*_dseg.tsv"))}
    pairs = []
    for image in files(root):
        own = _entities(image)
        fitting = [table for table, words in tables.items() if words.items() <= own.items()]
        if image.name.endswith(("_dseg.nii.gz", "_dseg.nii")) and fitting:
            pairs.append((image, max(fitting, key=lambda table: len(tables[table]))))
    return pairs


def table_name(entities: Mapping[str, str]) -> str:
    """Name the label table of an atlas, relative to the folder of the atlases."""
    return file_name(entities, "dseg.tsv")


def image_name(entities: Mapping[str, str], space: str, source: Path) -> str:
    """Name the image of an atlas, relative to the folder of the atlases.

    Parameters
    ----------
    entities : mapping of str to str
        Of the atlas.
    space : str
        That it is used in.
    source : Path
        Its name tells the resolution, the density, and the space where that is another one: the
        regions of fsaverage5 serve fsaverage6, too.
    """
    own = _entities(source)
    template = own.get("tpl", own.get("space", space))
    kept = {key: value for key, value in own.items() if key in ("cohort", "res", "den")}
    end = next((end for end, own_ends in ENDS.items() if source.name.endswith(own_ends)), "")
    folders = [f"tpl-{template}", *(f"cohort-{own[key]}" for key in kept if key == "cohort")]
    name = file_name({**kept, **entities}, f"dseg{end}")
    return "/".join([*folders, "anat", f"tpl-{template}_{name}"])


def content(source: Path) -> bytes:
    """Read what the copy of a file holds."""
    packed = source.read_bytes()
    return gzip.decompress(packed) if source.name.endswith(PACKED_SURFACE) else packed


def described(description: str, table: Path) -> dict[str, object]:
    """Say what a label table and its images hold, for the JSON file beside the table.

    Parameters
    ----------
    description : str
        Of the atlas.
    table : Path
        As it lies in an output, with the images there. BIDS wants the words behind their ``res``
        and ``den`` explained.
    """
    header = table.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig").strip().split("\t")
    told = [_entities(path) for path in files(table.parents[1]) if "_dseg." in path.name]
    own = _entities(table)
    images = [one for one in told if "tpl" in one and own == {key: one.get(key) for key in own}]
    explained = {
        key: {one[short]: f"That of {short}-{one[short]}" for one in images if short in one}
        for short, key in (("res", "Resolution"), ("den", "Density"))
    }
    return {
        **({"Description": description} if description else {}),
        **{key: words for key, words in explained.items() if words},
        **{name: COLUMNS[name] for name in header if name in COLUMNS},
    }


def dataset(version: str) -> dict[str, object]:
    """Describe the atlases of an output as the dataset that they are."""
    return {
        "Name": "Atlases that the results of gradshift rest on",
        "BIDSVersion": "1.11.0",
        "DatasetType": "derivative",
        "License": "Each atlas has its own: see atlas-*_description.json",
        "GeneratedBy": [{"Name": "gradshift", "Version": version}],
    }


def _entities(path: Path) -> dict[str, str]:
    pairs = (part.partition("-") for part in path.name.split(".")[0].split("_"))
    return {key: value for key, dash, value in pairs if dash and value.isalnum()}
