"""Scenes as lesson 12 asks about them: nine cells as numbers, questions with priors."""

from functools import lru_cache

import torch
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional as F

from coursekit.data.question_pool import QuestionPool
from coursekit.data.scene_questions import scene_questions
from coursekit.data.scenes import CELL, SIDE, draw_scenes
from coursekit.lessons.l12_unimodal_bias.question_data import NOISE, SHARE, Draw, as_draw

SCENE_PARTS = {"train": 3500, "valid": 500, "test": 1000}  # scenes of each, in their order
CELL_SIZE = 24  # numbers of a cell


@lru_cache(maxsize=1)
def scene_pictures() -> tuple[QuestionPool, Tensor]:
    """All questions about 5000 scenes, and the scenes as (5000, 9, 30): 24 numbers per cell, and
    its row and column.
    """
    scenes = draw_scenes(sum(SCENE_PARTS.values()), seed=12)
    n, cells = len(scenes), SIDE * SIDE
    tiles = scenes.pictures.unfold(2, CELL, CELL).unfold(3, CELL, CELL)
    pixels = tiles.permute(0, 2, 3, 1, 4, 5).reshape(n, cells, -1)
    train = pixels[: SCENE_PARTS["train"]].flatten(0, 1).numpy()
    pca = PCA(CELL_SIZE, random_state=0).fit(train)
    numbers = torch.from_numpy(pca.transform(pixels.flatten(0, 1).numpy())).float()
    numbers = numbers / numbers[: len(train)].std(0)
    place = torch.arange(cells)
    where = torch.cat([F.one_hot(place // SIDE), F.one_hot(place % SIDE)], dim=1).float()
    features = torch.cat([numbers.reshape(n, cells, -1), where.expand(n, -1, -1)], dim=2)
    return scene_questions(scenes), features


@lru_cache(maxsize=8)
def draw_scene_questions(seed: int, share: float = SHARE, noise: float = NOISE) -> Draw:
    """Questions about scenes, preferred answers and noise of one seed; see `draw_shapes`."""
    questions, features = scene_pictures()
    ends = torch.tensor([*SCENE_PARTS.values()]).cumsum(0)
    owner = torch.bucketize(torch.arange(len(features)), ends, right=True)
    pools = [questions.about(owner == place) for place in range(len(SCENE_PARTS))]
    return as_draw(pools, features, seed, share, noise)
