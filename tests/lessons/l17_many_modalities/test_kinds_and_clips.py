"""Eight kinds of modality, designs, a newcomer, sharing; clips and what combinations reach."""

import builtins

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.data.files import DataFileError
from coursekit.data.research.codec_vectors import codec_vectors, vectors_of
from coursekit.lessons.l17_many_modalities import study_many_modalities as study
from coursekit.lessons.l17_many_modalities.clip_networks import (
    Concatenated,
    combinations_table,
    subsets,
)
from coursekit.lessons.l17_many_modalities.clips import (
    DIRECTIONS,
    LABELS,
    STEP,
    STEPS,
    label_of,
    motion_vectors,
    moving_digits,
)
from coursekit.lessons.l17_many_modalities.designs import (
    DESIGNS,
    arguments,
    network,
    reached,
    sizes_of,
)
from coursekit.lessons.l17_many_modalities.mixed import (
    KINDS,
    LONGEST_TEXT,
    mixed_rows,
    padding_of,
    sentences,
    with_positions,
)
from coursekit.lessons.l17_many_modalities.newcomer import WAYS, added
from coursekit.lessons.l17_many_modalities.rows_at_once import Rows, RowSets
from coursekit.lessons.l17_many_modalities.sharing import (
    SharedEncoders,
    distances,
    groups_of,
    random_groups,
    transfer,
)
from coursekit.lessons.l17_many_modalities.study_clip_cures import stored_cures


def cut(data, rows):
    """The first rows of each split."""

    def first(part):
        return Rows({m: x[:, :rows] for m, x in part.inputs.items()}, part.labels[:, :rows])

    return RowSets(first(data.train), first(data.valid), first(data.test), data.seeds)


@pytest.fixture(scope="module")
def mixed():
    return cut(mixed_rows((100,)), 64)


def test_clips_move_two_pixels_and_motion_finds_it():
    pictures = torch.zeros(4, 6, 6)
    pictures[:, 1:5, 1:5] = torch.rand(4, 4, 4, generator=torch.Generator().manual_seed(0)) + 0.5
    ways = torch.arange(4)
    clips = moving_digits(pictures, ways, torch.Generator().manual_seed(1))
    for clip, way in zip(clips, ways, strict=True):
        moved = clip[0].roll(tuple((STEP * STEPS[way]).tolist()), (0, 1))
        assert torch.equal(moved, clip[1]) and clip.sum((1, 2)).std() < 1e-5
    vectors = motion_vectors(clips)
    assert vectors.shape == (4, 3, 4, 4, 2)
    for own, way in zip(vectors, ways, strict=True):
        assert (own.flatten(0, 2) == -STEP * STEPS[way]).all(-1).any()


def test_labels_name_the_digit_or_its_rest_and_the_direction():
    digits, ways = torch.tensor([0, 7, 9]), torch.tensor([3, 0, 2])
    assert label_of("digit", digits, ways).tolist() == [0, 7, 9]
    assert label_of(LABELS[1], digits, ways).tolist() == [3, 8, 18] and len(DIRECTIONS) == 4
    with pytest.raises(ValueError, match="name is 'way'"):
        label_of("way", digits, ways)


def test_every_combination_has_a_row_per_seed():
    assert len([*subsets("abc")]) == 7
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (2, 60), generator=generator)
    inputs = {m: torch.randn(2, 60, 4, generator=generator) for m in "ab"}
    inputs["a"] = inputs["a"] + 3 * torch.nn.functional.one_hot(labels, 4)
    rows = Rows(inputs, labels)
    table, networks = combinations_table(RowSets(rows, rows, rows, (0, 1)))
    assert set(table["model"]) == {"a", "b", "a + b", "late sum of all", "ensemble of 2"}
    assert len(table) == 10 and set(networks) == {"a", "b", "a + b"}
    assert table.query("model == 'a'")["accuracy"].mean() > 0.6
    assert Concatenated({"a": 4}, 3)({"a": torch.ones(5, 4)}).shape == (5, 3)


