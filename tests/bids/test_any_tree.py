"""Laws of finding runs, on random legal trees: nothing is lost, nothing joined that is no run."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gradshift import settings as schema
from gradshift.bids.grids import acquired, grid_of
from gradshift.bids.inputs import find_runs
from gradshift.bids.measurements import several_measurements
from gradshift.bids.names import file_name
from gradshift.bids.parse import parse
from gradshift.bids.run import Run
from gradshift.bids.sessions import group_runs
from gradshift.errors import GradshiftError
from synthetic import FMRIPREP, MNI, MNI6, RAW, Dangling, Image, grow

ATLASES = {"Atlas": (MNI, MNI6)}
FREE = {
    "acq": ("mb", "trial"), "ce": ("gd",), "rec": ("a", "b"), "dir": ("AP", "PA"),
    "run": ("1", "2"),
}  # fmt: skip
GRIDS = (
    {"space": MNI},
    {"space": MNI, "res": "2"},
    {"space": MNI6, "res": "2"},
    {"space": "T1w"},
    {},
)
ROOTS = (".", "derivatives/fmriprep", "derivatives/fmriprep-20.2.7/fmriprep")


class Made(NamedTuple):
    """An acquisition on some grids; `broken` is what is wrong with its first image."""

    entities: Mapping[str, str]
    grids: tuple[int, ...]
    broken: str
    mask: bool
    confounds: str


def variants(with_sessions: bool) -> st.SearchStrategy[dict[str, str]]:
    """Entities of an acquisition: few sessions, so that several meet in one."""
    sessions = {"ses": st.sampled_from(["pre", "post"])} if with_sessions else {}
    fixed = {
        "sub": st.sampled_from(["01", "01", "02"]),
        **sessions,
        "task": st.sampled_from(["rest", "rest", "rest", "movie"]),
    }
    keys = st.lists(st.sampled_from(sorted(FREE)), max_size=2, unique=True)
    free = keys.flatmap(
        lambda chosen: st.fixed_dictionaries({k: st.sampled_from(FREE[k]) for k in chosen})
    )
    return st.tuples(st.fixed_dictionaries(fixed), free).map(lambda both: {**both[0], **both[1]})


def acquisitions(with_sessions: bool) -> st.SearchStrategy[list[Made]]:
    made = st.builds(
        Made,
        entities=variants(with_sessions),
        grids=st.lists(st.integers(0, len(GRIDS) - 1), min_size=1, max_size=3, unique=True).map(
            tuple
        ),
        broken=st.sampled_from([*[""] * 8, "dangling", "empty", "folder"]),
        mask=st.sampled_from([*[True] * 8, False]),
        confounds=st.sampled_from(["timeseries", "regressors", ""]),
    )
    return st.lists(
        made, min_size=2, max_size=7, unique_by=lambda m: tuple(sorted(m.entities.items()))
    )


trees = st.tuples(st.sampled_from(ROOTS), st.booleans().flatmap(acquisitions))


def plant(folder: Path, root: str, planted: list[Made]) -> None:
    """Grow a tree; every image has a shape of its own, so that none is a copy."""
    grow(folder, {"dataset_description.json": RAW})
    grow(folder / root, {"dataset_description.json": FMRIPREP})
    for place, found in enumerate(planted):
        bare = dict(found.entities)
        below = [f"{key}-{bare[key]}" for key in ("sub", "ses") if key in bare]
        func = folder.joinpath(root, *below, "func")
        for number, grid in enumerate(found.grids):
            entities = {**bare, **GRIDS[grid]}
            shape = (3 + place, 4 + grid, 5)
            images = {
                file_name({**entities, "desc": "preproc"}, "bold.nii.gz"): Image((*shape, 8))
            }
            if number == 0 and found.broken:
                wrong = {"dangling": Dangling(), "empty": "", "folder": {}}[found.broken]
                images = dict.fromkeys(images, wrong)
            if found.mask:
                images[file_name({**entities, "desc": "brain"}, "mask.nii.gz")] = Image(shape)
            grow(func, images)
        if found.confounds:
            name = file_name({**bare, "desc": "confounds"}, f"{found.confounds}.tsv")
            grow(func, {name: [["csf"], ["0"]]})


@contextmanager
def shuffled(seed: int) -> Iterator[None]:
    """List folders in another order."""
    true = os.listdir

    def listed(path: str = ".") -> list[str]:
        return sorted(true(path), key=lambda name: hash((seed, str(name))))

    with patch("os.listdir", listed):
        yield


def find(folder: Path) -> list[Run] | str:
    try:
        return find_runs(schema.make(folder, Path("/out"), "participant", {}), ATLASES)
    except GradshiftError as error:
        return str(error)


@settings(
    max_examples=int(os.environ.get("GRADSHIFT_FUZZ", "80")), deadline=None, derandomize=True,
    database=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip
@given(trees, st.integers())
def test_every_run_is_used_or_named_and_nothing_is_joined_that_is_no_run(tree, seed):
    root, planted = tree
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plant(folder, root, planted)
        found = find(folder)
        with shuffled(seed):
            assert find(folder) == found, "the order of files never matters"
        if isinstance(found, str):
            assert "\n" not in found
            return
        runs = {acquired(run.entities): run for run in found}
        expected = {acquired(parse(Path(file_name(m.entities, "bold")), {}).entities): m
                    for m in planted}  # fmt: skip
        assert len(runs) == len(found)
        assert set(runs) == set(expected), "every acquisition is a run, used or named"
        used = [run for run in found if not run.problem]
        assert len({grid_of(run.entities) for run in used}) <= 1, "one grid for the study"
        for key, run in runs.items():
            assert run.problem or run.bold.is_file()
            assert run.problem or run.mask.is_file()
            assert run.problem or expected[key].mask
            if run.problem:
                assert run.problem.endswith(".")
        for unit in group_runs(used, combine=True):
            differing = [dict(run.entities) for run in unit]
            for entities in differing:
                entities.pop("run", None)
                entities.pop("dir", None)
            assert all(entities == differing[0] for entities in differing)
        units = [(r["sub"], r.get("ses"), r["task"]) for r in
                 (unit[0].entities for unit in group_runs(used, combine=True))]  # fmt: skip
        several = several_measurements(run.entities for run in used)
        assert bool(several) == (len(set(units)) < len(units)), "what is not joined is said"
