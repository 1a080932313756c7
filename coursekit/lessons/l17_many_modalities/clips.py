"""Short clips: a handwritten digit that moves, its motion as a codec sees it, its spoken name."""

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from coursekit.data.av_digits import load_av_digits
from coursekit.data.block_matching import full_search
from coursekit.lessons.l17_many_modalities.rows_at_once import Rows, RowSets, by_split
from coursekit.utils.checks import choose, require_count

SIDE, STEP, FRAMES = 24, 2, 4  # pixels; pixels per frame; frames
BLOCK, RANGE, AT_ONCE = 6, 3, 100
DIRECTIONS = ("up", "down", "left", "right")
STEPS = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])
MODALITIES = ("frame", "motion", "audio")
LABELS = ("digit", "digit and direction")
TRAIN, VALID, TEST = 600, 200, 600
FRAME_NOISE, MOTION_NOISE, AUDIO_NOISE = 0.6, 0.05, 1.0
STREAM = 17_000_000  # of the draws that place, move and blur the digits


def moving_digits(pictures: Tensor, directions: Tensor, generator: torch.Generator) -> Tensor:
    """Clips (N, FRAMES, SIDE, SIDE) of pictures (N, s, s) on an empty ground.

    directions: (N,) places in `DIRECTIONS`. Where a clip begins is drawn so that the digit stays
    inside.
    """
    size, way = pictures.shape[-1], STEP * (FRAMES - 1)
    room = SIDE - size
    step = STEP * STEPS[directions]
    low = torch.where(step < 0, way, 0)
    high = torch.where(step > 0, room - way, room)
    drawn = torch.rand(len(pictures), 2, generator=generator)
    begin = low + (drawn * (high - low + 1)).long()
    clips = torch.zeros(len(pictures), FRAMES, SIDE, SIDE)
    rows = torch.arange(len(pictures))[:, None, None]
    span = torch.arange(size)
    for t in range(FRAMES):
        top, left = (begin + t * step).unbind(1)
        clips[rows, t, (top[:, None] + span)[:, :, None], (left[:, None] + span)[:, None]] = (
            pictures
        )
    return clips


def motion_vectors(clips: Tensor) -> Tensor:
    """Vectors between neighbouring frames by full search, (N, FRAMES − 1, R, C, 2), in pixels."""
    parts = clips.split(AT_ONCE)  # few at a time stay in the processor's cache
    fields = [full_search(x[:, :-1], x[:, 1:], BLOCK, RANGE) for x in parts]
    return torch.cat([field.vectors for field in fields]).float()


@lru_cache(maxsize=4)
def clip_rows(seeds: tuple[int, ...]) -> Mapping[str, RowSets]:
    """Clips of every seed, flat, by label: "digit", or "digit and direction".

    frame: the second one, blurred by noise, 576 numbers.  motion: vectors of all three steps, 96.
    audio: the spoken digit with noise, 256.  digit and direction: (digit mod 5) × direction, 20.
    """
    each = [_one_seed(seed) for seed in seeds]

    def of_label(label: str) -> RowSets:
        def rows(split: str) -> Rows:
            inputs = {m: torch.stack([own[split][0][m] for own in each]) for m in MODALITIES}
            return Rows(inputs, torch.stack([own[split][1][label] for own in each]))

        return by_split(rows, seeds)

    return {label: of_label(label) for label in LABELS}


def clips_of(
    seed: int, tied: float = 0.0
) -> tuple[Tensor, Tensor, Tensor, Tensor, dict[str, Tensor]]:
    """Clips without noise, sound, digits, directions, and the rows of each split.

    tied: in this share of clips the direction is digit mod 4, else it is drawn.
    """
    require_count("seed", seed)
    data = load_av_digits(n=TRAIN, image_noise=0.0, seed=seed)
    sizes = {"train": TRAIN, "valid": VALID, "test": TEST}
    splits = {s: data.splits[s][:n] for s, n in sizes.items()}
    generator = torch.Generator().manual_seed(STREAM + seed)
    pictures = data.inputs["image"][:, 0]
    pictures = pictures - pictures.amin()
    directions = torch.randint(len(DIRECTIONS), (len(pictures),), generator=generator)
    follows = torch.rand(len(pictures), generator=generator) < tied
    directions = torch.where(follows, data.labels % len(DIRECTIONS), directions)
    clips = moving_digits(pictures, directions, generator)
    return clips, data.inputs["audio"][:, 0], data.labels, directions, splits


def label_of(name: str, digits: Tensor, directions: Tensor) -> Tensor:
    """Classes (N,): 10 of the digit, or 20 of its rest mod 5 and where it goes."""
    choose("name", name, LABELS)
    return digits if name == "digit" else (digits % 5) * len(DIRECTIONS) + directions


def _one_seed(seed: int) -> dict[str, tuple[dict[str, Tensor], dict[str, Tensor]]]:
    clips, audio, digits, directions, splits = clips_of(seed)
    generator = torch.Generator().manual_seed(2 * STREAM + seed)

    def noisy(x: Tensor, deviation: float) -> Tensor:
        return x + deviation * torch.randn(x.shape, generator=generator)

    used = torch.cat(list(splits.values()))
    frame = noisy(clips[:, 1], FRAME_NOISE)
    sound = noisy(audio, AUDIO_NOISE)
    motion = torch.zeros(len(clips), FRAMES - 1, SIDE // BLOCK, SIDE // BLOCK, 2)
    motion[used] = motion_vectors(noisy(clips[used], MOTION_NOISE))
    flat = {"frame": frame.flatten(1), "motion": motion.flatten(1), "audio": sound.flatten(1)}
    labels = {name: label_of(name, digits, directions) for name in LABELS}
    inputs = standardised(flat, splits["train"])
    return {
        split: ({m: x[rows] for m, x in inputs.items()}, {n: y[rows] for n, y in labels.items()})
        for split, rows in splits.items()
    }


def standardised(inputs: Mapping[str, Tensor], train: Tensor) -> dict[str, Tensor]:
    """Each modality less its mean over its deviation, one number each, on the training rows."""
    return {m: (x - x[train].mean()) / x[train].std() for m, x in inputs.items()}
