"""What lesson 12 trains and tests on: questions of easy-VQA with known priors, as numbers."""

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
NOISE = 0.5  # of every picture, in units of a feature's deviation: bad pictures


@dataclass(frozen=True)
class Seen:
    """Questions of one split as a network reads them: pictures (N, F) with noise, bags (N, V)."""

    questions: QuestionPool
    pictures: Tensor
    bags: Tensor

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class Draw:
    """All splits of one seed, and which answers its keys prefer."""

    splits: Mapping[str, Seen]
    preferences: Preferences
    seed: int

    @property
    def train(self) -> Seen:
        """The split that trains."""
        return self.splits["train"]


@lru_cache(maxsize=1)
def the_pictures() -> tuple[EasyVQA, Tensor]:
    """easy-VQA, and its pictures as 32 numbers each, (5000, 32), of deviation one in training."""
    data = open_easy_vqa()
    train = data.of("train")
    raw = outlines_and_colours(data.pictures)
    outlines, colours = raw[:, :-3], raw[:, -3:]
    pca = PCA(OUTLINE_SIZE, svd_solver="full").fit(outlines[train].numpy())
    numbers = torch.from_numpy(pca.transform(outlines.numpy())).float()
    features = torch.cat([numbers, colours], dim=1)
    mean, deviation = features[train].mean(0), features[train].std(0)
    return data, (features - mean) / deviation


@lru_cache(maxsize=16)
def draw(seed: int, share: float = 0.8, noise: float = NOISE) -> Draw:
    """Questions, preferred answers and noise of one seed.

    share: of the preferred answer, see `coursekit.data.shifted_priors.draw_splits`.
    """
    data, features = the_pictures()
    pools = (data.part(name) for name in ("train", "valid", "test"))
    splits, preferences = draw_splits(*pools, seed=seed, share=share)
    generator = torch.Generator().manual_seed(seed)
    seen = features + noise * torch.randn(features.shape, generator=generator)
    bags = data.questions.bags
    return Draw(
        {name: Seen(q, seen[q.picture], bags[q.text]) for name, q in splits.items()},
        preferences,
        seed,
    )


def stacked(splits: Sequence[Seen]) -> dict[str, Tensor]:
    """Splits of several seeds with one axis more in front: pictures, bags, answers, keys."""
    return {
        "pictures": torch.stack([s.pictures for s in splits]),
        "bags": torch.stack([s.bags for s in splits]),
        "answers": torch.stack([s.questions.answer for s in splits]),
        "keys": torch.stack([s.questions.key for s in splits]),
    }
