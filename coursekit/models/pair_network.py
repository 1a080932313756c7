"""What networks for pairs of picture and text have in common: two heads, and a probe that watches.

They take the place of a classifier's fusion, and read every patch and every word.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from coursekit.fusion.base import Fusion
from coursekit.fusion.late_linear import LateLinear
from coursekit.models.token_encoders import no_token
from coursekit.utils.checks import require, require_count

PICTURE, TEXT = "picture", "text"


class PairNetwork(Fusion):
    """Reads patches (N, P, W) and words (N, L, W) together; rows of zeros are no words.

    words: how many there are to guess a masked one from.
    Its joint logits (B, C) are those of a linear probe on the mean patch and the mean word. The
    probe learns on features that get no gradient from it, so that the course's loop can say after
    every epoch what the encoders hold of the labels, and nothing is learnt from a label.
    Errors: ValueError unless there are a "picture" and a "text" of one width.
    """

    def __init__(self, widths: Mapping[str, int], num_classes: int, words: int) -> None:
        super().__init__(widths, num_classes)
        require_count("words", words, 2)
        require(
            set(widths) == {PICTURE, TEXT} and widths[PICTURE] == widths[TEXT],
            f"widths is {dict(widths)}; {PICTURE!r} and {TEXT!r} of one width were expected.",
        )
        self.width = widths[TEXT]
        self.match_head = nn.Linear(self.width, 2)
        self.word_head = nn.Linear(self.width, words)
        self.probe = LateLinear(widths, num_classes)

    def _shape(self, width: int, x: Tensor, rows: int | None) -> tuple[int | None, ...]:
        return rows, None, width

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """The probe's logits, (B, T_m, W) by modality → (B, C)."""
        self.ordered(features)
        means = {PICTURE: features[PICTURE].mean(1), TEXT: mean_word(features[TEXT])}
        return self.probe({m: z.detach() for m, z in means.items()})

    def fuse(
        self, patches: Tensor, words: Tensor, weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Words that have seen the picture, (N, L, W), and the attention of every layer.

        weights: whether that is asked for; else the list is empty.  It is part of the graph; see
        `words_to_patches`.
        """
        raise NotImplementedError

    def words_to_patches(self, attention: Tensor, length: int) -> Tensor:
        """Of one layer's attention what each of L words takes from each patch, (N, H, L, P)."""
        return attention

    def match_logits(self, fused: Tensor) -> Tensor:
        """Logits (N, 2) that picture and text belong together (1) or not (0), of `fuse`'s words."""
        return self.match_head(fused[:, 0])

    def word_logits(self, fused: Tensor) -> Tensor:
        """Logits (N, L, V) of the word at every place, of `fuse`'s words."""
        return self.word_head(fused)

    def apart(self, model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The parameters of the probe, and all others of a model whose fusion this is."""
        probe = list(self.probe.parameters())
        mine = {id(p) for p in probe}
        return probe, [p for p in model.parameters() if id(p) not in mine]


def mean_word(words: Tensor) -> Tensor:
    """Mean over the words that there are, (N, L, W) → (N, W)."""
    there = (~no_token(words)).to(words.dtype).unsqueeze(2)
    return (words * there).sum(1) / there.sum(1).clamp(min=1)
