"""The image: as it is, as root, as nobody in particular, with all doors shut, and killed."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import BOTH, HERE, ONE, ROOT, SAME, VERSION, Bench, FailedError, last

USER = "1234"
"""A user the image does not know."""

DEFAULT = "1000"
"""The user it runs as, unless told otherwise."""

SIZE = 850
"""Megabytes the image may have."""

ALONE = ("docker", "run", "--rm", "--network", "none")


@contextmanager
def engine(bench: Bench) -> Iterator[None]:
    """Start a Docker engine that has the base image and gradshift's, and stop it."""
    folder = bench.folder / "docker"
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    os.environ["DOCKER_BUILDKIT"] = "0"
    bench.run(HERE / "engine.sh", "start", folder)
    try:
        base = bench.folder / "base.tar"
        if not base.exists():
            bench.run(HERE / "base.sh", base)
        if "bookworm-slim" not in bench.run("docker", "images", "debian"):
            bench.run("docker", "import", base, "debian:bookworm-slim")
        bench.run(ROOT / "tools" / "build_image.sh", "--network", "host")
        yield
    finally:
        bench.run(HERE / "engine.sh", "stop", folder)


def cases(bench: Bench) -> None:
    """Run the cases."""
    add = partial(bench.case, "Docker")
    add("image", f"says {VERSION} in all places, below {SIZE} MB", lambda: _image(bench))
    add("compiled files", "all the same when made again, none looked up", lambda: _compiled(bench))
    add("files that give rights", "none", lambda: _no_rights(bench))
    add("as it is, both levels", f"{SAME}, owned by user {DEFAULT}", lambda: _both(bench))
    add("as it is, a folder of root", "exit code 73, one sentence", lambda: _folder_of_root(bench))
    root = ("-u", "0:0")
    add("`-u 0`", SAME, lambda: _one(bench, *root))
    user = ("-u", f"{USER}:{USER}")
    add(f"`-u {USER}`, unknown to the image", SAME, lambda: _one(bench, *user))
    add(f"`-u {USER}`, `HOME` unset", SAME, lambda: _one(bench, *user, unset="HOME"))
    shut = (*user, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    add(f"`{' '.join(shut)}`, both levels", SAME, lambda: _both(bench, *shut))
    add("the same with `--tmpfs /tmp`", SAME, lambda: _one(bench, *shut, "--tmpfs", "/tmp"))
    add("killed, then the same command again", SAME, lambda: _killed(bench))
    for limit in (("--memory", "250m"), ("--pids-limit", "3")):
        starved = "exit code 74, one sentence, nothing written"
        add(f"`{' '.join(limit)}`", starved, lambda limit=limit: _starved(bench, *limit))


def _image(bench: Bench) -> str:
    told = bench.run(*ALONE, "gradshift", "--version")
    inside = bench.run(*ALONE, "--entrypoint", "cat", "gradshift", "/version")
    if {told.split()[-1], inside.strip()} != {VERSION}:
        raise FailedError(f"{told.strip()}, /version {inside.strip()}")
    label = f"{{{{index .Config.Labels {json.dumps('org.opencontainers.image.version')}}}}}"
    if bench.run("docker", "image", "inspect", "-f", label, "gradshift").strip() != VERSION:
        raise FailedError("another version in the label")
    size = int(bench.run("docker", "image", "inspect", "-f", "{{.Size}}", "gradshift")) / 1e6
    if size > SIZE:
        raise FailedError(f"{size:.0f} MB")
    return f"{told.strip()}, {size:.0f} MB"


def _in_docker(bench: Bench, out: Path) -> tuple[str, ...]:
    """Return the start of a command that runs the image, without network."""
    return (*ALONE, "-v", f"{bench.study}:/data:ro", "-v", f"{out}:/out")


def _compiled(bench: Bench) -> str:
    """Compile everything again inside, and compare; a flag of 1 means that no source is read."""
    script = """
cd /opt/venv/lib
all() { find . -name '*.pyc' | sort | xargs sha256sum; }
all > /tmp/before
python -c "
from pathlib import Path
assert {path.read_bytes()[4] for path in Path().rglob('*.pyc')} == {1}"
find . -name '*.pyc' -delete
PYTHONHASHSEED=0 python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib
all > /tmp/after
cmp /tmp/before /tmp/after
wc -l < /tmp/after
"""
    inside = ("-u", "0", "--entrypoint", "sh", "gradshift", "-ec", script)
    return f"{bench.run(*ALONE, *inside).strip()} files, all the same"


def _no_rights(bench: Bench) -> str:
    inside = ("-u", "0", "--entrypoint", "find", "gradshift")
    if listed := bench.run(*ALONE, *inside, "/", "-xdev", "-type", "f", "-perm", "/6000"):
        raise FailedError(last(listed))
    return "none"


def _both(bench: Bench, *options: str) -> str:
    out = bench.out("docker-both")
    for words in BOTH:
        bench.run(*_in_docker(bench, out), *options, "gradshift", "/data", "/out", *words)
    _owned_by(out, _user(options) if options else DEFAULT)
    return bench.same(out)


def _folder_of_root(bench: Bench) -> str:
    out = bench.out("docker-of-root")
    out.chmod(0o755)
    printed = bench.run(*_in_docker(bench, out), "gradshift", "/data", "/out", *ONE, code=73)
    if "Traceback" in printed or any(out.iterdir()):
        raise FailedError(last(printed))
    return last(printed)


def _starved(bench: Bench, *limit: str) -> str:
    out = bench.out("docker-starved")
    words = (*_in_docker(bench, out), *limit, "gradshift", "/data", "/out", *ONE, "--nprocs", "2")
    printed = bench.run(*words, code=74)
    if "Traceback" in printed or any(out.iterdir()):
        raise FailedError(last(printed))
    return last(printed)


def _user(options: Sequence[str]) -> str:
    """Return the user that ``-u`` names, the first of the options."""
    return options[1].partition(":")[0]


def _owned_by(out: Path, user: str) -> None:
    owners = {path.stat().st_uid for path in out.rglob("*")}
    if owners != {int(user)}:
        raise FailedError(f"files belong to users {owners}")


def _one(bench: Bench, *options: str, unset: str = "") -> str:
    out = bench.out("docker-one")
    entry = ("--entrypoint", "env") if unset else ()
    words = ("-u", unset, "gradshift") if unset else ()
    command = (*_in_docker(bench, out), *options, *entry, "gradshift", *words)
    bench.run(*command, "/data", "/out", *ONE)
    _owned_by(out, _user(options))
    return bench.same(out, "sub-01")


def _killed(bench: Bench) -> str:
    out, name = bench.out("docker-killed"), "gradshift-killed"
    command = (*_in_docker(bench, out), "-d", "--name", name, "gradshift", "/data", "/out", *ONE)
    bench.run(*command)
    while "steps done" not in (told := bench.run("docker", "logs", name)):
        if "Results are in" in told:
            raise FailedError(last(told))
        time.sleep(0.2)
    bench.run("docker", "kill", name)
    bench.run(*_in_docker(bench, out), "gradshift", "/data", "/out", *ONE)
    return bench.same(out, "sub-01")
