"""Answers to lesson 01's exercises, as learners might write them."""

from fractions import Fraction

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
import torch
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures


def table(x_a, x_b, y):
    return pd.DataFrame({"a": x_a, "b": x_b, "y": y})


def ols(formula, x_a, x_b, y):
    """What `by_formula` fits, in a tenth of its time, for no formula is read here."""
    right = formula.removeprefix("y ~ ").replace("a * b", "a + b + a:b")
    columns = {"Intercept": np.ones(len(y)), "a": x_a, "b": x_b, "a:b": x_a * x_b}
    terms = right.removesuffix(" - 1").split(" + ")
    names = terms if right.endswith(" - 1") else ["Intercept", *terms]
    return sm.OLS(y, pd.DataFrame({name: columns[name] for name in names})).fit()


def by_formula(formula, x_a, x_b, y):
    return smf.ols(formula, table(x_a, x_b, y)).fit()


def matrix_loop(x_a, x_b):
    rows = []
    for a, b in zip(x_a, x_b, strict=True):
        rows.append([1, a, b, a * b])
    return rows


def matrix_in_place(x_a, x_b):
    """The right numbers, but it writes over its own argument."""
    n = len(x_a)
    out = np.empty((n, 4))
    out[:, 0], out[:, 1], out[:, 2] = 1, x_a, x_b
    x_a *= x_b
    out[:, 3] = x_a
    return out


def slope_by_difference(weights, x_b):
    w0, w1, w2, w3 = weights

    def predict(x_a):
        return w0 + w1 * x_a + w2 * x_b + w3 * x_a * x_b

    return predict(2.0) - predict(1.0)


def weight_torch(x_a, x_b, y):
    a, b, target = (torch.tensor(x) for x in (x_a, x_b, y))
    x = torch.stack([torch.ones_like(a), a, b, a * b], dim=1)
    return torch.linalg.lstsq(x, target[:, None]).solution[-1]


def weight_normal_equations(x_a, x_b, y):
    x = np.vstack([x_a * 0 + 1, x_a, x_b, x_a * x_b]).T
    return np.linalg.inv(x.T @ x).dot(x.T).dot(y)[-1]


def weight_two_lines(x_a, x_b, y):
    return (
        np.polyfit(x_a[x_b == 1], y[x_b == 1], 1)[0] - np.polyfit(x_a[x_b == 0], y[x_b == 0], 1)[0]
    )


def centred_by_prediction(weights, mean_a):
    w0, w1, w2, w3 = (float(w) for w in weights)
    at_zero = w0 + w1 * mean_a
    at_one = w0 + w1 * mean_a + w2 + w3 * mean_a
    return [at_zero, at_one - at_zero]


def filled(x_a, x_b):
    out = torch.empty(len(x_a), 4, dtype=torch.float64)
    for i, column in enumerate((np.ones(len(x_a)), x_a, x_b, x_a * x_b)):
        out[:, i] = torch.as_tensor(column)
    return out


def slope_autograd(weights, x_b):
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    w = torch.tensor(weights)
    return torch.autograd.grad(w @ torch.stack([x**0, x, x_b * x**0, x_b * x]), x)[0]


def weight_single_precision(x_a, x_b, y):
    x = torch.tensor(np.array(matrix_loop(x_a, x_b)), dtype=torch.float32)
    return torch.linalg.solve(x.T @ x, x.T @ torch.tensor(y).float())[3]


def qr_weights(x_a, x_b, y):
    q, r = np.linalg.qr(np.array(matrix_loop(x_a, x_b)))
    return np.linalg.solve(r, q.T @ y)


def residual(x, x_a, x_b):
    additive = np.c_[x_a * 0 + 1, x_a, x_b]
    return x - additive @ np.linalg.lstsq(additive, x, rcond=None)[0]


def weight_of_residuals(x_a, x_b, y):
    """The product and y, each without its additive part (Frisch, Waugh and Lovell)."""
    product, rest = residual(x_a * x_b, x_a, x_b), residual(y, x_a, x_b)
    return product @ rest / (product @ product)


