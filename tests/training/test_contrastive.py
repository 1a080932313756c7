"""Contrastive losses by their definition, and contrastive training on the course's loop."""

import math

import pytest
import torch
from torch import nn

from coursekit.analysis.retrieval import both_ways
from coursekit.data import load
from coursekit.data.multimodal import Split
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit, predict
from coursekit.training.alignment import OBJECTIVES, build, names
from coursekit.training.contrastive_losses import (
    clamp_log_scale,
    info_nce,
    info_nce_in_parts,
    siglip,
)
from coursekit.training.loop import begin
from coursekit.training.settings import make_optimizer

ZERO = torch.tensor(0.0, dtype=torch.float64)


def features(seed=0, n=7, d=5):
    torch.manual_seed(seed)
    return torch.randn(n, d, dtype=torch.float64), torch.randn(n, d, dtype=torch.float64)


def test_info_nce_is_the_mean_of_2b_logarithms():
    u, v = features()
    s = torch.tensor(1.3, dtype=torch.float64)
    exps = [
        [math.exp(math.exp(s) * float(torch.cosine_similarity(a, b, dim=0))) for b in v] for a in u
    ]
    rows = [-math.log(exps[i][i] / sum(exps[i])) for i in range(7)]
    columns = [-math.log(exps[i][i] / sum(e[i] for e in exps)) for i in range(7)]
    assert float(info_nce(u, v, s)) == pytest.approx(sum(rows + columns) / 14)
    torch.testing.assert_close(info_nce(u, v, s), info_nce(v, u, s))


@pytest.mark.parametrize("n", [1, 4, 128])
def test_features_that_are_all_alike_cost_log_b(n):
    same = torch.ones(n, 3, dtype=torch.float64)
    assert float(info_nce(same, same, ZERO + 2)) == pytest.approx(math.log(n), abs=1e-12)


def test_two_equal_captions_keep_the_loss_from_nought():
    u = torch.eye(4, dtype=torch.float64)
    u[1] = u[0]  # pictures 0 and 1 have the same caption, and are told apart by nothing
    assert float(info_nce(u, u, ZERO + math.log(100))) == pytest.approx(
        2 / 4 * math.log(2), abs=1e-9
    )


def test_siglip_asks_each_combination_and_divides_by_rows():
    u, v = features(1)
    s, b = ZERO + 0.7, ZERO - 1.1
    total = 0.0
    for i in range(7):
        for j in range(7):
            logit = math.exp(s) * float(torch.cosine_similarity(u[i], v[j], dim=0)) + float(b)
            total += math.log1p(math.exp(-logit if i == j else logit))
    assert float(siglip(u, v, s, b)) == pytest.approx(total / 7)


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_parts_add_up_to_the_whole_batch(parts):
    x, y = features(2)
    one, two = nn.Linear(5, 3).double(), nn.Linear(5, 3).double()
    s = nn.Parameter(ZERO + 1.5)
    every = [*one.parameters(), *two.parameters(), s]
    whole = info_nce(one(x), two(y), s)
    wanted = torch.autograd.grad(whole, every)
    loss = info_nce_in_parts(one, two, x, y, s, parts)
    torch.testing.assert_close(loss, whole.detach())
    for p, gradient in zip(every, wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-9, atol=1e-12)


def test_the_scale_is_kept_between_one_and_a_hundred():
    for before, after in ((-1.0, 0.0), (2.0, 2.0), (9.0, math.log(100))):
        s = torch.tensor(before, requires_grad=True)
        clamp_log_scale(s)
        assert s.item() == pytest.approx(after)


# ---- on the loop ---------------------------------------------------------------------------


def pairs(n=96, seed=0):
    """Two views of the same hidden numbers, and labels that the training must not learn from."""
    torch.manual_seed(seed)
    hidden = torch.randn(n, 4)
    views = {"A": hidden @ torch.randn(4, 6), "B": hidden @ torch.randn(4, 8)}
    labels = (hidden[:, 0] > 0).long()
    return Split(views, labels, torch.arange(n))


def trained(method, seed=0, epochs=6, **settings):
    data = pairs()
    model = build_classifier(data.inputs, 2, widths=(16, 16), seed=seed)
    settings = Settings(epochs=epochs, batch_size=32, optimizer="adam", lr=0.01, **settings)
    history = fit(model, data, data, settings, seed=seed, method=method)
    return model, history


def recall(model, data, k=1):
    places = model.fusion.aligned(predict(model, data.inputs).features)
    return both_ways((places["A"] @ places["B"].T).detach())[0].recall(k)


