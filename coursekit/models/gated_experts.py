"""A gate over experts: which of several networks answers for a sample.

Xue and Marculescu, Dynamic Multimodal Fusion (DynMM, 2023), https://arxiv.org/abs/2204.00102,
decisions at the modality level: experts read some of the modalities or all, the gate all of them.
`coursekit.fusion.hard_gate` chooses between features; here whole answers are chosen between, and
what is not chosen need not be computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from coursekit.fusion.hard_gate import straight_through
from coursekit.models.classifier import Prediction
from coursekit.utils.checks import (
    require,
    require_count,
    require_flag,
    require_instance,
    require_mapping,
    require_modality,
    require_positive,
    require_present,
    require_share,
)
from coursekit.utils.tensor_checks import (
    require_batch,
    require_dtype,
    require_labels,
    require_module_names,
    require_same_batches,
)


def weighted_answer(outputs: Sequence[Tensor], gate: Tensor) -> Tensor:
    """Σ_k g_k E_k(x), (B, C).  outputs: (B, C), one per expert.  gate g: (B, K)."""
    require_same_batches("outputs", outputs)
    require_batch("gate", gate, (len(outputs[0]), len(outputs)))
    return (gate.unsqueeze(2) * torch.stack(list(outputs), 1)).sum(1)


def picked(outputs: Sequence[Tensor], choice: Tensor) -> Tensor:
    """The output of the chosen expert, row by row, (B, C).

    outputs: (B, C), one per expert.  choice: (B,), int64, from 0.
    """
    require_same_batches("outputs", outputs)
    require_labels("choice", choice, len(outputs[0]), len(outputs))
    return torch.stack(list(outputs))[choice, torch.arange(len(choice), device=choice.device)]


def gate_temperature(progress: float, first: float = 1.0, last: float = 0.001) -> float:
    """τ = first · (last / first)^progress: exponential decay.  progress: in [0, 1], of training.

    first, last: positive. A nearly hard softmax has hardly a gradient: at τ = .001 it is zero as
    soon as two logits are .2 apart (in float32), and the gate stays what it is.
    """
    require_share("progress", progress)
    require_positive("first", first)
    require_positive("last", last)
    return first * (last / first) ** progress


class InputGate(nn.Module):
    """Logits (B, K) over K experts from all inputs side by side: linear, or with a hidden layer."""

    def __init__(self, widths: Mapping[str, int], experts: int, hidden: int = 0) -> None:
        """widths: numbers per row of each modality's input.  hidden: units, 0 = a linear gate."""
        super().__init__()
        require_mapping("widths", widths, "numbers")
        for m, width in widths.items():
            require_modality("widths", m)
            require_count(f"widths[{m!r}]", width, 1)
        require_count("experts", experts, 1)
        require_count("hidden", hidden)
        self.widths = dict(widths)
        total = sum(widths.values())
        last = nn.Linear(hidden or total, experts)
        self.layers: nn.Module = last
        if hidden:
            self.layers = nn.Sequential(nn.Linear(total, hidden), nn.ReLU(), last)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, …) by modality → (B, K)."""
        require_present("inputs", inputs, self.widths, "the gate reads")
        parts = [inputs[m] for m in self.widths]
        for (m, width), x in zip(self.widths.items(), parts, strict=True):
            require_dtype(f"inputs[{m!r}]", x, self)
            require_batch(f"inputs[{m!r}]", x.flatten(1), (len(parts[0]), width))
        return self.layers(torch.cat([x.flatten(1) for x in parts], dim=1))


@dataclass(frozen=True)
class GatedAnswer:
    """logits: (B, C).  gate: (B, K), the experts' shares; one-hot of a hard gate."""

    logits: Tensor
    gate: Tensor


class GatedExperts(nn.Module):
    """Experts and a gate: all of them, weighted, in training; each row's own one in evaluation.

    experts: by name, the cheap ones first; each is called with the inputs by modality and gives
    logits (B, C), or a `Prediction`, whose joint logits count.  gate: from inputs to logits (B, K),
    an `InputGate` say.  temperature τ > 0: may be lowered along the way, `gate_temperature`.
    hard_training: one-hot in training, too, with the gradient of the softmax
    (`coursekit.fusion.straight_through`). Every expert is run then all the same: nothing is saved
    before evaluation, where a batch is split by expert.
    """

    def __init__(
        self,
        experts: Mapping[str, nn.Module],
        gate: nn.Module,
        temperature: float = 1.0,
        hard_training: bool = False,
    ) -> None:
        super().__init__()
        require_mapping("experts", experts, "modules")
        require_module_names("experts", experts)
        for name, expert in experts.items():
            require_instance(f"experts[{name!r}]", expert, nn.Module)
        require_instance("gate", gate, nn.Module)
        require_positive("temperature", temperature)
        require_flag("hard_training", hard_training)
        self.experts = nn.ModuleDict(experts)
        self.gate = gate
        self.temperature = temperature
        self.hard_training = hard_training

    def forward(self, inputs: Mapping[str, Tensor]) -> GatedAnswer:
        """Inputs by modality → logits and the gate."""
        require_mapping("inputs", inputs, "tensors")
        logits = self.gate(inputs)
        experts = len(self.experts)
        require_batch("what the gate gives", logits, (None, experts))
        hard = self.hard_training or not self.training
        g = straight_through(logits, self.temperature, hard)
        if self.training:
            return GatedAnswer(weighted_answer([_logits(e(inputs)) for e in self._all()], g), g)
        return GatedAnswer(self._split(inputs, g.argmax(1)), g)

    def _all(self) -> list[nn.Module]:
        return list(self.experts.values())

    def _split(self, inputs: Mapping[str, Tensor], choice: Tensor) -> Tensor:
        """The rows of each expert through that expert alone, and back into their order."""
        rows, answers = [], []
        for k, expert in enumerate(self._all()):
            own = (choice == k).nonzero().flatten()
            if len(own):
                rows.append(own)
                answers.append(_logits(expert({m: x[own] for m, x in inputs.items()})))
        order = torch.cat(rows).argsort()
        return torch.cat(answers)[order]


def _logits(answer: Tensor | Prediction) -> Tensor:
    """The logits of an expert's answer, (B, C)."""
    logits = answer.joint if isinstance(answer, Prediction) else answer
    sentence = f"experts has one that gives a {type(logits).__name__}; logits were expected."
    require(isinstance(logits, Tensor), sentence)
    return logits
