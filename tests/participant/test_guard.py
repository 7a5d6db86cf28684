"""What one run, session or person brings about, whatever it is, stops no other."""

import importlib
import json
import os
from collections import defaultdict

import pytest
from nipype.pipeline import engine as pe

from gradshift import settings as schema
from gradshift.atlases.catalogue import load_atlas
from gradshift.levels import pages
from gradshift.levels.participant import find_inputs
from gradshift.participant import graph, volumes
from gradshift.participant.asked import Asked
from gradshift.participant.bold import Bold
from gradshift.participant.ending import crash_in, excluded
from gradshift.participant.nodes.outcome import Step
from gradshift.participant.plan import Plan
from gradshift.participant.runs import FOR_ALL
from gradshift.recipes.catalogue import load_recipe
from gradshift.running.crashes import UNFORESEEN, Crashed, gather
from gradshift.running.damage import discard_damaged
from gradshift.running.packing import Failure, load
from tiny import write_study

BAD = "sub-01_ses-pre"


@pytest.fixture
def asked(tmp_path):
    study = write_study(tmp_path, ["01", "02"], ["pre", "post"], [None])
    settings = schema.make(study.root, tmp_path / "out", "participant", {})
    return Asked(
        settings=settings,
        atlases=[load_atlas(str(study.atlas))],
        recipes=[load_recipe("24P")],
        measures=["meanfc"],
    )


def fail_for(monkeypatch, module, name, error):
    """Let a function fail for one session."""
    home = importlib.import_module(module)
    function = getattr(home, name)

    def fail(*given, **more):
        if BAD in str(given):
            raise error
        return function(*given, **more)

    monkeypatch.setattr(home, name, fail)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), MemoryError(), RecursionError("deep")])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("gradshift.bids.runfiles", "read_header"),
        ("gradshift.bids.runfiles", "inherited"),
        ("gradshift.bids.runfiles", "repetition_time"),
        ("gradshift.participant.bold", "check_header"),
    ],
)
def test_an_unforeseen_error_of_a_run_is_its_problem(asked, monkeypatch, module, name, error):
    fail_for(monkeypatch, module, name, error)
    bold = Bold.find(asked)
    assert len(bold.runs) == 4
    (troubled,) = [run for run in bold.runs if run.problem]
    assert troubled.bold.name.startswith(BAD)
    text, possible = bold.describe()
    assert possible
    assert troubled.problem in text


@pytest.mark.parametrize("name", ["gradshift.bids.acquired", "gradshift.participant.outlook"])
def test_what_only_describes_a_run_hinders_nothing(asked, monkeypatch, name):
    function = {
        "gradshift.bids.acquired": "inherited",
        "gradshift.participant.outlook": "read_header",
    }
    fail_for(monkeypatch, name, function[name], RuntimeError("a bug"))
    bold = Bold.find(asked)
    bold.differences()
    assert bold.describe()[1]


def test_a_grid_that_an_atlas_cannot_be_brought_to_costs_its_runs(asked, monkeypatch):
    bold = Bold.find(asked)
    monkeypatch.setattr("gradshift.participant.plan.grid", lambda run: run.bold.name)
    monkeypatch.setattr("gradshift.participant.nodes.atlas.keep_labels", _none_for_one(bold))
    placed = bold.place()
    (troubled,) = [run for run in placed.runs if run.problem]
    assert troubled.bold == bold.runs[0].bold


def _none_for_one(bold):
    left = [RuntimeError("a bug")] + [None] * (len(bold.runs) - 1)

    def keep(*_):
        if (error := left.pop(0)) is not None:
            raise error

    return keep


def test_a_person_whose_steps_cannot_be_connected_has_the_reason_in_its_tables(monkeypatch, asked):
    marked = []

    def connect(name, runs, plan):
        if "sub_01" in name and not all(run.problem for run in runs):
            raise RuntimeError("a bug")
        marked.extend(run.problem for run in runs)
        return pe.Workflow(name=name)

    monkeypatch.setattr(graph, "_person_workflow", connect)
    workflow = pe.Workflow(name="whole")
    graph.add_runs(workflow, Bold.find(asked).runs, plan=None)
    assert [bool(problem) for problem in marked] == [True, True, False, False]


