"""Gradients of the cortex: the diffusion map of a connectivity matrix.

Regions with alike connectivity profiles lie close together. The principal gradient is
the component that runs from sensory to high-order networks; it is found by its likeness to
a reference, never by its number.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradshift.core.cortex.dropout import search_dropout
from gradshift.core.cortex.embedding import (
    Embedding,
    affinity,
    between,
    embed,
    n_kept,
    n_pieces,
    random_walk,
)
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.regions import Regions

MIN_R_REF = 0.6
"""Below this likeness to the reference a session is remarked, and stays: likeness to what is
expected may be just what the drug changes."""

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
    inner = between(matrix, used, regions)
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


def _likeness(scores: NDArray[np.float64], principal: NDArray[np.float64]) -> float:
    """Correlate, whatever the sign."""
    return float(abs(np.corrcoef(scores, principal)[0, 1]))


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
