"""Null studies that make a test err where it can, many of them at once.

Studies are the columns of one array wherever they may share the rearrangements. Each case gives
the p of one test in each study.
"""

from functools import partial

import numpy as np

from gradshift.core.contrasts import compare_crossover, compare_groups, compare_sessions
from gradshift.core.inference.resampling import largest_t
from gradshift.core.statistics.covariates import flipped_residuals
from gradshift.core.statistics.ownnoise import beyond, moderated, noise_of_halves
from gradshift.core.statistics.signflip import signflip, signs
from gradshift.core.statistics.signtest import directions

BOUND = 0.065
"""Largest share at .05 that is accepted."""

RANDOM = 999
"""Random rearrangements where there are too many for all."""

CHECKED = 10
"""Studies that are also given to the package's own function, which must agree."""


def covariate(rng, studies, *, n=11, r=0.0, shift=0.0):
    """Changes that motion makes (correlation r), and a mean change of motion of `shift` SD."""
    x = rng.normal(size=(n, studies))
    y = r * (x + shift) + np.sqrt(1 - r**2) * rng.normal(size=(n, studies))
    x = x + shift
    p = _freedman_lane(x, y)
    for i in range(CHECKED):
        held = flipped_residuals(y[:, i : i + 1], x[:, i : i + 1], n_permutations=RANDOM)
        np.testing.assert_allclose(p[i], largest_t(held.scheme).p[0])
    return p


def _freedman_lane(x, y):
    """p of each of S studies with an uncentred covariate of its own; columns are studies."""
    n = len(x)
    basis = x / np.sqrt((x**2).sum(axis=0))
    rest = y - basis * (basis * y).sum(axis=0)
    rest /= np.sqrt((rest**2).sum(axis=0))
    free = 1 - basis * basis.sum(axis=0)
    free /= np.sqrt((free**2).sum(axis=0))
    chosen = signs(n, n_permutations=RANDOM, seed=0)
    least = np.abs((free * rest).sum(axis=0)) * (1 - 1e-8)
    count = np.zeros(x.shape[1])
    for block in chosen["patterns"]():
        fitted = block @ (free * rest)
        left = 1 - (block @ (basis * rest)) ** 2
        count += (np.abs(fitted) / np.sqrt(left) >= least).sum(axis=0)
    extra = 0 if chosen["exact"] else 1
    return np.maximum((count + extra) / (chosen["n_patterns"] + extra), 2.0 ** (1 - n))


def called(test):
    """The p that must reach the level where a declared difference is called a change."""
    return np.fmax(test.p, test.p_spreads)


def groups(rng, studies, *, sizes, spreads):
    group = np.repeat([1.0, 0.0], sizes)
    values = rng.normal(size=(len(group), studies)) * np.repeat(spreads, sizes)[:, None]
    return called(compare_groups(0 * values, values, group, n_permutations=RANDOM))


