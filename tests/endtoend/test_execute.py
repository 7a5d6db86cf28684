"""What becomes of steps that crash, and of processes that are killed."""

import gzip
import multiprocessing
import os
import pickle
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from nipype.interfaces.utility import Function, Merge
from nipype.pipeline import engine as pe

from gradshift.errors import GradshiftError, MissingInputError, SettingsError, StorageError
from gradshift.participant.nodes.denoise import Denoise
from gradshift.running.execute import _plugin, execute
from gradshift.running.workers import workers
from gradshift.settings import Analysis, Running

OPTIONS = ("--denoise", "24P")


def double(x):
    return 2 * x


def fail(x):
    raise RuntimeError("a bug")


def raise_for(confounds_of: str, original):
    def compute(self):
        if confounds_of in self.inputs.confounds:
            raise RuntimeError("a bug")
        return original(self)

    return compute


@pytest.mark.parametrize("nprocs", ["1", "2"])
def test_a_crash_is_kept_in_the_logs_and_costs_one_session_until_the_next_run(
    make_study, tmp_path, monkeypatch, capsys, nprocs
):
    study, out = make_study(), tmp_path / "out"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(Denoise, "compute", raise_for("sub-01_ses-pre", Denoise.compute))
    assert study.run(out, "participant", *OPTIONS, "--nprocs", nprocs) == 1
    told = capsys.readouterr().err
    (crash,) = (out / "logs" / "crash").iterdir()
    assert "denoise_ses_pre_1" in crash.name
    assert str(crash) in told
    assert "a bug" in crash.read_text()
    assert "sub-01 ses-pre task-rest: " in told
    assert list(here.iterdir()) == []
    others = ["sub-01/ses-post", "sub-02/ses-pre", "sub-02/ses-post"]
    for session in others:
        (series,) = out.glob(f"{session}/func/*24P_timeseries.tsv")
        assert series.stat().st_size
    assert not list(out.glob("sub-01/ses-pre/func/*24P_timeseries.tsv"))
    monkeypatch.undo()  # what nobody has foreseen may be gone the next time, and is tried again
    assert study.run(out, "participant", *OPTIONS, "--nprocs", nprocs) == 0
    assert list(out.glob("sub-01/ses-pre/func/*24P_timeseries.tsv"))


@pytest.mark.skipif(
    multiprocessing.get_start_method() != "fork", reason="the patch must reach the processes"
)
def test_a_step_that_is_killed_each_time_fails_its_session_alone(
    make_study, tmp_path, monkeypatch, capsys
):
    study, out = make_study(), tmp_path / "out"
    compute = Denoise.compute

    def killed(self):
        if "sub-01_ses-pre" in self.inputs.confounds:
            os.kill(os.getpid(), signal.SIGKILL)
        return compute(self)

    monkeypatch.setattr(Denoise, "compute", killed)
    assert study.run(out, "participant", *OPTIONS, "--nprocs", "2") == 1
    assert "denoise_ses_pre_1 crashed: its process was killed twice" in capsys.readouterr().err
    assert any(out.glob("logs/crash/*denoise*"))
    assert len(list(out.glob("sub-02/ses-*/func/*_measures.tsv"))) == 2


@pytest.mark.skipif(
    multiprocessing.get_start_method() != "fork", reason="the patch must reach the processes"
)
def test_a_process_that_is_killed_costs_one_retry_of_its_step(make_study, tmp_path, monkeypatch):
    study, out, mark = make_study(), tmp_path / "out", tmp_path / "killed"
    tried = tmp_path / "tried"
    tried.mkdir()
    compute = Denoise.compute

    def killed_once(self):
        (tried / f"{os.getpid()}_{time.monotonic_ns()}").touch()
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return compute(self)

    monkeypatch.setattr(Denoise, "compute", killed_once)
    assert study.run(out, "participant", *OPTIONS, "--nprocs", "2") == 0
    assert len(list(tried.iterdir())) == 4 + 1
    assert not list(out.glob("logs/crash/*"))


