"""Results as the table of contrasts has them, to try sentences on."""

from gradshift.group.contrasts import Contrast


def row(**other):
    """Return a certain fall of a confirmatory value in 11 people, or what differs from it."""
    values = {
        "contrast": "post-pre", "effect": "change", "family": "confirmatory", "modality": "func",
        "task": "rest", "atlas": "A", "recipe": "aCompCor", "measure": "withinfc",
        "level": "network", "label": "Default", "covariates": None, "n": 11,
        "mean_baseline": 0.35, "mean_followup": 0.24, "mean_change": -0.11, "sd_change": 0.05,
        "se": 0.015, "dz": -2.35, "hedges_g": -2.17, "ci_low": -3.51, "ci_high": -1.16,
        "ci_low_fwe": -3.1, "ci_high_fwe": -1.2, "t": -7.8, "p": 0.000977, "p_sign": 0.000977,
        "n_direction": 11.0, "p_fwe": 0.00195, "p_page": 0.00391, "q_fdr": 0.00195,
        "p_equivalence": 0.99, "bf10": 900.0, "n_permutations": 2048, "exact": True,
        "p_min": 0.000977, "verdict": "change", "status": "ok",
    }  # fmt: skip
    return Contrast(**{**values, **other})


def undecided(**other):
    """Return a result that shows neither a change nor that there is none."""
    return row(**{"p_fwe": 0.2, "p_page": 0.6, "verdict": "undecided", "ci_low_fwe": -2.0,
                  "ci_high_fwe": 0.4, **other})  # fmt: skip
