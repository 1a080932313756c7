"""The explorer of lesson 01: two lines, their slopes, and what one fit makes of both."""

import numpy as np

from coursekit.course.widgets.controls import Slider
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.lessons.l01_additive_or_multiplicative.explorer_view import LinesView, TwoFits

# The lecture's interaction model (w0, w1, w2, w3) and its 300 reviews, 115 by critics; smiling has
# mean about 0.97 and standard deviation 0.55, in tens of percentage points.
PUBLISHED = (5.79, 0.68, -2.94, 1.29)
NON_CRITICS, CRITICS = 185, 115
SMILING_SHAPE, SMILING_SCALE = 3.1, 0.313


def fit_two_lines(w1: float, w2: float, w3: float, noise: float, seed: int) -> TwoFits:
    """Simulate reviews with these coefficients and fit both models by least squares."""
    rng = np.random.default_rng(int(seed))
    n = NON_CRITICS + CRITICS
    x = rng.gamma(SMILING_SHAPE, SMILING_SCALE, n)
    critic = np.repeat((0, 1), (NON_CRITICS, CRITICS))
    clean = PUBLISHED[0] + w1 * x + w2 * critic + w3 * x * critic
    score = clean + noise * rng.standard_normal(n)
    additive, r2_additive = _least_squares(np.c_[np.ones(n), x, critic], score)
    full, r2_full = _least_squares(np.c_[np.ones(n), x, critic, x * critic], score)
    return TwoFits(x, critic, score, additive, full, r2_additive, r2_full)


def _least_squares(design: np.ndarray, score: np.ndarray) -> tuple[tuple[float, ...], float]:
    """Coefficients (k,) and R²; a score that does not vary has R² 0."""
    w = np.linalg.lstsq(design, score, rcond=None)[0]
    spread = float(((score - score.mean()) ** 2).sum())
    residual = float(((score - design @ w) ** 2).sum())
    return tuple(map(float, w)), 1 - residual / spread if spread > 1e-12 else 0.0


@put_off()
def lines() -> Explorer:
    """Lesson 01: one line or two?"""
    _, w1, w2, w3 = PUBLISHED
    return Explorer(
        key="lines",
        title="One slope or two?",
        question=(
            "Start from “published”. What must w3 be for the dashed lines to cover the solid ones? "
            "Then find a setting in which smiling helps critics and hurts non-critics: what does "
            "the additive fit say about smiling there?"
        ),
        controls={
            "w1": Slider("w1, smiling", -4.0, 4.0, 0.1, w1, fine=0.01),
            "w2": Slider("w2, critic", -4.0, 4.0, 0.1, w2, fine=0.01),
            "w3": Slider("w3, smiling × critic", -4.0, 4.0, 0.1, w3, fine=0.01),
            "noise": Slider("noise, sd", 0.0, 2.0, 0.1, 0.8),
            "seed": Slider("seed", 0, 99, 1, 0),
        },
        compute=fit_two_lines,
        make_view=LinesView,
        presets={
            "published": {"w1": w1, "w2": w2, "w3": w3},
            "additive": {"w3": 0.0},
            "pure interaction": {"w1": 0.0, "w2": 0.0, "w3": 2.0},
        },
    )
