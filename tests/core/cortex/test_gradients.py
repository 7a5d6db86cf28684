"""Gradients: reference numbers, laws, and what goes wrong."""

from pathlib import Path

import numpy as np
import pytest

from gradshift.atlases.templates import load_template
from gradshift.core.cortex.dropout import find_dropout
from gradshift.core.cortex.embedding import affinity, embed, n_kept, random_walk, sparsify
from gradshift.core.cortex.gradients import hierarchy_strength, procrustes, session_gradients
from gradshift.core.cortex.options import Options
from gradshift.core.cortex.reference import mean_matrix, mean_reference, principal_first
from gradshift.core.cortex.regions import Regions
from gradshift.errors import InputError

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def stored():
    with np.load(DATA / "S400_ref_cosine10.npz") as file:
        return file["ref"], file["lam"]


def in_network(regions, *names):
    return np.isin(regions.networks, names)


def simulated(matrix, regions, rng, n_volumes=240):
    """Correlations of a session of so many volumes, drawn from a group matrix."""
    series = rng.standard_normal((n_volumes, len(matrix))) @ np.linalg.cholesky(matrix).T
    r = np.corrcoef(series.T)
    return (r + r.T) / 2


def flattened(matrix, regions, amount):
    """Tie sensory and high-order networks together, loosen the default mode network."""
    low = in_network(regions, "Vis", "SomMot")
    high = in_network(regions, "Default", "Cont")
    default = in_network(regions, "Default")
    changed = matrix.copy()
    changed[np.ix_(low, high)] += 0.3 * amount
    changed[np.ix_(high, low)] += 0.3 * amount
    changed[np.ix_(default, default)] -= 0.3 * amount
    np.fill_diagonal(changed, 1)
    return changed


def with_dropout(matrix, region, left, seed=0):
    """Leave next to nothing of the connections of one region."""
    changed = matrix.copy()
    noise = left * np.random.default_rng(seed).random(len(matrix))
    changed[region] = changed[:, region] = noise
    changed[region, region] = 1
    return changed


