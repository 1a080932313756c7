"""Multi-loss: every modality's own head is trained along, all losses with the same weight."""

from collections.abc import Mapping
from typing import ClassVar

from coursekit.training.method import JOINT, Method, Neutral, Step
from coursekit.utils.checks import require_not_negative


class MultiLoss(Method):
    """loss = CE(joint) + Σ_m CE(head_m).

    The losses are added, not averaged: with M modalities the gradient is that of M + 1 losses.
    Source: [Kontras and colleagues 2024](https://arxiv.org/abs/2405.07930), eq. 3; as auxiliary
    losses [Wang, Tran, Feiszli 2020](https://arxiv.org/abs/1905.12681), section 3. Any fusion.
    unimodal: the weight of each unimodal loss.
    """

    name = "multi-loss"
    neutral: ClassVar[Neutral | None] = Neutral({"unimodal": 0.0})
    unimodal = 1.0  # of methods on top of it, which have settings of their own

    def __init__(self, unimodal: float = 1.0) -> None:
        require_not_negative("unimodal", unimodal)
        self.unimodal = unimodal

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for the joint head, ``unimodal`` for the others; heads of weight 0 are left out."""
        alone = dict.fromkeys(step.run.model.modalities, self.unimodal)
        return {JOINT: 1.0} | (alone if self.unimodal > 0 else {})