def test_eight_kinds_have_the_tokens_they_say(mixed):
    assert set(mixed.widths) == set(KINDS) and len(KINDS) == 8
    text = mixed.train.inputs["text"]
    lengths = (~padding_of(text)).sum(-1)
    assert lengths.min() >= 3 and lengths.max() == LONGEST_TEXT
    assert not padding_of(mixed.train.inputs["sound"]).any()
    placed = with_positions({"text": text})["text"]
    assert torch.equal(padding_of(placed), padding_of(text)) and placed.shape[-1] == 35
    words = sentences(torch.zeros(1000, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert words[..., 2:20].sum() == 0 and words[..., :2].sum() > 0


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_reads_some_of_them(mixed, design):
    data = mixed.only(["table", "text", "series"])
    accuracy = reached(design, data, epochs=1)
    assert len(accuracy) == 1 and 0 <= accuracy[0] <= 1
    if design in ("transformer", "Perceiver"):  # what is padding says nothing
        model = network(design, sizes_of(data), 10)
        inputs = {m: x[0, :4] for m, x in data.test.inputs.items()}
        longer = {m: torch.cat([x, torch.zeros_like(x)], 1) if m == "text" else x
                  for m, x in inputs.items()}  # fmt: skip
        with torch.no_grad():
            before = model(*arguments(design, inputs))
            if design == "transformer":
                model.eval()
                hidden = torch.cat([padding_of(x) for x in longer.values()], 1)
                placed = with_positions(inputs)
                placed["text"] = torch.cat([placed["text"], torch.zeros_like(placed["text"])], 1)
                assert torch.allclose(model(placed, hidden), before, atol=1e-5)


def test_a_newcomer_leaves_the_others_as_they_were(mixed, monkeypatch):
    from coursekit.lessons.l17_many_modalities import newcomer

    monkeypatch.setattr(newcomer, "EPOCHS", 1)
    monkeypatch.setattr(newcomer, "AFTER", 1)
    table = added(
        mixed.only(["table", "sound"]),
        "sound",
    ).set_index("way")
    assert list(table.index) == list(WAYS)
    before, after = table.loc[WAYS[0]], table.loc[WAYS[1]]
    assert before["without it"] == after["without it"]
    assert 0 == before["numbers"] < after["numbers"] < table.loc[WAYS[2], "numbers"]


def test_transfer_has_a_row_per_pair_and_groups_hold_everybody(mixed):
    costs = transfer(cut(mixed, 64).only(["table", "series", "thermometer"]))
    assert len(costs) == 6 and set(costs["source"]) == {"table", "series", "thermometer"}
    apart = distances(costs)
    assert np.allclose(apart, apart.T) and (np.diag(apart) == 0).all() and apart.min().min() >= 0
    groups = groups_of(apart, 2)
    assert sorted(m for g in groups for m in g) == ["series", "table", "thermometer"]
    drawn = random_groups(groups, 0)
    assert sorted(map(len, drawn)) == sorted(map(len, groups))
    with pytest.raises(ValueError, match="number is 4"):
        groups_of(apart, 4)


def test_shared_encoders_have_weights_per_group():
    widths = {"a": 3, "b": 5, "c": 2}
    sizes = [
        sum(p.numel() for p in SharedEncoders(widths, groups, 4).parameters())
        for groups in ([["a", "b", "c"]], [["a", "b"], ["c"]], [["a"], ["b"], ["c"]])
    ]
    assert sizes[0] < sizes[1] < sizes[2]
    inputs = {m: torch.randn(2, 3, d) for m, d in widths.items()}
    model = SharedEncoders(widths, [["a", "b"], ["c"]], 4)
    assert model(inputs, torch.zeros(2, 9, dtype=torch.bool)).shape == (2, 4)


def test_stored_tables_hold_every_part():
    table, cures = study.stored_designs(), stored_cures()
    assert set(table.columns) == set(study.COLUMNS)
    numbers = table[table["part"] == "number"]
    assert set(numbers["model"]) == set(DESIGNS)
    assert set(numbers["modalities"]) == set(study.NUMBERS)
    assert set(table[table["part"] == "sharing"]["model"]) == set(study.SHARED)
    assert set(table[table["part"] == "newcomer"]["model"]) == set(WAYS)
    assert len(study.stored_transfer()) == 8 * 7 * 4
    assert {"audio", "all three", "ensemble", "multi-loss"} <= set(cures["model"])


def test_a_stored_row_can_be_trained_again():
    stored = study.stored_designs()
    own = stored[(stored["part"] == "number") & (stored["modalities"] == 2)]
    again = study.by_number("concatenated", 2, 1)  # seeds are trained side by side, each alone
    before = own[own["model"] == "concatenated"].head(1)
    assert again["seed"].tolist() == before["seed"].tolist()
    assert again["accuracy"].to_numpy() == pytest.approx(before["accuracy"].to_numpy(), abs=0.02)
    assert again["parameters"].tolist() == before["parameters"].tolist()


def test_without_pyav_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    film = tmp_path / "film.mp4"
    with pytest.raises(DataFileError, match="is no file"):
        codec_vectors(film)
    film.write_bytes(b"no film")
    real = builtins.__import__

    def without_av(name, *rest, **more):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(ImportError, match=r"pip install 'coursekit\[research\]'"):
        codec_vectors(film)
    with pytest.raises(ValueError, match="most is 0"):
        codec_vectors(film, 0)


def test_stored_vectors_come_in_pixels():
    kinds = [("source", "i4"), ("w", "u1"), ("h", "u1"), ("src_x", "i2"), ("src_y", "i2"),
             ("dst_x", "i2"), ("dst_y", "i2"), ("flags", "u8"), ("motion_x", "i4"),
             ("motion_y", "i4"), ("motion_scale", "u2")]  # fmt: skip
    stored = np.zeros(1, kinds)
    stored[0] = (-1, 16, 8, 0, 0, 24, 12, 0, 6, -10, 4)
    row = vectors_of(stored, 3, "P").iloc[0]
    assert isinstance(row, pd.Series)
    assert (row["dy"], row["dx"], row["frame"], row["from"]) == (-2.5, 1.5, 3, -1)
    assert (row["y"], row["x"], row["height"], row["width"], row["kind"]) == (12, 24, 8, 16, "P")
