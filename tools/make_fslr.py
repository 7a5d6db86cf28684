"""Write the mesh of fsLR with 32,492 vertices in each hemisphere.

Usage: ``python tools/make_fslr.py SURFACES``: the folder ``brainspace/datasets/surfaces`` of
BrainSpace 0.3.0 (BSD-3), with ``conte69_32k_{lh,rh}.gii``. Writes
``src/gradshift/images/fslr.npz``.
"""

import sys
from pathlib import Path

import nibabel
import numpy as np

from gradshift.images.meshes import FSLR, STEP


def main() -> None:
    """Write triangles, sorted, and rounded places: their differences, which pack well."""
    folder = Path(sys.argv[1])
    left, right = (
        [array.data for array in nibabel.load(folder / f"conte69_32k_{side}.gii").darrays]
        for side in ("lh", "rh")
    )
    places = np.round(np.stack([left[0], right[0]]) / STEP).astype(np.int16)
    turned = np.array([np.roll(row, -row.argmin()) for row in left[1]])
    triangles = turned[np.lexsort(turned.T[::-1])]
    np.savez_compressed(
        FSLR,
        triangles=np.diff(triangles, axis=0, prepend=0).astype(np.int16),
        places=np.diff(places, axis=1, prepend=np.int16(0)),
    )


if __name__ == "__main__":
    main()
