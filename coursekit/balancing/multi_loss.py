"""Multi-loss: every modality's own head is trained along, all losses with the same weight."""

from collections.abc import Mapping

from coursekit.training.method import JOINT, Method, Step


class MultiLoss(Method):
    """loss = CE(joint) + Σ_m CE(head_m).

    The losses are added, not averaged: with M modalities the gradient is that of M + 1 losses.
    Source: [Kontras and colleagues 2024](https://arxiv.org/abs/2405.07930), eq. 3; as auxiliary
    losses [Wang, Tran, Feiszli 2020](https://arxiv.org/abs/1905.12681), section 3. Any fusion.
    """

    name = "multi-loss"

    def weights(self, step: Step) -> Mapping[str, float]:
        """1 for every head."""
        return dict.fromkeys((JOINT, *step.run.model.modalities), 1.0)