def needs_by_f_test(x_a, x_b, y):
    small, large = ols("y ~ a + b", x_a, x_b, y), ols("y ~ a * b", x_a, x_b, y)
    return large.compare_f_test(small)[1] < 0.05


def needs_by_interval(x_a, x_b, y):
    low, high = ols("y ~ a * b", x_a, x_b, y).conf_int().loc["a:b"]
    return not low <= 0 <= high


def t_by_hand(x_a, x_b, y):
    x = np.array(matrix_loop(x_a, x_b))
    w = np.linalg.solve(x.T @ x, x.T @ y)
    s2 = ((y - x @ w) ** 2).sum() / (len(y) - 4)
    return w[3] / (s2 * np.linalg.inv(x.T @ x)[3, 3]) ** 0.5


def needs_by_hand(x_a, x_b, y):
    return abs(t_by_hand(x_a, x_b, y)) > stats.t.ppf(0.975, len(y) - 4)


def needs_by_partial_correlation(x_a, x_b, y):
    r = np.corrcoef(residual(x_a * x_b, x_a, x_b), residual(y, x_a, x_b))[0, 1]
    t = r * ((len(y) - 4) / (1 - r * r)) ** 0.5
    return 2 * stats.t.sf(abs(t), len(y) - 4) < 0.05


def needs_single_precision(x_a, x_b, y):
    x = torch.tensor(np.array(matrix_loop(x_a, x_b)), dtype=torch.float32)
    target = torch.tensor(y).float()
    w = torch.linalg.lstsq(x, target[:, None]).solution[:, 0]
    variance = ((target - x @ w) ** 2).sum() / (len(y) - 4)
    t = w[3] / (variance * torch.linalg.inv(x.T @ x)[3, 3]).sqrt()
    return bool(abs(t) > stats.t.ppf(0.975, len(y) - 4))


def t_with(x_a, x_b, y, divisor):
    """The t-value, with another divisor of the residual's variance."""
    return t_by_hand(x_a, x_b, y) * (divisor / (len(y) - 4)) ** 0.5


def robust(kind):
    """The test with errors that allow for unequal variances."""

    def answer(x_a, x_b, y):
        return ols("y ~ a * b", x_a, x_b, y).get_robustcov_results(kind).pvalues[3] < 0.05

    return answer


RIGHT = {
    "01-design-matrix": {
        "loop": matrix_loop,
        "torch": lambda a, b: torch.tensor(np.stack([a**0, a, b, a * b], axis=-1)),
        "single precision": lambda a, b: torch.tensor(matrix_loop(a, b), dtype=torch.float32),
        "pandas": lambda a, b: pd.DataFrame({"one": 1, "a": a, "b": b, "ab": a * b}),
        "statsmodels": lambda a, b: sm.add_constant(np.c_[a, b, a * b]),
    },
    "01-slope-for": {
        "difference": slope_by_difference,
        "dot": lambda w, b: np.dot([0, 1, 0, b], w),
        "torch": lambda w, b: torch.tensor(w) @ torch.tensor([0, 1, 0, b], dtype=torch.float64),
    },
    "01-interaction-weight": {
        "torch": weight_torch,
        "normal equations": weight_normal_equations,
        "formula": lambda a, b, y: by_formula("y ~ a * b", a, b, y).params["a:b"],
        "centred": lambda a, b, y: ols("y ~ a * b", a - a.mean(), b, y).params["a:b"],
        "sklearn": lambda a, b, y: LinearRegression().fit(np.c_[a, b, a * b], y).coef_[2],
    },
    "01-centred-effects": {
        "prediction": centred_by_prediction,
        "array": lambda w, m: w[[0, 2]] + w[[1, 3]] * m,
        "torch": lambda w, m: torch.tensor([w[0] + m * w[1], w[2] + m * w[3]]),
        "list": lambda w, m: [sum([w[0], w[1] * m]), sum([w[2], w[3] * m])],
    },
    "01-needs-interaction": {
        "by hand": needs_by_hand,
    },
}

