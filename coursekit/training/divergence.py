"""Where a number that is not finite came from: the sentence that ends a training."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from coursekit.training.method import Method, Run, Step, slots_of
from coursekit.utils.accelerator_checks import together
from coursekit.utils.tensor_checks import NoValue


def lost(step: Step, method: Method, loss: Tensor) -> str:
    """The loss is not finite: where, under which method, and the first place it shows."""
    sentence = f"The loss is {loss.item()} {moment(step)}, method {method.name!r}: "
    return sentence + f"{suspect(step)}."


def bad_gradient(step: Step, method: Method) -> FloatingPointError | None:
    """The same for gradients that are not finite; None when all are."""
    model = step.run.model
    parameters = dict(model.named_parameters())
    names = [n for n, p in parameters.items() if p.grad is not None and not _finite(p.grad)]
    if not names:
        return None
    own = {m: {id(p) for p, _ in slots_of(model, m)} for m in model.modalities}
    hit = {id(parameters[name]) for name in names}
    whose = [repr(m) for m, slots in own.items() if slots & hit]
    where = f"{' and '.join(whose)}, at {names[0]}" if whose else names[0]
    sentence = f"The gradient is not finite {moment(step)}, method {method.name!r}: it is that of "
    return FloatingPointError(f"{sentence}{where}; the step was not taken.")


def suspect(step: Step) -> str:
    """The first of inputs, features and logits that is not finite, by modality."""
    for what, tensors in (("inputs", step.inputs), ("features", step.prediction.features)):
        for m, x in tensors.items():
            if not _finite(x):
                rows = torch.nonzero(~x.flatten(1).isfinite().all(1)).flatten().tolist()
                return f"{what} of {m!r} are not finite ({len(rows)} rows of {len(x)})"
    for m, logits in step.prediction.unimodal.items():
        if not _finite(logits):
            return f"the logits of the head of {m!r} are not finite"
    if not _finite(step.prediction.joint):
        return "the joint logits are not finite, all features are: it is the fusion"
    return "features and logits of all modalities are finite: it is the method's own loss"


def moment(step: Step) -> str:
    """Epoch, batch, turn if there is one, and step, each counted from 1."""
    return when(step.run, step.batch)


def when(run: Run, batch: int) -> str:
    """The same before there is a step."""
    turn = "" if run.turn is None else f", turn {run.turn!r}"
    return f"in epoch {run.epoch}, batch {batch}{turn} (step {run.steps + 1})"


@contextmanager
def divergence(
    run: Run, method: Method, at: str, inputs: Mapping[str, Tensor] | None = None
) -> Iterator[None]:
    """A fusion operator that meets NaN refuses it; in a training that means it diverged.

    So does a method whose rule has no value for what it meets.  Checks of values inside are looked
    at together, `coursekit.utils.accelerator_checks`.
    """
    try:
        with together():
            yield
    except NoValue as problem:
        raise FloatingPointError(sentence_about(problem, run, method, at, inputs)) from None


def sentence_about(
    problem: NoValue, run: Run, method: Method, at: str, inputs: Mapping[str, Tensor] | None = None
) -> str:
    """The sentence of ``problem``, with where it was met, by which method, and whose it is."""
    sentence = f"{str(problem).rstrip('.')} {at}, method {method.name!r}"
    heads = (*map(repr, run.model.modalities), "the joint head")
    whose = [heads[i] for i in problem.heads if i < len(heads)]
    of = f"; it is that of {' and '.join(whose)}" if whose else _reason(run, inputs or {})
    return f"{sentence}{of}."


def _reason(run: Run, inputs: Mapping[str, Tensor]) -> str:
    """Whose inputs, or else whose weights are not finite, if any are."""
    for m, x in inputs.items():
        if not _finite(x):
            return f"; the inputs of {m!r} are not finite"
    for m, encoder in run.model.encoders.items():
        if not all(map(_finite, encoder.parameters())):
            return f"; the weights of the encoder of {m!r} are not finite"
    return ""


def _finite(x: Tensor) -> bool:
    return bool(torch.isfinite(x).all())
