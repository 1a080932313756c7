"""A gate over experts, its resource loss, and the nested gate at the fusion level."""

import re

import torch
from torch import nn
from torch.nn import functional as F

from coursekit.layers.skip_gate import first_alone_shares
from coursekit.models.gated_experts import GatedExperts, InputGate, picked
from coursekit.training.resource_loss import expected_cost, over_budget
from vector_checkers.scores import names_after
from vector_checkers.unimodal_bias import filled, gradient


class LinearExpert(nn.Module):
    """Logits from the first inputs side by side, as many as its weights read."""

    def __init__(self, case, name):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        filled(self.layer, case, f"{name}_weight", f"{name}_bias")

    def forward(self, inputs):
        together = torch.cat(list(inputs.values()), 1)
        return self.layer(together[:, : self.layer.weight.shape[1]])


def modality_case(case):
    """Forward, losses and gradients; a hard gate also row by row, each through its own expert."""
    inputs = {m: case.tensor(m) for m in case if m in ("text", "image", "audio", "video")}
    labels, hard = case.whole("labels"), case.flag("hard")
    names = sorted(
        key.removesuffix("_weight") for key in case if re.fullmatch(r"expert_\d+_weight", key)
    )
    experts = {name: LinearExpert(case, name) for name in names}
    gate = InputGate({m: x.shape[1] for m, x in inputs.items()}, len(names)).double()
    filled(gate.layers, case, "gate_weight", "gate_bias")
    model = GatedExperts(experts, gate, case.number("tau"), hard_training=hard)
    answer = model(inputs)
    case.same("gate_weights", answer.gate)
    case.same("output", answer.logits)
    if hard:
        own = picked([expert(inputs) for expert in experts.values()], answer.gate.argmax(1))
        case.same("output", own)
        case.same("output", model.eval()(inputs).logits)
    # Released: the mean share of the last expert.
    resource = expected_cost(answer.gate, [0.0] * (len(names) - 1) + [1.0])
    entropy = F.cross_entropy(answer.logits, labels)
    loss = entropy + case.number("lambda") * resource
    case.same("resource_loss", resource)
    case.same("cross_entropy", entropy)
    case.same("loss", loss)
    for key in names_after(case, "expected_mflops_of_"):
        costs = [float(number) for number in key.split("_and_")]
        case.same(f"expected_mflops_of_{key}", expected_cost(answer.gate, costs))
    parameters = {"gate_weight": gate.layers.weight, "gate_bias": gate.layers.bias}
    for name, expert in experts.items():
        parameters |= {f"{name}_weight": expert.layer.weight, f"{name}_bias": expert.layer.bias}
    for key in names_after(case, "grad_"):
        case.same(f"grad_{key}", gradient(loss, parameters[key]))


def fusion_level(entry):
    """Shares that are without the second modality at each stage, costs, and the hinge."""
    gate = entry.tensor("gate_weights")
    (key,) = names_after(entry, "share_of_first_modality_only")
    entry.same(f"share_of_first_modality_only{key}", first_alone_shares(gate))
    cost = expected_cost(gate, entry.tensor("depth_encoder_gflops").tolist())
    entry.same("expected_gflops", cost)
    released = cost / gate.shape[1]
    entry.same("resource_term", released)
    for budget in names_after(entry, "budget_hinge_at_"):
        entry.same(f"budget_hinge_at_{budget}", over_budget(released, float(budget)))


CHECKERS = {
    "dynmm_forward.json": {"cases": modality_case, "fusion_level_transcribed": fusion_level},
}
