"""Linear probes: how much of the answer a frozen encoder's features still hold."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.evaluate import predict
from coursekit.utils.checks import require, require_instance, require_positive
from coursekit.utils.precision import not_half
from coursekit.utils.tensor_checks import require_batch, require_labels


def probe(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor, c: float = 1.0
) -> float:
    """Test accuracy of a logistic regression on frozen features, (N, D) and (N,).

    c: inverse strength of the ridge penalty on standardised features (scikit-learn's C).  Half
    precision is fitted in float64.
    """
    from sklearn.exceptions import ConvergenceWarning  # takes a second; not every kernel probes
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    require_positive("c", c)
    require_batch("features", features, (None, None))
    require_batch("test_features", test_features, (None, features.shape[1]))
    require_labels("labels", labels, len(features))
    require_labels("test_labels", test_labels, len(test_features))
    require(len(labels.unique()) > 1, "labels holds one class only; two or more were expected.")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=300))
    # One thread: the products are tiny. An unconverged probe is still a fair lower bound.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(not_half(features).cpu().numpy(), labels.numpy())
    return float(model.score(not_half(test_features).cpu().numpy(), test_labels.numpy()))


def quick_probe(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    """`probe` in a millisecond: least squares on one-hot labels instead of a logistic regression.

    For curves over epochs; the two differ by a few hundredths.  Shapes as in `probe`.
    """
    require_batch("features", features, (None, None))
    require_batch("test_features", test_features, (None, features.shape[1]))
    require_labels("labels", labels, len(features))
    require_labels("test_labels", test_labels, len(test_features))
    return quick_probes(features[None], labels, test_features[None], test_labels)[0]


def quick_probes(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> list[float]:
    """`quick_probe` of K encoders at once: features (K, N, D), test_features (K, T, D), finite."""
    mean = features.double().mean(1, keepdim=True)
    x, test = ((z.double() - mean).cpu().numpy() for z in (features, test_features))
    y = torch.nn.functional.one_hot(labels).double().cpu().numpy()
    ridge = 1e-3 * np.square(x).sum((1, 2)) / x.shape[2]  # features may be constant, or copies
    # numpy's products of small matrices take half to a quarter of PyTorch's time.
    turned = x.swapaxes(1, 2)
    gram = turned @ x + np.maximum(ridge, 1e-12)[:, None, None] * np.eye(x.shape[2])
    scores = test @ np.linalg.solve(gram, turned @ (y - y.mean(0))) + y.mean(0)
    return (scores.argmax(2) == test_labels.cpu().numpy()).mean(1).tolist()


def probe_encoders(
    model: MultimodalClassifier, train: Split, test: Split, c: float = 1.0
) -> Mapping[str, float]:
    """Probe accuracy of every encoder of ``model``: fitted on ``train``, measured on ``test``."""
    require_instance("model", model, MultimodalClassifier)
    for name, split in (("train", train), ("test", test)):
        require_instance(name, split, Split)
    before = predict(model, train.inputs).features
    after = predict(model, test.inputs).features
    return {m: probe(before[m], train.labels, after[m], test.labels, c) for m in model.modalities}
