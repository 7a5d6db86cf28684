"""How alike are two sessions of a person in what might be measured, against those of two people?

For real series of regions of people with two sessions each, ``python benchmarks/retest.py FOLDER``
with files ``sub-<label>_ses-<label>_*.tsv``, a column for each of the 100 regions of
Schaefer2018_100_7. Every candidate gives a profile per session: a value for each region, pair of
networks or state. Profiles of two sessions of a person should be more alike than those of two
people. What was found in two people of the Human Connectome Project (300 volumes, 2.16 s) is kept
in ``retest.json`` and shown in the documentation.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import hilbert
from sklearn.cluster import KMeans

from gradshift.atlases.catalogue import load_atlas
from gradshift.core.cortex.graph import geodesic_entropies
from gradshift.core.cortex.measure import evaluate
from gradshift.core.cortex.networks import network_sums, ratio
from gradshift.core.cortex.session import Session
from gradshift.core.cortex.tangent import covariance, geometric_mean
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate, fisher_z

TR = 2.16
WINDOW, STEP = 60.0, 10.0
"""Seconds of a window, and from one to the next."""

SURROGATES = 10
STATES = (4, 8)

Sessions = Mapping[tuple[str, str], Session]
Profiles = Mapping[tuple[str, str], NDArray[np.float64]]


def read(folder: Path) -> Sessions:
    """Read the sessions there are, by person and session."""
    regions = load_atlas("Schaefer2018_100_7").regions()
    found = {}
    for path in sorted(folder.glob("sub-*_ses-*.tsv")):
        series = pd.read_csv(path, sep="\t").to_numpy(dtype=np.float64)
        person, session = path.name.split("_")[:2]
        found[person, session] = Session(
            regions=regions,
            series=series,
            volumes=np.arange(len(series)),
            run_of=np.zeros(len(series), dtype=np.intp),
            tr=TR,
            matrix=correlate(series),
            n_common=len(series),
        )
    return found


def measured(name: str, level: str) -> Callable[[Sessions], Profiles]:
    """Take the profile of a measure of gradshift."""

    def profiles(sessions: Sessions) -> Profiles:
        centre = geometric_mean([covariance(session) for session in sessions.values()])
        return {
            key: np.array([
                row.value
                for row in evaluate(measures()[name], replace(session, centre=centre))
                if row.level == level
            ])
            for key, session in sessions.items()
        }  # fmt: skip

    return profiles


def deviations(sessions: Sessions) -> Profiles:
    """Take the mean of all sessions from the connectivity between networks, as a tangent does."""
    profiles = measured("betweenfc", "network-pair")(sessions)
    mean = np.mean(list(profiles.values()), axis=0)
    return {key: profile - mean for key, profile in profiles.items()}


def entropies(sessions: Sessions) -> Profiles:
    """Give the geodesic entropy of every region, over the densities of `geodesicentropy`."""
    return {
        key: np.mean([geodesic_entropies(graph) for graph in session.thresholded], axis=0)
        for key, session in sessions.items()
    }


def spread(series: NDArray[np.float64], session: Session) -> NDArray[np.float64]:
    """Give the standard deviation over windows of every network and pair of networks."""
    size, step = round(WINDOW / TR), round(STEP / TR)
    starts = range(0, len(series) - size + 1, step)
    means = [
        ratio(*network_sums(fisher_z(correlate(series[start : start + size])), session.regions))
        for start in starts
    ]
    upper = np.triu_indices(len(session.regions.network_names))
    return np.std(means, axis=0)[upper]


def stationary(series: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Turn the phases of all regions alike: the same spectra and correlations, nothing else."""
    spectrum = np.fft.rfft(series, axis=0)
    turn = np.exp(2j * np.pi * rng.uniform(size=(len(spectrum), 1)))
    turn[0] = turn[-1] = 1.0
    return np.fft.irfft(spectrum * turn, n=len(series), axis=0)


def windows(sessions: Sessions) -> Profiles:
    return {key: spread(session.series, session) for key, session in sessions.items()}


def beyond_stationary(sessions: Sessions) -> Profiles:
    """Take off what stationary surrogates of the same series have."""
    rng = np.random.default_rng(1)
    return {
        key: spread(session.series, session)
        - np.mean(
            [spread(stationary(session.series, rng), session) for _ in range(SURROGATES)], axis=0
        )
        for key, session in sessions.items()
    }


def occupancy(n: int) -> Callable[[Sessions], Profiles]:
    """Give the share of time in each of n co-activation patterns of everybody."""

    def profiles(sessions: Sessions) -> Profiles:
        scaled = {
            key: (one.series - one.series.mean(axis=0)) / one.series.std(axis=0)
            for key, one in sessions.items()
        }
        fit = KMeans(n, n_init=20, random_state=1).fit(np.concatenate(list(scaled.values())))
        return {
            key: np.bincount(fit.predict(series), minlength=n) / len(series)
            for key, series in scaled.items()
        }

    return profiles


def phrases(bits: NDArray[np.bool_]) -> int:
    """Count the phrases of Lempel and Ziv (1978)."""
    known: set[bytes] = set()
    phrase = b""
    for bit in bits:
        phrase += b"1" if bit else b"0"
        if phrase not in known:
            known.add(phrase)
            phrase = b""
    return len(known)


def lempel_ziv(sessions: Sessions) -> Profiles:
    """Count the phrases of when each region's amplitude is above its mean, over those shuffled."""
    rng = np.random.default_rng(1)
    made = {}
    for key, session in sessions.items():
        size = np.abs(hilbert(session.series, axis=0))
        above = (size > size.mean(axis=0)).T
        made[key] = np.array([
            phrases(bits) / np.mean([phrases(rng.permutation(bits)) for _ in range(SURROGATES)])
            for bits in above
        ])  # fmt: skip
    return made


CANDIDATES = {
    "connectivity between networks (`betweenfc`)": measured("betweenfc", "network-pair"),
    "the same, without the mean of all sessions": deviations,
    "connectivity in tangent space (`tangentfc`), from that mean": measured(
        "tangentfc", "network-pair"
    ),
    "strength of regions (`strength`)": measured("strength", "region"),
    "geodesic entropy of regions (`geodesicentropy` is their mean)": entropies,
    "spread of connectivity over windows of 60 s": windows,
    "the same, without what stationary surrogates have": beyond_stationary,
    **{f"time in {n} co-activation patterns": occupancy(n) for n in STATES},
    "Lempel-Ziv complexity of regions": lempel_ziv,
}
"""What gives a profile of a session."""


def compared(profiles: Profiles) -> tuple[list[float], list[float]]:
    """Correlate the profiles of sessions of one person, and of two."""
    within, between = [], []
    for (one, first), (other, second) in combinations(profiles.items(), 2):
        both = np.isfinite(first) & np.isfinite(second)
        r = round(float(np.corrcoef(first[both], second[both])[0, 1]), 3)
        (within if one[0] == other[0] else between).append(r)
    return within, between


def main(folder: str) -> None:
    """Compare every candidate, print what was found, and keep it."""
    sessions = read(Path(folder))
    rows = []
    for name, of in CANDIDATES.items():
        within, between = compared(of(sessions))
        rows.append({"measure": name, "within": within, "between": between})
        print(json.dumps(rows[-1]), flush=True)
    path = Path(__file__).with_name("retest.json")
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
