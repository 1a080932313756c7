"""K trainings on the way: one epoch, one step, what each has reached."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from coursekit.balancing.unimodal_signals import Listening
from coursekit.compare.replicas.arguments import each, each_method, require_settings
from coursekit.compare.replicas.batches import Batches
from coursekit.compare.replicas.best_epoch import Best
from coursekit.compare.replicas.clip_blocks import clipped_apart, has_additive_head
from coursekit.compare.replicas.divergence import Divergence
from coursekit.compare.replicas.hand_written_gradient import ByHand, can_be_by_hand
from coursekit.compare.replicas.losses import classes_first, log_true, of_label
from coursekit.compare.replicas.method_rules import (
    EachByItself,
    StackedStep,
    kind_of,
    make_rules,
    require_replicable,
)
from coursekit.compare.replicas.optimizers import clip_rows, make_update
from coursekit.compare.replicas.predictions import SplitPredictions
from coursekit.compare.replicas.runs import begun
from coursekit.compare.replicas.stack import Stack, StackedPrediction, fusion_of
from coursekit.compare.replicas.step_trace import Rows, write_trace
from coursekit.data.multimodal import Split
from coursekit.models import MultimodalClassifier
from coursekit.training.divergence import sentence_about
from coursekit.training.engine import AnySplit
from coursekit.training.evaluate import largest
from coursekit.training.method import JOINT, Method, Run
from coursekit.training.settings import Settings
from coursekit.utils.accelerator_checks import cheap_to_ask, together
from coursekit.utils.checks import require, require_seeds
from coursekit.utils.tensor_checks import NoValue


class Job:
    """K trainings on the way, in the order in which neighbours can be computed together."""

    def __init__(
        self,
        models: Sequence[MultimodalClassifier],
        train: Split | Sequence[Split],
        valid: Split | Sequence[Split],
        settings: Settings | Sequence[Settings],
        seeds: Sequence[int],
        methods: Sequence[Method] | None,
        measured: Sequence[str],
        extra: Mapping[str, Split],
    ) -> None:
        models = each("models", models, MultimodalClassifier, len(models))
        k = len(models)
        settings, methods = each("settings", settings, Settings, k), each_method(methods, k)
        trains, valids = each("train", train, Split, k), each("valid", valid, Split, k)
        todo = require_seeds(seeds)
        require(len(todo) == k, f"seeds has {len(todo)} entries; {k} were expected.")
        require_replicable(methods)
        require_settings(settings)
        runs = begun(models, trains, valids, settings, todo, methods)
        kinds = [
            (repr(fusion_of(r.model)), kind_of(m, r.model.fusion))
            for r, m in zip(runs, methods, strict=True)
        ]
        self.order = sorted(range(k), key=kinds.__getitem__)
        self.runs: list[Run] = [runs[i] for i in self.order]
        self.methods: list[Method] = [methods[i] for i in self.order]
        self.settings: list[Settings] = [settings[i] for i in self.order]
        self.measured = measured
        self.divergence = Divergence(self.runs)
        self.stopped = self.divergence.stopped
        self.stack = Stack([run.model for run in self.runs])
        self.rules = make_rules(self.stack, self.runs, self.methods)
        self._set_up(not isinstance(train, Sequence), extra)

    def _set_up(self, one_split: bool, extra: Mapping[str, Split]) -> None:
        flat = self.stack.flat

        def column(values: Sequence[float]) -> Tensor:
            return flat.new_tensor(list(values))[:, None]

        self.lr = column([s.lr for s in self.settings])
        self.largest = column([math.inf if s.clip is None else s.clip for s in self.settings])
        self.update = make_update(
            self.settings[0].optimizer, flat, column([s.momentum for s in self.settings])
        )
        self.listening = [
            k
            for k, (m, run) in enumerate(zip(self.methods, self.runs, strict=True))
            if isinstance(m, Listening) and not has_additive_head(run.model)
        ]
        self.by_block = clipped_apart(self.stack, self.methods, self.listening)
        self.by_hand = ByHand(self.stack) if can_be_by_hand(self.stack) else None
        self.heads = (JOINT, *self.stack.modalities)
        self.asked: tuple[str, ...] = self.heads  # that take part in a step
        # What stays as the first batch of an epoch found it: all, or the loss weights at least.
        self.steady = all(isinstance(r, EachByItself) and r.once for r in self.rules)
        self.same_weights = all(r.once for r in self.rules)
        self.owners = [self.stack.owners(group) for group in self.stack.groups]
        self.generators = [torch.Generator().manual_seed(run.seed) for run in self.runs]
        self.data = {
            "train": Batches(_in_memory(run.train for run in self.runs), one_split),
            "valid": Batches(_in_memory(run.valid for run in self.runs), one_split),
            **{name: Batches([split], shared=True) for name, split in extra.items()},
        }
        self.looks = SplitPredictions(self.stack, self.data, self.order)
        self.best = Best(flat, self.settings)

    def epoch(self, epoch: int) -> list[Rows]:
        """One epoch of all: steps, then what they have reached."""
        for k, run in enumerate(self.runs):
            run.epoch = epoch
            at = f"before epoch {epoch}"
            if self.allows(k, "begin_epoch", at):
                self.allows(k, "change_weights", at)
        sentence = "models are frozen or thawed by their methods on the way"
        as_before = self.stack.now_trains() == self.stack.trains
        require(as_before, f"{sentence}; train them with coursekit.training.fit.")
        self._set_mode(training=True)
        trace: list[tuple[Tensor, Tensor]] = []
        size = self.settings[0].batch_size
        shuffled = self.data["train"].shuffled(self.generators, size)
        grads = torch.set_grad_enabled(self.by_hand is None)
        ignored = np.errstate(invalid="ignore", over="ignore")  # divergence is looked for
        with grads, ignored, together():
            for batch, (inputs, labels) in enumerate(shuffled, 1):
                trace.append(self._step(inputs, labels, batch))
        self.divergence.of_weights(self.stack.flat, epoch)
        self._set_aside()
        write_trace(self.runs, trace, self.heads, self.stopped)
        self._set_mode(training=False)
        self.looks.forget()
        rows: list[Rows] = [[] for _ in self.runs]
        for name in self.measured:
            losses, accuracies = self._measure(name)
            for k, (loss, hits) in enumerate(zip(losses, accuracies, strict=True)):
                if not math.isfinite(loss) and k not in self.stopped:
                    self.stopped[k] = f"The loss on {name} is {loss} after epoch {epoch}."
                rows[k].append({"epoch": epoch, "split": name, "loss": loss, "accuracy": hits})
        for k, run in enumerate(self.runs):
            rows[k] = [] if k in self.stopped else rows[k]
            run.history += rows[k]
        self.best.note(self.stack.flat, rows)
        return rows

    def allows(self, k: int, what: str, at: str) -> bool:
        """Let a replica's method do ``what`` between epochs; one that cannot leaves the race."""
        run, method = self.runs[k], self.methods[k]
        try:
            getattr(method, what)(run)
        except NoValue as problem:
            self.stopped.setdefault(k, sentence_about(problem, run, method, at))
        return k not in self.stopped

    def _step(
        self, inputs: Mapping[str, Tensor], labels: Tensor, batch: int
    ) -> tuple[Tensor, Tensor]:
        """Losses, gradients, scales, step; the weights and scales (K, …) that were used."""
        first = batch == 1
        asking = first or not self.steady  # else all weights and scales stay as they are
        if first:
            self.asked = self.heads
        prediction = self._predict(inputs)
        finite = self.by_hand is not None and self.by_hand.softmax()
        loss, step = None, None
        if asking or not finite:
            every = self._log_probabilities(prediction)  # (asked, K, C, B)
            log = of_label(every, labels.expand(len(every), *labels.shape))
            if asking:
                step = StackedStep(self.stack, inputs, labels, prediction, log.detach(), batch)
                if first or not self.same_weights:
                    self._weigh(step)
            if not finite:
                loss = -(self.asked_weights * log.mean(2).T).sum(1)
                self.divergence.of_losses(loss, batch)
        gradient = self._differentiate(loss, labels)
        with torch.no_grad():
            if step is not None:
                self._scale(step)
            self._move(gradient)
        if asking and self.steady and self.by_hand is not None:
            self._leave_out_idle_heads()
        return self.named, self.scales

    def _set_mode(self, training: bool) -> None:
        """Training or evaluation; what is written out by hand has no modes."""
        if self.by_hand is None:
            for run in self.runs:
                run.model.train(training)

    def _differentiate(self, loss: Tensor | None, labels: Tensor) -> Tensor:
        if self.by_hand is not None:
            gradient = self.by_hand.differentiate(labels, self.asked_weights)
        else:
            assert loss is not None
            gradient = self.stack.differentiate(loss.sum())
        frozen = self.stack.frozen
        return gradient if frozen is None else gradient.masked_fill_(frozen, 0.0)

    def _predict(self, inputs: Mapping[str, Tensor]) -> StackedPrediction:
        if self.by_hand is not None:
            return self.by_hand.predict(inputs, self.asked[1:])
        prediction = self.stack.predict(inputs, learning=True)
        return self._deafen(prediction) if self.listening else prediction

    def _log_probabilities(self, prediction: StackedPrediction) -> Tensor:
        if self.by_hand is not None:
            return self.by_hand.log_softmax()
        return classes_first(torch.stack([prediction.joint, *prediction.unimodal.values()]))

    def _leave_out_idle_heads(self) -> None:
        """Heads of weight 0 in every replica take no part in the rest of the epoch."""
        busy = self.weights.ne(0).any(0).tolist()
        chosen = [0, *(h for h in range(1, len(busy)) if busy[h])]
        self.asked = tuple(self.heads[h] for h in chosen)
        self.asked_weights = self.weights[:, chosen]

    def _move(self, gradient: Tensor) -> None:
        """Scale, clip, step."""
        factor, on_gradient = self.factor, self.settings[0].scale == "gradient"
        self._set_aside()
        if factor is not None and on_gradient:
            gradient.mul_(factor)
        clip_rows(gradient, self.largest, self.by_block)
        direction = self.update.direction(gradient)
        rate = self.lr if factor is None or on_gradient else self.lr * factor
        self.stack.flat.addcmul_(direction, rate, value=-1)

    def _weigh(self, step: StackedStep) -> None:
        """Ask for the loss weights; heads that listen count whole, on features of their own."""
        self.named = torch.cat([rule.weights(step) for rule in self.rules])
        self.weights = self.named.nan_to_num(0.0)
        if self.listening:
            self.weights[self.listening, 1:] += 1
        self.asked_weights = self.weights

    def _scale(self, step: StackedStep) -> None:
        """Ask for the scales; factor: what they make of every parameter, None = nothing."""
        self.scales = torch.cat([rule.scales(step) for rule in self.rules])
        silent = cheap_to_ask(self.scales) and bool(self.scales.isnan().all())
        self.factor = None if silent else self._by_parameter(self.scales)

    def _deafen(self, prediction: StackedPrediction) -> StackedPrediction:
        """The heads of listening replicas read features through which no gradient flows."""
        heard = {}
        for m, z in prediction.features.items():
            cut = torch.zeros(len(z), 1, 1, dtype=torch.bool, device=z.device)
            cut[self.listening] = True
            heard[m] = torch.where(cut, z.detach(), z)
        return StackedPrediction(prediction.joint, prediction.features, self.stack.unimodal(heard))

    def _by_parameter(self, scales: Tensor) -> Tensor:
        """(K, P): every parameter's k, 1 for those of no modality."""
        named = torch.cat([scales.nan_to_num(1.0), torch.ones_like(scales[:, :1])], dim=1)
        parts = zip(self.stack.groups, self.owners, strict=True)
        return torch.cat([named[group.rows].index_select(1, owner) for group, owner in parts])

    def _set_aside(self) -> None:
        """Replicas that diverged are all zeros from now on, and disturb nobody."""
        if self.stopped:
            rows = list(self.stopped)
            self.stack.flat[rows] = 0
            self.stack.gradient[rows] = 0
            self.update.forget(rows)

    @torch.no_grad()
    def _measure(self, name: str) -> tuple[list[float], list[float]]:
        """Loss and accuracy of the joint logits, by replica."""
        _, labels = self.data[name].whole(len(self.runs))
        logits = self.looks.of(name).joint
        losses = -log_true(logits, labels).mean(1)
        hits = (largest(logits) == labels).double().mean(1)
        return losses.tolist(), hits.tolist()

    def end(self) -> None:
        """Each model's best epoch where its settings ask for it; NaN where it diverged."""
        for k in self.stopped:
            self.stack.flat[k] = math.nan
        self.best.put_back(self.stack.flat, self.stopped)

    def in_callers_order(self, rows: list[Rows]) -> list[Rows]:
        """As the models were given."""
        ordered: list[Rows] = [[] for _ in rows]
        for k, its_rows in enumerate(rows):
            ordered[self.order[k]] = its_rows
        return ordered


def _in_memory(splits: Iterable[AnySplit]) -> list[Split]:
    return [cast("Split", split) for split in splits]  # `each` has refused all others