@pytest.mark.parametrize("nprocs", [1, 2])
def test_people_are_taken_up_in_turn_and_a_crash_in_one_hinders_no_other(
    tmp_path, monkeypatch, nprocs
):
    """Each is told of as soon as it is done, with its tasks and scans; nothing is left beside."""
    sizes, finished = [], []
    run = pe.Workflow.run

    def note(self, *args, **kwargs):
        sizes.append(len(self._graph))
        return run(self, *args, **kwargs)

    monkeypatch.setattr(pe.Workflow, "run", note)
    everybody = pe.Workflow(name="everybody", base_dir=str(tmp_path))
    names = [*(f"sub_{i}_task_rest" for i in range(5)), "sub_0_pet"]
    everybody.add_nodes([pe.Workflow(name=name) for name in names])
    for part in everybody._graph.nodes:
        step = Function(function=fail if "_1_" in part.name else double, input_names=["x"])
        after = pe.Node(Merge(1), name="after")
        part.connect([(pe.Node(step, name="step"), after, [("out", "in1")])])
        part.inputs.step.x = 2
    running = Running(work_dir=str(tmp_path), nprocs=nprocs, omp_nthreads=1)
    crashed = execute(everybody, running, tmp_path / "crash", finished.append)
    assert sizes == [2, 1, 1, 1, 1]
    assert list(crashed) == ["everybody.sub_1_task_rest.step"]
    assert sorted(finished) == ["sub_0", "sub_2", "sub_3", "sub_4"]
    done = {path.parent.parent.name for path in tmp_path.glob("everybody/*/after/result_*")}
    assert done == {name for name in names if "_1_" not in name}
    records = [path.name for path in tmp_path.glob("everybody/*/after/*")]
    assert len(records) == 2 * len(done)  # the result, and what it was made from


