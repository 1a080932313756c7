"""What lesson 12 trains and tests on: questions with known priors, as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from sklearn.decomposition import PCA
from torch import Tensor

from coursekit.data.easy_vqa import EasyVQA, open_easy_vqa, outlines_and_colours
from coursekit.data.question_pool import QuestionPool
from coursekit.data.shifted_priors import Preferences, draw_splits

OUTLINE_SIZE = 29  # numbers of an outline
NOISE = 0.5  # of every look at a picture, in units of a number's deviation
SHARE = 0.8  # of the preferred answer


@dataclass(frozen=True)
class Seen:
    """Questions of one split as a network reads them.

    pictures: (N, cells, F); for training without noise, which is drawn anew at each look.
    bags: (N, V), the questions' words.
    """

    questions: QuestionPool
    pictures: Tensor
    bags: Tensor

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class Draw:
    """All splits of one seed, and which answers its keys prefer.

    every_test_question: all that can be asked about the test's pictures, each once.
    """

    splits: Mapping[str, Seen]
    every_test_question: Seen
    preferences: Preferences
    seed: int
    noise: float

    @property
    def train(self) -> Seen:
        """The split that trains."""
        return self.splits["train"]


@lru_cache(maxsize=1)
def shape_pictures() -> tuple[EasyVQA, Tensor]:
    """easy-VQA, and its pictures as 32 numbers each, (5000, 1, 32), of deviation one in training.

    29 for the outline (principal components) and 3 for the colour; no network reads pixels.
    """
    data = open_easy_vqa()
    train = data.of("train")
    raw = outlines_and_colours(data.pictures)
    outlines, colours = raw[:, :-3], raw[:, -3:]
    pca = PCA(OUTLINE_SIZE, svd_solver="full").fit(outlines[train].numpy())
    numbers = torch.from_numpy(pca.transform(outlines.numpy())).float()
    features = torch.cat([numbers, colours], dim=1)
    mean, deviation = features[train].mean(0), features[train].std(0)
    return data, ((features - mean) / deviation)[:, None]


@lru_cache(maxsize=16)
def draw_shapes(seed: int, share: float = SHARE, noise: float = NOISE) -> Draw:
    """Questions about easy-VQA's pictures, preferred answers and noise, all of one seed.

    share: of the preferred answer, see `coursekit.data.shifted_priors.draw_splits`.
    """
    data, features = shape_pictures()
    pools = [data.part(name) for name in ("train", "valid", "test")]
    return as_draw(pools, features, seed, share, noise)


def as_draw(
    pools: Sequence[QuestionPool], features: Tensor, seed: int, share: float, noise: float
) -> Draw:
    """Questions of the pools train, valid and test about pictures (P, cells, F)."""
    train, valid, test = pools
    splits, preferences = draw_splits(train, valid, test, seed, share)
    generator = torch.Generator().manual_seed(seed)
    noisy = features + noise * torch.randn(features.shape, generator=generator)

    def seen(questions: QuestionPool, pictures: Tensor) -> Seen:
        bags = questions.bags[questions.text]
        return Seen(questions, pictures[questions.picture], bags)

    by_name = {
        name: seen(questions, features if name == "train" else noisy)
        for name, questions in splits.items()
    }
    return Draw(by_name, seen(test, noisy), preferences, seed, noise)


def stacked(splits: Sequence[Seen]) -> dict[str, Tensor]:
    """Splits of several seeds with one axis more in front: pictures, bags, answers, keys."""
    return {
        "pictures": torch.stack([s.pictures for s in splits]),
        "bags": torch.stack([s.bags for s in splits]),
        "answers": torch.stack([s.questions.answer for s in splits]),
        "keys": torch.stack([s.questions.key for s in splits]),
    }
