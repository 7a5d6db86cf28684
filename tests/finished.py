"""A finished participant level written from arrays: what the group level starts from."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_array, write_matrix, write_table
from gradshift.cli import main
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.cortex.variants import variants
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate
from gradshift.participant.nodes.save import write_variants
from gradshift.recipes.catalogue import load_recipe
from synthetic import grow

NETWORKS = ("Vis", "SomMot", "Cont", "Default")
PER_NETWORK = 4
N_REGIONS = len(NETWORKS) * PER_NETWORK
MEASURES = ("withinfc", "betweenfc", "lowhighfc", "strength")
N_VOLUMES = 80
DEFAULT = slice(N_REGIONS - PER_NETWORK, N_REGIONS)


@dataclass
class Finished:
    """A study and its finished participant level."""

    root: Path
    out: Path

    def group(self, *options: str, page: bool = False) -> int:
        """Run the group level, without its page unless that is wanted: drawing takes time."""
        words = [str(self.root), str(self.out), "group", *options]
        with nullcontext() if page else patch("gradshift.levels.group.write_group_page"):
            return main(words)

    def table(self, name: str, folder: str = "group") -> pd.DataFrame:
        return pd.read_csv(self.out / folder / name, sep="\t", na_values="n/a")


def regions() -> Regions:
    networks = tuple(np.repeat(NETWORKS, PER_NETWORK).tolist())
    rng = np.random.default_rng(5)
    return Regions(
        names=tuple(f"{network}_{i % PER_NETWORK}" for i, network in enumerate(networks)),
        networks=networks,
        hemispheres=("L",) * N_REGIONS,
        centroids=rng.uniform(-60, 60, size=(N_REGIONS, 3)),
        sets={"PCC": (N_REGIONS - 1,)},
    )


def series(rng: np.random.Generator, together: float) -> np.ndarray:
    """Noise with something in common in every network; `together` in the default mode."""
    shared = np.repeat(rng.standard_normal((N_VOLUMES, len(NETWORKS))), PER_NETWORK, axis=1)
    shared[:, DEFAULT] *= together
    return shared + rng.standard_normal((N_VOLUMES, N_REGIONS))


Together = Callable[[str, str], float]


def finish(
    root: Path,
    sessions: Mapping[str, Sequence[str]],
    *,
    together: Together = lambda sub, ses: 1.0,
    excluded: Mapping[tuple[str, str], str] | None = None,
    recipes: Sequence[str] = ("24P",),
    participants: Sequence[Sequence[str]] = (),
    told: Mapping[str, Sequence[Sequence[str]]] | None = None,
    tasks: bool = False,
) -> Finished:
    """Write a study.

    `sessions` are those of each person (or `tasks` of one session without a name), `together`
    what the default mode network has in common in a session, `participants` and `told` the rows
    of participants.tsv and of sessions.tsv by person.
    """
    study = Finished(root / "study", root / "out")
    grow(study.root, {"dataset_description.json": {"Name": "s", "BIDSVersion": "1.10.0"}})
    if participants:
        grow(study.root, {"participants.tsv": [list(row) for row in participants]})
    for sub, rows in (told or {}).items():
        name = f"sub-{sub}_sessions.tsv"
        grow(study.root, {f"sub-{sub}": {name: [list(row) for row in rows]}})
    for sub, labels in sessions.items():
        for ses in labels:
            for recipe in recipes:
                rng = np.random.default_rng([*map(ord, sub + ses + recipe)])
                reason = (excluded or {}).get((sub, ses), "")
                which = {"task": ses} if tasks else {"ses": ses, "task": "rest"}
                entities = {"sub": sub, **which, "space": "MNI152NLin2009cAsym"}
                found = series(rng, together(sub, ses))
                _write(study.out, entities, recipe, found, rng, reason)
    return study


def _write(
    out: Path,
    entities: dict[str, str],
    recipe: str,
    found: np.ndarray,
    rng: np.random.Generator,
    reason: str,
) -> None:
    atlas = {"atlas": "Tiny"}
    target = outputs.Target(entities=entities, atlas=atlas, recipe=recipe)
    about: dict[str, Any] = {
        "Entities": entities,
        "Atlas": "Tiny",
        "AtlasEntities": atlas,
        "Estimator": "pearson",
        "DenoisingRecipe": load_recipe(recipe).as_dict(),
        "Measures": {name: {} for name in MEASURES},
        "Excluded": reason or None,
        "Sources": [],
        "RepetitionTime": 2.0,
        "MinutesRetained": 8.0,
        "MeanFramewiseDisplacement": float(rng.uniform(0.1, 0.3)),
        "NumberOfCommonVolumes": N_VOLUMES,
        "RegionsLeftOutOfMeasures": {},
        "RegionsLeftOutOfGradients": {},
    }
    write_json(outputs.regions_path(out, atlas), outputs.plain_regions(regions()))
    session = Session(
        regions=regions(),
        series=found,
        volumes=np.arange(N_VOLUMES),
        run_of=np.zeros(N_VOLUMES, dtype=np.intp),
        tr=2.0,
        matrix=correlate(found),
        n_common=N_VOLUMES,
    )
    fixed = ("func", entities["task"], None, entities["space"], "Tiny", recipe)
    values = [value for name in MEASURES for value in evaluate(measures()[name], session)]
    path = outputs.measures_path(out, target)

    def shown(value: float) -> float | None:
        return None if reason else value

    write_table(
        path,
        outputs.MEASURE_COLUMNS,
        [
            (*fixed, v.measure, v.level, v.label, shown(v.value), v.unit, reason or v.status)
            for v in values
        ],
    )
    write_json(outputs.sidecar(path), about)
    if not reason:
        names = session.regions.names
        write_array(outputs.series_path(out, target), names, found)
        retained = {
            "NumberOfVolumes": N_VOLUMES, "RegionsLeftOut": {}, "Sources": [],
            "RetainedVolumes": np.arange(N_VOLUMES),
            "RetainedVolumesRun": np.zeros(N_VOLUMES, int),
        }  # fmt: skip
        write_json(outputs.sidecar(outputs.series_path(out, target)), {**about, **retained})
        write_matrix(outputs.matrix_path(out, target, "pearson"), names, session.matrix)
        others = variants(session, session, [measures()[name] for name in MEASURES], "pearson")
        path = outputs.variants_path(out, target)
        write_variants(path, others, entities, "Tiny", recipe)
        write_json(outputs.sidecar(path), about)


def stand_in(root: str | Path) -> Finished:
    """Write both levels of a small study in which the default mode network falls apart."""
    people = tuple(f"{number:02d}" for number in range(1, 9))
    study = finish(
        Path(root),
        dict.fromkeys(people, ("post", "pre")),
        together=lambda sub, ses: (0.2 if ses == "post" else 1.6) + int(sub) / 20,
        excluded={("08", "post"): "too short"},
        recipes=("aCompCor", "36P"),
    )
    record = '[participant]\natlas = ["Tiny"]\ndenoise = ["aCompCor", "36P"]\n'
    (study.out / "logs").mkdir(parents=True)
    (study.out / "logs" / "settings.toml").write_text(record)
    if study.group("--baseline", "pre", "--followup", "post", "--quiet"):
        raise RuntimeError("The group level of the stand-in failed.")
    return study
