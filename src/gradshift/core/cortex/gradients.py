"""Gradients of the cortex: the diffusion map of a connectivity matrix.

Regions with alike connectivity profiles lie close together. The principal gradient is
the component that runs from sensory to high-order networks; it is found by its likeness to
a reference, never by its number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.embedding import (
    Embedding,
    affinity,
    embed,
    n_kept,
    n_pieces,
    random_walk,
)
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions
from gradshift.core.series.connectivity import fisher_z
from gradshift.errors import InputError

MIN_R_REF = 0.6
"""Below this likeness to the reference a session is remarked, and stays: likeness to what is
expected may be just what the drug changes."""

DROPOUT_SCORE = 8.0
"""Distance from the median, in median absolute deviations, beyond which a region is odd."""

NEARLY_EQUAL = 0.97
"""Ratio of the second to the first eigenvalue above which the two may change places."""

FEWEST_REGIONS = 200
"""Cortical regions below which the cosine kernel gives no clear principal gradient."""


Likeness = Literal["ok", "unlike", "coarse"]
"""Whether a session's gradient is like the reference, and comes from enough regions."""


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """The gradients of one session, aligned to a reference.

    Parameters
    ----------
    scores : (R, K) array
        Aligned scores, in diffusion units; NaN for regions left out, and everywhere if
        there is a `problem`.
    reference : (R,) array
        The principal gradient of the reference.
    eigenvalues : (K,) array
        Of the unaligned components, falling.
    best_component : int
        Number, from 1, of the unaligned component most like the reference's principal one.
    r_before, r_ref : float
        Its absolute correlation with the reference; that of the aligned gradient.
    lambda_ref : float
        How slowly the session's random walk forgets the reference gradient; see
        `hierarchy_strength`.
    used, dropout : (R,) array of bool
        Regions that took part; regions left out because the signal had dropped out.
    problem : str
        Why there are no scores; empty if there are.
    status : str
        ``ok``, or what a reader must know about every value, which stays one.
    kind : {'ok', 'unlike', 'coarse'}
        The kind of `status`.
    remarks : tuple of str
        What else was seen on the way.
    """

    scores: NDArray[np.float64]
    reference: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    best_component: int
    r_before: float
    r_ref: float
    lambda_ref: float
    used: NDArray[np.bool_]
    dropout: NDArray[np.bool_]
    problem: str = ""
    status: str = "ok"
    kind: Likeness = "ok"
    remarks: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Variance share of the best component: λ/(1-λ) over its sum for all components."""
        weights = self.eigenvalues / (1 - self.eigenvalues)
        return float(weights[self.best_component - 1] / weights.sum())


def procrustes(scores: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate or reflect scores towards a reference, without scaling or centring.

    Parameters
    ----------
    scores, reference : (R, K) array

    Returns
    -------
    (R, K) array

    References
    ----------
    Schönemann (1966), Psychometrika 31:1.
    """
    left, _, right = np.linalg.svd(scores.T @ reference)
    aligned: NDArray[np.float64] = scores @ (left @ right)
    return aligned