# The same in other forms, of which no slips are tried.
FORMS = {
    "01-design-matrix": {
        "tuples": lambda a, b: tuple(
            (1.0, float(x), float(z), float(x * z)) for x, z in zip(a, b, strict=True)
        ),
        "Kronecker": lambda a, b: np.einsum("ni,nj->nji", np.c_[a**0, a], np.c_[a**0, b]).reshape(
            -1, 4
        ),
        "concatenated": lambda a, b: torch.cat(
            [
                torch.ones(len(a), 1),
                *(torch.tensor(x, dtype=torch.float32)[:, None] for x in (a, b, a * b)),
            ],
            1,
        ),
        "sklearn": lambda a, b: PolynomialFeatures(interaction_only=True).fit_transform(
            np.c_[a, b]
        ),
        "filled": filled,
    },
    "01-slope-for": {
        "loop": lambda w, b: [sum(float(w[i]) * b ** (i // 2) for i in (1, 3))],
        "fraction": lambda w, b: Fraction(w[1]) + Fraction(w[3]) * Fraction(b),
        "single precision": lambda w, b: (
            torch.tensor(w, dtype=torch.float32)[1::2] @ torch.tensor([1.0, b])
        ),
        "numpy single": lambda w, b: np.float32(w[1]) + np.float32(w[3]) * np.float32(b),
        "pandas": lambda w, b: (pd.Series(w) * [0, 1, 0, b]).sum(),
        "gradient": slope_autograd,
    },
    "01-interaction-weight": {
        "single precision": lambda a, b, y: weight_torch(*(x.astype("float32") for x in (a, b, y))),
        "normal equations, single precision": weight_single_precision,
        "residuals": weight_of_residuals,
        "QR": lambda a, b, y: qr_weights(a, b, y)[[3]],
        "pseudoinverse": lambda a, b, y: float(np.linalg.pinv(np.array(matrix_loop(a, b)))[3] @ y),
    },
    "01-centred-effects": {
        "single precision": lambda w, m: tuple(
            torch.tensor(w, dtype=torch.float32)[[0, 2]] + torch.tensor(w[[1, 3]]).float() * m
        ),
        "matrix": lambda w, m: (np.kron(np.eye(2), [[1, m]]) @ w)[:, None].ravel(),
        "pandas": lambda w, m: pd.DataFrame(w.reshape(2, 2)) @ [1, m],
        "fractions": lambda w, m: [
            Fraction(w[i]) + Fraction(w[i + 1]) * Fraction(m) for i in (0, 2)
        ],
        "generator": lambda w, m: tuple(w[i] + w[i + 1] * m for i in range(0, 4, 2)),
    },
    "01-needs-interaction": {
        "F test": needs_by_f_test,
        "interval": needs_by_interval,
        "t test": lambda a, b, y: bool(
            by_formula("y ~ a + b + a:b", a, b, y).pvalues.iloc[3] <= 0.05
        ),
        "single precision": needs_single_precision,
        "partial correlation": needs_by_partial_correlation,
        "critical F": lambda a, b, y: torch.tensor(
            t_by_hand(a, b, y) ** 2 > stats.f.ppf(0.95, 1, len(y) - 4)
        ),
        "array": lambda a, b, y: np.array(
            [abs(t_by_hand(a, b, y)) > stats.t.isf(0.025, len(y) - 4)]
        ),
    },
}
for _key, _forms in FORMS.items():
    RIGHT[_key] |= _forms

WRONG = {
    "01-design-matrix": {
        "no intercept": (lambda a, b: np.c_[a, b, a * b], "column of ones|one of ones"),
        "no product": (lambda a, b: sm.add_constant(np.c_[a, b]), "additive model"),
        "swapped": (lambda a, b: matrix_loop(b, a), "changed places"),
        "intercept last": (
            lambda a, b: pd.DataFrame({"a": a, "b": b, "ab": a * b, "one": 1}),
            "ones first",
        ),
        "product third": (lambda a, b: np.array(matrix_loop(a, b))[:, [0, 1, 3, 2]], "w2 and w3"),
        "sum": (lambda a, b: np.stack([a * 0 + 1, a, b, b + a], 1), "Multiply"),
        "transposed": (lambda a, b: np.vstack([np.ones_like(a), a, b, a * b]), "turned round"),
        "zeros": (lambda a, b: np.c_[np.zeros(len(a)), a, b, b * a], "w0 times 1"),
        "square": (lambda a, b: np.vander(a, 3, increasing=True)[:, [0, 1, 1, 2]], ""),
        "centred": (lambda a, b: matrix_loop(a - np.mean(a), b), "a later exercise"),
        "bool": (lambda a, b: np.c_[a, b] > 0, "type bool"),
        "in place": (matrix_in_place, "The right number, but you changed x_a"),
        "right for 0 and 1": (lambda a, b: np.c_[a**0, a, b, np.where(b == 1, a, 0)], ""),
        "right for positive": (lambda a, b: np.c_[a**0, a, b, a * abs(b)], ""),
        "and": (lambda a, b: np.c_[a**0, a, b, np.where((a != 0) & (b > 0), a, 0)], ""),
        "product twice": (lambda a, b: np.c_[a**0, a, a * b, a * b], ""),
        "rounded": (lambda a, b: np.round(matrix_loop(a, b), 2), ""),
        "standardised": (lambda a, b: matrix_loop((a - a.mean()) / a.std(), b), ""),
        "first row": (lambda a, b: matrix_loop(a, b)[:1], "shape"),
        "one short": (lambda a, b: matrix_loop(a[:-1], b[:-1]), "shape"),
        "all pairs": (lambda a, b: [[1, x, z, x * z] for x in a for z in b], "shape"),
        "sorted": (lambda a, b: matrix_loop(np.sort(a), np.sort(b)), ""),
        "distance": (lambda a, b: np.c_[a**0, a, b, abs(a - b)], ""),
        "quotient": (lambda a, b: np.c_[a**0, a, b, a / (b + 1e-9)], ""),
        "minus ones": (lambda a, b: np.c_[-(a**0), a, b, a * b], ""),
        "whole numbers": (lambda a, b: np.array(matrix_loop(a, b)).astype(int), ""),
        "x_B as 0 and 1": (lambda a, b: matrix_loop(a, (b > 0).astype(float)), ""),
        "product of the columns": (lambda a, b: np.c_[a**0, a, b, np.full(len(a), a @ b)], ""),
        "clipped": (lambda a, b: np.clip(matrix_loop(a, b), -5, 5), ""),
        "flat": (lambda a, b: np.concatenate([a**0, a, b, a * b]), "shape"),
        "reshaped": (lambda a, b: np.concatenate([a**0, a, b, a * b]).reshape(-1, 4), ""),
    },
    "01-slope-for": {
        "w1": (lambda w, b: w.tolist()[1], "only where x_B = 0"),
        "w3": (lambda w, b: float(w[-1]), "difference between two slopes"),
        "w3 x_B": (lambda w, b: b * w[-1], "adds to the slope"),
        "critic": (lambda w, b: w[[1, 3]].sum(), "x_B = 1"),
        "with w2": (lambda w, b: slope_by_difference(w, b) + w[2], "lifts the line"),
        "with w2 x_B": (lambda w, b: w[1] + b * (w[2] + w[3]), "lifts the line"),
        "w2 instead": (lambda w, b: np.dot(w, [0, 1, b, 0]), "lifts the whole line"),
        "other modality": (lambda w, b: w[2] + b * w[3], "weight of x_B"),
        "prediction": (lambda w, b: np.dot(w, [1, 1, b, b]), "predicted y"),
        "minus": (lambda w, b: -b * w[3] + w[1], "with a plus"),
        "one-based": (lambda w, b: w[2 - 2] + w[4 - 2] * b, "counts from 0"),
        "a constant": (lambda w, b: 1.97, ""),
        "rounded": (lambda w, b: round(slope_by_difference(w, b), 2), ""),
        "0 or 1": (lambda w, b: w[1] + w[3] * round(b), ""),
        "threshold": (lambda w, b: w[1] + w[3] if b > 0.5 else w[1], ""),
        "absolute": (lambda w, b: abs(slope_by_difference(w, b)), ""),
        "steepness added": (lambda w, b: w[1] + abs(w[3] * b), ""),
        "positive x_B": (lambda w, b: w[1] + w[3] * max(b, 0), ""),
        "x_B at most 1": (lambda w, b: w[1] + w[3] * min(b, 1), ""),
        "between 0 and 1": (lambda w, b: w[1] + w[3] * np.clip(b, 0, 1), ""),
        "both": (lambda w, b: [w[1], w[3] * b], "shape"),
        "weighted mean": (lambda w, b: (1 - b) * w[1] + b * w[3], ""),
        "factor": (lambda w, b: w[1] * (1 + w[3] * b), ""),
        "squared": (lambda w, b: w[1] + w[3] * b**2, ""),
        "w0 added": (lambda w, b: w[0] + w[1] + w[3] * b, ""),
        "along x_B": (lambda w, b: w[2] + w[3], ""),
        "divided": (lambda w, b: slope_by_difference(w, b) / (1 + b), ""),
        "mean of the two": (lambda w, b: w[1] + w[3] / 2, ""),
    },
    "01-interaction-weight": {
        "product alone": (
            lambda a, b, y: ols("y ~ a:b", a, b, y).params["a:b"],
            "speaks for them",
        ),
        "one column": (lambda a, b, y: (a * b) @ y / ((a * b) @ (a * b)), "nothing else"),
        "no intercept": (
            lambda a, b, y: ols("y ~ a * b - 1", a, b, y).params["a:b"],
            "forced through zero",
        ),
        "no x_B": (lambda a, b, y: ols("y ~ a + a:b", a, b, y).params["a:b"], "x_B itself"),
        "no x_A": (lambda a, b, y: ols("y ~ b + a:b", a, b, y).params["a:b"], "x_A itself"),
        "correlation": (lambda a, b, y: pd.Series(a * b).corr(pd.Series(y)), "no unit"),
        "wrong index": (
            lambda a, b, y: LinearRegression().fit(np.c_[a, b, a * b], y).coef_[1],
            "this is w2",
        ),
        "w1": (lambda a, b, y: ols("y ~ a * b", a, b, y).params.iloc[1], "this is w1"),
        "intercept": (lambda a, b, y: ols("y ~ a * b", a, b, y).params.iloc[0], "this is w0"),
        "critics' slope": (
            lambda a, b, y: np.polyfit(a[b == 1], y[b == 1], 1)[0],
            "slope at x_B = 1",
        ),
        "w1 and w3": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).params[["a", "a:b"]].sum(),
            "slope at x_B = 1",
        ),
        "two lines": (weight_two_lines, "each group"),
        "two halves": (
            lambda a, b, y: (
                np.polyfit(a[b > 0.5], y[b > 0.5], 1)[0]
                - np.polyfit(a[b <= 0.5], y[b <= 0.5], 1)[0]
            ),
            "",
        ),
        "sign": (lambda a, b, y: -weight_normal_equations(a, b, y), "sign is not"),
        "all": (lambda a, b, y: ols("y ~ a * b", a, b, y).params, "only w3"),
        "additive weight": (lambda a, b, y: ols("y ~ a + b", a, b, y).params["b"], ""),
        "published figure": (lambda a, b, y: 1.29, ""),
        "rounded": (lambda a, b, y: round(weight_normal_equations(a, b, y), 3), ""),
        "absolute": (lambda a, b, y: abs(weight_normal_equations(a, b, y)), ""),
        "half": (lambda a, b, y: weight_normal_equations(a[::2], b[::2], y[::2]), ""),
        "half precision": (lambda a, b, y: np.float16(weight_torch(a, b, y)), ""),
        "0.2 per mille more": (lambda a, b, y: 1.0002 * weight_torch(a, b, y), ""),
        "ridge of 0.0001": (
            lambda a, b, y: np.linalg.solve(
                np.array(matrix_loop(a, b)).T @ matrix_loop(a, b) + 1e-4 * np.eye(4),
                np.array(matrix_loop(a, b)).T @ y,
            )[3],
            "",
        ),
        "first hundred": (lambda a, b, y: weight_torch(a[:100], b[:100], y[:100]), ""),
        "first 128": (lambda a, b, y: weight_torch(a[:128], b[:128], y[:128]), ""),
        "first ten": (lambda a, b, y: weight_normal_equations(a[:10], b[:10], y[:10]), ""),
        "ridge": (
            lambda a, b, y: np.linalg.solve(
                np.array(matrix_loop(a, b)).T @ matrix_loop(a, b) + np.eye(4),
                np.array(matrix_loop(a, b)).T @ y,
            )[3],
            "",
        ),
        "standardised": (
            lambda a, b, y: weight_torch((a - a.mean()) / a.std(), (b - b.mean()) / b.std(), y),
            "",
        ),
        "x_B as 0 and 1": (lambda a, b, y: weight_torch(a, (b > 0) * 1.0, y), ""),
        "signs": (
            lambda a, b, y: np.linalg.lstsq(np.c_[a**0, a, b, a * np.sign(b)], y, rcond=None)[0][3],
            "",
        ),
        "t value": (t_by_hand, ""),
        "standard error": (lambda a, b, y: ols("y ~ a * b", a, b, y).bse["a:b"], ""),
        "p-value": (lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["a:b"], ""),
        "covariances": (
            lambda a, b, y: np.cov(a * b, y)[0, 1] / np.var(a * b, ddof=1),
            "speaks for",
        ),
        "residual of y only": (
            lambda a, b, y: np.polyfit(a * b, residual(y, a, b), 1)[0],
            "fit the additive model first",
        ),
        "squares too": (
            lambda a, b, y: np.linalg.lstsq(np.c_[a**0, a, b, a * b, a**2, b**2], y, rcond=None)[0][
                3
            ],
            "",
        ),
        "w2 - w1": (
            lambda a, b, y: np.subtract(*ols("y ~ a * b", a, b, y).params.iloc[[2, 1]]),
            "",
        ),
        "sum of squares": (lambda a, b, y: ols("y ~ a * b", a, b, y).ssr, ""),
        "columns turned": (lambda a, b, y: weight_torch(y, b, a), ""),
        "clipped": (lambda a, b, y: np.clip(weight_torch(a, b, y).item(), -4, 4), ""),
    },
    "01-centred-effects": {
        "minus": (lambda w, m: w[[0, 2]] - w[[1, 3]] * m, "The sign"),
        "unchanged": (lambda w, m: w[0::2], "have moved|has moved"),
        "w0 only": (lambda w, m: [w @ [1, m, 0, 0], w[2]], "it moves too"),
        "w2 only": (lambda w, m: [w[0], w @ [0, 0, 1, m]], "moves with the slope"),
        "w1 twice": (lambda w, m: w[[0, 2]] + m * w[1], "holds x_A and x_B"),
        "exchanged": (lambda w, m: w[[0, 2]] + m * w[[3, 1]], "belongs to w0"),
        "shifted by the mean": (lambda w, m: w[::2] + m, "takes a weight"),
        "order": (lambda w, m: centred_by_prediction(w, m)[::-1], "w0 first"),
        "w3 in w0": (
            lambda w, m: [w[0] + m * w[1] + m * w[3], w[2] + m * w[3]],
            "no say",
        ),
        "w1, w3": (lambda w, m: w[1::2], "do not change"),
        "one number": (lambda w, m: w[0] + w[1] * m, ""),
        "rounded": (lambda w, m: np.round(centred_by_prediction(w, m), 3), ""),
        "absolute mean": (lambda w, m: centred_by_prediction(w, abs(m)), ""),
        "scaled": (lambda w, m: w[::2] * m, ""),
        "all four": (lambda w, m: [*w[:2], *w[2:]], "shape"),
        "w3 in neither": (lambda w, m: (w[0] + w[1] * m, w[2] + m), ""),
        "half": (lambda w, m: w[::2] + w[1::2] * m / 2, ""),
        "w2 added": (lambda w, m: (w[0] + w[1] * m, w[0] + w[2] + w[3] * m), ""),
        "w2 of w0": (lambda w, m: (w[0] + w[2] * m, w[1] + w[3] * m), ""),
        "w2 less": (lambda w, m: (w[0] + w[1] * m, w[2] - w[3] * m), ""),
        "w0 less": (lambda w, m: (w[0] - w[1] * m, w[2] + w[3] * m), ""),
        "mean taken off": (lambda w, m: w[::2] - m, ""),
        "whole": (lambda w, m: [int(x) for x in centred_by_prediction(w, m)], ""),
        "squared": (lambda w, m: (w[0] + w[1] * m, w[2] + w[3] * m * m), ""),
        "sum": (lambda w, m: sum(centred_by_prediction(w, m)), "shape"),
        "clipped": (lambda w, m: np.clip(centred_by_prediction(w, m), -9, 9), ""),
        "divided": (lambda w, m: w[::2] + w[1::2] / m, ""),
    },
    "01-needs-interaction": {
        "reversed": (lambda a, b, y: not needs_by_f_test(a, b, y), "speaks against"),
        "critic": (lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["b"] < 0.05, "own effect, w2"),
        "smiling": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["a"] < 0.05,
            "own effect, w1",
        ),
        "model": (lambda a, b, y: ols("y ~ a * b", a, b, y).f_pvalue < 0.05, "explains anything"),
        "no main effects": (
            lambda a, b, y: ols("y ~ a:b", a, b, y).pvalues["a:b"] < 0.05,
            "stands in for them",
        ),
        "R squared": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).rsquared > ols("y ~ a + b", a, b, y).rsquared,
            "always grows",
        ),
        "not zero": (lambda a, b, y: t_by_hand(a, b, y) != 0, "always grows"),
        "level 0.01": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["a:b"] < 0.01,
            "misses an interaction",
        ),
        "AIC": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).aic < ols("y ~ a + b", a, b, y).aic,
            "AIC is laxer",
        ),
        "BIC": (
            lambda a, b, y: ols("y ~ a * b", a, b, y).bic < ols("y ~ a + b", a, b, y).bic,
            "BIC is stricter",
        ),
        "gain of 0.01": (
            lambda a, b, y: (
                ols("y ~ a * b", a, b, y).rsquared - ols("y ~ a + b", a, b, y).rsquared > 0.01
            ),
            "gain in R²",
        ),
        "gain of 0.02": (
            lambda a, b, y: (
                ols("y ~ a * b", a, b, y).rsquared - ols("y ~ a + b", a, b, y).rsquared > 0.02
            ),
            "gain in R²",
        ),
        "partial R²": (
            lambda a, b, y: (
                1 - ols("y ~ a * b", a, b, y).ssr / ols("y ~ a + b", a, b, y).ssr > 0.04
            ),
            "gain in R²",
        ),
        "no intercept": (
            lambda a, b, y: ols("y ~ a * b - 1", a, b, y).pvalues["a:b"] < 0.05,
            "no intercept",
        ),
        "size": (lambda a, b, y: abs(weight_torch(a, b, y)) > 0.1, "units of y"),
        "never": (lambda a, b, y: False, "each time"),
        "|t| above 2": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 2, "same number"),
        "|t| above 1.984": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.984, "same number"),
        "|t| above 1.972": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.972, "same number"),
        "first 100 rows": (lambda a, b, y: needs_by_hand(a[:100], b[:100], y[:100]), ""),
        "first 300 rows": (lambda a, b, y: needs_by_hand(a[:300], b[:300], y[:300]), ""),
        "|t| above 1.96": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.96, "same number"),
        "|t| above 1.9": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.9, ""),
        "HC0": (robust("HC0"), "differ from row to row"),
        "HC1": (robust("HC1"), "differ from row to row"),
        "HC2": (robust("HC2"), "differ from row to row"),
        "HC3": (robust("HC3"), "differ from row to row"),
        "one-sided": (
            lambda a, b, y: t_by_hand(a, b, y) > stats.t.ppf(0.95, len(y) - 4),
            "either sign",
        ),
        "p-value": (lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["a:b"], "True or False"),
        "90 % interval": (
            lambda a, b, y: bool(np.prod(ols("y ~ a * b", a, b, y).conf_int(0.1).loc["a:b"]) > 0),
            "another level",
        ),
        "99 % interval": (
            lambda a, b, y: bool(np.prod(ols("y ~ a * b", a, b, y).conf_int(0.01).loc["a:b"]) > 0),
            "misses an interaction",
        ),
        "quantile of n - 1": (
            lambda a, b, y: abs(t_by_hand(a, b, y)) > stats.t.ppf(0.975, len(y) - 1),
            "Four weights",
        ),
        "quantile of n": (
            lambda a, b, y: abs(t_by_hand(a, b, y)) > stats.t.ppf(0.975, len(y)),
            "Four weights",
        ),
        "variance over n": (
            lambda a, b, y: abs(t_with(a, b, y, len(y))) > stats.t.ppf(0.975, len(y) - 4),
            "Four weights",
        ),
        "variance over n, normal": (lambda a, b, y: abs(t_with(a, b, y, len(y))) > 1.96, ""),
        "variance over n - 1": (
            lambda a, b, y: abs(t_with(a, b, y, len(y) - 1)) > stats.t.ppf(0.975, len(y) - 1),
            "Four weights",
        ),
        "normal, 90 %": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.645, ""),
        "|t| above 2.5": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 2.5, ""),
        "other side": (lambda a, b, y: t_by_hand(a, b, y) < -stats.t.ppf(0.95, len(y) - 4), ""),
        "level 0.025": (lambda a, b, y: ols("y ~ a * b", a, b, y).pvalues["a:b"] < 0.025, ""),
        "adjusted R²": (
            lambda a, b, y: (
                ols("y ~ a * b", a, b, y).rsquared_adj > ols("y ~ a + b", a, b, y).rsquared_adj
            ),
            "djusted R²",
        ),
        "any of the three": (
            lambda a, b, y: any(ols("y ~ a * b", a, b, y).pvalues.iloc[1:] < 0.05),
            "",
        ),
        "no x_B": (lambda a, b, y: ols("y ~ a + a:b", a, b, y).pvalues["a:b"] < 0.05, ""),
        "no x_A": (lambda a, b, y: ols("y ~ b + a:b", a, b, y).pvalues["a:b"] < 0.05, ""),
        "residual": (lambda a, b, y: stats.linregress(a * b, residual(y, a, b)).pvalue < 0.05, ""),
        "residuals, n - 2": (
            lambda a, b, y: stats.pearsonr(residual(a * b, a, b), residual(y, a, b))[1] < 0.05,
            "Four weights",
        ),
        "rounded": (lambda a, b, y: round(ols("y ~ a * b", a, b, y).pvalues["a:b"], 2) < 0.05, ""),
        "rounded, at most": (
            lambda a, b, y: round(ols("y ~ a * b", a, b, y).pvalues["a:b"], 2) <= 0.05,
            "",
        ),
        "centred inputs": (
            lambda a, b, y: ols("y ~ a * b", a - a.mean(), b - b.mean(), y).pvalues["b"] < 0.05,
            "",
        ),
        "F test of both": (
            lambda a, b, y: (
                ols("y ~ a * b", a, b, y).compare_f_test(ols("y ~ a", a, b, y))[1] < 0.05
            ),
            "",
        ),
        "two groups": (lambda a, b, y: ols("y ~ a * b", a, b > 0, y).pvalues["a:b"] < 0.05, ""),
    },
}
