"""Several studies in one model: ``gradshift-pool OUT... POOLED``."""

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from gradshift.errors import GradshiftError, OutputError, SettingsError, StorageError
from gradshift.usage import Parser


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = Parser(
        prog="gradshift-pool",
        description="Put several studies together, from the tables of their group levels alone "
        "(contrasts.tsv, covariances.npz; persons.tsv where it is shared).",
    )
    made.add_argument(
        "outputs",
        metavar="OUT",
        type=Path,
        nargs="+",
        help="outputs of studies, or folders of their comparisons",
    )
    made.add_argument("pooled", metavar="POOLED", type=Path, help="new folder for the results")
    made.add_argument(
        "--alpha", type=float, default=0.05, metavar="P", help="significance level (default 0.05)"
    )
    made.add_argument(
        "--n-permutations", type=int, default=10_000, metavar="N",
        help="random sign flips within studies (default 10000)",
    )  # fmt: skip
    made.add_argument(
        "--random-seed", type=int, default=20240501, metavar="N", help="seed (default 20240501)"
    )
    made.add_argument("--overwrite", action="store_true", help="replace an earlier result")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Pool the studies and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line; those of the process if not given.
    """
    options = parser().parse_args(arguments)
    try:
        _check(options)
        _pool(options)
    except GradshiftError as error:
        print(f"gradshift-pool: {error}", file=sys.stderr)
        return error.exit_code
    print(f"The pooled results are in {options.pooled}.")
    return 0


def _check(options: argparse.Namespace) -> None:
    if not 0 < options.alpha < 1:
        raise SettingsError(f"--alpha takes a number between 0 and 1, got {options.alpha:g}.")
    if options.n_permutations < 1 or options.random_seed < 0:
        raise SettingsError(
            "--n-permutations takes a number above 0, --random-seed one from 0 on."
        )
    resolved = [path.resolve() for path in options.outputs]
    if twice := [path for path in resolved if resolved.count(path) > 1]:
        raise SettingsError(f"{twice[0]} is named twice; each study counts once.")
    pooled: Path = options.pooled
    ours = (pooled / "pooled.tsv").exists() and options.overwrite
    if pooled.exists() and not pooled.is_dir():
        raise OutputError(f"{pooled} is a file; name a new folder.")
    if pooled.is_dir() and any(pooled.iterdir()) and not ours:
        raise OutputError(
            f"{pooled} is not empty; name a new folder, or --overwrite for earlier pooled results."
        )


def _pool(options: argparse.Namespace) -> None:
    from gradshift import __version__
    from gradshift.bids.rows import write_rows
    from gradshift.core.statistics.randomeffects import STATISTIC
    from gradshift.group.pooled import pool
    from gradshift.group.pooledrows import Effect, PooledRow
    from gradshift.group.sharedtables import StudyTables, check_alike
    from gradshift.report.pooled import write_pooled_page

    studies = [StudyTables.find(output) for output in options.outputs]
    check_alike(studies)
    rows, effects = pool(
        studies,
        alpha=options.alpha,
        seed=options.random_seed,
        n_permutations=options.n_permutations,
    )
    described = {
        "Software": f"gradshift {__version__}",
        "Studies": {study.name: str(study.about.get("Design", "")) for study in studies},
        "Datasets": {study.name: study.dataset for study in studies},
        "PrimaryAtlas": studies[0].about.get("PrimaryAtlas"),
        "PrimaryRecipe": studies[0].about.get("PrimaryRecipe"),
        "Alpha": options.alpha,
        "RandomSeed": options.random_seed,
        "Statistics": {STATISTIC.name: STATISTIC.methods},
    }
    try:
        options.pooled.mkdir(parents=True, exist_ok=True)
        write_rows(options.pooled / "studies.tsv", Effect, effects, described)
        write_rows(options.pooled / "pooled.tsv", PooledRow, rows, described)
        write_pooled_page(options.pooled, rows, effects, described)
    except OSError as error:
        kind = StorageError if error.errno in (errno.ENOSPC, errno.EIO) else OutputError
        raise kind(f"Cannot write to {options.pooled}: {error}.") from error


if __name__ == "__main__":
    sys.exit(main())
