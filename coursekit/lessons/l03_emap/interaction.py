"""Train an additive model and one that may interact, and look at both through EMAP."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from torch import Tensor

from coursekit.analysis.emap import emap
from coursekit.compare import replicas
from coursekit.data.multimodal import MultimodalData, Split
from coursekit.data.synthetic import Modality, Recipe
from coursekit.fusion import names
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, accuracy, epochs, predict
from coursekit.training.method import Method
from coursekit.utils.checks import choose, require, require_count, require_instance, require_share
from coursekit.utils.stepwise import drive
from coursekit.utils.threads import threads

ADDITIVE, INTERACTING = "late-linear", "mid-mlp"


@dataclass(frozen=True)
class Projected:
    """A trained model's answers on one split, as they are and after the projection.

    before, after: logits (N, C).  labels: (N,).
    """

    model: MultimodalClassifier
    before: Tensor
    after: Tensor
    labels: Tensor

    @property
    def accuracy(self) -> float:
        """Accuracy of the model itself."""
        return accuracy(self.before, self.labels)

    @property
    def projected(self) -> float:
        """Accuracy of its additive projection."""
        return accuracy(self.after, self.labels)

    @property
    def drop(self) -> float:
        """Accuracy before minus after; positive when the projection costs something."""
        return self.accuracy - self.projected

    @property
    def changed(self) -> float:
        """Share of the samples to which the projection gives another class."""
        return float((self.before.argmax(1) != self.after.argmax(1)).double().mean())


def projected(model: MultimodalClassifier, split: Split) -> Projected:
    """A trained model on ``split``, before and after the projection over that split's samples."""
    require_instance("model", model, MultimodalClassifier)
    require_instance("split", split, Split)
    logits = predict(model, split.inputs).joint
    return Projected(model, logits, emap(model, split.inputs), split.labels.to(logits.device))


def compare_stepwise(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    fusions: Sequence[str] = (ADDITIVE, INTERACTING),
) -> Generator[None, None, dict[str, Projected]]:
    """Train one model per fusion, MLP encoders (64, 32), and project it on the test split.

    A generator that pauses after every epoch, so that an explorer can drop work that is overtaken;
    its return value maps each fusion's name to its projected model.
    """
    _require_training(data, settings, seed)
    if isinstance(fusions, str) or not isinstance(fusions, Sequence):
        raise TypeError(f"fusions is {fusions!r}; a list of names was expected.")
    require(len(fusions) > 0, "fusions is empty; at least one operator was expected.")
    for name in fusions:
        choose("a name in fusions", name, names())
    settings = settings or Settings()
    models = {}
    for name in fusions:
        model = build_classifier(data.train.inputs, data.num_classes, fusion=name, seed=seed)
        for _ in epochs(model, data.train, data.valid, settings, seed=seed):
            yield
        with threads(settings.threads):
            models[name] = projected(model, data.test)
    return models


def train_together(
    models: Sequence[MultimodalClassifier],
    data: MultimodalData,
    settings: Settings,
    *,
    seed: int,
    methods: Sequence[Method] = (),
) -> Generator[None, None, None]:
    """Train these models in place as replicas, pausing after every epoch: in half the time.

    Each sees the same batches as in `compare_stepwise`.  methods: one per model; joint training
    where none is named. Errors: FloatingPointError when one diverges.
    """
    training = replicas.epochs(
        list(models), data.train, data.valid, settings,
        seeds=[seed] * len(models), methods=list(methods) or [Method() for _ in models],
        measured=("valid",),
    )  # fmt: skip
    for _ in replicas.raise_on_divergence(training):
        yield


def _require_training(data: MultimodalData, settings: Settings | None, seed: int) -> None:
    require_instance("data", data, MultimodalData)
    require_instance("settings", settings, Settings | None)
    require_count("seed", seed)


def compare(
    data: MultimodalData,
    settings: Settings | None = None,
    *,
    seed: int = 0,
    fusions: Sequence[str] = (ADDITIVE, INTERACTING),
) -> dict[str, Projected]:
    """`compare_stepwise` driven to its end."""
    return drive(compare_stepwise(data, settings, seed=seed, fusions=fusions))


def with_synergy(
    share: float, *, noise: float = 1.0, train: int = 1000, valid: int = 500, test: int = 2000
) -> Recipe:
    """Two clear modalities; ``share`` of the samples is synergistic.

    Of the rest one half is redundant and a quarter unique to each modality, so that nothing but the
    synergy needs an interaction.
    """
    require_share("share", share)
    clear = Modality(amplitude=5.0, noise=noise)
    rest = 1 - share
    return Recipe(
        {"A": clear, "B": clear},
        redundant=rest / 2,
        unique={"A": rest / 4, "B": rest / 4},
        synergistic=share,
        train=train,
        valid=valid,
        test=test,
    )
