"""Classes that were kept from training: 24 subgroups of the emoji, and sentences that name them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from coursekit.analysis.zero_shot import class_weights
from coursekit.data.bag_of_words import Vocabulary, words_of
from coursekit.data.emoji import ARTISTS, open_emoji, training_vocabulary
from coursekit.data.multimodal import Split
from coursekit.lessons.l09_contrastive_alignment.emoji_training import emoji, joined, places
from coursekit.models import MultimodalClassifier
from coursekit.utils.checks import choose, require_count

PROMPTS = ("title", "one seen word", "five seen words", "five prompts", "unseen words", "random")
OFTEN = 3  # captions of the training split a word must occur in to count as seen

Prompt = tuple[str, ...]


@dataclass(frozen=True)
class HeldOut:
    """The pictures of 24 subgroups, what captions say of them, and which words training has seen.

    table: a row per picture of one artist, as `Emoji.table`.  captions: their words.  known: the
    vocabulary of the text encoder.
    """

    table: pd.DataFrame
    captions: list[Prompt]
    known: Vocabulary

    def without(self, name: str) -> Split:
        """A split of both artists' pairs, less the held-out subgroups."""
        one, other = (_kept(artist, name) for artist in ARTISTS)
        return joined(one, other)

    @cached_property
    def seen(self) -> Counter[str]:
        """How many captions of the training split each word occurs in."""
        rows = ((self.table["split"] == "train") & ~self.table["held_out"]).tolist()
        kept = [words for words, used in zip(self.captions, rows, strict=True) if used]
        return Counter(word for words in kept for word in set(words))

    @cached_property
    def subgroups(self) -> dict[str, np.ndarray]:
        """Each held-out subgroup and its rows."""
        rows = self.table[self.table["held_out"]]
        return {str(name): np.array(part.index) for name, part in rows.groupby("subgroup")}

    def words_of(self, subgroup: str, seen: bool) -> list[str]:
        """Words of a subgroup's own captions, the most frequent first.

        seen: those that occur in `OFTEN` captions of the training or more; else those in none.
        """
        own = Counter(w for row in self.subgroups[subgroup] for w in set(self.captions[row]))
        wanted = [w for w in own if w in self.known.places]
        fits = (lambda w: self.seen[w] >= OFTEN) if seen else (lambda w: self.seen[w] == 0)
        return sorted(filter(fits, wanted), key=lambda w: (-own[w], w))

    def prompts(self, kind: str, subgroup: str, generator: np.random.Generator) -> list[Prompt]:
        """What is said of a class: one prompt or several, one of `PROMPTS`.

        title: its name.  seen words: of its own captions, chosen with a look at them.  random: a
        word of the training, the control.
        """
        choose("kind", kind, PROMPTS)
        if kind == "title":
            return [words_of(subgroup.replace("-", " "))]
        if kind == "random":
            every = sorted(w for w in self.seen if w in self.known.places)
            return [(str(generator.choice(every)),)]
        words = self.words_of(subgroup, seen=kind != "unseen words")[:5]
        if kind == "one seen word":
            return [tuple(words[:1])]
        return [(word,) for word in words] if kind == "five prompts" else [tuple(words)]

    def weights(
        self, model: MultimodalClassifier, kind: str, generator: np.random.Generator
    ) -> Tensor:
        """A direction per subgroup, (24, width); a class without a prompt gets a random word's."""
        rows = []
        for name in self.subgroups:
            prompts = [p for p in self.prompts(kind, name, generator) if self.known.known(p)]
            prompts = prompts or self.prompts("random", name, generator)
            lie = places(model, text=self.known.bags(prompts))["text"]
            rows.append(class_weights(lie[None])[0])
        return torch.stack(rows)


def held_out() -> HeldOut:
    """Google's pictures of the 24 subgroups, with English names and keywords."""
    google = open_emoji()
    return HeldOut(google.table, google.captions(), training_vocabulary())


def _kept(artist: str, name: str) -> Split:
    """One artist's split without the held-out subgroups."""
    data, table = emoji(artist), open_emoji(artist).table
    rows = (table["split"] == name) & ~table["held_out"]
    chosen = torch.from_numpy(np.flatnonzero(rows.to_numpy()))
    inputs = {m: x[chosen] for m, x in data.inputs.items()}
    return Split(inputs, data.labels[chosen], data.group[chosen])


def accuracy_among(
    similarity: Tensor, rows_of: Sequence[np.ndarray], ways: int, draws: int, seed: int = 0
) -> float:
    """Balanced accuracy among ``ways`` classes, mean over draws of which classes these are.

    similarity: (N, K), each picture with each class.  rows_of: the pictures of each class.
    """
    require_count("ways", ways, 2, len(rows_of))
    require_count("draws", draws, 1)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(draws):
        among = rng.choice(len(rows_of), ways, replace=False)
        hits = [(similarity[rows_of[k]][:, among].argmax(1) == i).double().mean()
                for i, k in enumerate(among)]  # fmt: skip
        means.append(torch.stack(hits).mean())
    return float(torch.stack(means).mean())
