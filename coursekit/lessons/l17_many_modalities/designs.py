"""Five ways to read any number of modalities, and what each costs in parameters."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from coursekit.layers.initialise import initialise
from coursekit.layers.modality_tokens import modality_tokens
from coursekit.lessons.l17_many_modalities.clip_networks import Alone, Concatenated
from coursekit.lessons.l17_many_modalities.mixed import (
    AT,
    BANDS,
    FREQUENCY,
    hidden_of,
    with_positions,
)
from coursekit.lessons.l17_many_modalities.rows_at_once import (
    BATCH,
    DECAY,
    RATE,
    Rows,
    RowSets,
    drawn,
    fitted,
    share_right,
)
from coursekit.lessons.l17_many_modalities.token_transformer import TokenTransformer
from coursekit.models.paired_latents import PairedLatents
from coursekit.models.perceiver import Perceiver
from coursekit.training.optimizers import AdamW

EPOCHS, LATENTS = 15, 4
ONE_BY_ONE = ("Perceiver", "all pairs")
DESIGNS = ("ensemble", "concatenated", "transformer", "Perceiver", "all pairs")
Sizes = Mapping[str, tuple[int, int]]  # tokens and numbers per token, by modality


def sizes_of(data: RowSets) -> dict[str, tuple[int, int]]:
    """Tokens, and numbers per token, of each modality."""
    return {m: (x.shape[-2], x.shape[-1]) for m, x in data.train.inputs.items()}


def flat(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """(…, T, D) → (…, T · D)."""
    return {m: x.flatten(-2) for m, x in inputs.items()}


def token_width(sizes: Sizes) -> int:
    """Of the widest modality's token as `modality_tokens` makes it."""
    return max(d + len(AT[m]) * (2 * BANDS + 1) for m, (_, d) in sizes.items()) + len(sizes)


def one_width(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tokens (B, T, W) of one width by modality: channels, zeros, positions, whose they are."""
    sizes = {m: (x.shape[-2], x.shape[-1]) for m, x in inputs.items()}
    names, width = sorted(sizes), token_width(sizes)
    return {
        m: modality_tokens(
            inputs[m].unflatten(1, AT[m]), names.index(m), len(names), width, BANDS, FREQUENCY
        )
        for m in names
    }


def network(design: str, sizes: Sizes, classes: int) -> nn.Module:
    """One of `DESIGNS` over modalities of these sizes."""
    widths = {m: t * d for m, (t, d) in sizes.items()}
    if design == "ensemble":
        return nn.ModuleList(Alone(width, classes) for width in widths.values())
    if design == "concatenated":
        return Concatenated(widths, classes)
    if design == "transformer":
        placed = {m: d + len(AT[m]) * (2 * BANDS + 1) for m, (_, d) in sizes.items()}
        return TokenTransformer(placed, classes, votes=True)
    reader = Perceiver(token_width(sizes), classes, latents=LATENTS)
    return reader if design == "Perceiver" else PairedLatents(list(sizes), reader, classes)


def reached(design: str, data: RowSets, epochs: int = EPOCHS) -> list[float]:
    """Test accuracy of a design taught on data with every seed."""
    if design in ONE_BY_ONE:
        return [_one_seed(design, data, k, epochs) for k in range(len(data.seeds))]
    if design == "ensemble":
        return _ensemble(data, epochs)
    sizes = sizes_of(data)
    networks = drawn(lambda: network(design, sizes, data.classes), data.seeds)
    fitted(networks, data, epochs, lambda inputs, _: arguments(design, inputs))
    with torch.no_grad():
        return share_right(networks(*arguments(design, data.test.inputs)), data.test.labels)


def arguments(design: str, inputs: Mapping[str, Tensor]) -> tuple[object, ...]:
    """What a network of a design is called with, tokens (…, T, D) by modality."""
    if design == "concatenated":
        return (flat(inputs),)
    if design == "transformer":
        return with_positions(inputs), hidden_of(inputs)
    tokens = one_width(inputs)
    if design == "all pairs":
        return (tokens,)
    return torch.cat(list(tokens.values()), 1), hidden_of({m: inputs[m] for m in tokens})


def _ensemble(data: RowSets, epochs: int) -> list[float]:
    """A network per modality, each by its own loss; their probabilities are averaged."""
    total = torch.zeros(())
    for m in data.widths:
        own = flat_rows(data.only([m]))
        networks = drawn(partial(Alone, own.widths[m], own.classes), own.seeds)
        fitted(networks, own, epochs)
        with torch.no_grad():
            total = total + networks(dict(own.test.inputs)).softmax(-1)
    return share_right(total, data.test.labels)


def flat_rows(data: RowSets) -> RowSets:
    """The same rows, the tokens of each modality side by side."""
    return data.changed(lambda rows: Rows(flat(rows.inputs), rows.labels))


def _one_seed(design: str, data: RowSets, k: int, epochs: int) -> float:
    """The same for networks that cannot be trained side by side."""
    model = network(design, sizes_of(data), data.classes)
    initialise(model, data.seeds[k])
    optimizer = AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    generator = torch.Generator().manual_seed(data.seeds[k])
    labels = data.train.labels[k]
    for _ in range(epochs):
        for rows in torch.randperm(len(labels), generator=generator).split(BATCH):
            inputs = {m: x[k, rows] for m, x in data.train.inputs.items()}
            loss = nn.functional.cross_entropy(model(*arguments(design, inputs)), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        asked = {m: x[k] for m, x in data.test.inputs.items()}
        logits = model(*arguments(design, asked))
    return share_right(logits[None], data.test.labels[k : k + 1])[0]
