"""Null studies of which the whole page is made: how often does it claim what is not there?

Eleven people, two sessions each, some regions of every network, two recipes, two models of PET,
spectroscopy, coupling, and motion that differs between sessions and adds to all correlations.
From the values of the sessions on all is the package's own code: families, tests, the tables of
the group, and the answers that the page reads from these.
"""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift import settings
from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.common import Common
from gradshift.core.cortex.measure import Value, evaluate, tabulate
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.reference import mean_matrix, mean_reference
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import RegionMaps, build_session
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate
from gradshift.core.series.series import RegionSeries
from gradshift.errors import InputError
from gradshift.example.connectome import ATLAS, group_connectome, varied_connectome
from gradshift.group.study import Study
from gradshift.group.table import tables
from gradshift.report.grouped import GroupResults
from gradshift.report.questions import QUESTIONS
from gradshift.report.verdicts import verdict
from gradshift.study.design import Design, before_and_after
from gradshift.study.observations import StudyTables
from gradshift.study.participation import Participation
from gradshift.study.questions import find_effects

PEOPLE = tuple(f"sub-{i:02}" for i in range(1, 12))
SESSIONS = ("ses-pre", "ses-post")
PER_NETWORK = 9
N_VOLUMES = 150
RECIPES = ("plain", "global")
WRITTEN = ("contrasts", "recipes", "coupling")

MEASURED = (
    *("withinfc", "betweenfc", "segregation", "lowhighfc", "ordercollapse", "meanfc"),
    *("lambdaref", "gradientrange", "gradientdistance", "eigenvectorcentrality", "falff"),
)


@cache
def brain() -> tuple[Regions, np.ndarray]:
    """Choose regions of every network, the posterior cingulate among them; their connectome."""
    regions = load_atlas(ATLAS).regions()
    pcc = set(regions.sets["PCC"])
    chosen = set(pcc)
    for network in range(len(regions.network_names)):
        members = [int(i) for i in np.flatnonzero(regions.network_index == network)]
        members = sorted(members, key=lambda i: i not in pcc)
        rest = [i for i in members if i not in pcc]
        more = PER_NETWORK - sum(i in pcc for i in members)
        chosen |= {rest[j] for j in np.linspace(0, len(rest) - 1, more).round().astype(int)}
    kept = sorted(chosen)
    few = Regions(
        names=tuple(regions.names[i] for i in kept),
        networks=tuple(regions.networks[i] for i in kept),
        hemispheres=tuple(regions.hemispheres[i] for i in kept),
        centroids=regions.centroids[kept],
        sets={"PCC": tuple(kept.index(i) for i in sorted(pcc))},
    )
    return few, group_connectome()[np.ix_(kept, kept)]


def region_series(rng, base, fd) -> np.ndarray:
    """Draw the series of a session: the person's connectome, and what motion adds to all."""
    lower = np.linalg.cholesky(varied_connectome(base, n_draws=200, rng=rng))
    shared = rng.standard_normal((N_VOLUMES, 1))
    return rng.standard_normal((N_VOLUMES, len(base))) @ lower.T + 2 * fd * shared


def bold_values(rng, motion) -> Iterator[tuple[str, str, str, Value]]:
    """Yield person, session, recipe and value of everything measured."""
    regions, base = brain()
    drawn = {}
    for p, person in enumerate(PEOPLE):
        own = varied_connectome(base, n_draws=100, rng=rng)
        for s, session in enumerate(SESSIONS):
            drawn[person, session] = region_series(rng, own, motion[p, s])
    activity = {key: rng.normal(0.5, 0.05, len(base)) for key in drawn}
    for recipe in RECIPES:
        cleaned = {
            key: series if recipe == "plain" else series - series.mean(axis=1, keepdims=True)
            for key, series in drawn.items()
        }
        matrices = {key: correlate(series) for key, series in cleaned.items()}
        try:
            reference = mean_reference(mean_matrix(matrices.values()), regions)
        except InputError:  # as the group level does
            reference = None
        for (person, session), series in cleaned.items():
            measured = build_session(
                as_region_series(regions, series), matrices[person, session], regions,
                Common(seconds=2.0 * N_VOLUMES, reasons={}, dropout=()), Options(),
                reference=reference, maps=RegionMaps({"falff": activity[person, session]}),
            )  # fmt: skip
            for name in MEASURED:
                for value in evaluate(measures()[name], measured):
                    if value.level != "region":  # families of regions explore, and answer nothing
                        yield person, session, recipe, value


def as_region_series(regions, series) -> RegionSeries:
    n = len(series)
    return RegionSeries(
        names=regions.names, series=series, volumes=np.arange(n), run_of=np.zeros(n, dtype=int),
        tr=2.0, fd=np.full(n, np.nan), fd_retained=np.full(n, np.nan),
        coverage=np.ones(len(regions)),
    )  # fmt: skip


