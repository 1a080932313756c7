"""The small network of lesson 12 that answers questions about pictures."""

import torch
from torch import Tensor, nn

from coursekit.training.bias_ensembles import BiasFactor
from coursekit.training.rubi import QuestionMask

WIDTH = 48
Answers = dict[str, Tensor]


def _encoder(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))


class Answerer(nn.Module):
    """Two encoders, a head each, and a head that reads both and their product.

    Beside them stand what two of the cures train along: a `BiasFactor` and a `QuestionMask`. A
    training that asks for neither leaves them as they are.
    """

    def __init__(
        self, picture_width: int, question_width: int, num_answers: int, detach: bool = True
    ) -> None:
        """detach: whether RUBi's mask sends no gradient into the question's encoder."""
        super().__init__()
        self.see, self.read = _encoder(picture_width), _encoder(question_width)
        self.answer = nn.Linear(3 * WIDTH, num_answers)
        self.picture_head = nn.Linear(WIDTH, num_answers)
        self.question_head = nn.Linear(WIDTH, num_answers)
        self.factor = BiasFactor(3 * WIDTH)
        self.mask = QuestionMask(WIDTH, num_answers, detach)

    def forward(self, picture: Tensor, question: Tensor) -> Answers:
        """picture (B, cells, F): all cells through one encoder, then the largest of each number.
        question (B, V).

        Logits (B, A) by head: "joint", "picture", "question", RUBi's "masked" and "mask's own".
        "factor" (B,) is how far learned-mixin believes the bias.
        """
        seen, asked = self.see(picture).amax(-2), self.read(question)
        both = torch.cat([seen, asked, seen.tanh() * asked.tanh()], dim=-1)
        logits = self.answer(both)
        masked, own = self.mask(asked, logits)
        return {
            "joint": logits,
            "picture": self.picture_head(seen),
            "question": self.question_head(asked),
            "masked": masked,
            "mask's own": own,
            "factor": self.factor(both),
        }