def test_the_objectives_are_listed():
    assert names() == ["align-before-fuse", "contrastive", "correspondence", "single-stream"]
    assert names() == sorted(OBJECTIVES) and {"contrastive", "correspondence"} <= set(names())
    for name in names():
        assert type(build(name)) is OBJECTIVES[name] and build(name).name == name
    with pytest.raises(ValueError, match="Did you mean 'contrastive'"):
        build("contrastiv")


@pytest.mark.parametrize("loss", ["infonce", "siglip"])
def test_pairs_are_told_apart_after_training(loss):
    model, _ = trained(build("contrastive", loss=loss), epochs=20)
    assert recall(model, pairs()) > 0.5 > 1 / 96


def test_no_label_is_learnt_from():
    one = build_classifier(pairs().inputs, 2, widths=(16, 16))
    other = build_classifier(pairs().inputs, 2, widths=(16, 16))
    data = pairs()
    turned = Split(data.inputs, 1 - data.labels, data.group)
    settings = Settings(epochs=3, batch_size=32)
    fit(one, data, data, settings, method=build("contrastive"))
    fit(other, turned, turned, settings, method=build("contrastive"))
    for p, q in zip(one.encoders.parameters(), other.encoders.parameters(), strict=True):
        assert torch.equal(p, q)
    assert not torch.equal(one.fusion.probe.linear.weight, other.fusion.probe.linear.weight)


def test_a_fixed_temperature_stays_and_a_learnt_one_moves():
    model, _ = trained(build("contrastive", temperature=0.2))
    assert model.fusion.scale.factor == pytest.approx(5)
    model, _ = trained(build("contrastive"))
    assert model.fusion.scale.factor != pytest.approx(1 / 0.07, rel=1e-3)


def test_a_whole_batch_is_one_block():
    one, _ = trained(build("contrastive"))
    other, _ = trained(build("contrastive", negatives=31))
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


def test_one_modality_makes_no_pair():
    data = pairs()
    alone = Split({"A": data.inputs["A"]}, data.labels, data.group)
    model = build_classifier(alone.inputs, 2)
    with pytest.raises(ValueError, match="pairs need two modalities"):
        fit(model, alone, alone, Settings(epochs=1), method=build("contrastive"))


