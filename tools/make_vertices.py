"""Find the regions of the shipped atlases on the cortical surface.

Usage: ``python tools/make_vertices.py``. Writes ``src/gradshift/images/vertices.npz``. To be run
again when an atlas is added or its image changes; a test of the shipped atlases fails until then.
"""

import numpy as np

from gradshift.atlases.catalogue import available, load_atlas
from gradshift.images.grayordinates import SURFACE_SPACES
from gradshift.images.surface import KNOWN, digest, fsaverage5, nearest_regions


def main() -> None:
    """Compute, and write the file."""
    halves = fsaverage5()
    if halves is None:
        raise SystemExit("The installed nilearn does not bring the fsaverage5 meshes.")
    places = np.concatenate([half.cortex for half in halves.values()])
    atlases = [load_atlas(name) for name in available()]
    images = [
        image
        for atlas in atlases
        for space in atlas.spaces
        if space not in SURFACE_SPACES
        for image in atlas.images(space)
    ]
    found = {digest(image, places): nearest_regions(image, places) for image in images}
    np.savez_compressed(KNOWN, **found)


if __name__ == "__main__":
    main()
