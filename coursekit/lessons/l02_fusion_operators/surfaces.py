"""What function of two numbers an operator learns: targets on a square, a fit, its additive part.

x_A and x_B are one number each in [−1, 1], seen by two encoders (or by none); the operator gives
one number. Targets are known without noise on a regular grid, so R² tells what the model can and
does express, and nothing about generalising.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from coursekit import fusion
from coursekit.layers.initialise import initialise
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training.optimizers import Adam
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_instance,
    require_positive,
)
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

SIDE = 41  # points along an edge of the grid on which a surface is drawn and R² measured
TRAIN_SIDE = 10  # … of the grid that is trained on
STEPS = 150
RATES = (0.002, 0.01, 0.05)  # of Adam, to choose from
ENCODERS = ("none", "mlp")
WIDTHS = (16, 16)  # of the encoders
PAUSE = 10  # steps between two points where a training may be abandoned

SHAPES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "product": lambda a, b: a * b,
        "signs": lambda a, b: torch.tanh(8 * a) * torch.tanh(8 * b),  # + where the signs agree
        "switch": lambda a, b: torch.sigmoid(16 * a) * b,  # B counts only where A is positive
    }
)


@dataclass(frozen=True)
class Target:
    """y = w_a · x_A + w_b · x_B + w_ab · shape(x_A, x_B), shape one of SHAPES."""

    w_a: float
    w_b: float
    w_ab: float
    shape: str = "product"

    def __post_init__(self) -> None:
        for name in ("w_a", "w_b", "w_ab"):
            require_finite(name, getattr(self, name))
        choose("shape", self.shape, SHAPES)

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """Tensors of one shape, returns the same shape."""
        return self.w_a * a + self.w_b * b + self.w_ab * SHAPES[self.shape](a, b)


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "sum": Target(1, 1, 0),
        "product": Target(0, 0, 1, "product"),
        "signs": Target(0, 0, 1, "signs"),
        "switch": Target(0, 0, 1, "switch"),
    }
)


@dataclass(frozen=True)
class Surface:
    """A target and what was learnt of it; target, learnt: (N, N), rows x_A, columns x_B."""

    target: np.ndarray
    learnt: np.ndarray

    @property
    def r2(self) -> float:
        """1 − Σ(target − learnt)² / Σ(target − mean)²; NaN for a target that does not vary."""
        spread = float(((self.target - self.target.mean()) ** 2).sum())
        wrong = float(((self.target - self.learnt) ** 2).sum())
        return 1 - wrong / spread if spread > 1e-12 else float("nan")

    @property
    def additive(self) -> np.ndarray:
        """The additive projection of what was learnt, (N, N)."""
        return additive_part(self.learnt)

    @property
    def residual(self) -> np.ndarray:
        """What no function f(x_A) + g(x_B) can say of what was learnt, (N, N)."""
        return self.learnt - self.additive

    @property
    def interaction(self) -> float:
        """Share of the learnt surface's variance in the residual; NaN where it hardly varies."""
        flat = self.learnt.var() < 1e-4 * self.target.var()
        return float("nan") if flat else share(self.residual, self.learnt)


def additive_part(surface: np.ndarray) -> np.ndarray:
    """Row mean + column mean − mean, the nearest f(x_A) + g(x_B). surface: (N, K); returns (N, K).

    On the diagonal of a square grid it is `coursekit.analysis.emap.project`.
    Errors: ValueError when the surface has another rank, is empty or not finite.
    """
    require_instance("surface", surface, np.ndarray)
    shape = np.shape(surface)
    fits = len(shape) == 2 and 0 not in shape
    require(fits, f"surface has shape {shape}; (N, K) with N, K ≥ 1 was expected.")
    require(bool(np.isfinite(surface).all()), "surface contains NaN or infinite values.")
    rows, columns = surface.mean(axis=1, keepdims=True), surface.mean(axis=0, keepdims=True)
    return rows + columns - surface.mean()


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Variance of ``part`` over that of ``whole``; NaN where the whole does not vary."""
    for name, values in (("part", part), ("whole", whole)):
        require_instance(name, values, np.ndarray)
        require(values.size > 0, f"{name} has shape {values.shape}; numbers were expected.")
        require(bool(np.isfinite(values).all()), f"{name} contains NaN or infinite values.")
    spread = float(whole.var())
    return float(part.var()) / spread if spread > 1e-12 else float("nan")


def grid(side: int) -> tuple[Tensor, Tensor]:
    """x_A and x_B, (side, side) each, from −1 to 1; x_A changes along the rows."""
    require_count("side", side, 2)
    t = torch.linspace(-1, 1, side)
    a, b = torch.meshgrid(t, t, indexing="ij")
    return a, b


class Direct(nn.Identity):
    """No encoder: the number itself is the feature."""

    out_features = 1


def build_model(operator: str, encoder: str = "mlp", seed: int = 0) -> MultimodalClassifier:
    """Encoders of one number each, "mlp" or "none", and ``operator`` on top; one output."""
    choose("operator", operator, fusion.names())
    require_count("seed", seed)
    if choose("encoder", encoder, ENCODERS) == "mlp":
        example = {"A": torch.zeros(1, 1), "B": torch.zeros(1, 1)}
        return build_classifier(example, 1, fusion=operator, widths=WIDTHS, seed=seed)
    joint = fusion.build(operator, {"A": 1, "B": 1}, 1)
    model = MultimodalClassifier({"A": Direct(), "B": Direct()}, joint, 1)
    initialise(model, seed)
    return model


def learn_stepwise(
    operator: str,
    target: Target,
    *,
    encoder: str = "mlp",
    rate: float = RATES[1],
    count: int = STEPS,
    seed: int = 0,
) -> Generator[None, None, Surface]:
    """Fit ``operator`` to ``target`` by ``count`` full-batch steps of Adam at ``rate``.

    A generator that pauses every few steps, so that an explorer can drop work that is overtaken.
    Its return value is the Surface. The seed draws the first weights; while training the target
    is scaled to unit variance.
    """
    if not isinstance(target, Target):
        raise TypeError(f"target is a {type(target).__name__}; a Target was expected.")
    require_count("count", count, 1)
    require_count("seed", seed)
    require_positive("rate", rate)
    model = build_model(operator, encoder, seed)
    a, b = grid(TRAIN_SIDE)
    x, y = _inputs(a, b), target(a, b).reshape(-1, 1)
    mean, scale = y.mean(), y.std().clamp_min(1e-6)
    learning = [p for name, p in model.named_parameters() if not name.startswith("heads")]
    optimizer = Adam(learning, lr=rate, fused=True)
    for done in range(0, count, PAUSE):
        with threads(1):
            for _ in range(min(PAUSE, count - done)):
                loss = ((model(x).joint - (y - mean) / scale) ** 2).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        yield
    return _surface(model, target, float(mean), float(scale))


def learn(operator: str, target: Target, **options: object) -> Surface:
    """Drive `learn_stepwise` to its end; ``options``: encoder, rate, count, seed."""
    return drive(learn_stepwise(operator, target, **options))  # type: ignore[arg-type]


def _inputs(a: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"A": a.reshape(-1, 1), "B": b.reshape(-1, 1)}


@torch.no_grad()
def _surface(model: MultimodalClassifier, target: Target, mean: float, scale: float) -> Surface:
    a, b = grid(SIDE)
    with threads(1):
        learnt = model(_inputs(a, b)).joint.reshape(SIDE, SIDE).double() * scale + mean
    return Surface(target(a, b).double().numpy(), learnt.numpy())
