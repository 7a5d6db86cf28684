"""Write the regions of the Schaefer atlases on cortical surfaces.

Usage: ``python tools/make_surface_labels.py SUBCORTEX ANNOTATIONS``. The first is the folder with
``Schaefer2018_<n>Parcels_<m>Networks_order_Tian_Subcortex_S2.dlabel.nii`` (fsLR, 32k), the second
the one with ``{lh,rh}.<n>.annot`` of fsaverage5 (7 networks). Both number regions as the label
tables of the atlases do; with 17 networks the same regions have another order, which is taken
from fsLR. Writes ``dlabel.nii.gz`` files into ``src/gradshift/atlases``.
"""

import gzip
import sys
from pathlib import Path

import nibabel
import numpy as np
from nibabel.cifti2 import BrainModelAxis, Cifti2Image, LabelAxis

from gradshift.atlases.catalogue import FOLDER, load_atlas

SIZES = ((100, 7), (200, 7), (200, 17), (400, 7), (400, 17))
SIDES = ("CORTEX_LEFT", "CORTEX_RIGHT")


def on_fslr(folder: Path, regions: int, networks: int) -> tuple[np.ndarray, dict[int, tuple]]:
    """Return the (2, 32492) regions, 1 to R by the label table, and their colours."""
    name = f"Schaefer2018_{regions}Parcels_{networks}Networks_order_Tian_Subcortex_S2.dlabel.nii"
    image = nibabel.load(folder / name)
    keys = image.header.get_axis(0).label[0]
    names = {row.name: row.index for row in load_atlas(f"Schaefer2018_{regions}_{networks}").rows}
    labels = np.zeros((2, 32492), dtype=int)
    values = np.asarray(image.dataobj).ravel().astype(int)
    for structure, where, brain in image.header.get_axis(1).iter_structures():
        side = structure.removeprefix("CIFTI_STRUCTURE_")
        if side in SIDES:
            found = [names.get(keys[value][0], 0) for value in values[where]]
            labels[SIDES.index(side), brain.vertex] = found
    return labels, {names[n]: (n, colour) for n, colour in keys.values() if n in names}


def on_fsaverage5(folder: Path, regions: int) -> np.ndarray:
    """Return the (2, 10242) regions in the order of 7 networks."""
    sides = []
    for side, first in (("lh", 0), ("rh", regions // 2)):
        labels, _, _ = nibabel.freesurfer.read_annot(folder / f"{side}.{regions}.annot")
        sides.append(np.where(labels > 0, labels + first, 0))
    return np.stack(sides)


def write(path: Path, labels: np.ndarray, table: dict[int, tuple]) -> None:
    """Write the regions of all vertices of both hemispheres."""
    vertices = np.arange(labels.shape[1])
    left, right = (
        BrainModelAxis.from_surface(vertices, len(vertices), f"CIFTI_STRUCTURE_{side}")
        for side in SIDES
    )
    keys = {0: ("???", (1.0, 1.0, 1.0, 0.0)), **dict(sorted(table.items()))}
    axes = (LabelAxis(["regions"], [keys]), left + right)
    image = Cifti2Image(labels.reshape(1, -1).astype(np.float32), axes)
    path.write_bytes(gzip.compress(image.to_bytes(), 9, mtime=0))


def main() -> None:
    """Write the files of all atlases."""
    subcortex, annotations = map(Path, sys.argv[1:])
    for regions, networks in SIZES:
        labels, table = on_fslr(subcortex, regions, networks)
        stem = f"atlas-Schaefer2018_seg-{networks}n_scale-{regions}"
        write(FOLDER / f"{stem}_space-fsLR_den-32k_dseg.dlabel.nii.gz", labels, table)
        seven = on_fslr(subcortex, regions, 7)[0]
        order = np.zeros(regions + 1, dtype=int)
        order[seven.ravel()] = labels.ravel()
        write(
            FOLDER / f"{stem}_space-fsaverage5_den-10k_dseg.dlabel.nii.gz",
            order[on_fsaverage5(annotations, regions)],
            table,
        )


if __name__ == "__main__":
    main()
