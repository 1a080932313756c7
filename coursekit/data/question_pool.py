"""Questions that may be asked about pictures, each with its answer and the key of its prior."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from coursekit.data.bag_of_words import vocabulary, words_of
from coursekit.utils.checks import require, require_instance
from coursekit.utils.tensor_checks import require_bools, require_labels


@dataclass(frozen=True)
class QuestionPool:
    """Q questions asked about P pictures.

    texts: T different questions.  answers: A different answers.  keys: K pairs of a question's type
    and what it is about, such as ("yes/no", "not red"); answers have one prior per key.
    key_of_text: (T,) places in ``keys``.  text, answer, picture: (Q,), of each question asked.
    All numbers are int64 and count from 0.
    """

    texts: tuple[str, ...]
    answers: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    key_of_text: Tensor
    text: Tensor
    answer: Tensor
    picture: Tensor

    def __len__(self) -> int:
        return len(self.text)

    @property
    def key(self) -> Tensor:
        """The key of each question asked, (Q,)."""
        return self.key_of_text[self.text]

    @property
    def types(self) -> tuple[str, ...]:
        """The types of questions, in the order of their keys."""
        return tuple(dict.fromkeys(kind for kind, _ in self.keys))

    @cached_property
    def type_of_key(self) -> Tensor:
        """A place in ``types`` per key, (K,)."""
        return torch.tensor([self.types.index(kind) for kind, _ in self.keys])

    @property
    def type(self) -> Tensor:
        """A place in ``types`` per question asked, (Q,)."""
        return self.type_of_key[self.key]

    @cached_property
    def possible(self) -> Tensor:
        """Which answers occur with a key, (K, A) bool."""
        size = len(self.keys) * len(self.answers)
        cells = self.key * len(self.answers) + self.answer
        return (torch.bincount(cells, minlength=size) > 0).reshape(len(self.keys), -1)

    @cached_property
    def bags(self) -> Tensor:
        """Each text as a bag of words, (T, V) float32, of length one."""
        words = [words_of(text) for text in self.texts]
        return vocabulary(words, least=1).bags(words)

    def part(self, rows: Tensor) -> "QuestionPool":
        """The questions of these rows, (n,) int64, in their order; texts, answers and keys stay.

        Errors: TypeError for other numbers, ValueError for none, and for rows that there are not.
        """
        require_labels("rows", rows, None, len(self))
        same = (self.texts, self.answers, self.keys, self.key_of_text)
        return QuestionPool(*same, self.text[rows], self.answer[rows], self.picture[rows])

    def about(self, pictures: Tensor) -> "QuestionPool":
        """The questions about pictures for which ``pictures`` (P,) bool is True.

        Errors: TypeError for other numbers, ValueError for too few, or where none is asked about.
        """
        require_instance("pictures", pictures, Tensor)
        require_bools("pictures", pictures, (pictures.numel(),))
        least = 1 + int(self.picture.max())
        rows = len(pictures)
        require(rows >= least, f"pictures has {rows} rows; {least} or more were expected.")
        asked = bool(pictures[self.picture].any())
        require(asked, "pictures has no True at a picture that is asked about; one was expected.")
        return self.part(torch.nonzero(pictures[self.picture]).flatten())