@pytest.mark.usefixtures("like_brainspace")
def test_cosine_gradients_equal_stored_ones(hcp, stored):
    scores, eigenvalues = embed(affinity(hcp(400).matrix))
    ref, lam = stored
    np.testing.assert_allclose(eigenvalues, lam, atol=1e-10)
    for ours, theirs in zip(scores.T, ref.T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.99999
    assert np.ptp(scores[:, 0]) == pytest.approx(18.48007, abs=1e-4)
    weights = eigenvalues / (1 - eigenvalues)
    assert weights[:3] / weights.sum() == pytest.approx([0.42762, 0.24308, 0.11277], abs=1e-5)


@pytest.mark.parametrize(
    ("scale", "kernel", "lam", "reach"),
    [
        (100, "cosine", [0.91476, 0.91164, 0.68881], 29.97983),
        (200, "cosine", [0.86848, 0.83276, 0.64818], 20.72099),
        (100, "normalized_angle", [0.06927, 0.06568, 0.04891], 0.27536),
        (200, "normalized_angle", [0.06899, 0.06486, 0.04685], 0.25284),
        (400, "normalized_angle", [0.06704, 0.06608, 0.04689], 0.26371),
    ],
)
@pytest.mark.usefixtures("like_brainspace")
def test_eigenvalues_and_reach_of_both_kernels(hcp, scale, kernel, lam, reach):
    options = Options(kernel=kernel)
    scores, eigenvalues = embed(affinity(hcp(scale).matrix, options))
    assert eigenvalues[:3] == pytest.approx(lam, abs=1.1e-5)
    assert np.ptp(scores[:, 0]) == pytest.approx(reach, abs=2e-5)


def test_connections_kept_per_region():
    assert [n_kept(n) for n in (20, 100, 200, 400)] == [2, 10, 20, 40]


@pytest.mark.parametrize(
    ("amount", "strength", "reach", "distance"),
    [
        (0.0, 0.8549, 18.48, 14.80),
        (0.1, 0.8218, 16.37, 12.33),
        (0.2, 0.7580, 13.98, 9.62),
        (0.3, 0.6642, 11.41, 6.93),
        (0.5, 0.4703, 7.11, 3.09),
    ],
)
@pytest.mark.usefixtures("like_brainspace")
def test_a_flattened_hierarchy_shows(hcp, stored, amount, strength, reach, distance):
    regions = hcp(400).regions
    matrix = flattened(hcp(400).matrix, regions, amount)
    found = session_gradients(matrix, regions, stored[0])
    principal = found.scores[:, 0]
    gap = (
        principal[in_network(regions, "Default")].mean()
        - principal[in_network(regions, "SomMot")].mean()
    )
    assert found.lambda_ref == pytest.approx(strength, abs=6e-5)
    assert np.ptp(principal) == pytest.approx(reach, abs=6e-3)
    assert gap == pytest.approx(distance, abs=6e-3)


def test_hierarchy_strength_of_the_template_is_its_eigenvalue(hcp):
    weights = affinity(hcp(400).matrix)
    scores, eigenvalues = embed(weights)
    for gradient, eigenvalue in zip(scores.T, eigenvalues, strict=True):
        assert hierarchy_strength(weights, gradient) == pytest.approx(eigenvalue, abs=1e-12)


@pytest.mark.parametrize("scale", [100, 200, 400])
@pytest.mark.parametrize("kernel", ["cosine", "normalized_angle"])
def test_shipped_templates_are_what_the_code_makes(hcp, scale, kernel):
    made = mean_reference(hcp(scale).matrix, hcp(scale).regions, Options(kernel=kernel))
    shipped = load_template(f"Schaefer2018_{scale}_7", kernel)
    assert shipped.shape == (scale, 10)
    for ours, theirs in zip(made.T, shipped.T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.999999
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-8)
    assert np.corrcoef(made[:, 0], shipped[:, 0])[0, 1] > 0


def test_templates_run_from_sensory_to_default_mode(hcp):
    for scale in (200, 400):
        for kernel in ("cosine", "normalized_angle"):
            principal = load_template(f"Schaefer2018_{scale}_7", kernel)[:, 0]
            regions = hcp(scale).regions
            means = {n: principal[in_network(regions, n)].mean() for n in regions.network_names}
            assert max(means, key=means.get) == "Default"
            assert min(means, key=means.get) in {"Vis", "SomMot"}


def test_an_atlas_without_template_has_none():
    assert load_template("Schaefer2018_200_17") is None


@pytest.mark.usefixtures("like_brainspace")
def test_the_principal_gradient_need_not_be_the_first(hcp):
    options = Options(kernel="normalized_angle")
    reference = load_template("Schaefer2018_100_7", "normalized_angle")
    found = session_gradients(hcp(100).matrix, hcp(100).regions, reference, options)
    assert found.best_component == 2
    assert found.r_ref > 0.99
    assert found.share == pytest.approx(0.16791, abs=1e-5)


def naive_affinity(matrix, k, kernel):
    n = len(matrix)
    weights = np.empty((n, n))
    kept = [[x if x in sorted(row)[-k:] and x > 0 else 0 for x in row] for row in matrix.tolist()]
    for i in range(n):
        for j in range(n):
            a, b = np.array(kept[i]), np.array(kept[j])
            cosine = min(1, max(0, a @ b / np.sqrt(a @ a * (b @ b))))
            weights[i, j] = cosine if kernel == "cosine" else 1 - np.arccos(cosine) / np.pi
    return weights


@pytest.mark.parametrize("kernel", ["cosine", "normalized_angle"])
def test_affinity_by_its_definition(rng, kernel):
    matrix = np.corrcoef(rng.standard_normal((31, 40)), rowvar=False)
    weights = affinity(matrix, Options(kernel=kernel))
    np.testing.assert_allclose(weights, naive_affinity(matrix, 4, kernel), atol=2e-8)
    np.testing.assert_array_equal(weights, weights.T)


def test_components_are_eigenvectors_of_the_random_walk(hcp):
    weights = affinity(hcp(100).matrix)
    scores, eigenvalues = embed(weights)
    flow, degree = random_walk(weights)
    moved = (flow / degree[:, None]) @ scores
    np.testing.assert_allclose(moved, scores * eigenvalues, atol=1e-10)
    np.testing.assert_allclose(degree @ scores, 0, atol=1e-8)


def test_diffusion_map_of_a_ring_is_known():
    """A random walk on a ring has cosines for modes."""
    n = 24
    ring = np.eye(n) + np.roll(np.eye(n), 1, axis=0) + np.roll(np.eye(n), -1, axis=0)
    _, eigenvalues = embed(ring, 4)
    turns = np.array([1, 1, 2, 2])
    np.testing.assert_allclose(eigenvalues, (1 + 2 * np.cos(2 * np.pi * turns / n)) / 3)


def test_alignment_undoes_a_rotation(rng):
    reference = rng.standard_normal((30, 4)) * [4, 3, 2, 1]
    turned = reference @ np.linalg.qr(rng.standard_normal((4, 4)))[0]
    np.testing.assert_allclose(procrustes(turned, reference), reference, atol=1e-12)


def test_alignment_does_not_scale_or_centre(rng):
    reference = rng.standard_normal((30, 4))
    np.testing.assert_allclose(procrustes(3 * reference + 0, reference), 3 * reference)
    scores = rng.standard_normal((30, 4)) + 5
    aligned = procrustes(scores, reference)
    assert np.linalg.norm(aligned) == pytest.approx(np.linalg.norm(scores))
    assert np.linalg.norm(aligned.mean(axis=0)) == pytest.approx(
        np.linalg.norm(scores.mean(axis=0))
    )


def test_the_order_of_regions_does_not_matter(hcp, rng):
    regions = hcp(200).regions
    matrix = simulated(hcp(200).matrix, regions, rng)
    reference = load_template("Schaefer2018_200_7")
    order = rng.permutation(200)
    shuffled = Regions(
        names=tuple(regions.names[i] for i in order),
        networks=tuple(regions.networks[i] for i in order),
        hemispheres=tuple(regions.hemispheres[i] for i in order),
        centroids=regions.centroids[order],
    )
    here = session_gradients(matrix, regions, reference)
    there = session_gradients(matrix[np.ix_(order, order)], shuffled, reference[order])
    np.testing.assert_allclose(there.scores, here.scores[order], atol=1e-9)
    assert there.lambda_ref == pytest.approx(here.lambda_ref, abs=1e-12)


def test_gradients_leave_their_input_alone(hcp):
    matrix = hcp(200).matrix.copy()
    reference = load_template("Schaefer2018_200_7")
    before = reference.copy()
    session_gradients(matrix, hcp(200).regions, reference)
    np.testing.assert_array_equal(matrix, hcp(200).matrix)
    np.testing.assert_array_equal(reference, before)


def test_a_session_that_runs_the_other_way_shows_as_such(hcp):
    """Only the reference is turned: a session is not made to look right."""
    regions = hcp(400).regions
    reference = load_template("Schaefer2018_400_7")
    upright = session_gradients(hcp(400).matrix, regions, reference)
    turned = session_gradients(hcp(400).matrix, regions, -reference)
    np.testing.assert_allclose(turned.scores[:, 0], -upright.scores[:, 0], atol=1e-8)


def test_a_missing_region_is_as_if_it_were_not_there(hcp):
    regions, reference = hcp(200).regions, load_template("Schaefer2018_200_7")
    matrix = hcp(200).matrix.copy()
    matrix[17] = matrix[:, 17] = np.nan
    found = session_gradients(matrix, regions, reference)
    kept = np.arange(200) != 17
    fewer = Regions(
        names=tuple(np.array(regions.names)[kept]),
        networks=tuple(np.array(regions.networks)[kept]),
        hemispheres=tuple(np.array(regions.hemispheres)[kept]),
        centroids=regions.centroids[kept],
    )
    inner = session_gradients(matrix[np.ix_(kept, kept)], fewer, reference[kept])
    assert np.isnan(found.scores[17]).all()
    np.testing.assert_array_equal(found.scores[kept], inner.scores)


def test_regions_outside_networks_take_no_part(hcp):
    regions, reference = hcp(200).regions, load_template("Schaefer2018_200_7")
    matrix = np.eye(203)
    matrix[:200, :200] = hcp(200).matrix
    more = Regions(
        names=(*regions.names, "thalamus", "putamen", "caudate"),
        networks=(*regions.networks, "", "", ""),
        hemispheres=(*regions.hemispheres, "L", "L", "L"),
        centroids=np.vstack([regions.centroids, np.zeros((3, 3))]),
    )
    padded = np.vstack([reference, np.ones((3, 10))])
    found = session_gradients(matrix, more, padded)
    alone = session_gradients(hcp(200).matrix, regions, reference)
    np.testing.assert_array_equal(found.scores[:200], alone.scores)
    assert np.isnan(found.scores[200:]).all()


def test_the_reference_puts_the_hierarchy_first(rng):
    high, low = np.arange(30) < 10, np.arange(30) >= 20
    scores = rng.standard_normal((30, 5))
    scores[:, 2] += np.where(high, -5, np.where(low, 5, 0))
    ordered = principal_first(scores, high, low)
    np.testing.assert_array_equal(ordered[:, 0], -scores[:, 2])
    np.testing.assert_array_equal(ordered[:, 1:], scores[:, [0, 1, 3, 4]])


def test_without_known_networks_the_order_stays(rng):
    scores = rng.standard_normal((30, 5))
    nowhere = np.zeros(30, dtype=bool)
    np.testing.assert_array_equal(principal_first(scores, nowhere, nowhere), scores)


def test_the_reference_is_blind_to_sessions_and_groups(hcp, rng):
    """Whoever swaps the sessions of a person, or people, gets the same reference."""
    regions = hcp(200).regions
    people = [[simulated(hcp(200).matrix, regions, rng) for _ in range(2)] for _ in range(3)]
    people[0][1][7] = people[0][1][:, 7] = np.nan
    swapped = [people[2][::-1], people[0][::-1], people[1]]
    one, other = (
        mean_reference(mean_matrix(m for own in rows for m in own), regions)
        for rows in (people, swapped)
    )
    np.testing.assert_allclose(one[:, 0], other[:, 0], rtol=1e-8)
    assert np.flatnonzero(np.isnan(one[:, 0])).tolist() == [7]


def test_the_mean_of_all_sessions_is_near_the_template(hcp, rng):
    regions = hcp(200).regions
    sessions = [simulated(hcp(200).matrix, regions, rng) for _ in range(8)]
    sessions[3][7] = sessions[3][:, 7] = np.nan
    reference = mean_reference(mean_matrix(iter(sessions)), regions)
    there = np.isfinite(reference[:, 0])
    assert np.flatnonzero(~there).tolist() == [7]
    template = load_template("Schaefer2018_200_7")
    assert np.corrcoef(reference[there, 0], template[there, 0])[0, 1] > 0.98


def test_a_reference_needs_sessions():
    with pytest.raises(InputError, match="at least one session"):
        mean_matrix([])


def test_a_dropout_region_is_found_and_left_out(hcp):
    regions, reference = hcp(200).regions, load_template("Schaefer2018_200_7")
    good = session_gradients(hcp(200).matrix, regions, reference)
    matrix = with_dropout(hcp(200).matrix, 171, 0.001)
    found = session_gradients(matrix, regions, reference)
    assert np.flatnonzero(found.dropout).tolist() == [171]
    assert np.isnan(found.scores[171]).all()
    assert any(regions.names[171] in remark for remark in found.remarks)
    assert found.status == "ok"
    assert found.r_ref > 0.999
    assert np.nanmax(found.scores[:, 0]) - np.nanmin(found.scores[:, 0]) == pytest.approx(
        np.ptp(good.scores[:, 0]), rel=0.02
    )


def test_without_the_remedy_the_session_is_unlike_the_reference_and_stays(hcp):
    regions, reference = hcp(200).regions, load_template("Schaefer2018_200_7")
    matrix = with_dropout(hcp(200).matrix, 171, 0.001)
    found = session_gradients(matrix, regions, reference, dropout=np.zeros(200, dtype=bool))
    assert found.best_component == 2
    assert found.r_ref < 0.6
    assert found.kind == "unlike"
    assert np.isfinite(found.scores).all()
    assert np.ptp(found.scores[:, 0]) > 200
    good = session_gradients(hcp(200).matrix, regions, reference)
    assert found.lambda_ref == pytest.approx(good.lambda_ref, abs=0.01)


def test_dropout_of_another_session_of_the_person_is_left_out_too(hcp):
    regions, reference = hcp(200).regions, load_template("Schaefer2018_200_7")
    elsewhere = np.arange(200) == 42
    found = session_gradients(hcp(200).matrix, regions, reference, dropout=elsewhere)
    assert np.flatnonzero(np.isnan(found.scores[:, 0])).tolist() == [42]


@pytest.mark.parametrize("kernel", ["cosine", "normalized_angle"])
@pytest.mark.parametrize("scale", [100, 200, 400])
def test_good_sessions_lose_no_region(hcp, rng, scale, kernel):
    """Also where many visual regions stand out from the rest together."""
    for n_volumes in (120, 240):
        matrix = simulated(hcp(scale).matrix, hcp(scale).regions, rng, n_volumes)
        scores, _ = embed(affinity(matrix, Options(kernel=kernel)), 3)
        assert not find_dropout(scores).any()


def test_regions_that_dropped_out_together_are_found(hcp, rng):
    """Two regions that share one noise make a component of two."""
    matrix = with_dropout(with_dropout(hcp(200).matrix, 171, 0.001), 60, 0.001, seed=1)
    matrix[60, 171] = matrix[171, 60] = 0.9
    scores, _ = embed(affinity(matrix), 3)
    assert np.flatnonzero(find_dropout(scores)).tolist() == [60, 171]


def test_a_region_without_positive_connections_is_named(hcp):
    matrix = hcp(200).matrix.copy()
    matrix[5] = matrix[:, 5] = -np.abs(matrix[5])
    matrix[5, 5] = 1
    with pytest.raises(InputError, match=hcp(200).regions.names[5]):
        session_gradients(matrix, hcp(200).regions, load_template("Schaefer2018_200_7"))


@pytest.mark.parametrize("k", [1, 4, 30])
@pytest.mark.parametrize("digits", [1, 8])
def test_of_equal_connections_the_first_are_kept(k, digits):
    matrix = np.round(np.corrcoef(np.random.default_rng(5).standard_normal((30, 40))), digits)
    expected = np.zeros_like(matrix)
    for row, wanted in zip(matrix, expected, strict=True):
        for place in sorted(range(30), key=lambda i: (-row[i], i))[:k]:
            wanted[place] = max(row[place], 0)
    np.testing.assert_array_equal(sparsify(matrix, k), expected)


def test_a_region_with_few_positive_connections_keeps_those(hcp):
    matrix = hcp(200).matrix.copy()
    strongest = np.argsort(matrix[5])[-4:]
    row = -np.abs(matrix[5])
    row[strongest] = matrix[5, strongest]
    matrix[5] = matrix[:, 5] = row
    kept = sparsify(matrix, 20)
    assert np.flatnonzero(kept[5]).tolist() == sorted(strongest.tolist())
    found = session_gradients(matrix, hcp(200).regions, load_template("Schaefer2018_200_7"))
    assert any(
        remark == f"fewer than 20 positive connections: {hcp(200).regions.names[5]}"
        for remark in found.remarks
    )


def test_a_disconnected_matrix_has_no_gradient_but_a_strength(hcp):
    matrix = hcp(200).matrix.copy()
    apart = np.arange(200) < 100
    matrix[np.ix_(apart, ~apart)] = matrix[np.ix_(~apart, apart)] = -0.01
    found = session_gradients(matrix, hcp(200).regions, load_template("Schaefer2018_200_7"))
    assert found.problem == "no gradient: the affinity matrix falls into 2 unconnected parts"
    assert np.isnan(found.scores).all()
    assert np.isfinite(found.lambda_ref)
    with pytest.raises(InputError, match="2 unconnected parts"):
        mean_reference(matrix, hcp(200).regions)


def test_rounding_errors_connect_nothing(make_regions, rng):
    """Fourteen blocks of three, with a fourth connection that is next to nothing."""
    matrix = np.kron(np.eye(14), np.full((3, 3), 0.5)) + 1e-15
    np.fill_diagonal(matrix, 1)
    regions = make_regions({"Vis": 21, "Default": 21})
    found = session_gradients(matrix, regions, rng.standard_normal((42, 10)))
    assert found.problem == "no gradient: the affinity matrix falls into 14 unconnected parts"


def test_components_that_may_change_places_are_reported(hcp):
    found = session_gradients(
        hcp(100).matrix, hcp(100).regions, load_template("Schaefer2018_100_7")
    )
    assert any("nearly equally strong" in remark for remark in found.remarks)
    assert found.status == "coarse: 100 regions, gradients need 200"


def test_nearly_no_regions_are_an_error(make_regions):
    with pytest.raises(InputError, match="at least 3 usable cortical regions, there are 2"):
        session_gradients(np.ones((2, 2)), make_regions({"Vis": 2}), np.ones((2, 10)))


def test_a_reference_of_another_atlas_is_an_error(hcp):
    with pytest.raises(ValueError, match="The reference has 100 regions, not 200"):
        session_gradients(hcp(200).matrix, hcp(200).regions, load_template("Schaefer2018_100_7"))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"kernel": "gaussian"}, "Unknown kernel 'gaussian'; choices are cosine"),
        ({"densities": (0.2, 0.1)}, "rising numbers"),
        ({"densities": (0.1,)}, "two or more"),
        ({"densities": (0.5, 1.5)}, "rising numbers"),
    ],
)
def test_unknown_choices_are_refused(choice, message):
    with pytest.raises(ValueError, match=message):
        Options(**choice)


