"""Make the gradient templates that ship with the 7-network Schaefer atlases.

Usage: ``python tools/make_templates.py FOLDER``, where FOLDER holds ``S100_fc.npz``,
``S200_fc.npz`` and ``S400_fc.npz`` (such as ``tests/data``). Writes into
``src/gradshift/atlases/templates``.
"""

import hashlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np

from gradshift.core.cortex.embedding import N_COMPONENTS, n_kept
from gradshift.core.cortex.options import KERNELS, Options
from gradshift.core.cortex.reference import mean_reference
from gradshift.core.cortex.regions import Regions

TARGET = Path(__file__).parents[1] / "src" / "gradshift" / "atlases" / "templates"


def main(source: Path) -> None:
    """Write one archive per atlas, and where they all came from."""
    files = {}
    for scale in (100, 200, 400):
        path = source / f"S{scale}_fc.npz"
        name = f"Schaefer2018_{scale}_7"
        arrays = templates(path)
        save(TARGET / f"{name}.npz", arrays)
        files[name] = {
            "Source": path.name,
            "SourceSHA256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "ConnectionsKeptPerRegion": n_kept(scale),
        }
    text = json.dumps(provenance(files), indent=2, ensure_ascii=False)
    (TARGET / "provenance.json").write_text(text + "\n", encoding="utf-8")


def templates(path: Path) -> dict[str, np.ndarray]:
    """Compute the template of every kernel from one group matrix."""
    with np.load(path) as data:
        matrix = data["fc"].astype(np.float64)
        names = tuple(str(name) for name in data["names"])
        networks = tuple(str(network) for network in data["network"])
        centroids = data["xyz_mm"]
    regions = Regions(
        names=names,
        networks=networks,
        hemispheres=tuple(name.split("_")[1][0] for name in names),
        centroids=centroids,
    )
    made = {k: mean_reference(matrix, regions, Options(kernel=k)) for k in KERNELS}
    return {**made, "names": np.array(names)}


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an archive whose bytes depend on the arrays only."""
    with ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy"), buffer.getvalue(), compress_type=8)


def provenance(files: dict[str, dict[str, object]]) -> dict[str, object]:
    """Say what the templates are and where they came from."""
    return {
        "Description": (
            "Reference gradients (region x component, the principal one first, its default "
            "mode end positive) for each kernel, computed from group connectivity."
        ),
        "Data": (
            "Group-average functional connectivity of the Human Connectome Project as shipped "
            "by BrainSpace 0.3.0 (BSD-3-Clause, Copyright (c) 2019 BrainSpace developers)."
        ),
        "DataReference": "Vos de Wael et al. (2020), Communications Biology 3:103.",
        "Atlas": "Schaefer et al. (2018), Cerebral Cortex 28:3095; 7 networks.",
        "Method": {
            "Code": "gradshift.core.cortex.reference.mean_reference",
            "Matrix": "Pearson r, ones on the diagonal",
            "Sparsity": "strongest tenth of each row, rounded, the diagonal among them",
            "Kernels": list(KERNELS),
            "Alpha": 0.5,
            "DiffusionTime": "multiscale, t = 0",
            "Components": N_COMPONENTS,
            "PrincipalComponent": (
                "of the first three, the one that separates default mode from visual and "
                "somatomotor regions most"
            ),
        },
        "Software": {name: version(name) for name in ("numpy", "scipy")},
        "Remake": "python tools/make_templates.py tests/data",
        "Files": files,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
