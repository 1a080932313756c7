"""Captions of scenes: a text model learns them alone, then a captioner learns to look.

The text model is trained on captions only and frozen. What lets the picture in is trained by
teacher forcing: each word is asked for behind the right ones before it.
"""

from collections.abc import Callable, Generator, Iterable

import torch
from torch import Tensor, nn

from coursekit.data.scene_captions import OBJECTS, RELATIONS, WORDS, caption_words, ids_of
from coursekit.data.scenes import SIDE, Scenes
from coursekit.layers.initialise import initialise
from coursekit.models.captioner import Captioner, TextModel, caption_loss, write_captions
from coursekit.training.optimizers import AdamW
from coursekit.utils.checks import require_count

TEXT_STEPS = 750
SHORT, LONG = 300, 2000  # steps of a poor captioner and of a good one
RATE, TEXT_RATE = 2e-3, 3e-3
BATCH = 64
EVERY = 100  # steps between two looks at a captioner


def trained(
    parameters: Iterable[nn.Parameter],
    loss_of: Callable[[Tensor], Tensor],
    rows: int,
    steps: int,
    rate: float,
    seed: int,
) -> Generator[float, None, None]:
    """AdamW on a rate that rises and falls; after each step its loss.

    loss_of: of a batch, given by the places of its rows below ``rows``.
    """
    moved = list(parameters)
    optimizer = AdamW(moved, lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    drawn = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        loss = loss_of(torch.randint(rows, (BATCH,), generator=drawn))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(moved, 1.0)
        optimizer.step()
        schedule.step()
        yield float(loss.detach())


def train_text(scenes: Scenes, seed: int = 0, steps: int = TEXT_STEPS) -> TextModel:
    """A text model that has read the captions of ``scenes`` and seen no picture."""
    require_count("steps", steps, 1)
    model = TextModel(len(WORDS), scenes.words.shape[1])
    initialise(model, seed)

    def loss_of(rows: Tensor) -> Tensor:
        return caption_loss(model(scenes.words[rows]), scenes.words[rows])

    for _ in trained(model.parameters(), loss_of, len(scenes), steps, TEXT_RATE, seed):
        pass
    return model


def new_captioner(text: TextModel, seed: int = 0) -> Captioner:
    """Closed gates, and an encoder of patches that has seen nothing."""
    model = Captioner(text, 3, SIDE * 16, SIDE * 16)
    for part in (model.pictures, model.gated):
        initialise(part, seed)
    return model


def train_stepwise(
    model: Captioner, scenes: Scenes, seed: int = 0, steps: int = LONG
) -> Generator[tuple[int, float], None, None]:
    """Train the captioner in place; every hundred steps the step and the loss since the last."""
    require_count("steps", steps, 1)

    def loss_of(rows: Tensor) -> Tensor:
        words = scenes.words[rows]
        return caption_loss(model(scenes.pictures[rows], words), words)

    losses: list[float] = []
    for loss in trained(model.learned(), loss_of, len(scenes), steps, RATE, seed):
        losses.append(loss)
        if len(losses) % EVERY == 0 or len(losses) == steps:
            since = losses[-EVERY:]
            yield len(losses), sum(since) / len(since)


@torch.no_grad()
def captions_by(
    model: TextModel | Captioner, scenes: Scenes, generator: torch.Generator | None = None
) -> Tensor:
    """A caption for each scene, (N, L) as `Scenes.words`; a text model does not see it.

    generator: draws the words; None takes the likeliest ones.
    """
    logits_of = model.given(scenes.pictures) if isinstance(model, Captioner) else model
    return write_captions(logits_of, scenes.words[:, :1], scenes.words.shape[1], generator)


def guessed(scenes: Scenes, generator: torch.Generator) -> Tensor:
    """Captions (N, L) with the right objects in any order and any relation: what chance gives."""
    captions = []
    for objects in scenes.objects.tolist():
        order = torch.randperm(len(objects), generator=generator).tolist()
        relation = int(torch.randint(len(RELATIONS), (), generator=generator))
        first, *rest = (objects[place] for place in order)
        captions.append(caption_words(first, relation, *rest))
    return ids_of(captions, scenes.words.shape[1])


def described(scenes: Scenes, words: Tensor) -> dict[str, Tensor]:
    """What is right of captions ``words`` (N, L), each (N,) bool.

    objects: names the three that are shown, in any order.  relation: the first two objects are
    shown, and stand as it says.  true: both.  exact: word by word the scene's own caption; the same
    scene can be described truly in other words, with A and B in the other order.
    """
    facts: dict[str, list[bool]] = {"objects": [], "relation": [], "true": []}
    shown = zip(words.tolist(), scenes.objects.tolist(), scenes.cells.tolist(), strict=True)
    for row, objects, cells in shown:
        where = dict(zip((OBJECTS[one] for one in objects), cells, strict=True))
        parts = _parts([WORDS[word] for word in row if word > 0])
        named, relation = (parts[0], parts[2], *parts[3:]), parts[1]
        right = sorted(named) == sorted(where)
        first, second = where.get(parts[0]), where.get(parts[2])
        stands = first is not None and second is not None and _stands(first, relation, second)
        for name, fact in (("objects", right), ("relation", stands), ("true", right and stands)):
            facts[name].append(fact)
    every = {name: torch.tensor(values) for name, values in facts.items()}
    return every | {"exact": (words == scenes.words).all(1)}


def _parts(words: list[str]) -> tuple:
    """A, the relation, B and whatever is joined by "and"; what is no caption has empty parts."""
    at = next((i for i, word in enumerate(words) if word in RELATIONS), len(words))
    objects: list[list[str]] = [[]]
    for word in words[at + 1 :]:
        if word == "and":
            objects.append([])
        else:
            objects[-1].append(word)
    relation = words[at] if at < len(words) else ""
    return (tuple(words[:at]), relation, *(tuple(one) for one in objects))


def _stands(first: int, relation: str, second: int) -> bool:
    """Whether one cell lies so to another one, in the same row or column."""
    (row, column), (other_row, other_column) = divmod(first, SIDE), divmod(second, SIDE)
    if relation in ("left", "right"):
        left = column < other_column
        return row == other_row and column != other_column and left == (relation == "left")
    above = row < other_row
    return column == other_column and row != other_row and above == (relation == "above")
