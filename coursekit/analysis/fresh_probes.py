"""Leakage: can somebody who comes afterwards read an attribute from frozen features or answers?"""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from coursekit.analysis.probes import probe
from coursekit.utils.checks import require, require_count, require_list, require_share
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_floats, require_labels

SIZES = (0, 16, 64)
LARGEST_SEED = 2**32 - 1  # of NumPy's older generator, which scikit-learn takes


def fresh_probes(
    features: Tensor, attribute: Tensor, test_features: Tensor, test_attribute: Tensor,
    sizes: Sequence[int] = SIZES, seed: int = 0,
) -> dict[int, float]:  # fmt: skip
    """Test accuracy of new readers of an attribute, by the size of their hidden layer.

    features: (N, D), frozen.  attribute: (N,), classes; let them be equally frequent and unrelated
    to the label, or the reader learns to guess by the label.  sizes: 0 is a logistic regression.
    A single small reader that fails proves nothing; look at the best.
    Source: Elazar and Goldberg (2018), https://arxiv.org/abs/1808.06640, section 5.
    Errors: TypeError or ValueError for what does not fit, for one class only.
    """
    require_list("sizes", sizes, "sizes of hidden layers")
    for size in sizes:
        require_count("a size in sizes", size)
    require_count("seed", seed, 0, LARGEST_SEED)
    for name, x in (("features", features), ("test_features", test_features)):
        require_floats(name, x)
    features, test_features = features.detach(), test_features.detach()
    return {
        size: probe(features, attribute, test_features, test_attribute)
        if size == 0
        else _hidden(features, attribute, test_features, test_attribute, size, seed)
        for size in sizes
    }


def flipped(labels: Tensor, accuracy: float, classes: int, seed: int = 0) -> Tensor:
    """The labels with so many of them replaced by wrong ones that ``accuracy`` of them are right.

    labels: (N,), 0 … classes − 1.  As many are exchanged as comes nearest; each gets one of the
    other classes, all equally likely.
    Errors: TypeError or ValueError for other labels, fewer than two classes, another accuracy.
    """
    require_count("classes", classes, 2)
    require_labels("labels", labels, None, classes)
    require_share("accuracy", accuracy)
    require_count("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    wrong = torch.randperm(len(labels), generator=generator)[round(accuracy * len(labels)) :]
    shift = torch.randint(1, classes, wrong.shape, generator=generator)
    changed = labels.clone()
    changed[wrong] = (labels[wrong] + shift) % classes
    return changed


def answer_leakage(
    answers: Tensor, attribute: Tensor, labels: Tensor, classes: int, seed: int = 0
) -> dict[str, float]:
    """What answers tell of an attribute beyond what equally accurate labels would.

    answers, labels: (N,), classes a model gives and the right ones.  attribute: (N,), classes.
    model: accuracy of the best guess of the attribute from the answer, labels: from the right class
    flipped at random to the model's accuracy; both fitted on the even rows and read on the odd
    ones.  leakage: model − labels, above 0 where the model amplifies.
    Source: Wang, Zhao, Yatskar, Chang and Ordonez (2019), https://arxiv.org/abs/1811.08489,
    section 3.
    Errors: TypeError or ValueError for what does not fit, for fewer than two rows.
    """
    require_count("classes", classes, 2)
    require_labels("labels", labels, None, classes)
    require_labels("answers", answers, len(labels), classes)
    require_labels("attribute", attribute, len(labels))
    require(len(labels) > 1, "labels has one row; two or more were expected.")
    right = float((answers == labels).double().mean())
    read = {
        "model": _best_guess(answers, attribute, classes),
        "labels": _best_guess(flipped(labels, right, classes, seed), attribute, classes),
    }
    return {**read, "leakage": read["model"] - read["labels"]}


def _best_guess(classes_of: Tensor, attribute: Tensor, classes: int) -> float:
    """Accuracy on the odd rows of guessing what is most frequent with each class in the even ones.

    A class that the even rows lack gets what is most frequent in all of them.
    """
    counts = torch.zeros(classes, int(attribute.max()) + 1)
    counts.index_put_((classes_of[::2], attribute[::2]), torch.tensor(1.0), accumulate=True)
    counts += 1e-3 * counts.sum(0)
    return float((counts.argmax(1)[classes_of[1::2]] == attribute[1::2]).double().mean())


def _hidden(
    features: Tensor, attribute: Tensor, test_features: Tensor, test_attribute: Tensor, size: int,
    seed: int,
) -> float:  # fmt: skip
    """Test accuracy of a network with one hidden layer of ``size``."""
    from sklearn.exceptions import ConvergenceWarning  # takes a second; not every kernel probes
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    require_batch("features", features, (None, None))
    require_batch("test_features", test_features, (None, features.shape[1]))
    require_labels("attribute", attribute, len(features))
    require_labels("test_attribute", test_attribute, len(test_features))
    require(len(attribute.unique()) > 1, "attribute holds one class only; two were expected.")
    reader = MLPClassifier((size,), alpha=1e-2, max_iter=60, early_stopping=False,
                           learning_rate_init=1e-2, batch_size=min(128, len(features)),
                           random_state=seed)  # fmt: skip
    model = make_pipeline(StandardScaler(), reader)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.asarray(not_half(features)), attribute.numpy())
    return float(model.score(np.asarray(not_half(test_features)), test_attribute.numpy()))
