"""Options of running."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How the work is done."""

    work_dir: str | None = option(
        None,
        "folder for intermediate results; OUTPUT_DIR/work if not given",
        metavar="DIR",
        aliases=("-w",),
        local=True,
    )
    nprocs: int = option(
        1,
        "processors to use at once",
        kind=int,
        metavar="N",
        aliases=("--nthreads", "--n-cpus"),
        check=checks.positive,
    )
    omp_nthreads: int = option(
        1,
        "threads of one process; there are nprocs / N processes then",
        kind=int,
        metavar="N",
        check=checks.positive,
    )
    mem: float | None = option(
        None,
        "memory that may be used, in GB; nine tenths of what is free if not given",
        kind=float,
        metavar="GB",
        check=checks.positive,
    )
    use_plugin: str | None = option(
        None,
        "YAML file with a nipype plugin and its plugin_args",
        metavar="FILE",
        local=True,
        aliases=("--nipype-plugin-file",),
    )
    overwrite: bool = option(
        False,
        "accept settings that differ from those of the existing output",
        kind=bool,
        local=True,
    )
    dry_run: bool = option(False, "print what would be done, and stop", kind=bool, local=True)
    reports_only: bool = option(
        False,
        "write the pages and the methods text again from the tables that are there, and stop",
        kind=bool,
    )
    boilerplate_only: bool = option(
        False, "write the methods text of these options to OUTPUT_DIR/logs, and stop", kind=bool
    )
    resource_monitor: bool = option(
        False, "write memory, processor use and time of every step to OUTPUT_DIR/logs", kind=bool
    )
    stop_on_first_crash: bool = option(False, "stop at the first crash", kind=bool)
    clean_workdir: bool = option(
        False,
        "remove the intermediate results of the participants that finished without errors",
        kind=bool,
    )
    verbose: bool = option(
        False, "more detail, and every warning in full", kind=bool, aliases=("-v",)
    )
    quiet: bool = option(
        False,
        "print warnings and errors only; the log file has everything",
        kind=bool,
        aliases=("-q",),
    )

    @property
    def processes(self) -> int:
        """How many run at once: times the threads of each they never exceed what was asked."""
        return self.nprocs // self.omp_nthreads
