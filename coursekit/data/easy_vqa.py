"""easy-VQA: pictures of one shape, and questions about shape, colour, and what is there.

Victor Zhou, easy-VQA, https://github.com/vzhou842/easy-VQA, MIT.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from coursekit.data.files import open_checked
from coursekit.data.question_pool import QuestionPool
from coursekit.utils.checks import choose, require, require_instance

# How many pictures are whose, in their order; the package's own test is the test.
PARTS: Mapping[str, int] = MappingProxyType({"train": 3500, "valid": 500, "test": 1000})
SHAPES = ("circle", "rectangle", "triangle")
COLOURS = ("black", "blue", "brown", "gray", "green", "red", "teal", "yellow")
TYPES = ("shape", "colour", "yes/no")
GRID = 8  # points each way at which the thing's outline is read
GROUND = 24  # a pixel whose channels differ by less in sum is ground


@dataclass(frozen=True)
class EasyVQA:
    """pictures: (5000, 3, 32, 32) uint8.  questions: all that are asked about them."""

    pictures: Tensor
    questions: QuestionPool

    def part(self, name: str) -> QuestionPool:
        """The questions about the pictures of "train", "valid" or "test".

        Errors: ValueError for another part.
        """
        return self.questions.about(self.of(name))

    def of(self, name: str) -> Tensor:
        """Which pictures belong to a part, (5000,) bool.  Errors: ValueError for another part."""
        place = list(PARTS).index(choose("name", name, PARTS))
        ends = torch.tensor([*PARTS.values()]).cumsum(0)
        owner = torch.bucketize(torch.arange(len(self.pictures)), ends, right=True)
        return owner == place


def open_easy_vqa() -> EasyVQA:
    """All pictures and questions.  Errors: DataFileError for a missing or damaged file."""
    with np.load(open_checked("easy_vqa.npz")) as file:
        arrays = {name: file[name] for name in file.files}
    texts = tuple(str(text) for text in arrays["texts"])
    of_text = [question_key(text) for text in texts]
    keys = tuple(sorted(set(of_text), key=lambda key: (TYPES.index(key[0]), key[1])))
    numbers = ("question", "answer", "picture")
    asked = (torch.from_numpy(arrays[name].astype(np.int64)) for name in numbers)
    answers = tuple(str(answer) for answer in arrays["answers"])
    places = torch.tensor([keys.index(key) for key in of_text])
    pictures = torch.from_numpy(arrays["pictures"]).permute(0, 3, 1, 2).contiguous()
    return EasyVQA(pictures, QuestionPool(texts, answers, keys, places, *asked))


def question_key(text: str) -> tuple[str, str]:
    """Type of a question and what it is about: "is no red shape present?" → ("yes/no", "not red").

    Type: "shape", "colour" or "yes/no".  About: the shape or colour it names, with "not" before it
    where the question denies, and "" where it names none.
    Errors: TypeError for what is no text, ValueError for one without words.
    """
    require_instance("text", text, str)
    words = text.rstrip("?").split()
    require(len(words) > 0, f"text is {text!r}; a question was expected.")
    about = next((word for word in words if word in SHAPES + COLOURS), "")
    if words[0] in ("is", "does"):
        return "yes/no", f"not {about}" if {"no", "not"} & set(words) else about
    return ("colour" if "color" in words else "shape"), about


def outlines_and_colours(pictures: Tensor) -> Tensor:
    """What a picture shows, without training: the outline of its thing and its mean colour.

    pictures: (N, 3, H, W) uint8, one thing on ground that is one colour.  Returns (N, 67) float32:
    8 × 8 points of the thing's bounding box, 1 where it covers them, then red, green and blue from
    0 to 1.  Where nothing stands out all are 0.
    """
    require_instance("pictures", pictures, Tensor)
    shape = tuple(pictures.shape)
    fits = pictures.ndim == 4 and shape[1] == 3 and pictures.numel() > 0
    require(fits, f"pictures has shape {shape}; (N, 3, H, W) was expected.")
    require(pictures.dtype == torch.uint8, f"pictures is {pictures.dtype}; uint8 was expected.")
    values = pictures.float()
    thing = (values - values[:, :, :1, :1]).abs().sum(1) > GROUND  # (N, H, W)
    rows, columns = _points(thing.any(2)), _points(thing.any(1))
    outline = thing[torch.arange(len(thing))[:, None, None], rows[:, :, None], columns[:, None, :]]
    area = thing.sum((1, 2)).clamp(min=1)
    colour = (values * thing[:, None]).sum((2, 3)) / area[:, None] / 255
    return torch.cat([outline.flatten(1).float(), colour], 1)


def _points(covered: Tensor) -> Tensor:
    """Eight places, evenly from the first to the last that is covered, (N, 8); covered (N, W)."""
    places = torch.arange(covered.shape[1])
    first = torch.where(covered, places, covered.shape[1]).amin(1)
    last = torch.where(covered, places, -1).amax(1)
    share = (torch.arange(GRID) + 0.5) / GRID
    points = first[:, None] + share * (last - first + 1).clamp(min=0)[:, None]
    return points.long().clamp(0, covered.shape[1] - 1)
