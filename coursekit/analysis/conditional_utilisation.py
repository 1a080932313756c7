"""How much a modality's branch gains from what the other modalities send into it.

Wu and colleagues, Characterizing and Overcoming the Greedy Nature of Learning in Multi-modal Deep
Neural Networks (2022), https://arxiv.org/abs/2202.05306, section 3. For a model in which every
modality has a branch with logits of its own, and the branches reach each other by cross-modal
gates. Where one modality is learnt faster, the branches do not learn to use the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from coursekit.data.multimodal import Split
from coursekit.fusion.cross_modal_gate import CrossModalGate
from coursekit.models import MultimodalClassifier
from coursekit.training.evaluate import accuracy, predict
from coursekit.utils.checks import (
    require,
    require_callable,
    require_instance,
    require_list,
    require_mapping,
    require_present,
    require_share,
)
from coursekit.utils.precision import wide
from coursekit.utils.tensor_checks import require_batch, require_labels


@dataclass(frozen=True)
class ConditionalUtilisation:
    """What `measure_utilisation` finds, by branch.

    accuracy: with what the others send.  alone: with its training average in the place of it.
    rate: u(others | branch).  difference: d_util of the first two, None of more branches.
    """

    accuracy: dict[str, float]
    alone: dict[str, float]
    rate: dict[str, float]
    difference: float | None


def utilisation_rate(accuracy: float, alone: float) -> float:
    """u(m_1 | m_0) = [A(ŷ_0) − A(ŷ_0′)] / A(ŷ_0): the share of accuracy that m_1 brings.

    accuracy A(ŷ_0): of the branch of m_0, into which m_1 flows by the cross-modal gates.  alone
    A(ŷ_0′): of the same branch with that flow replaced by its average over the training rows.
    1 at most; below 0 where the branch does better without.
    Errors: ValueError for an accuracy of 0, of which nothing is a share, and outside [0, 1].
    Source: [Wu and colleagues 2022](https://arxiv.org/abs/2202.05306), section 3.
    """
    require_share("accuracy", accuracy)
    require_share("alone", alone)
    require(accuracy > 0, f"accuracy is {accuracy}; more than 0 was expected.")
    return (accuracy - alone) / accuracy


def utilisation_difference(accuracies: Sequence[float], alone: Sequence[float]) -> float:
    """d_util = u(m_1 | m_0) − u(m_0 | m_1): above 0, the model uses m_1 more than m_0.

    accuracies: A(ŷ_0), A(ŷ_1).  alone: A(ŷ_0′), A(ŷ_1′); see `utilisation_rate`.
    Errors: ValueError for other than two branches, and as in `utilisation_rate`.
    Source: [Wu and colleagues 2022](https://arxiv.org/abs/2202.05306), section 3.
    """
    for name, values in (("accuracies", accuracies), ("alone", alone)):
        require_list(name, values, "accuracies")
        require(
            len(values) == 2, f"{name} holds {len(values)}; two, one per branch, were expected."
        )
        for place, value in enumerate(values):
            require_share(f"{name}[{place}]", value)
            lowest = f"{name}[{place}] is {value}; more than 0 was expected."
            require(value > 0 or name == "alone", lowest)
    first, second = (utilisation_rate(a, b) for a, b in zip(accuracies, alone, strict=True))
    return first - second


def measure_utilisation(
    branches: Callable[[bool], Mapping[str, Tensor]], labels: Tensor
) -> ConditionalUtilisation:
    """u of every branch of a model and, of two branches, d_util, on rows that were held out.

    branches: given True, logits (N, C) of each modality's own branch, with what flows between
    them; given False, the same with every flow replaced by its average over the training rows.
    labels: (N,) in 0 … C − 1.
    Errors: TypeError or ValueError for no function, other branches the second time, fewer than
    two, logits that do not fit the labels, a branch that is never right.
    """
    require_callable("branches", branches)
    accuracies = []
    for flows in (True, False):
        logits = branches(flows)
        name = f"branches({flows})"
        require_mapping(name, logits, "logits")
        two = f"{name} names {list(logits)}; two branches or more were expected."
        require(len(logits) > 1, two)
        for m, x in logits.items():
            require_batch(f"{name}[{m!r}]", x, (None, None))
            require_labels("labels", labels, *x.shape)
        accuracies.append({m: accuracy(x, labels) for m, x in logits.items()})
    together, alone = accuracies
    require_present("branches(False)", alone, together, "branches(True) names")
    lost = [m for m, a in together.items() if a == 0]
    never = f"branches(True) of {lost} are never right, and a share of that is nothing"
    require(not lost, f"{never}; some right answers were expected.")
    rates = {m: utilisation_rate(a, alone[m]) for m, a in together.items()}
    first, second, *more = rates.values()
    difference = None if more else first - second
    return ConditionalUtilisation(together, {m: alone[m] for m in rates}, rates, difference)


@torch.no_grad()
def model_utilisation(
    model: MultimodalClassifier, train: Split, split: Split
) -> ConditionalUtilisation:
    """`measure_utilisation` of a classifier with cross-modal gates, on a split that was held out.

    What flows into a branch is what the others' features do to its gate; without it the gate sees
    their mean over the rows of ``train``, and the branch's own features as ever.
    Errors: TypeError for what is no model or split, ValueError for another fusion, or as in
    `measure_utilisation`.
    """
    require_instance("model", model, MultimodalClassifier)
    for name, part in (("train", train), ("split", split)):
        require_instance(name, part, Split)
    fusion = model.fusion
    what = getattr(fusion, "name", type(fusion).__name__)
    fits = isinstance(fusion, CrossModalGate)
    require(fits, f"model has the fusion {what!r}; 'cross-modal-gate' was expected.")
    assert isinstance(fusion, CrossModalGate)
    known = predict(model, train.inputs).features
    averages = {m: wide(z).mean(0).to(z) for m, z in known.items()}
    features = predict(model, split.inputs).features

    def branches(flows: bool) -> Mapping[str, Tensor]:
        gates = fusion.gates(features) if flows else fusion.gates_alone(features, averages)
        return fusion.branches(features, gates)

    return measure_utilisation(branches, split.labels)
