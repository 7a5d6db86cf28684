"""A registration: what will be asked, written before any value is read, and held against a run."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from gradshift import __version__
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.write import write_json
from gradshift.core.inference.families import CONFIRMATORY, DECLARED
from gradshift.errors import SettingsError
from gradshift.group.study import Study
from gradshift.study.model import read_families

Content = Sidecar
"""What is registered, as JSON holds it."""


def content(study: Study) -> Content:
    """Collect what is declared: design, questions, families, primaries, smallest effect.

    Parameters
    ----------
    study : Study
        Without values.
    """
    design, group = study.design, study.group
    own = read_families(Path(group.families)) if group.families else {}
    plain = {
        "Design": str(design),
        "Questions": [str(effect) for effect in study.effects],
        "Weights": {str(effect): list(effect.weights) for effect in study.effects},
        "Conditions": [asdict(condition) for condition in design.conditions],
        "PrimaryAtlas": design.atlases[0],
        "PrimaryRecipe": design.recipes[0],
        "Covariates": sorted(design.covariates),
        "Confirmatory": sorted(map(list, CONFIRMATORY)),
        "DeclaredFamilies": sorted({*DECLARED, *own}),
        "OwnFamilies": {name: sorted(map(list, members)) for name, members in own.items()},
        "Coupling": list(group.coupling),
        "SmallestEffect": group.smallest_effect,
        "Alpha": group.alpha,
        "NumberOfPermutations": group.n_permutations,
        "RandomSeed": group.random_seed,
    }
    normal: Content = json.loads(json.dumps(plain))
    return normal


def digest(declared: Content) -> str:
    """Return the SHA-256 digest of what is registered."""
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def register(study: Study, path: Path) -> str:
    """Write a registration.

    Returns
    -------
    str
        Its digest.
    """
    declared = content(study)
    write_json(
        path,
        {
            "Registered": declared,
            "Digest": digest(declared),
            "Software": f"gradshift {__version__}",
        },
    )
    return digest(declared)


def departures(study: Study, path: Path) -> list[str]:
    """Say where a run departs from a registration.

    Parameters
    ----------
    study : Study
    path : Path
        As `register` wrote it.

    Returns
    -------
    list of str
        A sentence for each difference; empty if the run follows it.

    Raises
    ------
    SettingsError
        If the file is no registration, or was changed after it was written.
    """
    file = read_json(path)
    declared = file.get("Registered")
    if not isinstance(declared, dict) or file.get("Digest") != digest(declared):
        raise SettingsError(
            f"{path} is no registration as --preregister writes it, or was changed after it was "
            "written: its digest does not fit its content. Register again, to another file."
        )
    now = content(study)
    return [
        f"{name}: registered {json.dumps(declared.get(name))}, now {json.dumps(now.get(name))}."
        for name in {**declared, **now}
        if declared.get(name) != now.get(name)
    ]
