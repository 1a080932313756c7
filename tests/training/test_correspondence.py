"""Match or not: the loss by hand, and training by it on the course's loop."""

import math

import pytest
import torch

from coursekit.analysis.retrieval import both_ways
from coursekit.data.multimodal import Split
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit, predict
from coursekit.training.alignment import build
from coursekit.training.alignment.correspondence import match_logits, match_loss

WEIGHT, BIAS = torch.tensor(-2.3, dtype=torch.float64), torch.tensor(1.7, dtype=torch.float64)


def features(seed=0, n=7, d=5):
    torch.manual_seed(seed)
    return [torch.nn.functional.normalize(torch.randn(n, d, dtype=torch.float64)) for _ in "ab"]


def logistic(logit, pair):
    """What one answer costs, written out."""
    return math.log1p(math.exp(-logit if pair else logit))


@pytest.mark.parametrize("step", [1, 3, 6])
def test_each_row_has_one_right_and_one_wrong_partner(step):
    u, v = features()
    costs = []
    for i in range(7):
        for partner, pair in ((i, True), ((i + step) % 7, False)):
            distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(u[i], v[partner], strict=True)))
            costs.append(logistic(float(WEIGHT) * distance + float(BIAS), pair))
    assert len(costs) == 14
    assert float(match_loss(u, v, WEIGHT, BIAS, step)) == pytest.approx(sum(costs) / 14, abs=1e-12)


def test_the_loss_has_the_gradient_of_its_differences():
    inputs = [x.requires_grad_() for x in (*features(1, n=4, d=3), WEIGHT.clone(), BIAS.clone())]
    assert torch.autograd.gradcheck(lambda *x: match_loss(*x, 2), inputs)


def test_equal_features_leave_no_nan_behind():
    u, _ = features(2)
    u = u.requires_grad_()
    match_loss(u, u.detach(), WEIGHT, BIAS, 1).backward()
    assert bool(u.grad.isfinite().all())


def test_a_guess_costs_a_bit():
    u, v = features(3)
    nothing = torch.zeros((), dtype=torch.float64)
    assert float(match_loss(u, v, nothing, nothing, 1)) == pytest.approx(math.log(2), abs=1e-12)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float64(half):
    u, v = (x.to(half) for x in features(4))
    loss = match_loss(u, v, WEIGHT, BIAS, 2)
    assert loss.dtype == torch.float64
    assert float(loss) == float(match_loss(u.double(), v.double(), WEIGHT, BIAS, 2))


def test_a_single_row_and_a_step_round_to_oneself_are_refused():
    u, v = features(5)
    with pytest.raises(ValueError, match="first has 1 row; a wrong partner needs two or more"):
        match_loss(u[:1], v[:1], WEIGHT, BIAS, 1)
    for step in (0, 7):
        with pytest.raises(ValueError, match=f"step is {step}; .* 1 to 6, was expected"):
            match_loss(u, v, WEIGHT, BIAS, step)


def test_the_nearest_pair_has_the_largest_logit():
    u, v = features(6)
    logits = match_logits(u, v, WEIGHT, BIAS)
    assert int(logits.argmax()) == int((u - v).norm(dim=1).argmin())
    torch.testing.assert_close(match_logits(u, u, WEIGHT, BIAS), BIAS.expand(7))


# ---- on the loop ---------------------------------------------------------------------------


def pairs(n=96, seed=0):
    """Two views of the same hidden numbers, and labels that the training must not learn from."""
    torch.manual_seed(seed)
    hidden = torch.randn(n, 4)
    views = {"A": hidden @ torch.randn(4, 6), "B": hidden @ torch.randn(4, 8)}
    return Split(views, (hidden[:, 0] > 0).long(), torch.arange(n))


def new_model(data, seed=0):
    return build_classifier(data.inputs, 2, widths=(16, 16), seed=seed)


def settings(count, **more):
    return Settings(epochs=count, batch_size=32, optimizer="adam", lr=0.01, **more)


def test_pairs_are_told_apart_after_training():
    data = pairs()
    model = new_model(data)
    fit(model, data, data, settings(30), method=build("correspondence"))
    with torch.no_grad():
        places = model.fusion.aligned(predict(model, data.inputs).features)
    ranking = both_ways(places["A"] @ places["B"].T)[0]
    assert ranking.recall(1) > 0.3 > 1 / 96


def test_no_label_is_learnt_from():
    data = pairs()
    turned = Split(data.inputs, 1 - data.labels, data.group)
    one, other = new_model(data), new_model(data)
    fit(one, data, data, settings(3, clip=1.0), method=build("correspondence"))
    fit(other, turned, turned, settings(3, clip=1.0), method=build("correspondence"))
    kept = {name for name, _ in one.fusion.named_parameters() if not name.startswith("probe")}
    assert kept == {"maps.A.weight", "maps.B.weight", "scale.log_scale", "scale.bias"}
    for p, q in zip(one.encoders.parameters(), other.encoders.parameters(), strict=True):
        assert torch.equal(p, q)
    others = dict(other.fusion.named_parameters())
    assert all(torch.equal(p, others[n]) for n, p in one.fusion.named_parameters() if n in kept)
    assert not torch.equal(one.fusion.probe.linear.weight, other.fusion.probe.linear.weight)


def test_a_last_row_of_its_own_joins_the_batch_before():
    data = pairs(65)
    runs = []
    method = build("correspondence")
    list(epochs(new_model(data), data, data, settings(1), method=method, watch=runs.append))
    assert runs[0].batches == 2
    with pytest.raises(ValueError, match="batch_size is 1; two or more were expected"):
        fit(
            new_model(data), data, data, Settings(epochs=1, batch_size=1),
            method=build("correspondence"),
        )  # fmt: skip


def test_three_modalities_are_refused():
    data = pairs()
    three = Split({**data.inputs, "C": data.inputs["A"]}, data.labels, data.group)
    with pytest.raises(ValueError, match="two modalities were expected"):
        fit(new_model(three), three, three, settings(1), method=build("correspondence"))


def test_a_training_goes_on_where_it_was_stopped(tmp_path):
    data = pairs()
    straight, stopped, again = (new_model(data) for _ in range(3))
    list(epochs(straight, data, data, settings(3), method=build("correspondence")))
    begun = epochs(
        stopped, data, data, settings(3), method=build("correspondence"), checkpoints=tmp_path
    )
    next(begun)
    begun.close()
    list(
        epochs(again, data, data, settings(3), method=build("correspondence"), checkpoints=tmp_path)
    )
    for p, q in zip(straight.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)
    assert not torch.equal(next(straight.parameters()), next(stopped.parameters()))
