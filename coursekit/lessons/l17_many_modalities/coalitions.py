"""What every set of modalities is worth, and three ways to say which one to add next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from coursekit.balancing.agm import coalitions, shapley
from coursekit.data.synthetic import Modality, Recipe, generate
from coursekit.lessons.l17_many_modalities.rows_at_once import Rows, RowSets, by_split, share_right
from coursekit.utils.checks import choose, require

Present = frozenset[str]
Accuracies = Mapping[Present, Tensor]  # (K,) per set, a number per seed
KERNELS = ("sum", "product")
WAYS = ("greedy", "Shapley", "all sets tried", "at random")
RIDGE = 100.0  # added to the diagonal
SYNERGY, COPY = "a pair that only works together", "a copy"


def every_set(
    data: RowSets, kernel: str = "sum", ridge: float = RIDGE
) -> dict[str, dict[Present, Tensor]]:
    """Accuracy of a ridge classifier taught on each set of modalities: split → set → (K,).

    Splits are "valid" and "test". In closed form, without training: with the products K = X Xᵀ of
    rows, answers are k (K + λ I)⁻¹ Y, Y one-hot, and K of a set is the sum over its modalities.
    The empty set answers with the commonest class.
    kernel: "sum"; "product" takes (1 + K / number of features)², so that numbers of two modalities
    are multiplied with each other, λ divided by the number of training rows.
    """
    choose("kernel", kernel, KERNELS)
    train, n = data.train, data.train.labels.shape[1]
    one_hot = torch.nn.functional.one_hot(train.labels, data.classes).double()
    one_hot = one_hot - one_hot.mean(1, keepdim=True)
    splits = {"train": train, "valid": data.valid, "test": data.test}
    products = {
        name: {m: _products(rows.inputs[m], x) for m, x in train.inputs.items()}
        for name, rows in splits.items()
    }
    reached: dict[str, dict[Present, Tensor]] = {"valid": {}, "test": {}}
    for present in coalitions(list(train.inputs)):
        strength = ridge if kernel == "sum" else ridge / n
        features = sum(data.widths[m] for m in present)
        k = {name: _kernel(own, present, kernel, features) for name, own in products.items()}
        if present:
            eye = torch.eye(n, dtype=torch.float64)
            weights = torch.cholesky_solve(
                one_hot, torch.linalg.cholesky(k["train"] + strength * eye)
            )
        for name, by_set in reached.items():
            labels = splits[name].labels
            logits = k[name] @ weights if present else _commonest(data, labels)
            by_set[present] = torch.tensor(share_right(logits, labels), dtype=torch.float64)
    return reached


def _kernel(own: Mapping[str, Tensor], present: Present, kernel: str, features: int) -> Tensor:
    """The products of a set of modalities, (K, n, N)."""
    k = sum((own[m] for m in sorted(present)), torch.zeros((), dtype=torch.float64))
    return k if kernel == "sum" or not present else (1 + k / features) ** 2


def _commonest(data: RowSets, labels: Tensor) -> Tensor:
    """Counts of each training class, as the answer to every row, (K, N, C)."""
    counts = [torch.bincount(y, minlength=data.classes) for y in data.train.labels]
    return torch.stack(counts)[:, None].expand(*labels.shape, -1)


def _products(x: Tensor, y: Tensor) -> Tensor:
    return x.double() @ y.double().transpose(1, 2)


def greedy_order(accuracies: Mapping[Present, float]) -> list[str]:
    """Modalities in the order in which each adds most to those before; ties go by name."""
    names = sorted(frozenset[str]().union(*accuracies))
    order: list[str] = []
    while len(order) < len(names):
        rest = [m for m in names if m not in order]
        order.append(max(rest, key=lambda m: accuracies[frozenset([*order, m])]))
    return order


def shapley_of(accuracies: Accuracies) -> dict[str, Tensor]:
    """Each modality's Shapley value, (K,)."""
    names = sorted(frozenset[str]().union(*accuracies))
    return dict(zip(names, shapley(accuracies), strict=True))


def shapley_order(accuracies: Accuracies, seed: int) -> list[str]:
    """Modalities by falling Shapley value of one seed, by its place."""
    worth = shapley_of(accuracies)
    return sorted(worth, key=lambda m: -float(worth[m][seed]))


