"""Agreement between raters; where a library raises or gives NaN, ours has to refuse."""

import math

import torch

from coursekit.analysis.krippendorff_alpha import SCALES, krippendorff_alpha
from coursekit.analysis.rater_agreement import cohen_kappa, fleiss_kappa, randolph_kappa

COHEN = {
    "cohen_kappa": "none",
    "cohen_kappa_linear": "linear",
    "cohen_kappa_quadratic": "quadratic",
}


def agreement_case(case):
    """Every measure that the case has a number for."""
    ratings = case.tensor("ratings_raters_by_units")
    for scale in SCALES:
        expect(case, scale, krippendorff_alpha, ratings, scale)
    many = None
    if "fleiss_table_units_by_category" in case:
        table = case.tensor("fleiss_table_units_by_category")
        values = ratings.unique()
        case.same("fleiss_table_units_by_category", (ratings[..., None] == values).sum(0))
        many = table.shape[1]
    expect(case, "fleiss_kappa", fleiss_kappa, ratings)
    expect(case, "randolph_free_marginal_kappa", randolph_kappa, ratings, many)
    for key, weights in COHEN.items():
        if key in case:
            expect(case, key, cohen_kappa, *ratings, weights)


def expect(case, key, measure, *arguments):
    """Compare a number; where there is a library's error or NaN, a ValueError is expected."""
    if key not in case:
        return
    value = case.take(key)
    if isinstance(value, str) or value is None or math.isnan(value):
        try:
            number = measure(*arguments)
        except ValueError:
            case.report.compared += 1
        else:
            problem = f"{case.at(key)} is {value!r}; {number} was computed."
            case.report.problems.append(problem)
        return
    case.same(key, torch.tensor(measure(*arguments), dtype=torch.float64))


CHECKERS = {"agreement.json": {"cases": agreement_case}}
