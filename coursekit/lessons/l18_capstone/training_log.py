"""Trainings that were asked for: what may be asked, what was, and how many are left."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from coursekit import balancing
from coursekit.data.multimodal import MultimodalData
from coursekit.lessons.l18_capstone.case import BudgetSpent
from coursekit.lessons.l18_capstone.hidden_recipe import MODALITIES
from coursekit.models import MultimodalClassifier, build_classifier
from coursekit.training import Settings, fit
from coursekit.utils.checks import choose, require, require_count, require_finite, require_list

BUDGET = 8
FUSIONS = ("late-linear", "mid-mlp", "multiplicative", "tensor", "low-rank", "se-gate", "film")
METHODS = ("joint", "mlb", "multi-loss", "ogm-ge", "modality-dropout", "gradnorm", "mmpareto")
EPOCHS, BATCH = 20, 128
MOST_ENTRIES = 100  # of start
MOST_ROWS = 2  # times as many as there are training rows


@dataclass(frozen=True)
class Request:
    """A training.

    use: modalities.  rows: numbers of training rows, a row as often as it stands there; None = all.
    start: numbers of earlier trainings; each encoder begins with the last of them that has it.
    rate: the learning rate.  seed: of the weights and the order of batches.
    """

    use: tuple[str, ...] = MODALITIES
    fusion: str = "late-linear"
    method: str = "joint"
    rows: tuple[int, ...] | None = None
    start: tuple[int, ...] = ()
    rate: float = 0.1
    seed: int = 0

    @property
    def configuration(self) -> "Request":
        """The request but for rate and seed: other ones are further tries of the same thing."""
        return replace(self, rate=0.1, seed=0)


def read_request(asked: Mapping[str, Any], rows: int, trained: int) -> Request:
    """A request out of plain values.

    rows: how many training rows there are.  trained: how many trainings.
    Errors: TypeError or ValueError, naming what does not fit.
    """
    for name in asked:
        choose("an option of train", name, Request.__dataclass_fields__)
    whole = Request(**asked)
    require_list("use", list(whole.use), "modalities")
    use = tuple(m for m in MODALITIES if m in [choose("use", m, MODALITIES) for m in whole.use])
    choose("fusion", whole.fusion, FUSIONS)
    choose("method", whole.method, METHODS)
    alone = len(use) == 1 and (whole.fusion, whole.method) != ("late-linear", "joint")
    require(not alone, f"one modality is trained with {whole.fusion}, {whole.method}; there is "
            "nothing to fuse or balance, so 'late-linear' and 'joint' were expected.")  # fmt: skip
    require_finite("rate", whole.rate)
    require(1e-3 <= whole.rate <= 1, f"rate is {whole.rate}; 0.001 to 1 was expected.")
    require_count("seed", whole.seed, 0, 2**31)
    start = _start(tuple(whole.start), trained)
    kept = _rows(whole.rows, rows)
    return Request(use, whole.fusion, whole.method, kept, start, float(whole.rate), int(whole.seed))


def _start(numbers: tuple[Any, ...], trained: int) -> tuple[int, ...]:
    """Each number once, where it stands last: the others would be written over."""
    most = f"start has {len(numbers)} entries, for {trained} trainings; {MOST_ENTRIES} at most were"
    require(len(numbers) <= MOST_ENTRIES, f"{most} expected.")
    for number in numbers:
        require_count("a number in start", number, 0, trained - 1)
    return tuple(reversed(dict.fromkeys(reversed(numbers))))


def _rows(chosen: Any, rows: int) -> tuple[int, ...] | None:
    if chosen is None:
        return None
    require_list("rows", chosen, "row numbers")
    most = MOST_ROWS * rows
    require(len(chosen) <= most, f"rows has {len(chosen)} entries; {most} at most were expected.")
    for row in chosen:
        require_count("a number in rows", row, 0, rows - 1)
    return tuple(chosen)


class TrainingLog:
    """The judge's side: trains what is asked for, counts, and keeps what was trained.

    cache: request → model, shared by several logs of the same data, so that nothing is trained
    twice; it costs the budget all the same.
    """

    def __init__(
        self,
        data: MultimodalData,
        budget: int = BUDGET,
        cache: dict[tuple[object, ...], MultimodalClassifier] | None = None,
    ) -> None:
        require_count("budget", budget)
        self.data, self.budget = data, budget
        self._cache = {} if cache is None else cache
        self.requests: list[Request] = []
        self.models: list[MultimodalClassifier] = []

    @property
    def left(self) -> int:
        """Trainings that may still be asked for."""
        return self.budget - len(self.requests)

    def train(self, asked: Mapping[str, Any]) -> tuple[int, MultimodalClassifier]:
        """Its number and the model.

        Errors: BudgetSpent; TypeError or ValueError for what cannot be trained; it costs nothing.
        """
        request = read_request(asked, len(self.data.splits["train"]), len(self.models))
        if self.left < 1:
            raise BudgetSpent(f"All {self.budget} trainings are used up.")
        self.models.append(self._trained(request))
        self.requests.append(request)
        return len(self.models) - 1, self.models[-1]

    def _trained(self, request: Request) -> MultimodalClassifier:
        # What it starts from is known by its request: numbers differ from one log to another.
        key = self.key(request)
        if key not in self._cache:
            self._cache[key] = self._train(request)
        return self._cache[key]

    def key(self, request: Request) -> tuple[object, ...]:
        """What makes a model: the request, with those of the trainings that it starts from."""
        began = tuple(self.key(self.requests[number]) for number in request.start)
        return (replace(request, start=()), began)

    def _train(self, request: Request) -> MultimodalClassifier:
        train, valid = self.data.train, self.data.valid
        if request.rows is not None:
            train = train.part(torch.tensor(request.rows))
        model = build_classifier(
            {m: train.inputs[m] for m in request.use},
            self.data.num_classes,
            fusion=request.fusion,
            seed=request.seed,
        )
        for number in request.start:
            for m, encoder in self.models[number].encoders.items():
                if m in request.use:
                    model.encoders[m].load_state_dict(encoder.state_dict())
        settings = Settings(epochs=EPOCHS, batch_size=BATCH, lr=request.rate, keep_best=True,
                            measure_train=False)  # fmt: skip
        fit(model, train, valid, settings, seed=request.seed,
            method=balancing.build(request.method))  # fmt: skip
        return model
