"""The folders and files that the pages name, made real, and a shell in them."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest

import doors
import finished
from gradshift.atlases.catalogue import load_atlas
from gradshift.example.__main__ import main as write_example
from stories import ROOT, shown

ATLAS = "Schaefer2018_200_7"
SPACE = "MNI152NLin2009cAsym"
BIN = Path(__file__).parent / "bin"
CLONE = (".venv", "pyproject.toml", "src", "tests", "version")
"""What a clone of the repository has that a command of a page uses."""


@dataclass
class World:
    """A folder that stands in the place of the root of a reader's machine."""

    top: Path

    @property
    def desk(self) -> Path:
        """The folder in which commands are given."""
        return self.top / "desk"

    def run(self, commands: Sequence[str]) -> None:
        """Give commands one after the other, those given here before left out.

        Raises
        ------
        AssertionError
            If one ends with another exit code than 0.
        """
        with self._alone() as given:
            for command in commands:
                if command not in given.read_text(encoding="utf-8").splitlines():
                    self._give(command)
                    with given.open("a", encoding="utf-8") as file:
                        print(command, file=file)

    def forget_comparisons(self) -> None:
        """Take away all comparisons, so that others can be asked for."""
        results, given = self.top / "data" / "results", self.top / "given"
        for folder in results.glob("group*"):
            shutil.rmtree(folder)
        record = results / "logs" / "settings.toml"
        record.write_text(
            re.sub(r"^\[group.*?(?=^\[|\Z)", "", record.read_text(), flags=re.M | re.S)
        )
        lines = given.read_text(encoding="utf-8").splitlines(keepends=True)
        given.write_text("".join(line for line in lines if " group" not in line))

    def put(self, text: str) -> str:
        """Name the folders of this world in a text that names those of a reader."""
        return re.sub(r"(?<![\w/:])/(data|home)/(?=\w)", rf"{self.top}/\1/", text)

    def _give(self, command: str) -> None:
        where = self.top / "where"
        script = f"cd {where.read_text().strip()}\n{self.put(command)}\npwd > {where}"
        path = [str(BIN), str(Path(sys.executable).parent), os.environ["PATH"]]
        environment = {**os.environ, "PATH": os.pathsep.join(path), "LOGNAME": "reader"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """Let one process at a time give commands, and yield the list of those given."""
        with (self.top / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.top / "given"


def make_studies(top: Path) -> None:
    """Write the simulated study with two people, `few` of it without PET, and one of these."""
    assert write_example([str(top / "pair"), "--participants", "2"]) == 0
    shutil.rmtree(top / "pair" / "derivatives" / "simulation")
    shutil.copytree(top / "pair", top / "few")
    for pet in [top / "few" / "derivatives" / "petprep", *top.glob("few/sub-*/ses-*/pet")]:
        shutil.rmtree(pet)
    shutil.copytree(top / "few", top / "one")
    for folder in [top / "one" / "sub-02", *top.glob("one/derivatives/*/sub-02")]:
        shutil.rmtree(folder)
    people = top / "one" / "participants.tsv"
    people.write_text("".join(people.read_text().splitlines(keepends=True)[:2]))


def write_surfaces(study: Path) -> None:
    """Put CIFTI beside the volumes of a study, which becomes a copy: noise on every vertex."""
    source = study.resolve()
    study.unlink()
    shutil.copytree(source, study)
    whole = np.ones(32492, dtype=bool)
    left, right = (
        nibabel.cifti2.BrainModelAxis.from_mask(whole, f"Cortex{side}")
        for side in ("Left", "Right")
    )
    rng = np.random.default_rng(0)
    for path in study.glob(
        "derivatives/fmriprep/sub-*/ses-*/func/*_desc-confounds_timeseries.tsv"
    ):
        volumes = len(pd.read_csv(path, sep="\t"))
        noise = rng.standard_normal((volumes, 2 * len(whole)), dtype=np.float32)
        time = nibabel.cifti2.SeriesAxis(0, 2.0, volumes)
        name = path.name.replace(
            "desc-confounds_timeseries.tsv", "space-fsLR_den-91k_bold.dtseries.nii"
        )
        nibabel.Cifti2Image(100 + noise, (time, left + right)).to_filename(path.with_name(name))


def make_world(top: Path, study: Path) -> World:
    """Make a world in which nothing was run yet."""
    for folder in ("data/results", "data/analysis/results", "home/me", "desk/demo"):
        (top / folder).mkdir(parents=True)
    world = World(top)
    (top / "where").write_text(str(world.desk))
    (top / "given").touch()
    (top / "data" / "study").symlink_to(study)
    _write_files_of_pages(world)
    for link, target in {
        **{world.desk / name: ROOT / name for name in CLONE},
        top / "data" / "analysis" / "study": study,
        world.desk / "demo" / "study": study,
        world.desk / "demo" / "out": top / "data" / "results",
    }.items():
        link.symlink_to(target)
    for name in ("plugin_slurm.yml", "slurm_array.sbatch"):
        shutil.copy(ROOT / "examples" / name, world.desk / name)
    return world


def _write_files_of_pages(world: World) -> None:
    home, desk = world.top / "home" / "me", world.desk
    (home / "my_recipe.json").write_text(shown("json", '"MyRecipe"'))
    (home / "medn.json").write_text(shown("json", '"medn"'))
    (desk / "week.json").write_text(shown("json", '["day1", "week1"]'))
    (desk / "unevenness.py").write_text(shown("python", "MEASURE ="))
    (desk / "gradshift.sif").touch()
    (home / "my_atlas.json").write_text(shown("json", '"MyAtlas"'))
    (home / "my_atlas.tsv").write_text(shown("text", "index\tname"))
    (part,) = load_atlas(ATLAS).parts
    image = nibabel.load(part.images[SPACE])
    labels = np.asarray(image.dataobj).astype(np.int16)
    _save(np.where(labels <= 3, labels, 0), image, home / "my_atlas.nii.gz")
    rng = np.random.default_rng(3)
    values = rng.normal(size=len(part.rows) + 1)
    _save(np.where(labels > 0, values[labels], 0), image, desk / "5HT2a.nii.gz")
    table = {
        "region": [row.name for row in part.rows],
        "receptors": rng.normal(size=len(part.rows)),
    }
    pd.DataFrame(table).to_csv(desk / "receptors.tsv", sep="\t", index=False)


def _save(values: np.ndarray, like: nibabel.Nifti1Image, path: Path) -> None:
    nibabel.Nifti1Image(values.astype(np.float32), like.affine).to_filename(path)


def write_xcp_d(folder: Path) -> None:
    """Write series of two people in the regions of the atlas, as XCP-D names them."""
    names = tuple(row.name for row in load_atlas(ATLAS).rows)

    def series(sub: str, ses: str) -> np.ndarray:
        rng = np.random.default_rng([ord(letter) for letter in sub + ses])
        shared = rng.standard_normal((doors.tiny.N_VOLUMES, 20))
        mixing = np.repeat(np.eye(20), len(names) // 20, axis=1)
        return shared @ mixing + rng.standard_normal((doors.tiny.N_VOLUMES, len(names)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doors, "PEOPLE", ("01", "02"))
        patch.setattr(doors, "NAMES", names)
        patch.setattr(doors, "XCPD", f"space-{SPACE}_atlas-4S256Parcels")
        patch.setattr(doors, "series", series)
        doors.xcp_d(folder)


def write_denoised(folder: Path, study: Path) -> None:
    """Write the images of a study as if XCP-D had denoised them."""
    doors.describe(folder, "XCP-D", "xcp_d")
    fmriprep = study / "derivatives" / "fmriprep"
    for path in sorted(fmriprep.rglob("*_desc-preproc_bold.*")):
        copy = folder / path.relative_to(fmriprep)
        copy = copy.with_name(path.name.replace("desc-preproc", "desc-denoised"))
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def write_week(top: Path) -> None:
    """Put a finished participant level of three sessions into a world."""
    week = finished.finish(
        top / "week", dict.fromkeys(("01", "02", "03"), ("pre", "day1", "week1"))
    )
    for name, folder in (("study", week.root), ("results", week.out)):
        place = top / "data" / name
        place.unlink() if place.is_symlink() else place.rmdir()
        place.symlink_to(folder)


def write_sites(top: Path) -> None:
    """Put the finished group levels of three studies into a world."""
    site = finished.stand_in(top / "site")
    for name in ("london", "zurich", "basel"):
        shutil.copytree(site.out, top / "data" / f"results-{name}")