def test_a_training_goes_on_where_it_was_stopped(tmp_path):
    own = {"shift": 1, "brightness": 0.2, "word_dropout": 0.3}
    data = load("emoji")
    few = data.train.part(torch.arange(0, 1300, 14))
    settings = Settings(epochs=2, batch_size=32, optimizer="adam", lr=1e-3)

    def model():
        kinds = {"picture": "strided-cnn", "text": "bag"}
        return build_classifier(few.inputs, data.num_classes, encoder=kinds, widths=(16,))

    straight, stopped = model(), model()
    list(epochs(straight, few, few, settings, method=build("contrastive", **own)))
    begun = epochs(
        stopped, few, few, settings, method=build("contrastive", **own), checkpoints=tmp_path
    )
    next(begun)
    begun.close()
    again = model()
    list(
        epochs(again, few, few, settings, method=build("contrastive", **own),
               checkpoints=tmp_path)
    )  # fmt: skip
    for p, q in zip(straight.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_an_anchor_leaves_the_other_modalities_unpaired():
    torch.manual_seed(0)
    inputs = {m: torch.randn(8, 5) for m in ("a", "b", "c")}
    model = build_classifier(inputs, 2, widths=(6,), seed=1)
    split = Split(inputs, torch.arange(8) % 2, torch.arange(8))
    seen = []

    class Watched(type(build("contrastive"))):
        def loss(self, step, weights):
            total = super().loss(step, weights)
            lie = self.space(step.run).aligned(step.prediction.features)
            scale = self.space(step.run).scale.log_scale
            pairs = [info_nce(lie["a"], lie[m], scale) for m in ("b", "c")]
            seen.append(float((total - torch.stack(pairs).mean()).detach()))
            probe = torch.nn.functional.cross_entropy(step.prediction.joint, step.labels)
            seen.append(float(probe.detach()))
            return total

    fit(model, split, split, Settings(epochs=1, batch_size=8), method=Watched(anchor="a"))
    assert seen[0] == pytest.approx(seen[1], abs=1e-5)


def test_features_of_two_precisions_are_compared_in_the_wider_one():
    u, v = features(2)
    s = torch.tensor(1.5)
    whole = info_nce(u, v.float().double(), s)
    torch.testing.assert_close(info_nce(u, v.float(), s), whole, rtol=0, atol=1e-12)
    assert info_nce(u.float(), v.float(), s).dtype == torch.float32
    assert float(siglip(u, v.half(), s, s)) == pytest.approx(float(siglip(u, v, s, s)), abs=1e-2)


def test_a_factor_of_half_precision_is_not_rounded_before_it_multiplies():
    u, v = features(3)
    s = torch.tensor(4.6, dtype=torch.bfloat16)
    assert float(info_nce(u, v, s)) == pytest.approx(float(info_nce(u, v, s.double())), abs=1e-12)


@pytest.mark.parametrize("loss", [info_nce, lambda u, v, s: siglip(u, v, s, ZERO)])
def test_a_factor_beyond_all_numbers_is_refused(loss):
    u, v = (x.float() for x in features(4))
    assert loss(u, v, torch.tensor(80.0)).isfinite()
    with pytest.raises(ValueError, match=r"log_scale is so large .* 89 or less"):
        loss(u, v, torch.tensor(100.0))


def test_equal_captions_leave_a_floor():
    pictures = torch.eye(4, dtype=torch.float64)
    captions = pictures[[0, 0, 2, 3]]
    pictures = torch.nn.functional.normalize(pictures + captions, dim=1)
    steep = torch.tensor(math.log(1000.0), dtype=torch.float64)
    aligned = captions.clone()
    assert float(info_nce(aligned, captions, steep)) == pytest.approx(2 / 4 * math.log(2))
    assert float(info_nce(pictures, captions, steep)) >= 2 / 4 * math.log(2)


def test_a_frozen_encoder_may_be_one_of_the_two_in_parts():
    u, v = features(5)
    frozen, learnt = (nn.Linear(5, 3).double() for _ in range(2))
    frozen.requires_grad_(False)
    s = torch.tensor(2.0, dtype=torch.float64)
    info_nce_in_parts(frozen, learnt, u, v, s, 3)
    got = learnt.weight.grad.clone()
    learnt.zero_grad()
    info_nce(frozen(u), learnt(v), s).backward()
    torch.testing.assert_close(got, learnt.weight.grad)
    assert frozen.weight.grad is None


def test_shares_of_changes_are_numbers():
    for own in ({"brightness": "0.1"}, {"word_dropout": None}, {"brightness": True}):
        with pytest.raises(TypeError, match=r"a number was expected"):
            build("contrastive", **own)


def small(rows):
    torch.manual_seed(1)
    inputs = {m: torch.randn(rows, 5) for m in ("a", "b")}
    return Split(inputs, torch.arange(rows) % 2, torch.arange(rows))


def test_a_row_alone_in_the_last_batch_is_joined_to_the_one_before():
    split, runs = small(9), []
    steps = epochs(build_classifier(split.inputs, 2, widths=(6,)), split, split,
                   Settings(epochs=1, batch_size=4), method=build("contrastive"),
                   watch=runs.append)  # fmt: skip
    assert len(list(steps)) == 1 and runs[0].batches == 2
    with pytest.raises(ValueError, match="batch_size is 1; two or more"):
        fit(build_classifier(split.inputs, 2, widths=(6,)), split, split,
            Settings(batch_size=1), method=build("contrastive"))  # fmt: skip


def test_no_more_negatives_than_a_batch_has():
    split = small(8)
    for negatives in (3, 4):
        model = build_classifier(split.inputs, 2, widths=(6,))
        how, method = Settings(epochs=1, batch_size=4), build("contrastive", negatives=negatives)
        if negatives == 3:
            fit(model, split, split, how, method=method)
        else:
            with pytest.raises(ValueError, match="negatives is 4; a whole number, 1 to 3"):
                fit(model, split, split, how, method=method)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad"])
def test_weight_decay_leaves_the_scale_alone(optimizer):
    """It would pull the factor of the cosines towards 1."""
    split = small(8)
    model = build_classifier(split.inputs, 2, widths=(6,))
    method = build("contrastive")
    how = Settings(optimizer=optimizer, lr=0.1, weight_decay=0.5)
    method.begin(begin(model, split, split, how, 0))
    scale = model.fusion.scale.log_scale
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    make_optimizer(model, how).step()
    assert torch.equal(scale.detach(), before["fusion.scale.log_scale"])
    assert not torch.equal(model.fusion.maps["a"].weight.detach(), before["fusion.maps.a.weight"])
