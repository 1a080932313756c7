"""G2D: unimodal teachers are followed, and whose teacher is better waits until half-time."""

from collections.abc import Mapping

import torch
from torch import Tensor

from coursekit.balancing.unimodal_scores import require_scores, true_class_scores
from coursekit.balancing.unimodal_teachers import Lesson, Taught
from coursekit.training.distillation import logit_distillation, teacher_distance
from coursekit.training.method import Neutral, Run, Step
from coursekit.utils.checks import require_not_negative, require_share
from coursekit.utils.precision import not_half
from coursekit.utils.share_counts import count_of


def priorities(scores: Tensor) -> Tensor:
    """k_m = 0 where teacher m scores above the weakest one, else 1; (M,).

    scores s: (M,), the teachers' batch sums of true-class probabilities, positive.  Returns (M,),
    which multiplies the step of modality m; half precision gives float64. At a tie nobody waits;
    the released code ends with an error there.
    Errors: ValueError for one modality, scores of 0 or less, NaN.
    Source: [G2D 2025](https://arxiv.org/abs/2506.21514), sequential modality prioritisation, for
    two modalities; that of more the weakest alone goes on: ours.
    """
    require_scores("scores", scores)
    return _priorities(scores)


def _priorities(scores: Tensor) -> Tensor:
    scores = not_half(scores)
    return torch.where(scores > scores.min(), 0.0, 1.0).to(scores.dtype)


class G2D(Taught):
    """CE(joint) + Σ_m [w KD(teacher m → joint logits) + v MSE(z_m, the teacher's z_m)]; k 0 or 1.

    Any fusion. In the first part of the training the step of every modality whose teacher scores
    above the weakest teacher is × 0: encoder, head and slice of the fusion (the released code:
    the gradients of convolutions).
    logit_weight w, feature_weight v: of the two terms.  share: the part of the epochs in which
    somebody waits.  epochs: of the teachers, None = as many as the student's.
    What stands still are weights: the batch norms of an encoder that waits go on following the
    data, for the joint answer is made of its features all the while.
    Source: [G2D 2025](https://arxiv.org/abs/2506.21514); temperature 1.
    """

    name = "g2d"
    neutral = Neutral({"logit_weight": 0.0, "feature_weight": 0.0, "share": 0.0})

    def __init__(
        self,
        logit_weight: float = 1.0,
        feature_weight: float = 1.0,
        share: float = 0.5,
        epochs: int | None = None,
    ) -> None:
        super().__init__(epochs)
        require_not_negative("logit_weight", logit_weight)
        require_not_negative("feature_weight", feature_weight)
        require_share("share", share)
        self.logit_weight, self.feature_weight, self.share = logit_weight, feature_weight, share

    @property
    def bound_to_epochs(self) -> str:
        """As of all teachers; and where somebody waits for a part of the epochs."""
        waits = "lets somebody wait for a share of the epochs" if 0 < self.share < 1 else ""
        return super().bound_to_epochs or waits

    @property
    def needs_teachers(self) -> bool:
        """Unless they are neither followed nor compared."""
        return self.logit_weight > 0 or self.feature_weight > 0 or self.share > 0

    def begin(self, run: Run) -> None:
        """No teacher has said anything yet."""
        super().begin(run)
        self.answers: dict[str, Lesson] = {}

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint loss and the two terms."""
        loss = super().loss(step, weights)
        self.answers = self.teachers.lessons(step.run, step.inputs)
        if self.logit_weight > 0:
            for lesson in self.answers.values():
                divergence = logit_distillation(step.prediction.joint, lesson.logits, 1.0)
                loss = loss + self.logit_weight * divergence
        if self.feature_weight > 0:
            features = [step.prediction.features[m] for m in self.answers]
            teachers = [lesson.features for lesson in self.answers.values()]
            loss = loss + self.feature_weight * teacher_distance(features, teachers)
        return loss

    def scales(self, step: Step) -> Mapping[str, float]:
        """0 for those who wait; nothing once their time has come."""
        if step.run.epoch > count_of(self.share, step.run.settings.epochs):
            return {}
        logits = [lesson.logits for lesson in self.answers.values()]
        k = _priorities(true_class_scores(logits, step.labels))
        return dict(zip(self.answers, k.tolist(), strict=True))
