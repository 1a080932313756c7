"""RUBi: the question masks the logits; what it knows alone need not be learnt with pictures.

Cadene and colleagues, RUBi: Reducing Unimodal Biases for Visual Question Answering (2019),
https://arxiv.org/abs/1906.10169, section 3.2, equations 4 to 7.
"""

from torch import Tensor, nn

from coursekit.training.bias_ensembles import cross_entropy, require_logits_and_labels
from coursekit.utils.checks import require, require_count, require_flag, require_not_negative
from coursekit.utils.tensor_checks import require_dtype, require_weights


class QuestionMask(nn.Module):
    """What the question says by itself, and how it masks the logits.

    Two linear layers: ``answer`` reads the question's features, and its sigmoid is the mask;
    ``question`` reads what ``answer`` gives, c′ in the paper, for a loss of its own. In training
    only: at test time the logits answer without a mask.
    """

    def __init__(
        self, width: int, num_answers: int, detach: bool = True, second_layer: bool = True
    ) -> None:
        """width: of the question's features.  detach: no gradient into them, as in the paper.

        second_layer: whether there is ``question``; without it ``answer`` is judged itself.
        """
        super().__init__()
        require_count("width", width, 1)
        require_count("num_answers", num_answers, 1)
        require_flag("detach", detach)
        require_flag("second_layer", second_layer)
        self.answer = nn.Linear(width, num_answers)
        self.question = nn.Linear(num_answers, num_answers) if second_layer else nn.Identity()
        self.detach = detach

    def forward(self, features: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Masked logits and the question's own, (…, B, A) each, of features (…, B, width).

        Errors: TypeError for numbers of another type than the weights, ValueError for other shapes.
        """
        answers, width = self.answer.weight.shape
        require_dtype("features", features, self)
        require_dtype("logits", logits, self)
        shape, rows = tuple(features.shape), tuple(features.shape[:-1])
        fits = shape[-1:] == (width,)
        require(fits, f"features has shape {shape}; (…, B, {width}) was expected.")
        other, want = tuple(logits.shape), (*rows, answers)
        require(other == want, f"logits has shape {other}; {want} was expected.")
        alone = self.answer(features.detach() if self.detach else features)
        return logits * alone.sigmoid(), self.question(alone)


def rubi_loss(
    masked: Tensor, question: Tensor, labels: Tensor, question_weight: float = 1.0
) -> Tensor:
    """Cross entropy of the masked logits, and of the question's own times ``question_weight``.

    masked, question: (…, B, A) from `QuestionMask`.  labels (…, B) int64.  Axes before B are those
    of networks trained at once; the loss has them, and is a scalar where there are none.
    """
    require_not_negative("question_weight", question_weight)
    masked = require_logits_and_labels("masked", masked, labels)
    require_weights("question", question)
    shapes = tuple(question.shape), tuple(masked.shape)
    require(
        shapes[0] == shapes[1],
        f"question has shape {shapes[0]}; {shapes[1]}, as masked, was expected.",
    )
    question = require_logits_and_labels("question", question, labels)
    return cross_entropy(masked, labels) + question_weight * cross_entropy(question, labels)
