"""Questions about scenes of emoji: what is left of a thing, which colour it has, is it there?"""

import torch
from torch import Tensor

from coursekit.data.question_pool import QuestionPool
from coursekit.data.scene_captions import OBJECTS, RELATIONS
from coursekit.data.scenes import Scenes
from coursekit.utils.checks import require, require_count, require_instance

TYPES = ("place", "colour", "yes/no")
NOUNS = tuple(dict.fromkeys(thing[-1] for thing in OBJECTS))
COLOURS = tuple(dict.fromkeys(thing[0] for thing in OBJECTS if len(thing) == 2))
ANSWERS = (*NOUNS, *COLOURS, "yes", "no")
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
Asked = tuple[str, str, int]  # text, answer, scene


def scene_questions(scenes: Scenes, seed: int = 0) -> QuestionPool:
    """All questions about the places and colours of each scene's objects, and as many yes as no.

    "what is left of the dog?" has the noun that stands there as its answer, keys are the four
    relations; "which colour is the heart?" is asked where there is one heart, keys are the nouns;
    "is there a dog?" is asked of every noun that is there, and of as many that are not.
    seed: which absent nouns are asked for.
    Errors: TypeError for what are no scenes.
    """
    require_instance("scenes", scenes, Scenes)
    require_count("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    asked: list[Asked] = []
    rows = zip(scenes.objects.tolist(), scenes.relation.tolist(), strict=True)
    for number, (things, relation) in enumerate(rows):
        words = [OBJECTS[thing] for thing in things]
        asked += _of_place(words, RELATIONS[relation], number)
        asked += _of_colour(words, number)
        asked += _of_presence(words, number, generator)
    return _as_pool(asked)


def key_of(text: str) -> tuple[str, str]:
    """Type of a question and what it is about: a relation, or a noun.

    Errors: TypeError for what is no text, ValueError for one of fewer than three words.
    """
    require_instance("text", text, str)
    words = text.rstrip("?").split()
    require(len(words) > 2, f"text is {text!r}; a question of three words or more was expected.")
    if words[0] == "is":
        return "yes/no", words[-1]
    return ("place", words[2]) if words[0] == "what" else ("colour", words[-1])


def _of_place(words: list[tuple[str, ...]], relation: str, number: int) -> list[Asked]:
    first, second = words[0], words[1]
    return [
        (f"what is {relation} of the {' '.join(second)}?", first[-1], number),
        (f"what is {OPPOSITE[relation]} of the {' '.join(first)}?", second[-1], number),
    ]


def _of_colour(words: list[tuple[str, ...]], number: int) -> list[Asked]:
    nouns = [thing[-1] for thing in words]
    return [
        (f"which colour is the {thing[-1]}?", thing[0], number)
        for thing in words
        if len(thing) == 2 and nouns.count(thing[-1]) == 1
    ]


def _of_presence(
    words: list[tuple[str, ...]], number: int, generator: torch.Generator
) -> list[Asked]:
    there = list(dict.fromkeys(thing[-1] for thing in words))
    absent = [noun for noun in NOUNS if noun not in there]
    order = torch.randperm(len(absent), generator=generator)[: len(there)].tolist()
    return [
        *((f"is there a {noun}?", "yes", number) for noun in there),
        *((f"is there a {absent[place]}?", "no", number) for place in order),
    ]


def _as_pool(asked: list[Asked]) -> QuestionPool:
    texts = tuple(sorted({text for text, _, _ in asked}))
    of_text = [key_of(text) for text in texts]
    keys = tuple(sorted(set(of_text), key=lambda key: (TYPES.index(key[0]), key[1])))
    place = {text: i for i, text in enumerate(texts)}
    columns: list[Tensor] = [
        torch.tensor([place[text] for text, _, _ in asked]),
        torch.tensor([ANSWERS.index(answer) for _, answer, _ in asked]),
        torch.tensor([scene for _, _, scene in asked]),
    ]
    return QuestionPool(
        texts, ANSWERS, keys, torch.tensor([keys.index(k) for k in of_text]), *columns
    )