@pytest.mark.parametrize(("kernel", "tolerance"), [("cosine", 5e-4), ("normalized_angle", 1e-4)])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("like_brainspace")
def test_brainspace_agrees(hcp, kernel, tolerance):
    """It takes an approximate solver on the unsymmetric operator, hence the tolerance."""
    brainspace = pytest.importorskip("brainspace.gradient")
    theirs = brainspace.GradientMaps(
        n_components=10, approach="dm", kernel=kernel, random_state=0
    ).fit(hcp(400).matrix.copy(), sparsity=0.9)
    scores, eigenvalues = embed(affinity(hcp(400).matrix, Options(kernel=kernel)))
    assert abs(np.corrcoef(scores[:, 0], theirs.gradients_[:, 0])[0, 1]) > 1 - tolerance
    weights = eigenvalues / (1 - eigenvalues)
    shares = theirs.lambdas_ / theirs.lambdas_.sum()
    assert weights[:3] / weights.sum() == pytest.approx(shares[:3], abs=5e-3)


@pytest.mark.parametrize("kernel", ["cosine", "normalized_angle"])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("like_brainspace")
def test_brainspace_affinity_agrees(hcp, kernel):
    compute = pytest.importorskip("brainspace.gradient.kernels").compute_affinity
    theirs = compute(hcp(200).matrix.copy(), kernel=kernel, sparsity=0.9)
    ours = affinity(hcp(200).matrix, Options(kernel=kernel))
    np.testing.assert_allclose(ours, theirs, atol=1e-7)
