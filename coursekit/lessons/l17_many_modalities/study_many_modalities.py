"""Eight modalities of different kinds: designs by number of modalities, a newcomer, sharing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import torch
import typer

from coursekit.analysis.costs import parameters
from coursekit.analysis.intervals import summarise
from coursekit.compare.stored_tables import store
from coursekit.compare.tuning import fresh_seeds, run_all
from coursekit.data.files import open_checked
from coursekit.lessons.l17_many_modalities.designs import (
    DESIGNS,
    EPOCHS,
    arguments,
    network,
    reached,
    sizes_of,
)
from coursekit.lessons.l17_many_modalities.mixed import KINDS, mixed_rows, with_positions
from coursekit.lessons.l17_many_modalities.newcomer import added
from coursekit.lessons.l17_many_modalities.rows_at_once import (
    Rows,
    RowSets,
    drawn,
    fitted,
    share_right,
)
from coursekit.lessons.l17_many_modalities.sharing import (
    SharedEncoders,
    distances,
    groups_of,
    random_groups,
    transfer,
)
from coursekit.lessons.l17_many_modalities.token_transformer import TokenTransformer
from coursekit.utils.threads import threads

TABLE, TRANSFER = "many_modalities.csv", "modality_transfer.csv"
NUMBERS, NEWCOMER, GROUPS = (2, 4, 8), "sound", 3
BOTH = (False, True)  # one vote per token, one per modality
LONG = ((0, 5), (64, 5), (0, EPOCHS))  # tokens of noise beside the eight, epochs
COLUMNS = ["part", "model", "modalities", "seed", "accuracy", "without", "parameters"]
SHARED = ("no two share", "groups by transfer", "random groups", "all share")


def by_number(design: str, number: int, seeds: int) -> pd.DataFrame:
    """A design over the first so many modalities: a row per seed."""
    with threads(1):
        data = mixed_rows(tuple(fresh_seeds(seeds))).only(list(KINDS)[:number])
        accuracy = reached(design, data)
        size = parameters(network(design, sizes_of(data), data.classes))
    return _rows("number", design, number, data, accuracy, size)


def newcomer_rows(seeds: int) -> pd.DataFrame:
    """The eighth modality is added in every way: a row per way and seed."""
    with threads(1):
        data = mixed_rows(tuple(fresh_seeds(seeds)))
        every = added(data, NEWCOMER)
    parts = []
    for way, rows in every.groupby("way", sort=False):
        numbers = int(rows["numbers"].iloc[0])
        own = _rows("newcomer", str(way), 8, data, rows["with it"].tolist(), numbers)
        parts.append(own.assign(without=rows["without it"].round(4).tolist()))
    return pd.concat(parts, ignore_index=True)


def long_rows(tokens: int, votes: bool, epochs: int, seeds: int) -> pd.DataFrame:
    """A ninth modality of so many tokens of noise; each token counts the same, or each modality."""
    with threads(1):
        data = mixed_rows(tuple(fresh_seeds(seeds)))
        if tokens:
            data = with_noise(data, tokens)
        accuracy = voted(data, votes, epochs)
    name = f"{'one vote per modality' if votes else 'one vote per token'}, {epochs} epochs"
    return _rows(f"noise {tokens}", name, 8, data, accuracy, 0)


def shared_rows(sharing: str, seeds: int) -> pd.DataFrame:
    """Encoders shared by all, by groups of two kinds, by nobody: a row per seed."""
    names, chosen = list(KINDS), tuple(fresh_seeds(seeds))
    groups = groups_of(distances(stored_transfer()), GROUPS)
    fixed = {"no two share": [[m] for m in names], "groups by transfer": groups,
             "all share": [names]}  # fmt: skip
    plans = [(chosen, fixed[sharing])] if sharing in fixed else [
        ((seed,), random_groups(groups, seed)) for seed in chosen
    ]  # fmt: skip
    parts = []
    with threads(1):
        for own, plan in plans:
            data = mixed_rows(own)
            parts.append(_rows("sharing", sharing, 8, data, *grouped(data, plan)))
    return pd.concat(parts, ignore_index=True)


def grouped(data: RowSets, groups: Sequence[Sequence[str]]) -> tuple[list[float], int]:
    """Test accuracy of encoders shared within groups, and how many parameters they are."""
    placed = arguments("transformer", {m: x[:, :1] for m, x in data.train.inputs.items()})[0]
    assert isinstance(placed, dict)
    widths = {m: x.shape[-1] for m, x in placed.items()}
    networks = drawn(lambda: SharedEncoders(widths, groups, data.classes), data.seeds)
    fitted(networks, data, EPOCHS, lambda inputs, _: arguments("transformer", inputs))
    with torch.no_grad():
        logits = networks(*arguments("transformer", data.test.inputs))
    return share_right(logits, data.test.labels), parameters(networks) // len(data.seeds)


def voted(data: RowSets, votes: bool, epochs: int) -> list[float]:
    """Test accuracy of a transformer in which each modality, or each token, counts the same."""
    placed = with_positions({m: x[0, :1] for m, x in data.train.inputs.items()})
    widths = {m: x.shape[-1] for m, x in placed.items()}
    networks = drawn(lambda: TokenTransformer(widths, data.classes, votes=votes), data.seeds)
    fitted(networks, data, epochs, lambda inputs, _: arguments("transformer", inputs))
    with torch.no_grad():
        logits = networks(*arguments("transformer", data.test.inputs))
    return share_right(logits, data.test.labels)


def with_noise(data: RowSets, tokens: int) -> RowSets:
    """A ninth modality that says nothing: ``tokens`` tokens of four numbers."""
    generator = torch.Generator().manual_seed(tokens)

    def more(rows: Rows) -> Rows:
        x = torch.randn(*rows.labels.shape, tokens, 4, generator=generator)
        return Rows({**rows.inputs, "noise": x}, rows.labels)

    return data.changed(more)


def stored_transfer() -> pd.DataFrame:
    """The table of `modality_transfer`."""
    return pd.read_csv(open_checked(TRANSFER))


def stored_designs() -> pd.DataFrame:
    """The table of `many_modalities`."""
    return pd.read_csv(open_checked(TABLE))


def _rows(
    part: str, model: str, number: int, data: RowSets, accuracy: Sequence[float], size: int
) -> pd.DataFrame:
    own = {"part": part, "model": model, "modalities": number, "seed": data.seeds,
           "accuracy": [round(x, 4) for x in accuracy], "without": None,
           "parameters": size}  # fmt: skip
    return pd.DataFrame(own)[COLUMNS]


def modality_transfer(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 0 on")] = 4,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data") / TRANSFER,
) -> None:
    """Train on one modality, go on with another: which of lesson 17's eight help each other."""
    with threads(1):
        table = transfer(mixed_rows(tuple(range(seeds)))).round(4)
    store(table, distances(table).round(2).to_string(), out)


def many_modalities(
    seeds: Annotated[int, typer.Option(min=2, help="how many, from 100 on")] = 3,
    more: Annotated[int, typer.Option(min=2, help="how many for newcomer and votes")] = 8,
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data") / TABLE,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> None:
    """Lesson 17's designs by number of modalities, a newcomer, long ones, shared encoders."""
    parts = [
        *run_all(newcomer_rows, [(more,)], jobs, "newcomer"),
        *run_all(shared_rows, [(sharing, seeds) for sharing in SHARED], jobs, "sharing"),
        *run_all(long_rows, [(t, v, e, more) for t, e in LONG for v in BOTH], jobs, "long"),
        *run_all(by_number, [(d, n, seeds) for d in DESIGNS for n in NUMBERS], jobs, "number"),
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    means = summarise(table, ["part", "model", "modalities"]).round(3)
    store(table, means.to_string(index=False), out)
