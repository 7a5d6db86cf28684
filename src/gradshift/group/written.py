"""What the group level wrote, read back when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.rows import read_rows

R = TypeVar("R")


@dataclass(frozen=True)
class Written:
    """What the group level wrote.

    Parameters
    ----------
    folder : Path
        Of the group level.
    """

    folder: Path
    _read: dict[str, list[Any]] = field(default_factory=dict, repr=False, compare=False)

    def rows(self, name: str, row: type[R]) -> list[R]:
        """Read a table, once; no rows where it was not written."""
        if name not in self._read:
            self._read[name] = read_rows(self.folder / f"{name}.tsv", row)
        return self._read[name]

    @cached_property
    def design(self) -> str:
        """Kind of the design."""
        return str(read_json(self.folder / "contrasts.json").get("DesignType", ""))

    @cached_property
    def tested_by(self) -> frozenset[str]:
        """Kinds of effects that were asked for, see `gradshift.study.effect.Effect`."""
        sidecar = read_json(self.folder / "contrasts.json")
        return frozenset(map(str, sidecar.get("TestedBy", ())))

    def limits(self, part: str, key: str) -> bool:
        """Tell whether a part of the limits has a value."""
        path = self.folder / "limits.json"
        blocks: Sequence[Sidecar] = read_json(path).get(part, []) if path.exists() else []
        return any(block.get(key) is not None for block in blocks)
