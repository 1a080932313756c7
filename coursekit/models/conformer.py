"""Conformer: an encoder of sequences, such as sound in steps of time."""

from torch import Tensor, nn

from coursekit.layers.conformer import ConformerLayer
from coursekit.layers.sequential_blocks import Blocks
from coursekit.layers.tokens import sinusoidal_positions
from coursekit.utils.checks import require, require_count
from coursekit.utils.devices import moved
from coursekit.utils.tensor_checks import require_dtype


class Conformer(Blocks):
    """Conformer encoder, (B, T, D) → (B, width): projection, positions, layers, mean over T.

    Also read: a spectrogram as a picture (B, 1, F, T), T steps of F = D numbers, and a vector
    (B, D), one step. Sinusoidal positions are added once before the first layer, where the paper
    has relative ones in every attention; the paper's subsampling of time is left out.
    width, heads: 144 and 4 are the paper's small model, which has 16 layers.  kernel: 31 steps.
    Errors: TypeError, ValueError for sizes that cannot be, as in `ConformerLayer`.
    Source: Gulati and colleagues 2020, §2 and table 1.
    """

    def __init__(
        self,
        in_features: int,
        width: int = 144,
        heads: int = 4,
        layers: int = 2,
        *,
        kernel: int = 31,
        expansion: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        require_count("in_features", in_features, 1)
        require_count("width", width, 1)
        require_count("layers", layers, 1)
        self.in_features = in_features
        self.out_features = width
        self.projection = nn.Linear(in_features, width)
        self.layers = nn.ModuleList(
            ConformerLayer(width, heads, kernel=kernel, expansion=expansion, dropout=dropout)
            for _ in range(layers)
        )

    def blocks(self) -> list[nn.Module]:
        """The Conformer layers, first to last."""
        return list(self.layers)

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is no (B, T, D), (B, 1, D, T) or (B, D), in the weights' dtype.

        B may be 0, for a process that has no row of a shared batch.
        """
        require_dtype(name, x, self)
        d = self.in_features
        read = {2: (d,), 3: (None, d), 4: (1, d, None)}.get(x.ndim)
        fits = read is not None and all(
            n == want if want else n > 0 for n, want in zip(x.shape[1:], read, strict=True)
        )
        known = f"(any, any, {d}), (any, 1, {d}, any) or (any, {d})"
        require(fits, f"{name} has shape {tuple(x.shape)}; {known} was expected.")

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, width); errors as in `check_input`."""
        self.check_input("x", x)
        if x.ndim == 4:
            x = x.squeeze(1).transpose(1, 2)
        elif x.ndim == 2:
            x = x[:, None]
        h = self.projection(x)
        return self.through(h + moved(sinusoidal_positions(*h.shape[1:]), h)).mean(dim=1)