def hierarchy_strength(weights: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
    """Measure how slowly a session's random walk forgets a given gradient.

    Needs neither eigenvectors nor alignment. For the session that the gradient was
    computed from it is the gradient's own eigenvalue. A fall from before to after is a
    flattening.

    Parameters
    ----------
    weights : (R, R) array
        Affinity matrix of the session.
    gradient : (R,) array
        The principal gradient of the reference.

    Returns
    -------
    float
        Near 1: regions that are alike lie close on the gradient; near 0: the gradient says
        nothing about who is alike.
    """
    flow, degree = random_walk(weights)
    centred = gradient - degree @ gradient / degree.sum()
    return float(centred @ flow @ centred / (degree @ centred**2))


def find_dropout(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Find regions that make a component of their own.

    A region without signal is like no other, takes over one of the leading components and
    spoils the alignment. It is looked for in the unaligned components, because alignment
    spreads it over all of them and hides it. Distance from the median alone would also find
    the visual cortex, where many regions stand out together; so a region must in addition
    carry far more of the component than one of many would.

    Parameters
    ----------
    scores : (R, K) array
        Unaligned; the first three components are looked at.

    Returns
    -------
    (R,) array of bool
    """
    leading = scores[:, :3]
    away = np.abs(leading - np.median(leading, axis=0))
    share = away**2 / np.sum(away**2, axis=0)
    odd = away > DROPOUT_SCORE * np.median(away, axis=0)
    alone = share > min(0.5, 20 / len(scores))
    dropped: NDArray[np.bool_] = (odd & alone).any(axis=1)
    return dropped


def principal_first(
    scores: NDArray[np.float64], high: NDArray[np.bool_], low: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Put the component that separates high-order from sensory regions first.

    For making references. Of the first three components the one with the largest
    difference of means, in standard deviations, becomes the first, turned so that the
    high-order end is positive; the others keep their order.

    Parameters
    ----------
    scores : (R, K) array
    high, low : (R,) array of bool
        Without regions in both, the order stays.

    Returns
    -------
    (R, K) array
    """
    if not (high.any() and low.any()):
        return scores
    leading = scores[:, :3]
    gap = (leading[high].mean(axis=0) - leading[low].mean(axis=0)) / leading.std(axis=0)
    first = int(np.abs(gap).argmax())
    order = [first, *(i for i in range(scores.shape[1]) if i != first)]
    ordered = scores[:, order]
    ordered[:, 0] *= np.sign(gap[first])
    return ordered


def mean_matrix(matrices: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average correlations over sessions, as Fisher z; only one matrix is held at a time.

    Parameters
    ----------
    matrices : iterable of (R, R) array
        NaN for regions that must not be used.

    Returns
    -------
    (R, R) array
        1 on the diagonal; NaN for regions that are missing in any session.

    Raises
    ------
    InputError
        If there is none.
    """
    total, present, n = np.zeros(()), np.ones((), dtype=bool), 0
    for matrix in matrices:
        total = total + fisher_z(matrix)
        present = present & np.isfinite(np.diagonal(matrix))
        n += 1
    if n == 0:
        raise InputError("A gradient reference needs at least one session.")
    mean: NDArray[np.float64] = np.tanh(total / n)
    np.fill_diagonal(mean, np.where(present, 1.0, np.nan))
    return mean


def mean_reference(
    mean: NDArray[np.float64], regions: Regions, options: Options | None = None
) -> NDArray[np.float64]:
    """Make a label-blind reference from all sessions, for an atlas without a shipped one.

    Their mean is embedded once, since embeddings of single sessions have no common sign, order
    or rotation in which they could be averaged.

    Parameters
    ----------
    mean : (R, R) array
        From `mean_matrix`, over all sessions of all people who enter the comparison: exchanging
        the sessions of a person, or the groups of people, leaves it as it is. Of baseline
        sessions only it would be circular, since the baseline of a person would be part of it,
        and the follow-up would not.
    regions : Regions
    options : Options, optional

    Returns
    -------
    (R, K) array
        NaN for regions that are missing or belong to no network.

    Raises
    ------
    InputError
        If the mean cannot be embedded.
    """
    used = np.isfinite(np.diagonal(mean)) & regions.cortical
    weights = affinity(_between(mean, used, regions), options)
    if (pieces := n_pieces(weights)) > 1:
        raise InputError(
            f"The mean of all sessions falls into {pieces} unconnected parts; no "
            "gradient can be computed from it."
        )
    scores = principal_first(embed(weights).scores, _default(regions)[used], regions.low[used])
    reference = np.full((len(regions), scores.shape[1]), np.nan)
    reference[used] = scores
    return reference


def session_gradients(
    matrix: NDArray[np.float64],
    regions: Regions,
    reference: NDArray[np.float64],
    options: Options | None = None,
    dropout: NDArray[np.bool_] | None = None,
) -> Gradients:
    """Compute the gradients of one session and align them to a reference.

    Parameters
    ----------
    matrix : (R, R) array
        Correlations; NaN for regions that must not be used.
    regions : Regions
        Those without a network take no part.
    reference : (R, K) array
        The principal gradient first; NaN for regions it does not have. Must come from the
        same kernel.
    options : Options, optional
    dropout : (R,) array of bool, optional
        Regions to leave out because the signal dropped out in a session of the person. If
        not given they are looked for, once.

    Returns
    -------
    Gradients
        The reference is turned, the session follows it: a session whose gradient runs the
        other way would show as such.

    Raises
    ------
    InputError
        If a region correlates positively with no other, or fewer than three are left.
    """
    options = options or Options()
    if len(reference) != len(regions):
        raise ValueError(f"The reference has {len(reference)} regions, not {len(regions)}.")
    known = np.isfinite(reference).all(axis=1)
    candidates = np.isfinite(np.diagonal(matrix)) & regions.cortical & known
    if dropout is None:
        dropout = search_dropout(matrix, regions, reference, options)
    used = candidates & ~dropout
    inner = _between(matrix, used, regions)
    weights = affinity(inner, options)
    remarks = _left_out(regions, dropout) + _few_positive(inner, regions, used)
    gradients = Gradients(
        scores=np.full(reference.shape, np.nan),
        reference=reference[:, 0],
        eigenvalues=np.empty(0),
        best_component=0,
        r_before=np.nan,
        r_ref=np.nan,
        lambda_ref=hierarchy_strength(weights, reference[used, 0]),
        used=used,
        dropout=dropout,
        remarks=remarks,
    )
    if (pieces := n_pieces(weights)) > 1:
        problem = f"no gradient: the affinity matrix falls into {pieces} unconnected parts"
        return replace(gradients, problem=problem, remarks=(*remarks, problem))
    return _align(gradients, embed(weights, reference.shape[1]), reference, regions, options)


def search_dropout(
    matrix: NDArray[np.float64],
    regions: Regions,
    reference: NDArray[np.float64] | None = None,
    options: Options | None = None,
) -> NDArray[np.bool_]:
    """Look for regions whose signal dropped out, in gradients that still contain them.

    Parameters
    ----------
    matrix : (R, R) array
        Correlations; NaN for regions that must not be used.
    regions : Regions
        Those without a network take no part.
    reference : (R, K) array, optional
        Regions it does not have take no part either.
    options : Options, optional

    Returns
    -------
    (R,) array of bool

    Raises
    ------
    InputError
        If a region correlates positively with no other, or fewer than three are left.
    """
    candidates = np.isfinite(np.diagonal(matrix)) & regions.cortical
    if reference is not None:
        candidates = candidates & np.isfinite(reference).all(axis=1)
    dropout = np.zeros(len(regions), dtype=bool)
    weights = affinity(_between(matrix, candidates, regions), options)
    if n_pieces(weights) == 1:
        dropout[candidates] = find_dropout(embed(weights, 3).scores)
    return dropout


def _align(
    gradients: Gradients,
    embedding: Embedding,
    reference: NDArray[np.float64],
    regions: Regions,
    options: Options,
) -> Gradients:
    """Align an embedding to the reference and fill in what follows from that."""
    target = reference[gradients.used]
    principal = target[:, 0]
    aligned = procrustes(embedding.scores, target)
    scores = np.full(reference.shape, np.nan)
    scores[gradients.used] = aligned
    r_each = [_likeness(column, principal) for column in embedding.scores.T]
    r_ref = _likeness(aligned[:, 0], principal)
    kind, status = _status(r_ref, regions, options)
    return replace(
        gradients,
        scores=scores,
        eigenvalues=embedding.eigenvalues,
        best_component=int(np.argmax(r_each)) + 1,
        r_before=max(r_each),
        r_ref=r_ref,
        status=status,
        kind=kind,
        remarks=gradients.remarks + _nearly_equal(embedding.eigenvalues),
    )


def _between(
    matrix: NDArray[np.float64], used: NDArray[np.bool_], regions: Regions
) -> NDArray[np.float64]:
    """Take the used regions, all of which must correlate positively with another."""
    if (n_used := int(used.sum())) < 3:
        raise InputError(f"Gradients need at least 3 usable cortical regions, there are {n_used}.")
    inner = matrix[np.ix_(used, used)]
    lonely = np.flatnonzero(used)[(inner > 0).sum(axis=1) <= 1]
    if len(lonely):
        names = ", ".join(regions.names[i] for i in lonely)
        raise InputError(
            f"No gradient: {names} correlates positively with no other region; check its "
            "coverage and signal, and leave it out."
        )
    return inner


def _likeness(scores: NDArray[np.float64], principal: NDArray[np.float64]) -> float:
    """Correlate, whatever the sign."""
    return float(abs(np.corrcoef(scores, principal)[0, 1]))


def _default(regions: Regions) -> NDArray[np.bool_]:
    """Mark the regions of the default mode network, whole or in parts."""
    return np.array([network.startswith("Default") for network in regions.networks], dtype=bool)


def _status(r_ref: float, regions: Regions, options: Options) -> tuple[Likeness, str]:
    """Say what a reader must know about every value of the session."""
    if r_ref < MIN_R_REF:
        return "unlike", f"unlike the reference (r {f'{r_ref:.2f}'.removeprefix('0')})"
    n_cortical = int(regions.cortical.sum())
    if options.kernel == "cosine" and n_cortical < FEWEST_REGIONS:
        return "coarse", f"coarse: {n_cortical} regions, gradients need {FEWEST_REGIONS}"
    return "ok", "ok"


def _left_out(regions: Regions, dropout: NDArray[np.bool_]) -> tuple[str, ...]:
    names = ", ".join(regions.names[i] for i in np.flatnonzero(dropout))
    return (f"left out of the gradients, signal dropped out: {names}",) if names else ()


def _few_positive(
    inner: NDArray[np.float64], regions: Regions, used: NDArray[np.bool_]
) -> tuple[str, ...]:
    k = n_kept(len(inner))
    few = np.flatnonzero(used)[(inner > 0).sum(axis=1) < k]
    names = ", ".join(regions.names[i] for i in few)
    return (f"fewer than {k} positive connections: {names}",) if names else ()


def _nearly_equal(eigenvalues: NDArray[np.float64]) -> tuple[str, ...]:
    ratio = eigenvalues[1] / eigenvalues[0]
    if ratio <= NEARLY_EQUAL:
        return ()
    return (
        f"the first two components are nearly equally strong (ratio {ratio:.3f}): they may mix",
    )
