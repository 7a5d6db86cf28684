"""What the stand-ins of Docker, Apptainer, Slurm and DataLad share."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn


def refuse(text: str) -> NoReturn:
    """End with a sentence, as the program itself would on such words."""
    sys.exit(f"{Path(sys.argv[0]).name} (stand-in): {text}")


def split(
    words: Sequence[str], valued: Iterable[str], bare: Iterable[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Part options from what follows them, as programs do that stop at the first other word.

    Parameters
    ----------
    words : sequence of str
    valued, bare : iterables of str
        Options with a value, and without one; any other is refused.

    Returns
    -------
    list of (str, str), list of str
        Options with their values, and the words after them.
    """
    options, rest = [], list(words)
    while rest and rest[0].startswith("-"):
        name, equals, value = rest.pop(0).partition("=")
        if name in valued:
            if not equals and not rest:
                refuse(f"{name} needs a value")
            options.append((name, value if equals else rest.pop(0)))
        elif name in bare and not equals:
            options.append((name, ""))
        else:
            refuse(f"no such option: {name}")
    return options, rest


def mounts(told: Iterable[str]) -> dict[str, str]:
    """Return what is inside, by where it is seen there: SOURCE[:TARGET[:ro]]."""
    seen = {}
    for mount in told:
        source, _, rest = mount.partition(":")
        target, _, mode = rest.partition(":")
        if mode not in ("", "ro", "rw", "z", "ro,z"):
            refuse(f"no such mode of a mount: {mount}")
        if not Path(source).is_dir():
            refuse(f"{source} is no folder of this machine")
        seen[target or source] = source
        if target and source.endswith(target):  # the same name inside and outside
            seen[source] = source
    return seen


def run(words: Sequence[str], seen: Mapping[str, str]) -> NoReturn:
    """Run gradshift with what it is given inside a container, on the folders of this machine.

    A path that begins with no mounted folder is not there inside, and is refused.
    """
    os.execvp("gradshift", ["gradshift", *(_outside(word, seen) for word in words)])


def _outside(word: str, seen: Mapping[str, str]) -> str:
    name, equals, path = word.rpartition("=")
    if not path.startswith("/"):
        return word
    for target in sorted(seen, key=len, reverse=True):
        if path == target or path.startswith(f"{target}/"):
            return f"{name}{equals}{seen[target]}{path.removeprefix(target)}"
    return refuse(f"{path} is not mounted, and so not there inside")


def shell(command: str) -> int:
    """Run a line of the shell where we are; return its exit code."""
    return subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=False).returncode
