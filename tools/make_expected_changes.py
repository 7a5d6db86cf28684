"""Make the expected changes that ship with the example study.

Usage: ``nice python tools/make_expected_changes.py [PEOPLE [SEED [CHANGES]]]``. Writes
``src/gradshift/example/expected_changes.json`` from PEOPLE (default 440) simulated people;
takes five to ten minutes on two cores. CHANGES is an ``.npy`` file to keep each person's changes
in (people x effects x quantities). To be run again when the simulation, the default recipe or a
measure in the table changes; a test of the example study fails until then.
"""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# One thread each: small matrices are no faster with more.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from gradshift.atlases.catalogue import load_atlas
from gradshift.example import expected, measured
from gradshift.example.connectome import ATLAS

TARGET = Path(expected.__file__).with_name(expected.TABLE)


def main(n_people: int = 440, seed: int = 715, keep: Path | None = None) -> None:
    """Simulate, and write the table."""
    numbers = range(1, n_people + 1)
    with ProcessPoolExecutor(2) as pool:
        changes = np.array(list(pool.map(_of_person, numbers, [seed] * n_people, chunksize=5)))
    if keep:
        np.save(keep, changes)
    content = expected.tabulate(changes, seed=seed)
    TARGET.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _of_person(number: int, seed: int) -> NDArray[np.float64]:
    regions = load_atlas(ATLAS).regions()
    return measured.person_changes(number, expected.EFFECTS, regions, seed=seed)


if __name__ == "__main__":
    words = sys.argv[1:]
    main(*map(int, words[:2]), *map(Path, words[2:3]))
