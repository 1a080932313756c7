"""Answers to lesson 01's exercises, as learners might write them."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
import torch
from scipy import stats
from sklearn.linear_model import LinearRegression


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
        "F test": needs_by_f_test,
        "interval": needs_by_interval,
        "by hand": needs_by_hand,
        "t test": lambda a, b, y: bool(
            by_formula("y ~ a + b + a:b", a, b, y).pvalues.iloc[3] <= 0.05
        ),
    },
}

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
        "centred": (lambda a, b: matrix_loop(a - np.mean(a), b), "centred x_A"),
        "bool": (lambda a, b: np.c_[a, b] > 0, "type bool"),
        "in place": (matrix_in_place, "The right number, but you changed x_a"),
        "right for 0 and 1": (lambda a, b: np.c_[a**0, a, b, np.where(b == 1, a, 0)], ""),
        "right for positive": (lambda a, b: np.c_[a**0, a, b, a * abs(b)], ""),
        "and": (lambda a, b: np.c_[a**0, a, b, np.where((a != 0) & (b > 0), a, 0)], ""),
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
            "another level",
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
        "|t| above 2": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 2, "rule of thumb"),
        "|t| above 1.96": (lambda a, b, y: abs(t_by_hand(a, b, y)) > 1.96, "1.96 is for"),
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
    },
}