def of_seed(accuracies: Accuracies, seed: int) -> dict[Present, float]:
    """The numbers of one seed, by its place."""
    return {s: float(a[seed]) for s, a in accuracies.items()}


def best_of_size(accuracies: Mapping[Present, float], size: int) -> Present:
    """The best set of so many."""
    require(size >= 1, f"size is {size}; 1 or more was expected.")
    return max((s for s in accuracies if len(s) == size), key=lambda s: (accuracies[s], sorted(s)))


def picked(valid: Accuracies, test: Accuracies, way: str) -> np.ndarray:
    """Test accuracy of the best 1, 2, … modalities by a way of picking on validation rows, (K, M).

    way: "greedy", "Shapley" (the most valuable ones), "all sets tried" or "at random", which is the
    mean over all sets of that size.
    """
    choose("way", way, WAYS)
    seeds, size = len(next(iter(valid.values()))), max(map(len, valid))
    rows = np.empty((seeds, size))
    for k in range(seeds):
        own = of_seed(valid, k)
        order = greedy_order(own) if way == "greedy" else shapley_order(valid, k)
        for i in range(1, size + 1):
            if way == "at random":
                every = [float(a[k]) for s, a in test.items() if len(s) == i]
                rows[k, i - 1] = np.mean(every)
                continue
            chosen = best_of_size(own, i) if way == "all sets tried" else frozenset(order[:i])
            rows[k, i - 1] = float(test[chosen][k])
    return rows


def generated_rows(case: str, seeds: Sequence[int]) -> RowSets:
    """Four modalities with known truth.

    SYNERGY: A and B show the class only together, C in 35 % of the samples, D in 25 %.
    COPY: A shows it in 55 %, B is A measured a second time, C and D as before.
    """
    choose("case", case, (SYNERGY, COPY))
    return _stacked([_four(case, seed) for seed in seeds], tuple(seeds))


def _four(case: str, seed: int) -> dict[str, tuple[dict[str, Tensor], Tensor]]:
    clear = Modality(amplitude=6.0)
    pair = Recipe({"A": clear, "B": clear}, synergistic=1.0)
    one_alone = Recipe({"A": clear}, unique={"A": 0.55})
    weak = Recipe({"C": clear, "D": clear}, unique={"C": 0.35, "D": 0.25})
    first = generate(_of_size(pair if case == SYNERGY else one_alone, 1), seed)
    second = generate(_of_size(weak, 2), seed + 1)  # more rows, to choose labels from
    parts = {}
    for split in ("train", "valid", "test"):
        one, two = getattr(first, split), getattr(second, split)
        places = same_labels(one.labels, two.labels)
        inputs = {**one.inputs, **{m: x[places] for m, x in two.inputs.items()}}
        if case == COPY:
            generator = torch.Generator().manual_seed(seed + len(split))
            again = torch.randn(inputs["A"].shape, generator=generator)
            inputs = {"A": inputs["A"], "B": inputs["A"] + 0.3 * again, **inputs}
        parts[split] = (dict(sorted(inputs.items())), one.labels)
    return parts


def _of_size(recipe: Recipe, times: int) -> Recipe:
    """Four classes, 500 rows to train on, 400 and 1000, or as often as that."""
    return replace(recipe, num_classes=4, train=500 * times, valid=400 * times, test=1000 * times)


def same_labels(labels: Tensor, others: Tensor) -> Tensor:
    """For each of ``labels`` the place of a row of ``others`` with that label, no row twice."""
    places = torch.empty_like(labels)
    for c in labels.unique():
        mine, there = (labels == c).nonzero().flatten(), (others == c).nonzero().flatten()
        few = f"others has {len(there)} rows of class {int(c)}; {len(mine)} were expected."
        require(len(there) >= len(mine), few)
        places[mine] = there[: len(mine)]
    return places


def _stacked(
    sets: Sequence[Mapping[str, tuple[dict[str, Tensor], Tensor]]], seeds: Sequence[int]
) -> RowSets:
    def rows(split: str) -> Rows:
        own = [one[split] for one in sets]
        inputs = {m: torch.stack([x[m] for x, _ in own]) for m in own[0][0]}
        return Rows(inputs, torch.stack([y for _, y in own]))

    return by_split(rows, seeds)
