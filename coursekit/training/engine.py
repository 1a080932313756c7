"""How a training uses the machine: device, precision, memory, processes that share each batch.

No balancing method has to know of it. All of it happens where an encoder is run, from the inputs of
this process's rows to the features of the whole batch:

    own rows → encoder, in mixed precision, in parts, recomputed → own features → those of all

Behind that every process computes the same as one alone would: fusion, heads, losses, scores and
prototypes are those of the whole batch. Only the encoders' gradients come from own rows; a hook on
each of their parameters adds them up over the processes, in whichever way a method asks for them.
PyTorch's own wrapper (DistributedDataParallel) is no choice here: it averages the gradients of one
``backward`` of one forward pass, and half of the methods make several of either.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from coursekit.data.lazy_split import LazySplit
from coursekit.data.multimodal import Split
from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.layers.sequential_blocks import Blocks
from coursekit.models import MultimodalClassifier
from coursekit.training.activation_checkpointing import recomputed
from coursekit.training.all_reduce import everyones, total, total_of
from coursekit.training.settings import Settings
from coursekit.utils.checks import require_flag, require_instance

if TYPE_CHECKING:
    from lightning_fabric import Fabric

AnySplit = Split | LazySplit


class Engine:
    """What `Settings` say of the machine, made ready.

    rank, world: which of how many processes this is.  device: of this process.  progress: show how
    far an epoch is (the first process does).
    Errors: ModuleNotFoundError, with what to install, where lightning-fabric is needed and missing.
    """

    def __init__(self, settings: Settings, progress: bool = False) -> None:
        require_instance("settings", settings, Settings)
        require_flag("progress", progress)
        self.settings = settings
        self.fabric = _fabric(settings)
        self.rank = 0 if self.fabric is None else self.fabric.global_rank
        self.world = 1 if self.fabric is None else self.fabric.world_size
        shared = self.fabric is not None and self.world > 1
        self.device = str(self.fabric.device) if shared and self.fabric else settings.device
        self.progress = progress and self.rank == 0
        self._compiled: dict[nn.Module, nn.Module] = {}

    def __deepcopy__(self, memo: object) -> "Engine":
        return self  # a copy of a model runs on the same machine

    @staticmethod
    def needs_nothing(s: Settings) -> bool:
        """Whether settings leave encoders as they are: nothing to compile, recompute or cast."""
        mixed = s.precision != "32-true"
        return not (mixed or s.compile or s.checkpointing or s.accumulate > 1)

    @property
    def plain(self) -> bool:
        """Whether encoders run as they are, in one process."""
        return self.world == 1 and self.needs_nothing(self.settings)

    @contextmanager
    def running(self, model: MultimodalClassifier) -> Iterator[None]:
        """Inside the block the encoders of ``model`` run through `encode`; afterwards as before."""
        if self.plain:
            yield
            return
        encoders = model.encoders
        with ExitStack() as stack:
            stack.enter_context(_replaced(model, "run_encoder", self.encode))
            for block in self._recomputed_blocks(model):
                stack.enter_context(_replaced(block, "run_block", recomputed))
            for norm in encoders.modules() if self.world > 1 else ():
                if isinstance(norm, BatchNorm2d):
                    stack.enter_context(_replaced(norm, "total", total_of))
            for p in encoders.parameters() if self.world > 1 else ():
                if p.requires_grad:
                    stack.callback(p.register_hook(total).remove)
            yield

    def _recomputed_blocks(self, model: nn.Module) -> list[Blocks]:
        """What is recomputed block by block; a compiled encoder is recomputed as a whole."""
        s = self.settings
        blocks = [b for b in model.modules() if isinstance(b, Blocks)]
        return blocks if s.checkpointing and not s.compile else []

    def encode(self, encoder: nn.Module, x: Tensor) -> Tensor:
        """Features of the whole batch (B, D) from the inputs (b, …) of this process's rows."""
        s = self.settings
        run = self._ready(encoder)
        parts = list(x.tensor_split(s.accumulate))
        if self.world == 1:  # others may wait for a part that is empty here
            parts = [part for part in parts if len(part)] or [x]
        whole = s.checkpointing and (s.compile or not has_blocks(encoder))
        again = whole or s.accumulate > 1
        with nullcontext() if self.fabric is None else self.fabric.autocast():
            features = [recomputed(run, part) if again else run(part) for part in parts]
        z = torch.cat(features)
        z = z.float() if z.dtype == torch.bfloat16 else z
        return z if self.world == 1 else everyones(z, self.rank, self.world)

    def _ready(self, encoder: nn.Module) -> nn.Module:
        if not self.settings.compile:
            return encoder
        if encoder not in self._compiled:
            self._compiled[encoder] = cast("nn.Module", torch.compile(encoder))
        return self._compiled[encoder]

    def batches(self, split: AnySplit, parts: Sequence[Tensor]) -> Iterator[dict[str, Tensor]]:
        """For each of ``parts``, numbers of rows (B,), this process's share of the inputs.

        On the device. The first processes have a row more where the rows cannot be shared evenly.
        """
        own = [part.tensor_split(self.world)[self.rank] for part in parts]
        for inputs in split.batches(own):
            yield {m: x.to(self.device, non_blocking=True) for m, x in inputs.items()}

    def place(self, rows: int) -> tuple[int, int]:
        """Where ``rows`` of this process stand in the batch that all share: first row, and rows."""
        if self.world == 1:
            return 0, rows
        every = [torch.zeros(1, dtype=torch.int64, device=self.device) for _ in range(self.world)]
        dist.all_gather(every, torch.tensor([rows], device=self.device))
        counts = [int(count) for count in every]
        return sum(counts[: self.rank]), sum(counts)

    def agree(self, model: nn.Module) -> None:
        """Give every process the weights of the first: rounding may have parted them."""
        if self.world > 1:
            for tensor in model.state_dict().values():
                dist.broadcast(tensor, 0)


@contextmanager
def _replaced(thing: object, name: str, value: object) -> Iterator[None]:
    before = getattr(thing, name)
    setattr(thing, name, value)
    try:
        yield
    finally:
        setattr(thing, name, before)


def has_blocks(encoder: nn.Module) -> bool:
    """Whether an encoder can be recomputed block by block."""
    return any(isinstance(module, Blocks) for module in encoder.modules())


def _fabric(settings: Settings) -> "Fabric | None":
    """Fabric, where there is something for it to do: several processes, or mixed precision."""
    world = int(os.environ["WORLD_SIZE"]) if dist.is_torchelastic_launched() else 1
    if world == 1 and settings.precision == "32-true":
        return None
    try:
        from lightning_fabric import Fabric  # takes seconds, and only who needs it has it
    except ModuleNotFoundError:
        what = f"precision={settings.precision!r}" if world == 1 else f"{world} processes"
        sentence = f"{what} needs lightning-fabric: pip install 'coursekit[research]'."
        raise ModuleNotFoundError(sentence) from None
    kind, _, number = settings.device.partition(":")
    here = int(os.environ["LOCAL_WORLD_SIZE"]) if world > 1 else 1
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric = Fabric(
        accelerator=kind,
        devices=[int(number)] if number and world == 1 else here,
        num_nodes=world // here,
        strategy="ddp" if world > 1 else "auto",
        precision=cast("Any", settings.precision),
    )
    fabric.launch()
    return fabric
