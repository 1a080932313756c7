"""ResNet-18: an encoder of pictures, or of videos frame by frame."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.layers.sequential_blocks import Blocks
from coursekit.utils.checks import require, require_count
from coursekit.utils.tensor_checks import require_dtype, require_weights

WIDTHS = (64, 128, 256, 512)  # channels of the four stages


class Convolution(nn.Conv2d):
    """A k×k convolution without bias, padded by k // 2; normal weights of variance 2 / (k²·out).

    Source of the weights: He and colleagues 2015, "Delving deep into rectifiers", eq. 14.
    """

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__(channels, out, kernel, stride, padding=kernel // 2, bias=False)

    def reset_parameters(self) -> None:
        """Draw the weights from torch's own generator."""
        self.initialise(None)

    def initialise(self, generator: torch.Generator | None) -> None:
        """Draw the weights anew."""
        nn.init.kaiming_normal_(
            self.weight, mode="fan_out", nonlinearity="relu", generator=generator
        )


class BasicBlock(nn.Module):
    """y = relu(F(x) + S(x)), (B, channels, H, W) → (B, out, ⌈H/stride⌉, ⌈W/stride⌉).

    F: 3×3 convolution, batch norm, ReLU, 3×3 convolution, batch norm.  S: x itself where shapes
    agree, else a 1×1 convolution and batch norm.
    Source: He and colleagues 2015, "Deep residual learning", eq. 1 and 2, option B of §4.1.
    """

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = Convolution(channels, out, 3, stride)
        self.bn1 = BatchNorm2d(out)
        self.conv2 = Convolution(out, out, 3, 1)
        self.bn2 = BatchNorm2d(out)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(Convolution(channels, out, 1, stride), BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        """(B, out, …)."""
        h = torch.relu(self.bn1(self.conv1(x)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(h)) + shortcut)


class ResNet18(Blocks):
    """Residual network of 18 layers, (B, channels, H, W) or (B, T, channels, H, W) → (B, 512).

    T frames go through as so many pictures; their features are averaged over T afterwards. The
    features are means of ReLUs, so not negative. In training, batch norm lets the pictures of a
    batch meet. Pictures of any size: they leave at ⌈H/32⌉ × ⌈W/32⌉ and are averaged.
    Source: He and colleagues 2015, "Deep residual learning", table 1, without its last layer.
    """

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        require_count("channels", channels, 1)
        self.channels = channels
        self.out_features = WIDTHS[-1]
        self.conv1 = Convolution(channels, WIDTHS[0], 7, 2)
        self.bn1 = BatchNorm2d(WIDTHS[0])
        # Names and order are those of the published weights.
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], 1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], 2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], 2)
        self.layer4 = _stage(WIDTHS[2], WIDTHS[3], 2)

    def stages(self) -> list[nn.Module]:
        """The four stages, of two blocks each."""
        return [self.layer1, self.layer2, self.layer3, self.layer4]

    def blocks(self) -> list[nn.Module]:
        """The eight residual blocks, first to last."""
        return [block for stage in self.stages() for block in stage.children()]

    def check_input(self, name: str, x: Tensor) -> None:
        """Refuse what is no (B, channels, H, W) or (B, T, channels, H, W) in the weights' dtype.

        In training also a single picture up to 32×32: it leaves one value per channel, of which
        batch norm has no variance. B may be 0, for a process that has no row of a shared batch.
        """
        require_dtype(name, x, self)
        c = self.channels
        fits = x.ndim in (4, 5) and x.shape[-3] == c and 0 not in x.shape[1:]
        want = f"(any, {c}, any, any), or (any, any, {c}, any, any) for frames,"
        require(fits, f"{name} has shape {tuple(x.shape)}; {want} was expected.")
        shared = self.bn1.total is not None
        single = math.prod(x.shape[:-3]) == 1 and max(x.shape[-2:]) <= 32
        more = "two or more pictures, or one above 32×32, were expected in training"
        refused = self.training and single and not shared
        require(not refused, f"{name} has shape {tuple(x.shape)}; {more}.")

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, 512); errors as in `check_input`."""
        self.check_input("x", x)
        if x.ndim == 5:
            return self._pictures(x.flatten(0, 1)).unflatten(0, x.shape[:2]).mean(dim=1)
        return self._pictures(x)

    def _pictures(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.conv1(x)))
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)
        return self.through(x).mean(dim=(2, 3))

    def load_published(self, state: Mapping[str, Tensor]) -> None:
        """Take over weights published under the usual names, conv1.weight to layer4.1.bn2.….

        state: tensors by name. Left out are the last layer, fc.…, which has no place here, and the
        counters …num_batches_tracked, which no result depends on. A model of one channel takes the
        mean of the three channels' first filters: a grey picture then gives a third of what it
        would as three equal channels, so the first batch norm's running mean and variance fit only
        after some training. Pictures have to be scaled as those were on which the weights were
        trained.
        Errors: ValueError for a missing name, one too many, another shape, or NaN, TypeError for
        what is no floating-point tensor; the model is then as it was.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state is a {type(state).__name__}; tensors by name were expected.")
        published = {k: v for k, v in state.items() if not _left_out(k)}
        expected = {k: v for k, v in self.state_dict().items() if not _left_out(k)}
        missing = [k for k in expected if k not in published]
        require(not missing, f"state lacks {_few(missing)}; all of ResNet-18's names are needed.")
        further = [k for k in published if k not in expected]
        require(not further, f"state has {_few(further)}; only ResNet-18's names were expected.")
        for k, v in published.items():
            require_weights(f"state[{k!r}]", v)
        first = published["conv1.weight"]
        if self.channels == 1 and first.ndim == 4 and first.shape[1] == 3:
            published["conv1.weight"] = first.mean(dim=1, keepdim=True)
        for k, v in published.items():
            shape, want = tuple(v.shape), tuple(expected[k].shape)
            require(shape == want, f"state[{k!r}] has shape {shape}; {want} was expected.")
        self.load_state_dict(published, strict=False)  # all names agree but for the counters


def _left_out(name: str) -> bool:
    return name in ("fc.weight", "fc.bias") or name.endswith(".num_batches_tracked")


def _stage(channels: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(channels, out, stride), BasicBlock(out, out, 1))


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more
