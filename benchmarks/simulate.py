"""An output of the participant level for any number of people, from that of one person.

The tables, matrices, series and maps of that person are changed at random in a few ways; every
person has one of these per session, so that pairs of sessions differ from person to person, while
thousands of people take no more room on the disk than these few (files are links).

    python benchmarks/simulate.py OUTPUT_OF_ONE TARGET PEOPLE
"""

import argparse
import gzip
import io
import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np

WAYS = 24
"""Ways in which the files of one session are changed."""

LAST = "post"
"""Session in which connections of the first regions are weaker: the change to be found."""

NOT_COPIED = {"figures", "group", "work", "logs"}


def simulate(one, study, out, people, ways=WAYS):
    """Write `study` (names only) and `out`, as if `people` had been through the level.

    Parameters
    ----------
    one : Path
        Output of the participant level for a single person, without pages.
    study, out : Path
        Folders to make.
    people : int
    ways : int
    """
    (template,) = (path for path in one.glob("sub-*") if path.is_dir())
    study.mkdir(parents=True)
    out.mkdir(parents=True)
    shutil.copy(one / "dataset_description.json", study)
    for path in one.iterdir():
        if path.is_file() and path.suffix != ".html":
            shutil.copy(path, out)
        elif path.is_dir() and path != template and path.name not in NOT_COPIED:
            shutil.copytree(path, out / path.name)
    (out / "logs").mkdir()
    shutil.copy(one / "logs" / "settings.toml", out / "logs")
    files = [path for path in template.rglob("*") if path.is_file()]
    files = [path for path in files if not NOT_COPIED & set(path.relative_to(template).parts)]
    choice = np.random.default_rng(0).integers(ways, size=(people, 2))
    names = [f"sub-{number + 1:05d}" for number in range(people)]
    (study / "participants.tsv").write_text("\n".join(["participant_id", *names]) + "\n")
    for name in names:
        (study / name).mkdir()
    for path in files:
        _spread(path, template, out, names, choice)


def _spread(path, template, out, names, choice):
    """Give every person a link to one of the changed files, or a sidecar of their own."""
    inside = path.relative_to(template)
    late = any(part == f"ses-{LAST}" for part in inside.parts)
    change = _change(path)
    first = {}
    for name, ways in zip(names, choice[:, int(late)].tolist(), strict=True):
        target = out / name / str(inside).replace(template.name, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            text = path.read_text().replace(template.name, name)
            label = template.name.removeprefix("sub-"), name.removeprefix("sub-")
            target.write_text(text.replace(*(f'"sub": "{part}"' for part in label)))
        elif change is None:
            os.link(path, target)
        elif ways in first:
            os.link(first[ways], target)
        else:
            target.write_bytes(change(np.random.default_rng([int(late), ways]), late=late))
            first[ways] = target


def _change(path):
    """Return what makes a file of another person out of this one; None for files all share."""
    kinds = {
        "_measures.tsv": _measures,
        "_variants.tsv": _measures,
        "_relmat.tsv": _matrix,
        "_timeseries.tsv": _series,
        "_boldmap.nii.gz": _map,
    }
    for ending, change in kinds.items():
        if path.name.endswith(ending) and "desc-qc" not in path.name:
            return partial(change, path)
    return None


def _measures(path, rng, *, late):
    import pandas as pd

    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    values = pd.to_numeric(table["value"], errors="coerce")
    values *= 1 + 0.05 * rng.standard_normal(len(values)) - 0.02 * late
    table["value"] = [f"{x:.10g}" if np.isfinite(x) else "n/a" for x in values]
    return table.to_csv(sep="\t", index=False).encode()


def _matrix(path, rng, *, late):
    import pandas as pd

    table = pd.read_csv(path, sep="\t", index_col=0)
    r = table.to_numpy(dtype=np.float64)
    noise = 0.1 * rng.standard_normal(r.shape)
    noise[:20, :20] -= 0.1 * late
    with np.errstate(divide="ignore"):
        r = np.tanh(np.arctanh(r) + (noise + noise.T) / 2)
    np.fill_diagonal(r, 1)
    return _text(r, ["Node", *table.columns], table.index)


def _series(path, rng, *, late):
    import pandas as pd

    table = pd.read_csv(path, sep="\t", na_values="n/a")
    values = table.to_numpy(dtype=np.float64)
    values += 0.5 * np.nanstd(values, axis=0) * rng.standard_normal(values.shape)
    return _text(values, table.columns)


def _text(values, columns, names=None):
    """Return a table as the bytes of a TSV."""
    text = io.StringIO()
    np.savetxt(text, values, fmt="%.10g", delimiter="\t")
    lines = text.getvalue().replace("nan", "n/a").splitlines()
    if names is not None:
        lines = [f"{name}\t{line}" for name, line in zip(names, lines, strict=True)]
    return "\n".join(["\t".join(columns), *lines, ""]).encode()


def _map(path, rng, *, late):
    import nibabel
    from scipy.ndimage import gaussian_filter

    image = nibabel.load(path)
    values = np.asarray(image.dataobj, dtype=np.float32)
    noise = gaussian_filter(rng.standard_normal(values.shape, dtype=np.float32), 1.5)
    values = np.where(values == 0, 0, values + 0.1 / noise.std() * noise - 0.02 * late)
    made = nibabel.Nifti1Image(values, image.affine, image.header)
    return gzip.compress(made.to_bytes(), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("one", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("people", type=int)
    options = parser.parse_args()
    target = options.target
    simulate(options.one, target / "study", target / "out", options.people)


if __name__ == "__main__":
    main()
