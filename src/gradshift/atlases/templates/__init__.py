"""Reference gradients that ship with the 7-network Schaefer atlases.

`provenance.json` says where they come from, ``tools/make_templates.py`` makes them.
"""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


def load_template(atlas: str, kernel: str = "cosine") -> NDArray[np.float64] | None:
    """Load the reference gradients of an atlas.

    Parameters
    ----------
    atlas : str
        Such as ``Schaefer2018_200_7``.
    kernel : {'cosine', 'normalized_angle'}

    Returns
    -------
    (R, 10) array or None
        In the order of the atlas's labels (names differ between releases, the order does
        not), the principal gradient first; None for an atlas without a template.
    """
    path = files(__name__).joinpath(f"{atlas}.npz")
    if not path.is_file():
        return None
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return np.asarray(stored[kernel], dtype=np.float64)
