"""The captions explorer: type or alter a caption, and see what each metric makes of it."""

from functools import lru_cache

from coursekit.analysis.bleu import bleu_parts, marked_ngrams
from coursekit.analysis.caption_ngrams import tokens_of
from coursekit.analysis.cider import (
    DocumentFrequencies,
    cider,
    cider_d,
    document_frequencies,
)
from coursekit.course.widgets.controls import Control, Slider, Text
from coursekit.course.widgets.deferred_picture import put_off
from coursekit.course.widgets.explorer import Explorer
from coursekit.data.files import DataFileError
from coursekit.lessons.l15_evaluation.explorer_view import CaptionView, Judged
from coursekit.lessons.l15_evaluation.rating_card import as_picture
from coursekit.lessons.l15_evaluation.scene_sentences import facts_of
from coursekit.lessons.l15_evaluation.systems import Described, described_scenes

SHOWN = 20  # scenes to choose from
FIRST = 2
LONGEST = 300  # characters of a caption


@lru_cache(maxsize=1)
def frequencies() -> DocumentFrequencies:
    """Of all 150 scenes, whichever is shown."""
    return document_frequencies(described_scenes().reference_words)


def judge(scene: int, caption: str, n: int) -> Judged:
    """What each metric says of a caption of one scene, and which of its n-grams count."""
    try:
        data = described_scenes()
    except DataFileError as error:
        return Judged(sorry=str(error))
    scene, n = int(scene), int(n)
    words = tokens_of(caption)
    own = [tokens_of(text) for text in data.references[scene]]
    parts = bleu_parts([words], [own])
    plain, clipped = (
        metric([words], [own], frequencies=frequencies()).corpus for metric in (cider, cider_d)
    )
    facts = facts_of(caption, data.shown[scene])
    a, b, c = (" ".join(name) for name in data.shown[scene].names)
    return Judged(
        scene=scene, n=n, picture=as_picture(data, scene),
        shows=f"{a} {data.shown[scene].relation} {b}, and {c}",
        references=tuple(data.references[scene]), words=tuple(words),
        marked=tuple(match for _, match in marked_ngrams(words, own, n)),
        scores=(*parts.per_image()[0].tolist(), plain / 10, clipped / 10),
        lengths=(len(words), int(parts.reference_lengths[0])),
        objects=facts.right, relation=facts.relation,
    )  # fmt: skip


def presets(data: Described, scene: int = FIRST) -> dict[str, dict[str, float | str]]:
    """A system's caption of the first scene each."""
    names = {
        "a true one": "a describer",
        "turned round": "turned round",
        "in other words": "other words",
        "template": "template",
        "repeats": "repeats",
    }
    made: dict[str, dict[str, float | str]] = {
        name: {"scene": scene, "caption": data.captions[system][scene]}
        for name, system in names.items()
    }
    return made | {"articles": {"scene": scene, "caption": " ".join(["a"] * 11)}}


@put_off()
def captions_explorer() -> Explorer:
    """Lesson 15: which word moves which metric?"""
    made = presets(described_scenes())
    first = str(made["a true one"]["caption"])
    suggestions = tuple(dict.fromkeys(str(values["caption"]) for values in made.values()))
    knobs: dict[str, Control] = {
        "caption": Text("caption", suggestions, first, most=LONGEST),
        "scene": Slider("scene", 0, SHOWN - 1, 1, FIRST),
        "n": Slider("n-grams marked, n", 1, 4, 1, 1),
    }
    return Explorer(
        key="captions",
        title="Which word moves which metric?",
        question=(
            "Begin with the true caption. Which one word must you change to make it false, and "
            "which metric falls most? Then make it true in words that no reference has. Last, "
            "find the false caption with the highest BLEU-4: what does CIDEr-D say of it?"
        ),
        controls=knobs,
        compute=judge,
        make_view=CaptionView,
        presets=made,
        busy="counting …",
    )
