"""Models of one modality each, trained once before the joint training: its teachers."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from coursekit.balancing.unimodal import Unimodal
from coursekit.models import MultimodalClassifier
from coursekit.training.classes import OneSided
from coursekit.training.evaluate import accuracy
from coursekit.training.loop import fit
from coursekit.training.method import Method, Run
from coursekit.utils.checks import choose, require_count, require_instance


def alone(model: MultimodalClassifier, modality: str) -> MultimodalClassifier:
    """A model of one modality that starts with the same encoder and head; ``model`` stays as is.

    Errors: TypeError for no classifier, ValueError for a modality that it does not read.
    """
    require_instance("model", model, MultimodalClassifier)
    choose("modality", modality, model.modalities)
    encoder = copy.deepcopy(model.encoders[modality])
    one = MultimodalClassifier({modality: encoder}, nn.Identity(), model.num_classes)
    one.heads = nn.ModuleDict({modality: copy.deepcopy(model.heads[modality])})
    return one


def train_alone(run: Run, model: MultimodalClassifier, epochs: int | None = None) -> None:
    """Train a model of one modality as ``run`` is, up to its best epoch on the validation split.

    epochs: None = as many as the run's.
    """
    wanted = run.settings.epochs if epochs is None else epochs
    settings = replace(run.settings, epochs=wanted, keep_best=True, measure_train=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OneSided)  # said of train and valid already
        method = Unimodal(model.modalities[0])
        fit(model, run.train, run.valid, settings, seed=run.seed, method=method, engine=run.engine)


def validation_accuracy(run: Run, model: MultimodalClassifier) -> float:
    """Of the joint answer, on all rows of the validation split."""
    return accuracy(run.predict(run.valid, model).joint, run.valid.labels)


@dataclass(frozen=True)
class Lesson:
    """What a teacher makes of a batch: features (B, D_m) and logits (B, C), without gradient."""

    features: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Teachers:
    """A model of one modality each, by its name."""

    models: Mapping[str, MultimodalClassifier]

    def train(self, run: Run, epochs: int | None) -> None:
        """Each by itself; then they stay as they are."""
        for model in self.models.values():
            train_alone(run, model, epochs)
            model.zero_grad()  # frees them

    @torch.no_grad()
    def lessons(self, run: Run, inputs: Mapping[str, Tensor]) -> dict[str, Lesson]:
        """What each makes of a batch, whose inputs are this process's rows."""
        answers = {}
        for m, model in self.models.items():
            model.eval().requires_grad_(False)
            with run.engine.running(model):
                z = model.feature(m, inputs[m])
            answers[m] = Lesson(z, model.heads[m](z))
        return answers


AS_MANY = "trains models of one modality for as many epochs first, unless its epochs is a number"


class Taught(Method):
    """Joint training with a teacher for each modality, which is trained first and kept as it is.

    Teachers start with the student's own encoders and heads, and are those of their best epoch on
    the validation split. A training that goes on has their weights from the checkpoint.
    epochs: of the teachers, None = as many as the student's.
    """

    def __init__(self, epochs: int | None = None) -> None:
        if epochs is not None:
            require_count("epochs", epochs, 1)
        self.epochs = epochs

    @property
    def bound_to_epochs(self) -> str:
        """Where the teachers have as many epochs as the student."""
        return AS_MANY if self.needs_teachers and self.epochs is None else ""

    @property
    def needs_teachers(self) -> bool:
        """Whether the settings leave them anything to say; else none are trained."""
        return True

    def begin(self, run: Run) -> None:
        """Teachers that know nothing yet."""
        names = run.model.modalities if self.needs_teachers else ()
        self.teachers = Teachers({m: alone(run.model, m) for m in names})

    def start(self, run: Run) -> None:
        """Train the teachers."""
        self.teachers.train(run, self.epochs)

    def state(self) -> dict[str, Any]:
        """The teachers' weights."""
        weights = {m: dict(model.state_dict()) for m, model in self.teachers.models.items()}
        return super().state() | {"teachers": weights}

    def restore(self, state: Mapping[str, Any]) -> None:
        """The teachers stay the models that they are."""
        super().restore(state)
        for m, model in self.teachers.models.items():
            model.load_state_dict(state["teachers"][m])