def test_a_process_of_the_group_level_that_is_killed_costs_one_retry(tmp_path):
    running = Running(work_dir=str(tmp_path), nprocs=2)
    apply = workers(SimpleNamespace(running=running, work_dir=tmp_path, analysis=Analysis()))

    def work(i: int) -> int:
        mark = tmp_path / f"mark_{i}"
        if i == 99 or (i in (2, 3) and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return i**2

    assert list(apply(work, range(8))) == [i**2 for i in range(8)]
    with pytest.raises(StorageError, match="killed twice"):
        list(apply(work, [1, 99, 4]))


def run_with(tmp_path, plugin: str | None) -> list[str]:
    """Run a step with a plugin file of this content."""
    file = tmp_path / "plugin.yml"
    if plugin is not None:
        file.write_text(plugin)
    workflow = pe.Workflow(name="steps", base_dir=str(tmp_path / "work"))
    workflow.add_nodes([pe.Node(Merge(1), name="step")])
    return execute(workflow, Running(use_plugin=str(file)), tmp_path / "crash")


@pytest.mark.parametrize("name", ["Linear", "MultiProc"])
def test_a_plugin_of_nipype_may_be_chosen(tmp_path, name):
    assert run_with(tmp_path, f"plugin: {name}") == []
    assert (tmp_path / "work" / "steps" / "step").is_dir()


def test_a_job_that_dies_hinders_only_what_needs_it(tmp_path, monkeypatch):
    """With a Slurm of two scripts, that runs a job at once, or kills it."""
    cluster = {
        "sbatch": """#!/bin/bash
            for script; do :; done
            run=(bash "$script")
            [[ $script == *_dies.sh ]] && run=(bash -c 'kill -9 $$')
            "${run[@]}" &> /dev/null
            echo "Submitted batch job $$"
            """,
        "squeue": "#!/bin/bash",
    }
    for name, script in cluster.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("gradshift.running.execute.JOB_FINISHED_TIMEOUT", 1)
    (tmp_path / "plugin.yml").write_text("plugin: SLURM")
    dies, needs, lives, after = (
        pe.Node(Merge(1), name=name) for name in ("dies", "needs", "lives", "after")
    )
    workflow = pe.Workflow(name="steps", base_dir=str(tmp_path / "work"))
    workflow.connect([(dies, needs, [("out", "in1")]), (lives, after, [("out", "in1")])])
    running = Running(use_plugin=str(tmp_path / "plugin.yml"))
    assert execute(workflow, running, tmp_path / "crash") == ["steps.dies"]
    done = {path.parent.name for path in tmp_path.glob("work/steps/*/result_*.pklz")}
    assert done == {"lives", "after"}
    (crash,) = (tmp_path / "crash").iterdir()
    assert "results file does not exist" in crash.read_text()


def test_a_job_runs_no_code_that_was_put_in_the_place_of_its_step(tmp_path, monkeypatch):
    """With a Slurm of two scripts, of which one exchanges the step before its job begins."""
    touched = tmp_path / "touched"
    evil = tmp_path / "evil.pklz"
    evil.write_bytes(gzip.compress(pickle.dumps(Evil(touched))))
    cluster = {
        "sbatch": f"""#!/bin/bash
            for script; do :; done
            [[ $script == *_mine.sh ]] || cp {evil} "$(dirname "$script")"/node_*_swapped.pklz
            bash "$script" &> /dev/null
            echo "Submitted batch job $$"
            """,
        "squeue": "#!/bin/bash",
    }
    for name, script in cluster.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("gradshift.running.execute.JOB_FINISHED_TIMEOUT", 1)
    (tmp_path / "plugin.yml").write_text("plugin: SLURM")
    workflow = pe.Workflow(name="steps", base_dir=str(tmp_path / "work"))
    workflow.add_nodes([pe.Node(Merge(1), name=name) for name in ("mine", "swapped")])
    running = Running(use_plugin=str(tmp_path / "plugin.yml"))
    assert execute(workflow, running, tmp_path / "crash") == ["steps.swapped"]
    assert not touched.exists()


class Evil:
    """What makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_cluster_that_refuses_a_job_halfway_is_told_in_a_sentence(tmp_path, monkeypatch):
    cluster = {
        "sbatch": f"""#!/bin/bash
            if mkdir {tmp_path}/first; then
                for script; do :; done
                bash "$script" &> /dev/null
                echo "Submitted batch job $$"
            else
                echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
                exit 1
            fi
            """,
        "squeue": "#!/bin/bash",
    }
    for name, script in cluster.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "plugin.yml").write_text("{plugin: SLURM, plugin_args: {max_tries: 0}}")
    workflow = pe.Workflow(name="steps", base_dir=str(tmp_path / "work"))
    workflow.add_nodes([pe.Node(Merge(1), name=name) for name in ("a", "b", "c")])
    running = Running(use_plugin=str(tmp_path / "plugin.yml"))
    with pytest.raises(SettingsError, match=r"the cluster took no job.*; 1 jobs were taken"):
        execute(workflow, running, tmp_path / "crash")


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        (None, MissingInputError, "plugin.yml"),
        ("{", SettingsError, "is not YAML"),
        ("[" * 100_000, SettingsError, "is not YAML"),
        ("a: " + "9" * 5000, SettingsError, "is not YAML"),
        ("#" * 2**21, SettingsError, "is not YAML: it is longer"),
        ("SLURM", SettingsError, "needs the key 'plugin'"),
        ("plugin: SLRUM", SettingsError, "names the plugin 'SLRUM'; .*, SLURM"),
        ("plugin: SLURMGraph", SettingsError, "names the plugin 'SLURMGraph'"),
        ("{plugin: SLURM, plugin_args: --mem=2G}", SettingsError, "are names with values"),
        (
            "{plugin: SLURM, plugin_args: {max_tries: 0}}",
            SettingsError,
            r'cannot do its work here: No command "sbatch" found',
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_says_why(tmp_path, monkeypatch, content, kind, told):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LOGNAME", raising=False)
    with pytest.raises(GradshiftError, match=told) as caught:
        run_with(tmp_path, content)
    assert isinstance(caught.value, kind)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("nprocs", "threads", "processes"), [(4, 2, 2), (5, 2, 2), (3, 1, 3)])
def test_processes_times_threads_stay_within_what_was_asked_for(nprocs, threads, processes):
    _, arguments = _plugin(Running(nprocs=nprocs, omp_nthreads=threads))
    assert arguments["n_procs"] == processes
    assert _plugin(Running(nprocs=2, omp_nthreads=2))[1]["n_procs"] == 1


@pytest.mark.parametrize(("nprocs", "threads", "processes"), [(4, 2, 2), (2, 2, 1), (3, 1, 3)])
def test_the_group_level_stays_within_what_was_asked_for(
    tmp_path, monkeypatch, nprocs, threads, processes
):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, str(threads))
    running = Running(work_dir=str(tmp_path), nprocs=nprocs, omp_nthreads=threads)
    apply = workers(SimpleNamespace(running=running, work_dir=tmp_path, analysis=Analysis()))

    def threads_of(_: int) -> tuple[int, int]:
        """Return the process, and the threads that its numerical libraries may use."""
        time.sleep(0.1)
        return os.getpid(), int(os.environ["OPENBLAS_NUM_THREADS"])

    seen = list(apply(threads_of, range(6)))
    assert {told for _, told in seen} == {threads}
    assert len({process for process, _ in seen}) <= processes
    assert (os.getpid() in {process for process, _ in seen}) == (processes == 1)
