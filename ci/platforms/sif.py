"""A SIF made from the image, run by an ordinary user, as on a cluster."""

from collections.abc import Sequence
from functools import partial

from bench import BOTH, HERE, ONE, SAME, VERSION, Bench


def cases(bench: Bench) -> None:
    """Run the cases."""
    tree = bench.folder / "sid"
    if not (tree / "usr/bin/apptainer").exists():
        bench.run(HERE / "apptainer.sh", "make", tree)
    bench.folder.chmod(0o777)  # the ordinary user writes the SIF beside the study
    add, one = partial(bench.case, "Apptainer"), partial(_run, bench, [ONE], "sub-01")
    add("SIF from the Docker image", f"built by a user, says {VERSION}", lambda: _build(bench))
    add("`--cleanenv`", SAME, lambda: one("--cleanenv"))
    add("`--cleanenv --containall`", SAME, lambda: one("--cleanenv", "--containall"))
    alone = ("--cleanenv", "--no-home", "--net", "--network", "none")
    add(f"`{' '.join(alone)}`, both levels", SAME, lambda: _run(bench, BOTH, "", *alone))


def _apptainer(bench: Bench, *words: object) -> str:
    cache = bench.folder / "cache"
    cache.mkdir(exist_ok=True)
    cache.chmod(0o777)
    env = {
        "TREE": str(bench.folder / "sid"),
        "BIND": str(bench.folder),
        "APPTAINER_CACHEDIR": str(cache),
        "APPTAINER_TMPDIR": str(cache),
    }
    return bench.run(HERE / "apptainer.sh", *words, env=env)


def _build(bench: Bench) -> str:
    sif, archive = bench.folder / "gradshift.sif", bench.folder / "gradshift.tar"
    sif.unlink(missing_ok=True)
    bench.run("docker", "save", "-o", archive, "gradshift")
    archive.chmod(0o644)
    quick = "--mksquashfs-args=-comp zstd -Xcompression-level 1"
    _apptainer(bench, "build", quick, sif, f"docker-archive:{archive}")
    archive.unlink()
    told = _apptainer(bench, "run", sif, "--version").split("\n")
    return f"{next(line for line in told if VERSION in line)}, {sif.stat().st_size / 1e6:.0f} MB"


def _run(bench: Bench, levels: Sequence[Sequence[str]], below: str, *options: str) -> str:
    """Run some levels, and compare all results or those of one folder."""
    out = bench.out("sif-one")
    binds = ("--bind", f"{bench.study}:/data:ro", "--bind", f"{out}:/out")
    sif = bench.folder / "gradshift.sif"
    for words in levels:
        _apptainer(bench, "run", *binds, *options, sif, "/data", "/out", *words)
    return bench.same(out, below)
