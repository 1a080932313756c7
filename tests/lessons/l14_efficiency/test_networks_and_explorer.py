"""Networks and techniques, what is measured of them, two losses, the explorer, the studies."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from coursekit.analysis.costs import parameters
from coursekit.course.plots.style import new_figure
from coursekit.data.files import DataFileError, open_checked
from coursekit.lessons.l14_efficiency import digit_networks, explorer, study_efficiency
from coursekit.lessons.l14_efficiency.digit_networks import (
    HALF,
    MODALITIES,
    digits,
    network,
    packed,
    share_right,
    stored_networks,
    train,
)
from coursekit.lessons.l14_efficiency.explorer import EACH, LARGE, ONE, TRAINED, look
from coursekit.lessons.l14_efficiency.explorer_view import PruningView, State
from coursekit.lessons.l14_efficiency.measuring import (
    a_step,
    columns,
    numbers,
    on_gpu,
    ratio,
    times,
)
from coursekit.lessons.l14_efficiency.plots import layer_bars, whose_weights
from coursekit.lessons.l14_efficiency.techniques import (
    ENCODERS,
    Distilled,
    Int8Linear,
    amount_masks,
    as_int8,
    encoder_scores,
    encoders_run,
    quantised,
    rebuilt,
    rescaled,
)
from coursekit.lessons.l14_efficiency.two_losses import Redrawing, moved

ROWS = 8


@pytest.fixture(scope="module")
def data():
    return digits(0)


@pytest.fixture(scope="module")
def batch(data):
    return {m: x[:ROWS] for m, x in data.train.inputs.items()}, data.train.labels[:ROWS]


def test_half_of_the_channels_is_half_of_the_numbers():
    whole, half, shared = network(0), network(0, HALF), network(0, shared=True)
    assert 0.44 < parameters(half) / parameters(whole) < 0.5
    assert parameters(rebuilt(whole, 0.5)) == parameters(half)
    assert parameters(whole) == numbers(whole) == 43082
    assert numbers(shared) == parameters(shared) == 43082 - (43082 - 650) // 2
    with pytest.raises(ValueError, match="channels"):
        digit_networks.encoder((3,))


def test_every_column_says_what_was_done(batch):
    plain = columns(network(0), *batch)
    shared = columns(network(0, shared=True), *batch)
    small = columns(rebuilt(network(0), 0.5), *batch)
    again = columns(network(0), *batch, "checkpointed")
    bf16 = columns(network(0), *batch, "bf16")
    parts = columns(network(0), *batch, parts=4)
    assert shared["products"] == plain["products"] and shared["numbers"] < 0.6 * plain["numbers"]
    assert all(small[name] < 0.75 * plain[name] for name in plain)
    assert again["activations, kB"] < 0.5 * plain["activations, kB"]
    assert again["of a step"] > 1.2 * plain["of a step"]
    assert bf16["activations, kB"] < 0.8 * plain["activations, kB"]
    assert bf16["numbers"] == plain["numbers"] and bf16["file, kB"] == plain["file, kB"]
    assert parts["activations, kB"] == pytest.approx(plain["activations, kB"] / 4, rel=0.1)


def test_larger_weights_compute_the_same_and_starve_the_other(batch):
    model = network(3)
    large = rescaled(model, "image", 10.0)
    assert torch.allclose(model(batch[0]).joint, large(batch[0]).joint, atol=1e-4)
    masks = study_efficiency.part_masks(encoder_scores(large), {ENCODERS: 0.5})
    gone = {
        m: np.mean([float((~x).float().mean()) for n, x in masks.items() if f".{m}." in n])
        for m in MODALITIES
    }
    assert gone["audio"] > gone["image"] + 0.3
    with pytest.raises(ValueError, match="factor"):
        rescaled(model, "image", 0.0)


def test_int8_is_whole_numbers_and_a_scale():
    whole, scale = as_int8(torch.tensor([-2.0, 0.5, 1.0]))
    assert whole.tolist() == [-127, 32, 64] and scale == pytest.approx(2 / 127)
    layer = nn.Linear(20, 4)
    x = torch.randn(6, 20)
    off = (Int8Linear(layer)(x) - layer(x)).abs().max() / layer(x).abs().max()
    assert 0 < off < 0.05
    assert torch.equal(as_int8(torch.zeros(3))[0], torch.zeros(3, dtype=torch.int8))
    kinds = [type(m) for m in quantised(network(0)).modules()]
    assert nn.Linear not in kinds and nn.Conv2d in kinds


def test_ways_to_run_encoders_end_with_the_block(batch):
    model = network(0)
    before = model.run_encoder
    with encoders_run(model, "bf16"):
        assert model(batch[0]).joint.dtype == torch.float32
        assert model.run_encoder is not before
    assert model.run_encoder is before


def test_a_distilled_student_follows_its_teacher(data):
    teacher = train(network(1), data, 1, epochs=2)
    alone = train(network(2, HALF), data, 2, epochs=1)
    followed = train(network(2, HALF), data, 2, epochs=1, method=Distilled(teacher, 2.0, 1.0))
    plain = train(network(2, HALF), data, 2, epochs=1, method=Distilled(teacher, 2.0, 0.0))
    for one, other in zip(alone.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    with torch.no_grad():
        goal = teacher(data.valid.inputs).joint.softmax(1)
        far = [
            float((m(data.valid.inputs).joint.softmax(1) - goal).abs().mean())
            for m in (alone, followed)
        ]
    assert far[1] < far[0]


def test_steps_leave_a_measured_model_as_it_was(batch):
    model = network(0)
    before = [p.clone() for p in model.parameters()]
    steps = {"plain": a_step(model, *batch), "twice": a_step(model, *batch, parts=2)}
    table = times(steps, rounds=3, warm=1)
    assert table.shape == (3, 2) and ratio(table, "plain") == 1
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    if not torch.cuda.is_available():
        assert set(on_gpu(model, *batch).values()) == {"not run"}


def test_one_step_of_adam_moves_what_one_loss_reaches_alike(batch):
    model = Redrawing(0)
    before = {n: x.clone() for n, x in model.state_dict().items()}
    one, hundred = (moved(model, *batch, w, torch.optim.AdamW, 1e-3) for w in (1.0, 100.0))
    assert torch.allclose(one["decoder"], hundred["decoder"], atol=2e-5)
    assert not torch.allclose(one["audio encoder"], hundred["audio encoder"], atol=1e-4)
    plain = moved(model, *batch, 1.0, torch.optim.SGD, 1e-3)["decoder"]
    loud = moved(model, *batch, 100.0, torch.optim.SGD, 1e-3)["decoder"]
    assert torch.allclose(100 * plain, loud, rtol=1e-3, atol=1e-6)
    assert all(torch.equal(x, before[n]) for n, x in model.state_dict().items())


def test_networks_come_back_in_half_precision(monkeypatch, tmp_path):
    model = network(7)
    path = tmp_path / "networks.npz"
    np.savez(path, **packed({7: model, 8: network(8)}))
    monkeypatch.setattr(digit_networks, "open_checked", lambda _: path)
    back = stored_networks()
    assert set(back) == {7, 8}
    for p, q in zip(model.parameters(), back[7].parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-3)


def test_the_explorer_tells_whose_weights_went():
    each = look(0.3, 0.8, EACH, TRAINED, 0)
    assert each.by_encoder == pytest.approx((0.3, 0.8), abs=0.001)
    assert look(0.0, 0.0, EACH, TRAINED, 0).accuracies == each.whole
    starved = look(0.7, 0.7, ONE, LARGE, 0)
    assert starved.by_encoder[1] > 0.95 and starved.accuracies[1] < starved.whole[1] - 0.2
    assert np.mean(starved.by_encoder) == pytest.approx(0.7, abs=0.001)
    view = PruningView()
    view.update(starved)
    assert "audio's probe" in view.describe(starved) and len(view.table(starved)) == 3
    gone = view.more_tables(starved)["What is gone"].set_index(["modality", "layer"])
    assert gone["weights"].drop("all", level="layer").sum() == 2 * sum(starved.sizes)
    assert gone.loc[("audio", "all"), "share gone"] == starved.by_encoder[1]


def test_a_damaged_file_is_said(monkeypatch):
    def damaged():
        raise DataFileError("efficiency_networks.npz is damaged.")

    monkeypatch.setattr(explorer, "_networks", damaged)
    view, data = PruningView(), look(0.5, 0.5, EACH, TRAINED, 0)
    assert data == State(sorry="efficiency_networks.npz is damaged.")
    view.update(data)
    assert view.describe(data) == data.sorry


def test_stored_rows_come_again():
    stored = pd.read_csv(open_checked("efficiency.csv")).set_index(["way", "seed"])
    for way in ("plain", "int8", "rebuilt", "rebuilt, tuned", "masked at random, tuned"):
        row = study_efficiency.rows_of(way, 101)
        assert row["test"] == pytest.approx(stored.loc[(way, 101), "test"], abs=0.02), way
    assert set(study_efficiency.WAYS) == set(stored.index.get_level_values("way"))


def test_amounts_are_those_asked_for():
    model = network(0)
    masks = amount_masks(model, {"image": 0.25, "audio": 0.75})
    for m, share in (("image", 0.25), ("audio", 0.75)):
        own = torch.cat([x.flatten() for n, x in masks.items() if f".{m}." in n])
        assert float((~own).float().mean()) == pytest.approx(share, abs=1e-3)


def test_pictures_say_their_numbers():
    _, axes = new_figure(columns=2)
    table = pd.DataFrame({"p": [1, 3], "q": [2, 2]}, index=["one", "two"])
    assert layer_bars(axes, table) == "p: one 0.25, two 0.75. q: one 0.50, two 0.50."
    taken = pd.DataFrame({
        "case": ["a", "a", "b", "b"], "share": [0.5] * 4, "seed": [0, 1, 0, 1],
        "image": [0.4, 0.6, 0.1, 0.1], "audio": [0.6, 0.4, 0.9, 0.9],
    })  # fmt: skip
    _, axes = new_figure(columns=2)
    assert "b, audio: 0.5: 0.90." in whose_weights(axes, taken)
    assert share_right(network(0), digits(0)) < 0.5
