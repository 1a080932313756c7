"""How much of a model's accuracy each modality is worth, and how unequal they are.

Shapley, A Value for n-Person Games (1953): a modality's worth is what it adds to the accuracy, mean
over all orders in which the modalities may come in. The worth of a set of modalities is the model's
accuracy when the inputs of all others are replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.analysis.missing_modality import FILLS, filled
from coursekit.balancing.agm import coalitions, shapley
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.evaluate import accuracy, largest, predict
from coursekit.utils.checks import (
    choose,
    require,
    require_count,
    require_finite,
    require_instance,
    require_mapping,
    require_present,
    require_share,
)
from coursekit.utils.tensor_checks import require_labels

MOST_MODALITIES = 6  # 64 sets, each of which is one pass over the test rows


@dataclass(frozen=True)
class ShapleyImbalance:
    """What `shapley_imbalance` finds.

    worth: φ_m by modality, in shares of all test rows.  degree: max φ − min φ.  accuracies: by set
    of modalities that are present, the empty one among them.
    """

    worth: dict[str, float]
    degree: float
    accuracies: dict[frozenset[str], float]


def shapley_imbalance(
    model: MultimodalClassifier, train: Split, test: Split, fill: str = "mean"
) -> ShapleyImbalance:
    """Each modality's worth φ_m and the degree of imbalance of a trained model.

    Arguments and errors: see `coalition_accuracies`.  Σ_m φ_m is the test accuracy less chance.
    """
    accuracies = coalition_accuracies(model, train, test, fill)
    worth = shapley_values(accuracies)
    return ShapleyImbalance(worth, imbalance_degree(worth), accuracies)


def coalition_accuracies(
    model: MultimodalClassifier, train: Split, test: Split, fill: str = "mean"
) -> dict[frozenset[str], float]:
    """Test accuracy by set of modalities that are present, 2^M sets; M from 2 to 6.

    The inputs of absent modalities are the same for every row.
    fill: what they are, "mean" of the training rows, number by number, or "zeros"; a model has
    learnt about neither. The empty set's value is `chance_level` of the training labels, not what
    the model says of replaced inputs alone: that depends on the fill.
    Errors: ValueError for one modality or more than six, a split that lacks one or has no rows;
    TypeError for other models and splits, those of rows on disk among them.
    """
    require_instance("model", model, MultimodalClassifier)
    names, most = list(model.modalities), MOST_MODALITIES
    fits = 2 <= len(names) <= most
    require(fits, f"model reads {names}; two to {most} modalities were expected.")
    for name, split in (("train", train), ("test", test)):
        require_instance(name, split, Split)
        require_present(name, split.inputs, names)
        require(len(split) > 0, f"{name} has no rows; one or more were expected.")
    choose("fill", fill, FILLS)
    replaced = {m: filled(test.inputs, m, fill, train.inputs)[m] for m in names}
    by_chance = chance_level(train.labels, test.labels, model.num_classes)
    accuracies = {frozenset[str](): by_chance}
    for present in coalitions(names)[1:]:
        inputs = {m: test.inputs[m] if m in present else replaced[m] for m in names}
        accuracies[present] = accuracy(predict(model, inputs).joint, test.labels)
    return accuracies


def chance_level(train_labels: Tensor, labels: Tensor, num_classes: int) -> float:
    """Accuracy on ``labels`` of always giving the commonest class of ``train_labels``.

    The best that can be done without any input. With as many rows of each class it is 1/C. Of two
    that are as common the lower class is given.
    train_labels, labels: (N,) and (n,) in 0 … C − 1.  num_classes: C.
    Errors: TypeError or ValueError for what are no classes, and for no rows.
    """
    require_count("num_classes", num_classes, 1)
    require_labels("train_labels", train_labels, None, num_classes)
    require_labels("labels", labels, None, num_classes)
    commonest = largest(torch.bincount(train_labels, minlength=num_classes))
    return float((labels == commonest.to(labels.device)).double().mean())


def shapley_values(accuracies: Mapping[frozenset[str], float]) -> dict[str, float]:
    """φ_m = Σ_S |S|! (M − |S| − 1)! / M! · (A(S ∪ {m}) − A(S)), by modality in sorted order.

    accuracies A: by set of modalities, every set, the empty one too, in [0, 1]; M from 1 to 6.
    Σ_m φ_m = A(all) − A(nobody). φ may be negative: a modality may do harm.
    Errors: TypeError for no dictionary, ValueError for a set that is missing, a number outside
    [0, 1], too many modalities.
    Source: Shapley 1953; the equation is that of `coursekit.balancing.agm.shapley`.
    """
    require_mapping("accuracies", accuracies, "accuracies by set of modalities")
    for present, value in accuracies.items():
        require_instance("a set in accuracies", present, frozenset)
        require_share(f"accuracies[{sorted(present)}]", value)
    names = sorted(frozenset[str]().union(*accuracies))
    fits = 1 <= len(names) <= MOST_MODALITIES
    require(fits, f"accuracies names {names}; one to {MOST_MODALITIES} modalities were expected.")
    for present in coalitions(names):
        missing = f"accuracies lacks {sorted(present)}; every set, the empty one too, was expected."
        require(present in accuracies, missing)
    values = {s: torch.tensor(float(a), dtype=torch.float64) for s, a in accuracies.items()}
    return dict(zip(names, (float(x) for x in shapley(values)), strict=True))


def imbalance_degree(worth: Mapping[str, float]) -> float:
    """max_m φ_m − min_m φ_m: 0 where all modalities are worth the same.

    worth φ: by modality, two or more, see `shapley_values`. That it is this difference is ours: it
    is in shares of rows, as accuracies are, means the same for any number of modalities, and does
    not hang on what the empty set is worth, which moves every φ alike.
    Errors: TypeError for no dictionary, ValueError for one modality or numbers that are not finite.
    """
    require_mapping("worth", worth, "Shapley values")
    require(len(worth) > 1, f"worth names {list(worth)}; two modalities or more were expected.")
    for m, value in worth.items():
        require_finite(f"worth[{m!r}]", value)
    return float(max(worth.values()) - min(worth.values()))
