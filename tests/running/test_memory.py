"""Memory: what may be used, and what is said where it may not be enough."""

import pytest
from nipype.interfaces.utility import Merge
from nipype.pipeline import engine as pe

from gradshift.running import groups, memory
from gradshift.running.execute import execute
from gradshift.settings import Running


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Return a function that writes what the system says of itself."""
    for module, name in ((groups, "CGROUPS"), (groups, "MEMBERSHIP"), (memory, "MEMINFO")):
        monkeypatch.setattr(module, name, tmp_path / name)

    def write(free: int, membership: str, **limits: tuple[object, int]) -> None:
        (tmp_path / "MEMINFO").write_text(f"MemTotal: 99 kB\nMemAvailable: {free // 1024} kB\n")
        (tmp_path / "MEMBERSHIP").write_text(membership)
        for place, (limit, used) in limits.items():
            folder = tmp_path / "CGROUPS" / place.replace("_", "/")
            folder.mkdir(parents=True, exist_ok=True)
            first = place.startswith("memory")
            names = memory.FILES[1 if first else 0]
            for name, value in zip(names, (limit, used), strict=True):
                (folder / name).write_text(f"{value}\n")

    return write


def test_what_is_free_is_what_the_narrowest_group_leaves(system):
    system(2**34, "0::/slurm/job\n", slurm=(3 * 2**30, 2**30), slurm_job=("max", 0))
    assert memory.available() == 2 * 2**30 / 1e9


def test_the_first_version_of_control_groups_counts_as_well(system):
    system(2**34, "4:cpu,memory:/job\n1:name=systemd:/\n", memory_job=(2**30, 2**28))
    assert memory.available() == 0.75 * 2**30 / 1e9


def test_without_a_limit_it_is_what_the_machine_has(system):
    system(2**34, "0::/\n")
    assert memory.available() == 2**34 / 1e9


def test_a_group_that_is_full_leaves_nothing(system):
    system(2**34, "0::/job\n", job=(2**20, 2**21))
    assert memory.available() == 0


def test_a_step_that_may_not_fit_is_named_and_run(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        "gradshift.running.execute.logger.warning",
        lambda text, *values: told.append(text % values),
    )
    workflow = pe.Workflow(name="steps", base_dir=str(tmp_path / "work"))
    workflow.add_nodes(
        [pe.Node(Merge(1), name=name, mem_gb=n) for name, n in (("a", 9), ("b", 2))]
    )
    assert execute(workflow, Running(nprocs=2, mem=4), tmp_path / "crash") == []
    assert [text.split(":")[0] for text in told] == [
        "1 steps may need more than the 4 GB of memory that may be used, such as steps.a with 9 GB"
    ]
    assert (tmp_path / "work" / "steps" / "a").is_dir()
