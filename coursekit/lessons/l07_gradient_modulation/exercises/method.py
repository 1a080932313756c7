"""Lesson 07, the open exercise: a method of one's own."""

from collections.abc import Mapping

from torch import Tensor

from coursekit.balancing.unimodal_scores import rivals, true_class_scores
from coursekit.course.exercises.open_exercise import OpenExercise
from coursekit.course.exercises.own_method import requirements
from coursekit.course.exercises.own_method_slips import slips
from coursekit.training.method import JOINT, Method, Step


class _Ratio(Method):
    """Every head has its loss; the farther a modality is behind, the longer its step."""

    def weights(self, step: Step) -> Mapping[str, float]:
        return dict.fromkeys((JOINT, *step.run.model.modalities), 1.0)

    def scales(self, step: Step) -> Mapping[str, float]:
        heard: dict[str, Tensor] = step.prediction.unimodal
        scores = true_class_scores(list(heard.values()), step.labels)
        k = (rivals(scores) / scores).clamp(0.3, 3.0)
        return dict(zip(heard, k.tolist(), strict=True))


own_method = OpenExercise(
    key="07-method",
    points=3,
    task="Write a method that feeds the starved encoder and does no harm where nothing is wrong.",
    reference=_Ratio,
    misconceptions=slips(feeds=True),
    hints=(
        "Which signal says that a modality is behind? step.cross_entropies() has the loss of every "
        "head, coursekit.balancing.unimodal_scores the scores.",
        "Heads are trained only if weights(step) gives them a weight; the default is the joint one "
        "alone. scales(step) gives k by modality.",
        "All heads with weight 1, and k = mean score of the others over the own one, held between "
        "0.3 and 3.",
    ),
    requirements=requirements(feeds=True),
    untouched=Method,
)
