"""UMT: every encoder learns to see what a teacher of its modality alone has learnt to see."""

from collections.abc import Mapping

from torch import Tensor

from coursekit.balancing.unimodal_teachers import Taught
from coursekit.training.distillation import teacher_distance
from coursekit.training.method import Neutral, Step
from coursekit.utils.checks import require_not_negative


class UMT(Taught):
    """CE(joint) + λ Σ_m MSE(z_m, the teacher's z_m), teachers trained on one modality each.

    Any fusion. The loss is `coursekit.training.distillation.teacher_distance`.
    weight λ: 0 trains no teachers.  epochs: of the teachers, None = as many as the student's.
    Source: [Du and colleagues 2023](https://arxiv.org/abs/2305.01233), uni-modal teacher.
    """

    name = "umt"
    neutral = Neutral({"weight": 0.0})

    def __init__(self, weight: float = 10.0, epochs: int | None = None) -> None:
        super().__init__(epochs)
        require_not_negative("weight", weight)
        self.weight = weight

    @property
    def needs_teachers(self) -> bool:
        """Unless their loss counts nothing."""
        return self.weight > 0

    def loss(self, step: Step, weights: Mapping[str, float]) -> Tensor:
        """The joint loss, and how far the features are from the teachers'."""
        loss = super().loss(step, weights)
        if not self.needs_teachers:
            return loss
        lessons = self.teachers.lessons(step.run, step.inputs)
        features = [step.prediction.features[m] for m in lessons]
        distance = teacher_distance(features, [lesson.features for lesson in lessons.values()])
        return loss + self.weight * distance
