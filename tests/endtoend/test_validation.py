"""The output as the BIDS validator sees it, with nothing hidden that has a BIDS name.

The schema has no name yet for what is made from region series; `.bidsignore` lists those
files, and with that every mistake in their names is hidden. So a schema is used in addition
that knows them, as BIDS derivatives proposals write them.
"""

import json
import shutil
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

import pytest
from bidsschematools.schema import load_schema

WITHOUT_MEANING = "/work\n/logs\n/prov\n/atlases\n/group\nfigures\n*.html\n"
"""What BIDS has no names for, and gradshift makes none up."""

IN_SPACE = ("space", "atlas", "segmentation", "scale", "resolution", "density")
KINDS = {
    "timeseries": ([".tsv", ".json"], [*IN_SPACE, "description"]),
    "outliers": ([".tsv", ".json"], []),
    "measures": ([".tsv", ".json"], [*IN_SPACE, "description"]),
    "variants": ([".tsv", ".json"], [*IN_SPACE, "description"]),
    "relmat": ([".tsv", ".json"], [*IN_SPACE, "statistic", "description"]),
    "bold": ([".tsv", ".json"], [*IN_SPACE, "statistic"]),
    "boldmap": ([".nii.gz", ".json"], [*IN_SPACE, "statistic", "description"]),
}
"""Extensions and entities by suffix, besides those of the acquisition."""


def write_schema(path: Path) -> Path:
    """Write the schema of BIDS with the kinds above."""
    schema = json.loads(load_schema().to_json())
    label = {"type": "string", "format": "label"}
    schema["objects"]["entities"]["statistic"] = {
        "name": "stat",
        "display_name": "Statistic",
        "description": "Statistic",
        **label,
    }
    order = schema["rules"]["entities"]
    order.insert(order.index("description"), "statistic")
    files = schema["rules"]["files"]["deriv"]["imaging"]
    like = files["func_volumetric"]
    acquired = {
        name: level
        for name, level in like["entities"].items()
        if name not in (*IN_SPACE, "description")
    }
    for suffix, (extensions, entities) in KINDS.items():
        told = {"value": suffix, "display_name": suffix, "description": suffix}
        schema["objects"]["suffixes"].setdefault(suffix, told)
        files[f"func_{suffix}"] = {
            **like,
            "suffixes": [suffix],
            "extensions": extensions,
            "entities": {**acquired, **dict.fromkeys(entities, "optional")},
        }
    path.write_text(json.dumps(schema))
    return path


def errors(dataset: Path, *options: str) -> list[tuple[str, str]]:
    """Return what the validator says is wrong, and where."""
    validator = shutil.which("bids-validator-deno", path=sysconfig.get_path("scripts"))
    assert validator, "bids-validator-deno belongs to the test extra"
    command = [validator, str(dataset), "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return sorted(
        (issue["code"], f"{issue['location']} {issue.get('subCode', '')}".strip())
        for issue in json.loads(done.stdout)["issues"]["issues"]
        if issue["severity"] == "error"
    )


@pytest.fixture
def out(make_study, tmp_path):
    study, out = make_study(people=["01", "02"], runs=["1", "2"]), tmp_path / "out"
    options = ("--denoise", "24P", "none", "--no-combine-runs", "--min-minutes", "2")
    drawn = ("--participant-label", "01")
    assert study.run(out, "participant", *options, *drawn, page=True) == 0
    assert study.run(out, "participant", *options) == 0
    assert study.run(out, "group", page=True) == 0
    return out


def test_the_atlases_are_a_dataset_of_atlases(out):
    atlases = out / "atlases"
    assert errors(atlases) == []
    (image,) = atlases.glob("tpl-MNI152NLin2009cAsym/anat/*_atlas-Tiny_dseg.nii.gz")
    wrong = image.rename(image.with_name(image.name.replace("_dseg", "_segs")))
    assert errors(atlases) == [("NOT_INCLUDED", f"/{wrong.relative_to(atlases)}")]


def test_the_atlases_of_an_output_give_the_same_numbers(make_study, tmp_path):
    study = make_study(people=["01"])
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--denoise", "none", "--no-voxelwise", "--measures", "meanfc", "withinfc")
    assert study.run(first, "participant", *options) == 0
    given = first / "atlases" / "atlas-Tiny_description.json"
    assert study.run(second, "participant", *options, "--atlas", str(given)) == 0
    (before,) = first.glob("sub-01/ses-pre/func/*_measures.tsv")
    assert (second / before.relative_to(first)).read_bytes() == before.read_bytes()


def test_every_name_is_a_bids_name(out, tmp_path):
    assert errors(out) == []
    (out / ".bidsignore").write_text(WITHOUT_MEANING)
    schema = ["--schema", write_schema(tmp_path / "schema.json").as_uri()]
    assert errors(out, *schema) == []

    # The check itself: a wrong order, suffix, entity and extension do not pass, any of them.
    assert not set(KINDS) - {path.stem.split("_")[-1].split(".")[0] for path in out.rglob("sub-*")}
    series = next(out.glob("sub-01/ses-pre/func/*_atlas-Tiny_*24P_timeseries.tsv"))
    for name in (
        series.name.replace("_desc-24P", "").replace("_atlas-", "_desc-24P_atlas-"),
        series.name.replace("_timeseries", "_series"),
        series.name.replace("_desc-", "_stat-mean_desc-"),
        series.name.replace(".tsv", ".csv"),
    ):
        wrong = series.with_name(name)
        wrong.write_bytes(series.read_bytes())
        found = Counter(where.split()[0] for _, where in errors(out, *schema))
        wrong.unlink()
        assert set(found) == {f"/{wrong.relative_to(out)}"}
