"""Memory: what may be used, and what is said where it may not be enough."""

import subprocess
import sys

import pytest
from nipype.interfaces.utility import Merge
from nipype.pipeline import engine as pe

from gradshift.errors import StorageError
from gradshift.running import groups, memory, number
from gradshift.running.execute import execute
from gradshift.running.number import check_room, processes
from gradshift.running.slots import Slots, start_worker
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


def test_what_was_read_from_files_is_given_back_when_asked(system):
    system(2**34, "0::/job\n", job=(2**30, 2**30))
    (groups.CGROUPS / "job" / "memory.stat").write_text(f"anon 1\ninactive_file {2**29}\n")
    assert memory.available() == 2**29 / 1e9


@pytest.mark.parametrize(
    ("place", "membership"), [("job", "0::/job"), ("memory_job", "4:memory:/job")]
)
def test_too_little_memory_is_said_at_the_start_with_what_is_needed(system, place, membership):
    system(2**34, f"{membership}\n", **{place: (250 * 2**20, 2**20)})
    with pytest.raises(StorageError, match=r"needs 0\.5 GB .* may use 0\.26 GB"):
        memory.check_enough()
    system(2**34, f"{membership}\n", **{place: (2**30, 2**30)})
    memory.check_enough()  # however much of it is in use now


@pytest.mark.parametrize(
    "call",
    [
        "from gradshift.cli import main; code = main(['study', 'out', 'participant'])",
        "import gradshift\n"
        "try: gradshift.run('study', 'out', 'participant')\n"
        "except gradshift.errors.GradshiftError as error: code = error.exit_code",
    ],
)
def test_too_little_memory_is_said_before_the_libraries_take_it(tmp_path, call):
    program = (
        "import sys; from gradshift.running import memory\n"
        "memory.limit = lambda: 0.06\n"
        f"{call}\n"
        "print(code, sorted({'nibabel', 'nipype', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    words, told = [sys.executable, "-c", program], {"capture_output": True, "text": True}
    done = subprocess.run(words, cwd=tmp_path, timeout=60, check=False, **told)
    assert (done.stdout, list(tmp_path.iterdir())) == ("74 []\n", []), done.stderr


def test_a_system_that_does_not_tell_is_trusted(tmp_path, monkeypatch):
    """As macOS: neither /proc nor control groups."""
    for module, name in ((groups, "MEMBERSHIP"), (memory, "MEMINFO")):
        monkeypatch.setattr(module, name, tmp_path / "none")
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert memory.available() is None
    assert memory.limit() is not None
    memory.check_enough()
    assert processes(Running(nprocs=2)) == 2


def test_processes_stay_within_what_there_is(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert processes(Running(nprocs=3)) == 3
    assert processes(Running(nprocs=10**9)) == number.MOST_PER_PROCESSOR * 2


def test_more_processes_than_a_container_may_have_are_refused(system):
    system(2**34, "0::/job\n")
    folder = groups.CGROUPS / "job"
    folder.mkdir(parents=True)
    (folder / "pids.max").write_text("3\n")
    (folder / "pids.current").write_text("1\n")
    check_room(Running(nprocs=1))
    check_room(Running(nprocs=2, use_plugin="slurm.yml"))
    with pytest.raises(StorageError, match="may start 2; give --nprocs 1"):
        check_room(Running(nprocs=2))
    (folder / "pids.current").write_text("2\n")
    with pytest.raises(StorageError, match=r"takes 2 .* may start 1; raise that limit"):
        check_room(Running(nprocs=1))
    (folder / "pids.max").write_text("11\n")
    with pytest.raises(StorageError, match=r"take 10 .* may start 9; give --nprocs 1"):
        check_room(Running(nprocs=2))
    (folder / "pids.max").write_text("max\n")
    check_room(Running(nprocs=2))


@pytest.mark.parametrize("error", [BlockingIOError(11, "Resource"), RuntimeError("no thread")])
def test_a_process_that_cannot_be_started_is_a_sentence(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("gradshift.running.slots.ProcessPoolExecutor.submit", fail)
    with pytest.raises(StorageError, match="give --nprocs 1"):
        Slots(2, start_worker, (".",)).submit(print)


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
