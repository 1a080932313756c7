"""A generator with known truth: which modality carries the answer is decided sample by sample.

Every sample is of one kind. *Redundant*: all modalities show the class. *Unique to m*: only m shows
it, the others are silent. *Synergistic*: each modality shows a random class, and only their sum
(modulo the number of classes) is the answer. *Absent*: everything is silent. The shares of the
kinds are the information atoms, so the best possible accuracy is known exactly (`ceiling`).

A modality shows class c as ``± amplitude · code_c`` plus unit noise, with orthonormal codes. The
sign is + with probability (1 + linear)/2: at ``linear=0`` the class means are all zero, so that
cross-entropy draws a linear classifier nowhere (its best weights are zero), although a small
network can read the modality.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import torch
from torch import Tensor

from coursekit.data.multimodal import MultimodalData
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_instance,
    require_modality,
)


@dataclass(frozen=True)
class Modality:
    """How one modality shows its class.

    amplitude: length of the signal, in standard deviations of the noise.  noise: that deviation.
    linear: 1 = linearly readable, 0 = no class mean at all.  nuisance_std: 0 = none, else
    ``nuisance_dims`` strong dimensions are appended and everything is rotated, so that the signal
    lies in directions of low variance (a slow modality).  distractors: appended pure-noise
    dimensions.  gain: factor on the finished, z-scored features.
    """

    amplitude: float = 4.0
    noise: float = 1.0
    linear: float = 1.0
    nuisance_std: float = 0.0
    nuisance_dims: int = 8
    distractors: int = 0
    gain: float = 1.0

    def __post_init__(self) -> None:
        for name in ("amplitude", "noise", "nuisance_std", "gain"):
            value = getattr(self, name)
            require_finite(name, value)
            require(value >= 0, f"{name} is {value}; zero or a positive number was expected.")
        require_finite("linear", self.linear)
        require(0 <= self.linear <= 1, f"linear is {self.linear}; a number in [0, 1] was expected.")
        for name in ("nuisance_dims", "distractors"):
            require_count(name, getattr(self, name))


@dataclass(frozen=True)
class Recipe:
    """Shares of the kinds of samples, the modalities, and the sizes of the splits.

    redundant, unique[m], synergistic: shares in [0, 1] that sum to at most 1; the rest is absent.
    label_noise: share of training labels replaced by a random class.
    """

    modalities: Mapping[str, Modality]
    redundant: float = 0.0
    unique: Mapping[str, float] = field(default_factory=dict)
    synergistic: float = 0.0
    label_noise: float = 0.0
    num_classes: int = 6
    code_dims: int = 12
    train: int = 1000
    valid: int = 500
    test: int = 2000

    def __post_init__(self) -> None:
        for name in ("modalities", "unique"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                raise TypeError(f"{name} is {value!r}; a dictionary by modality was expected.")
        for m, modality in self.modalities.items():
            require_modality("modalities", m)
            if not isinstance(modality, Modality):
                raise TypeError(f"modalities[{m!r}] is {modality!r}; a Modality was expected.")
        require(len(self.modalities) > 0, "modalities is empty; at least one was expected.")
        strange = set(self.unique) - set(self.modalities)
        require(not strange, f"unique names {sorted(strange)}, which are not modalities.")
        for m, share in self.unique.items():
            require_finite(f"unique[{m!r}]", share)
        for name in ("redundant", "synergistic", "label_noise"):
            require_finite(name, getattr(self, name))
        require_count("num_classes", self.num_classes, 2)
        require_count("code_dims", self.code_dims, 2)
        for name, share in {**self.shares(), "label_noise": self.label_noise}.items():
            require(-1e-9 <= share <= 1, f"share {name} is {share:.3g}; [0, 1] was expected.")
        fits = 2 <= self.num_classes <= self.code_dims
        require(fits, f"num_classes is {self.num_classes}; 2 … code_dims={self.code_dims} fits.")
        require_count("train", self.train, 2)  # the deviation of one row does not exist
        require_count("valid", self.valid, 1)
        require_count("test", self.test, 1)

    def shares(self) -> dict[str, float]:
        """Share of every kind of sample, summing to one."""
        kinds = {"redundant": self.redundant}
        kinds |= {f"unique {m}": self.unique.get(m, 0.0) for m in self.modalities}
        kinds["synergistic"] = self.synergistic
        return kinds | {"absent": 1.0 - sum(kinds.values())}


def shown_classes(
    kind: str, label: int, others: tuple[int, ...], recipe: Recipe
) -> tuple[int, ...]:
    """What each modality shows for one sample: a class, or −1 for silence.

    others: the random classes that all modalities but the last show in a synergistic sample.
    """
    require_instance("recipe", recipe, Recipe)
    names, most = list(recipe.modalities), recipe.num_classes - 1
    choose("kind", kind, recipe.shares())
    require_count("label", label, 0, most)
    require_instance("others", others, tuple)
    for other in others:
        require_count("a class in others", other, 0, most)
    if kind == "redundant":
        return (label,) * len(names)
    if kind == "synergistic":
        want = f"{len(names) - 1} were expected."
        require(len(others) == len(names) - 1, f"others holds {len(others)} classes; {want}")
        return (*others, (label - sum(others)) % recipe.num_classes)
    return tuple(label if kind == f"unique {m}" else -1 for m in names)


def ceiling(recipe: Recipe, seen: tuple[str, ...] | None = None) -> float:
    """Best possible accuracy without noise for somebody who sees the modalities ``seen``.

    Exact, by listing every outcome: Σ over what is seen of max over labels of its probability.
    """
    require_instance("recipe", recipe, Recipe)
    require_instance("seen", seen, Sequence | None)
    names = tuple(recipe.modalities)
    columns = [names.index(choose("seen", m, names)) for m in (names if seen is None else seen)]
    weight: dict[tuple[int, ...], dict[int, float]] = {}
    for label, kind, others, probability in _outcomes(recipe):
        shown = shown_classes(kind, label, others, recipe)
        view = tuple(shown[c] for c in columns)
        labels = weight.setdefault(view, {})
        labels[label] = labels.get(label, 0.0) + probability
    return sum(max(labels.values()) for labels in weight.values())


def _outcomes(recipe: Recipe) -> Iterator[tuple[int, str, tuple[int, ...], float]]:
    classes = range(recipe.num_classes)
    free = len(recipe.modalities) - 1
    for label, (kind, share) in product(classes, recipe.shares().items()):
        draws = list(product(classes, repeat=free)) if kind == "synergistic" else [()]
        for others in draws:
            yield label, kind, others, share / (recipe.num_classes * len(draws))


def generate(
    recipe: Recipe, seed: int | torch.Generator = 0, name: str = "synthetic"
) -> MultimodalData:
    """Draw a data set: (N, D_m) float32 features per modality, labels (N,), kind (N,).

    Features are z-scored with training statistics, then multiplied by the modality's gain. Label
    noise touches training rows only. The same seed gives the same data bit for bit.
    seed: of a generator, or one that stands where drawing shall begin.
    """
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe is {recipe!r}; a Recipe was expected (or load_preset by name).")
    if isinstance(seed, torch.Generator):
        rng = seed
    else:
        require_count("seed", seed)
        rng = torch.Generator().manual_seed(seed)
    n = recipe.train + recipe.valid + recipe.test
    c = recipe.num_classes
    labels = torch.randint(c, (n,), generator=rng)
    shares = recipe.shares()
    probabilities = torch.tensor(list(shares.values())).clamp_min(0)
    kind = torch.multinomial(probabilities, n, replacement=True, generator=rng)
    others = torch.randint(c, (n, len(recipe.modalities) - 1), generator=rng)
    shown = _shown_table(recipe, labels, kind, others)
    rows = torch.arange(n).split([recipe.train, recipe.valid, recipe.test])
    inputs = {}
    for column, (m, modality) in enumerate(recipe.modalities.items()):
        x = _features(shown[:, column], modality, recipe, rng)
        train = x[rows[0]]
        x = (x - train.mean(0)) / train.std(0).clamp_min(1e-8)
        inputs[m] = (x * modality.gain).float()
    noisy = rows[0][torch.rand(recipe.train, generator=rng) < recipe.label_noise]
    labels[noisy] = torch.randint(c, (len(noisy),), generator=rng)
    return MultimodalData(
        name=name,
        inputs=inputs,
        labels=labels,
        group=torch.zeros(n, dtype=torch.int64),
        splits=dict(zip(("train", "valid", "test"), rows, strict=True)),
        classes=tuple(str(i) for i in range(c)),
        kind=kind,
        kind_names=tuple(shares),
    )


def _shown_table(recipe: Recipe, labels: Tensor, kind: Tensor, others: Tensor) -> Tensor:
    """(N, M) class shown by each modality, −1 = silence; `shown_classes` for all rows."""
    shown = torch.full((len(labels), len(recipe.modalities)), -1)
    for k, name in enumerate(recipe.shares()):
        rows = kind == k
        if name == "redundant":
            shown[rows] = labels[rows, None]
        elif name == "synergistic":
            last = (labels[rows] - others[rows].sum(1)) % recipe.num_classes
            shown[rows] = torch.cat([others[rows], last[:, None]], dim=1)
        elif name.startswith("unique "):
            column = list(recipe.modalities).index(name.removeprefix("unique "))
            shown[rows, column] = labels[rows]
    return shown


def _features(shown: Tensor, modality: Modality, recipe: Recipe, rng: torch.Generator) -> Tensor:
    """(N, D) raw features of one modality, float64."""
    n, q = len(shown), recipe.code_dims
    codes = _orthonormal(q, rng)[: recipe.num_classes]  # (C, q)
    plus = torch.rand(n, generator=rng) < (1 + modality.linear) / 2
    sign = plus.double() * 2 - 1
    visible = (shown >= 0).double()
    signal = modality.amplitude * (sign * visible)[:, None] * codes[shown.clamp_min(0)]
    x = signal + modality.noise * _normal(n, q, rng)
    if modality.nuisance_std > 0:
        strong = modality.nuisance_std * _normal(n, modality.nuisance_dims, rng)
        x = torch.cat([x, strong], dim=1)
        x = x @ _orthonormal(x.shape[1], rng)
    return torch.cat([x, _normal(n, modality.distractors, rng)], dim=1)


def _normal(n: int, d: int, rng: torch.Generator) -> Tensor:
    return torch.randn(n, d, generator=rng, dtype=torch.float64)


def _orthonormal(d: int, rng: torch.Generator) -> Tensor:
    q, _ = torch.linalg.qr(_normal(d, d, rng))
    return q