def groups_covariate(rng, studies, *, sizes, spreads, draws=400):
    """Groups that differ in motion by 1 SD, and changes that motion makes; draws of motion."""
    group, found = np.repeat([1.0, 0.0], sizes), []
    for _ in range(draws):
        motion = rng.normal(size=(len(group), 1)) + group[:, None]
        noise = rng.normal(size=(len(group), studies // draws))
        values = motion + noise * np.repeat(spreads, sizes)[:, None]
        test = compare_groups(0 * values, values, group, covariates=motion, n_permutations=199)
        found.append(called(test))
    return np.concatenate(found)


def group_family(rng, studies, *, sizes, spreads, columns=6, motion=False):
    """Smallest family-wise p of values that share half of their noise."""
    group, found = np.repeat([1.0, 0.0], sizes), []
    for _ in range(studies):
        values = rng.normal(size=(len(group), columns)) + rng.normal(size=(len(group), 1))
        values *= np.repeat(spreads, sizes)[:, None]
        moved = rng.normal(size=(len(group), 1)) + group[:, None] if motion else None
        values += 0 if moved is None else moved
        test = compare_groups(0 * values, values, group, covariates=moved, n_permutations=499)
        found.append(np.nanmin(np.fmax(test.p_fwe, test.p_fwe_spreads)))
    return np.array(found)


def persons(rng, studies, *, n, uneven):
    """People whose noise differs, by `uneven` on the scale of logarithms; every one is tested."""
    found, weights = [], np.array([-1.0, 1.0])
    for _ in range(5 * studies // n):
        spread = np.exp(uneven * rng.normal(size=(n, 1)))
        halves = [np.sqrt(2) * spread * rng.normal(size=(n, 2)) for _ in range(2)]
        noise = moderated(noise_of_halves(*halves, weights))
        found.append(beyond((halves[0] + halves[1]) @ weights / 2, noise)[1])
    return np.concatenate(found)


def crossover(rng, studies, *, first, second, period):
    """A period effect in SD of the difference between drug and placebo."""
    order = np.repeat([1.0, 0.0], [first, second])
    placebo, drug = rng.normal(size=(2, len(order), studies)) / np.sqrt(2)
    placebo += period * order[:, None]
    drug += period * (1 - order)[:, None]
    return compare_crossover(placebo, drug, order).p


def followups(rng, studies, *, n=11, shared=0.0, drift=0.0, days=False):
    """A baseline and three follow-ups that share a state, or drift evenly."""
    values = rng.normal(size=(n, 4, studies)) + 3 * rng.normal(size=(n, 1, studies))
    values[:, 1:] += shared * rng.normal(size=(n, 1, studies))
    values += drift * rng.normal(size=(n, 1, studies)) * np.arange(4)[:, None]
    number = np.tile([0.0, 1, 8, 30] if days else [0.0, 1, 1, 1], (n, 1))
    return compare_sessions(values, number).p


def paired(rng, studies, *, n=11, missing=0.0, digits=None, draw=None):
    changes = (draw or (lambda *shape: rng.normal(size=shape)))(n, studies)
    changes[rng.random(changes.shape) < missing] = np.nan
    if digits is not None:
        changes = np.round(changes, digits)
    return signflip(changes, n_permutations=RANDOM).p


def skewed(rng, studies, *, kind, test, n=11):
    """Skewed changes whose mean is 0 (of flips), or whose median is 0 (of the sign test)."""
    if kind == "exponential":
        changes, mean, median = rng.exponential(size=(n, studies)), 1.0, np.log(2)
    else:
        changes, mean, median = rng.lognormal(size=(n, studies)), np.exp(0.5), 1.0
    if test == "sign test":
        return directions(changes - median).p
    return signflip(changes - mean).p


def family(rng, studies, *, n=11, columns=28, missing=0.0):
    """Smallest family-wise p of columns that share half of their noise."""
    found = []
    for _ in range(studies // 4):
        changes = rng.normal(size=(n, columns)) + rng.normal(size=(n, 1))
        changes[rng.random(changes.shape) < missing] = np.nan
        found.append(np.nanmin(signflip(changes).p_fwe))
    return np.array(found)


UNEQUAL = (((4, 8), (3, 1)), ((4, 12), (3, 1)), ((8, 16), (3, 1)), ((6, 6), (3, 1)),
           ((4, 8), (1, 3)))  # fmt: skip
"""Sizes and spreads of two groups."""

FREEDMAN, WELCH, FLIPS = (
    "Freedman-Lane, uncentred", "normal score of Welch's t, permuted, own spreads", "sign flips"
)  # fmt: skip

CASES = {
    **{
        (f"n {n}, covariate r {r:g}, mean shift {shift:g} SD", FREEDMAN): partial(
            covariate, n=n, r=r, shift=shift
        )
        for n in (6, 11, 40)
        for r in (0.0, 0.5, 0.8)
        for shift in (0.0, 0.5, 1.0, 2.0)
        if n == 11 or (r, shift) in ((0.0, 0.0), (0.8, 2.0))
    },
    **{
        (f"groups of {a} (SD {s}) and {b} (SD {t})", WELCH): partial(
            groups, sizes=(a, b), spreads=(s, t)
        )
        for ((a, b), (s, t)) in (*UNEQUAL, ((5, 6), (1, 1)))
    },
    **{
        (f"groups of {a} (SD {s}) and {b} (SD {t}), motion differs and matters", f"{WELCH}, "
         "Freedman-Lane"): partial(groups_covariate, sizes=(a, b), spreads=(s, t))
        for ((a, b), (s, t)) in (((4, 8), (3, 1)), ((8, 16), (3, 1)), ((5, 6), (1, 1)))
    },
    **{
        (f"crossover {a}:{b}, period effect {period:g} SD", "Hills and Armitage"): partial(
            crossover, first=a, second=b, period=period
        )
        for a, b in ((6, 5), (9, 2))
        for period in (0.0, 1.0, 2.0)
    },
    ("three follow-ups that share 1 SD", f"one contrast, {FLIPS}"): partial(followups, shared=1),
    ("three follow-ups that share 3 SD", f"one contrast, {FLIPS}"): partial(followups, shared=3),
    ("three follow-ups that drift", f"one contrast, {FLIPS}"): partial(followups, drift=1),
    ("days, sessions that drift", f"own slope, {FLIPS}"): partial(followups, drift=1, days=True),
    **{(f"paired, n {n}", FLIPS): partial(paired, n=n) for n in (6, 8, 11, 16, 20, 40)},
    ("paired, n 8, many ties", FLIPS): partial(paired, n=8, digits=0),
    ("paired, a fifth of people missing", FLIPS): partial(paired, missing=0.2),
    ("28 columns, a tenth of values missing", f"{FLIPS}, largest t"): partial(family, missing=0.1),
    **{
        (f"{kind} changes, n 11 (reported)", test): partial(skewed, kind=kind, test=test)
        for kind in ("exponential", "lognormal")
        for test in (FLIPS, "sign test")
    },
    ("groups of 5 (SD 5) and 5 (SD 1)", WELCH): partial(groups, sizes=(5, 5), spreads=(5, 1)),
    **{
        (f"{columns} values, groups of {a} (SD {s}) and {b} (SD {t}){', motion' * motion}",
         f"{WELCH}, largest"): partial(
            group_family, sizes=(a, b), spreads=(s, t), columns=columns, motion=motion
        )
        for (a, b), (s, t), columns, motion in (
            ((4, 8), (3, 1), 6, False), ((4, 8), (3, 1), 6, True), ((6, 6), (3, 1), 6, False),
            ((5, 5), (5, 1), 6, False), ((8, 16), (3, 1), 6, False), ((5, 6), (1, 1), 6, False),
        )
    },
    **{
        (f"{n} people, noise of each differs by {uneven:g} (log)", "own noise"): partial(
            persons, n=n, uneven=uneven
        )
        for n in (4, 6, 11, 20)
        for uneven in (0.0, 0.8)
    },
}  # fmt: skip
"""Case and test."""


def rows(studies=4000):
    """Yield what `type_one.py` writes: one row for each case."""
    for i, ((case, test), draw) in enumerate(CASES.items()):
        p = draw(np.random.default_rng([1, i]), studies)
        p = p[np.isfinite(p)]
        share = float((p <= 0.05 + 1e-12).mean())
        bound = None if "reported" in case else BOUND
        yield {
            "case": case,
            "test": test,
            "studies": len(p),
            "share": round(share, 4),
            "error": round(float(np.sqrt(share * (1 - share) / len(p))), 4),
            "bound": bound,
        }