class Sum(Step):
    """A step that fails as it is told to."""

    error: BaseException | None = None
    may_fail = True

    def compute(self):
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("a bug"), MemoryError(), OSError(5, "I/O error")])
def test_a_step_hands_on_what_nobody_has_foreseen_and_is_done_again(tmp_path, monkeypatch, error):
    folder = tmp_path / "gradshift_0_1" / "sub_01_task_rest" / "denoise_ses_pre_1"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Sum, "error", error)
    outcome = load(Sum().run().outputs.out_file, dict)
    assert isinstance(outcome, Failure)
    (kept,) = gather(tmp_path, ["sub-01"], tmp_path / "logs")
    assert type(error).__name__ in kept.read_text()
    monkeypatch.chdir(tmp_path)
    discard_damaged(tmp_path, ["sub-02"])
    assert (folder / UNFORESEEN).exists()
    discard_damaged(tmp_path, ["sub-01"])
    assert not folder.exists()


def test_a_full_disk_is_no_matter_of_one_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Sum, "error", OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space"):
        Sum().run()


def test_a_step_whose_failure_nobody_takes_crashes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Sum, "error", RuntimeError("a bug"))
    monkeypatch.setattr(Sum, "may_fail", False)
    with pytest.raises(RuntimeError, match="a bug"):
        Sum().run()


def test_a_crash_is_told_with_its_cause_and_figures_make_no_numbers():
    crashed = Crashed()
    crashed.append("gradshift_0_1.sub_01_task_rest.connect_ses_pre")
    crashed.reasons[crashed[0]] = "out of luck"
    crashed.append("gradshift_0_1.sub_02_task_rest.figures")
    assert "out of luck" in crash_in("sub_01_task_rest", crashed, FOR_ALL)
    assert crash_in("sub_02_task_rest", crashed, FOR_ALL) == ""
    assert crash_in("sub_0_task_rest", crashed) == ""


@pytest.mark.parametrize("content", ["{}", "[]", "{", json.dumps({"Excluded": "too short"})])
def test_a_result_that_says_nothing_counts_as_none(tmp_path, content):
    path = tmp_path / "measures.json"
    assert excluded(path)
    path.write_text(content)
    assert excluded(path)
    path.write_text(json.dumps({"Excluded": None}))
    assert excluded(path) is None


def test_a_page_that_cannot_be_written_hinders_no_other(tmp_path, monkeypatch, asked):
    written = []

    def renew(settings, participant):
        if participant == "sub-01":
            raise KeyError("Warnings")
        written.append(participant)

    monkeypatch.setattr(pages, "_renew", renew)
    assert pages.renew_person_pages(asked.settings, ["sub-01", "sub-02"]) == 1
    assert written == ["sub-02"]


def test_a_step_that_reads_knows_the_content_whatever_the_times_of_the_files_say(asked):
    def contents():
        part = pe.Workflow(name="part")
        plan = Plan(
            asked=asked,
            atlases=[],
            labels=defaultdict(list),
            acquired={},
            sessions={},
            provenance={},
        )
        volumes.add_run(part, Bold.find(asked).runs[0], "ses", plan)
        return [part.get_node(f"{name}_ses").inputs.content for name in ("parcellate", "denoise")]

    run = Bold.find(asked).runs[0]
    before = contents()
    for path, place in (
        (run.confounds, 1),
        (run.confounds.with_suffix(".json"), 1),
        (run.mask, 0),
    ):
        times, text = path.stat(), path.read_bytes()
        path.write_bytes(text.replace(b"1", b"2") if b"1" in text else b"[]")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        after = contents()
        assert after[place] != before[place]
        path.write_bytes(text)
        assert contents() == before


@pytest.mark.parametrize("spoil", ["a table of metabolites", "a table of sessions"])
def test_a_table_of_metabolites_that_cannot_be_used_hinders_no_image(asked, spoil, caplog):
    root = asked.settings.bids_dir
    if spoil == "a table of metabolites":
        (root / "phenotype").mkdir()
        (root / "phenotype" / "mrs.tsv").write_text("participant_id\n../../evil\n")
    else:
        path = root / "sub-01" / "sub-01_sessions.tsv"
        path.unlink()
        os.mkfifo(path)
    bold, mrs = find_inputs(asked)
    assert not bold.problem
    assert mrs.problem
    assert mrs.people == set()
    assert mrs.summary([]) == 1
    assert mrs.problem in mrs.describe()[0]