def pet_values(rng) -> Iterator[tuple[str, str, str, Value]]:
    """Yield the values of two models of PET, the second the first with noise of its own."""
    regions, _ = brain()
    for person in PEOPLE:
        level = rng.normal(20, 3) + rng.normal(0, 2, len(regions))
        for session in SESSIONS:
            density = level * (1 + 0.04 * rng.normal()) + rng.normal(0, 0.6, len(regions))
            for name, noise in (("vtlogan", 0.0), ("vt1tcm", 0.4)):
                model = models()[name]
                values = {"region": density + noise * rng.normal(size=len(regions))}
                for value in tabulate(model, regions, values, ("network", "set", "whole"), {}):
                    yield person, session, "n/a", value


def mrs_values(rng) -> Iterator[tuple[str, str, str, Value]]:
    """Yield the values of two metabolites in two voxels."""
    for person in PEOPLE:
        for metabolite, level in (("glutamate", 9.0), ("gaba", 2.0)):
            for voxel in ("ACC", "PCC"):
                own = level * (1 + 0.1 * rng.normal())
                for session in SESSIONS:
                    value = own * (1 + 0.08 * rng.normal())
                    yield (
                        person, session, "n/a",
                        Value(metabolite, "set", voxel, value, "mmol/kg", "ok"),
                    )  # fmt: skip


def null_study(seed) -> Study:
    """Draw a study in which the drug does nothing."""
    rng = np.random.default_rng(seed)
    motion = rng.lognormal(np.log(0.15), 0.4, (len(PEOPLE), len(SESSIONS))).clip(max=0.5)
    parts = {
        "func": bold_values(rng, motion), "pet": pet_values(rng), "mrs": mrs_values(rng)
    }  # fmt: skip
    table = pd.DataFrame(
        [
            {
                "participant_id": person, "session_id": session, "modality": modality,
                "task": "rest" if modality == "func" else "n/a", "run": "n/a", "space": "n/a",
                "atlas": ATLAS, "recipe": recipe, **asdict(value),
            }
            for modality, values in parts.items()
            for person, session, recipe, value in values
        ]
    ).drop(columns="kind")  # fmt: skip
    people = [
        Participation(
            participant_id=person, modality=modality, task="rest" if modality == "func" else "n/a",
            included=True, motion=tuple(fd) if modality == "func" else (math.nan, math.nan),
        )
        for modality in parts
        for person, fd in zip(PEOPLE, motion, strict=True)
    ]  # fmt: skip
    design = Design(
        kind="paired", conditions=before_and_after(*SESSIONS), baseline=SESSIONS[0],
        followup=SESSIONS[1], atlases=(ATLAS,), recipes=(*RECIPES, "n/a"),
    )  # fmt: skip
    return Study(
        table=table, results=[], people=people, tables=NOTHING, design=design,
        effects=find_effects(design, people), options=Options(),
        settings=settings.make(Path("in"), Path("out"), "group", {"n_permutations": 999}),
    )  # fmt: skip


NOTHING = StudyTables(
    names=(), sessions=(), people=pd.DataFrame(), observations=(), has_days=False
)


def claims(study: Study, folder: Path) -> dict[str, bool]:
    """Make the tables and answers of a study, and say which parts of the page claim something."""
    folder.mkdir()
    for part in tables():
        if part.name in WRITTEN:
            part.write(study, folder)
    results = GroupResults(folder, folder)
    alpha = results.alpha
    answered = [
        verdict(results.find(asked.key, "rest", results.recipe), alpha).is_evidence
        for question in QUESTIONS
        for asked in question.asked
    ]
    declared = [row for row in results.rows if math.isfinite(row.p_page)]
    coupled = [row for row in results.couplings if row.scope == "between-people"]
    claimed = {"answers 1 to 4": any(answered)}
    for family in ("pet-primary", "mrs-primary"):
        claimed[family] = any(row.p_fwe <= alpha for row in declared if row.family == family)
    claimed["coupling"] = any(row.p_fwe <= alpha for row in coupled)
    claimed["any of these"] = any(claimed.values())
    claimed["any, after Holm over the page"] = any(
        row.p_page <= alpha for row in (*declared, *coupled)
    )
    return claimed


BOUNDS = {
    "answers 1 to 4": 0.06,
    "pet-primary": 0.065,
    "mrs-primary": 0.065,
    "coupling": 0.065,
    "any of these": None,
    "any, after Holm over the page": 0.06,
}
"""What may claim something, and the largest share of null pages that is accepted."""


def rows(pages=1000):
    """Yield what `type_one.py` writes: one row for each part of the page."""
    yield from shares(claimed(range(pages)))


def claimed(numbers) -> list[dict[str, bool]]:
    """Make the pages of these numbers, each drawn from a stream of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return [claims(null_study([2, i]), Path(folder, str(i))) for i in numbers]


def shares(claimed) -> Iterator[dict[str, object]]:
    """Count how often each part of the page claims something."""
    for part, bound in BOUNDS.items():
        share = float(np.mean([page[part] for page in claimed]))
        yield {
            "claims": part,
            "pages": len(claimed),
            "share": round(share, 4),
            "error": round(float(np.sqrt(share * (1 - share) / len(claimed))), 4),
            "bound": bound,
        }
