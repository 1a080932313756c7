"""Eight systems that say something about the same scenes, from good ones to tricks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from coursekit.analysis.bleu import bleu_parts_of_each
from coursekit.analysis.caption_ngrams import Tokens, tokens_of
from coursekit.data.files import open_checked
from coursekit.data.scene_captions import OBJECTS
from coursekit.data.scenes import Scenes, draw_scenes
from coursekit.lessons.l15_evaluation.scene_sentences import (
    FORMS,
    OPPOSITE,
    PHRASES,
    Shown,
    as_sentence,
    described,
    in_other_words,
    shown_in,
    with_article,
)
from coursekit.utils.checks import require_count

SEED = 100  # of the stored captions of lesson 10
STORED = 300  # scenes that they are about
REFERENCES = 5
TRIED = 200  # sentences that the template is chosen from
SYSTEMS = (
    "a describer", "other words", "turned round", "long training", "short training",
    "text alone", "template", "repeats",
)  # fmt: skip


@dataclass(frozen=True)
class Described:
    """Scenes, what five describers wrote of each, and what each system says: one per scene."""

    scenes: Scenes
    shown: list[Shown]
    references: list[list[str]]
    captions: Mapping[str, list[str]]

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def reference_words(self) -> list[list[Tokens]]:
        """References as words."""
        return [[tokens_of(text) for text in own] for own in self.references]

    def words(self, system: str) -> list[Tokens]:
        """A system's captions as words."""
        return [tokens_of(text) for text in self.captions[system]]


@lru_cache(maxsize=2)
def described_scenes(count: int = 150) -> Described:
    """The first ``count`` of the 300 scenes that lesson 10's stored captions are about."""
    require_count("count", count, 2, STORED)
    scenes = draw_scenes(STORED, SEED, "test")
    shown = shown_in(scenes)[:count]
    rng = np.random.default_rng(SEED)
    drawn = [described(scene, REFERENCES + 1, rng) for scene in shown]
    references = [sentences[:REFERENCES] for sentences in drawn]
    captions = {
        "a describer": [sentences[-1] for sentences in drawn],
        "other words": [in_other_words(scene) for scene in shown],
        "turned round": [turned(sentences[-1]) for sentences in drawn],
        **_stored(count),
        "template": [best_template()] * count,
    }
    captions["repeats"] = [repeated(text) for text in captions["long training"]]
    ordered = {name: captions[name] for name in SYSTEMS}
    return Described(scenes, shown, references, ordered)


def turned(sentence: str) -> str:
    """A describer's sentence, one word of it turned into its opposite: well said and false."""
    return " ".join(OPPOSITE.get(word, word) for word in sentence.split())


def repeated(caption: str, times: int = 3) -> str:
    """The last object that a caption names, again and again."""
    last = caption.rpartition(" and ")[2]
    return " and ".join([last] * times)


@lru_cache(maxsize=1)
def best_template() -> str:
    """The one sentence with the highest BLEU-4 on 100 other scenes, of 200 that were drawn.

    It has seen references of those scenes, no picture and nothing of the scenes that are tested.
    """
    shown = shown_in(draw_scenes(100, SEED, "valid"))
    rng = np.random.default_rng(SEED)
    references = [[tokens_of(text) for text in described(s, REFERENCES, rng)] for s in shown]
    tried = [_any_sentence(rng) for _ in range(TRIED)]
    systems = [[tokens_of(text)] * len(shown) for text in tried]
    scores = [parts.corpus()[-1] for parts in bleu_parts_of_each(systems, references)]
    return tried[int(np.argmax(scores))]


def _any_sentence(rng: np.random.Generator) -> str:
    """A sentence of the describers' grammar about any three objects."""
    a, b, c = (OBJECTS[place] for place in rng.choice(len(OBJECTS), 3, replace=False))
    relation = list(PHRASES)[rng.integers(len(PHRASES))]
    phrase = PHRASES[relation][rng.integers(2)]
    form = FORMS[rng.integers(len(FORMS))]
    return form.format(a=with_article(a), b=with_article(b), c=with_article(c), relation=phrase)


def _stored(count: int) -> dict[str, list[str]]:
    """What lesson 10's captioners say: the likeliest words, drawn ones where nothing is seen."""
    table = pd.read_csv(open_checked("scene_captions.csv"), keep_default_na=False)
    stored = {}
    for name, how in (
        ("long training", "likeliest"),
        ("short training", "likeliest"),
        ("text alone", "drawn"),
    ):
        mine = table[(table["captioner"] == name) & (table["words"] == how)].sort_values("row")
        stored[name] = [as_sentence(text) for text in mine["caption"].head(count)]
    return stored
