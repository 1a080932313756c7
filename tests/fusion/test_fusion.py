"""Fusion operators: every one of the registry by the same rules, and each against its formula."""

import math
import re

import pytest
import torch

from coursekit import fusion
from coursekit.fusion.non_local import non_local
from coursekit.fusion.squeeze_excite import squeeze_excite
from coursekit.layers.initialise import initialise
from coursekit.models import MLP, MultimodalClassifier

CLASSES = 4
TWO = {"A": 6, "B": 6}
THREE = {**TWO, "C": 6}
UNEQUAL = {"A": 6, "B": 3}
ALL = pytest.mark.parametrize("name", fusion.names())
# A sentence of an operator that is made for some numbers or widths of modalities only.
CLEAR_REFUSAL = r"(modalit|width).*\.$"


def features_for(widths, batch=5, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return {m: torch.randn(batch, d, generator=rng, dtype=torch.float64) for m, d in widths.items()}


def operator(name, widths, seed=0):
    """An operator in float64 with random weights everywhere, also where training starts at zero."""
    made = fusion.build(name, widths, CLASSES).double()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in made.parameters():
            drawn = torch.randn(p.shape, generator=rng, dtype=torch.float64)
            p.copy_(drawn / math.sqrt(p.shape[-1]))
        for norm in (m for m in made.modules() if isinstance(m, torch.nn.LayerNorm)):
            norm.weight += 1  # a norm scales by about one, else ten in a row silence the network
    return made.eval()


def operator_or_skip(name, widths):
    """The operator, or a skip when it refuses these modalities in a clear sentence."""
    try:
        return operator(name, widths)
    except ValueError as refusal:
        assert re.search(CLEAR_REFUSAL, str(refusal))
        pytest.skip(str(refusal))


# ---- every operator ------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("widths", [TWO, THREE, UNEQUAL], ids=["two", "three", "unequal"])
def test_shape(name, widths):
    made = operator_or_skip(name, widths)
    for batch in (1, 5):
        logits = made(features_for(widths, batch))
        assert logits.shape == (batch, CLASSES)
        assert torch.isfinite(logits).all()


@ALL
def test_two_equal_modalities_are_never_refused(name):
    assert operator(name, TWO)(features_for(TWO)).shape == (5, CLASSES)


@ALL
@pytest.mark.parametrize("widths", [TWO, THREE], ids=["two", "three"])
def test_rows_of_a_batch_do_not_meet(name, widths):
    made = operator_or_skip(name, widths)
    features = features_for(widths)
    together = made(features)
    alone = torch.cat([made({m: z[i : i + 1] for m, z in features.items()}) for i in range(5)])
    assert torch.allclose(together, alone, atol=1e-12)


@ALL
@pytest.mark.parametrize("widths", [TWO, THREE], ids=["two", "three"])
def test_gradient_reaches_every_encoder_and_every_weight(name, widths):
    """As it starts: with its own first weights, zeros included, so that no encoder is cut off."""
    operator_or_skip(name, widths)
    made = fusion.build(name, widths, CLASSES)
    model = MultimodalClassifier({m: MLP(8, (d,)) for m, d in widths.items()}, made, CLASSES)
    initialise(model, seed=3)
    rng = torch.Generator().manual_seed(1)
    inputs = {m: torch.randn(16, 8, generator=rng) for m in widths}
    model(inputs).joint.square().sum().backward()
    for m in widths:
        for p in model.encoders[m].parameters():
            assert p.grad is not None and p.grad.abs().sum() > 0, m
    trained = operator(name, widths)  # away from zeros every weight of the fusion matters
    trained(features_for(widths, batch=64)).square().sum().backward()
    for weight, p in trained.named_parameters():
        assert p.grad is not None and p.grad.abs().sum() > 0, weight


@ALL
def test_gradient_is_that_of_finite_differences(name):
    made = operator(name, TWO)
    parts = [z.requires_grad_() for z in features_for(TWO, batch=2).values()]
    if not made.exact_gradient:
        pytest.skip(f"{name} has another gradient on purpose; see its own tests")
    assert torch.autograd.gradcheck(lambda a, b: made({"A": a, "B": b}), parts)


@ALL
def test_order_of_the_mapping_does_not_matter(name):
    made = operator(name, TWO)
    features = features_for(TWO)
    swapped = dict(reversed(features.items()))
    assert torch.equal(made(features), made(swapped))
    assert torch.equal(made(features), made({**features, "further": torch.zeros(5, 1)}))


@ALL
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"B": None}, r"features lacks \['B'\]; the fusion reads \['A', 'B'\]"),
        ({"B": (5, 7)}, r"features\['B'\] has shape \(5, 7\); \(5, 6\) was expected"),
        ({"A": (5, 5)}, r"features\['A'\] has shape \(5, 5\); \(5, 6\) was expected"),
        ({"B": (4, 6)}, r"features\['B'\] has shape \(4, 6\); \(5, 6\) was expected"),
        ({"B": (1, 6)}, r"features\['B'\] has shape \(1, 6\)"),  # never stretched in silence
        ({"B": (5, 6, 1)}, r"features\['B'\] has shape \(5, 6, 1\)"),
        ({"A": (0, 6), "B": (0, 6)}, r"features\['A'\] has shape \(0, 6\); an empty batch"),
    ],
)
def test_features_that_do_not_fit_are_refused_by_name(name, change, sentence):
    features = features_for(TWO)
    for m, shape in change.items():
        if shape is None:
            del features[m]
        else:
            features[m] = torch.zeros(shape, dtype=torch.float64)
    with pytest.raises(ValueError, match=sentence):
        operator(name, TWO)(features)


@ALL
def test_features_that_are_no_finite_floats_are_refused_by_name(name):
    made, z = operator(name, TWO), features_for(TWO)
    with pytest.raises(TypeError, match=r"features\['B'\] has dtype torch.int64; floating"):
        made({**z, "B": torch.ones(5, 6, dtype=torch.int64)})
    with pytest.raises(TypeError, match=r"features\['B'\] is a ndarray; a torch tensor"):
        made({**z, "B": z["B"].numpy()})
    for bad in (math.nan, math.inf):
        broken = z["B"].clone()
        broken[1, 2] = bad
        with pytest.raises(ValueError, match=r"features\['B'\] contains NaN or infinite"):
            made({**z, "B": broken})


@ALL
def test_widths_and_classes_that_are_no_counts_are_refused(name):
    with pytest.raises(ValueError, match=r"widths\['B'\] is 0; a whole number, 1 or more"):
        fusion.build(name, {"A": 6, "B": 0}, CLASSES)
    with pytest.raises(TypeError, match=r"num_classes is 4\.0; a whole number"):
        fusion.build(name, TWO, 4.0)


@ALL
def test_no_modality_is_refused(name):
    with pytest.raises(ValueError, match="widths is empty"):
        fusion.build(name, {}, CLASSES)


def test_names_are_the_classes_of_the_package_and_unknown_ones_are_refused():
    assert fusion.names() == sorted(fusion.registry())
    sums = {"additive", "late-linear", "mid-mlp", "multiplicative", "bilinear", "tensor"}
    gates = {"low-rank", "film", "kiela-gate", "gmu", "hard-gate", "se-gate", "non-local", "mag"}
    assert sums | gates <= set(fusion.names())
    assert all(type(fusion.build(n, TWO, 2)).name == n for n in fusion.names())
    with pytest.raises(ValueError, match=r"fusion is 'late-liner'.*Did you mean 'late-linear'"):
        fusion.build("late-liner", TWO, 2)


SPLIT = [n for n, cls in fusion.registry().items() if cls.split is not fusion.Fusion.split]


@pytest.mark.parametrize("name", SPLIT)
@pytest.mark.parametrize("widths", [TWO, THREE, UNEQUAL], ids=["two", "three", "unequal"])
def test_a_split_head_gives_the_same_logits(name, widths):
    made = operator_or_skip(name, widths)
    head = made.split(features_for(widths))
    assert head is not None
    total = torch.stack(head.parts).sum(0)
    hidden = total if head.activation is None else head.activation(total)
    assert torch.allclose(head.readout(hidden), made(features_for(widths)), rtol=0, atol=1e-12)
    for m, part in zip(widths, head.parts, strict=True):  # from one modality alone
        others = {k: z if k == m else -z for k, z in features_for(widths).items()}
        again = made.split(others).parts[list(widths).index(m)]
        assert torch.equal(part, again)


# ---- additive or not -----------------------------------------------------------------------


def interaction(made):
    """Largest |f(a, b) + f(a', b') − f(a, b') − f(a', b)| over the batch and the classes."""
    one, other = features_for(TWO, seed=1), features_for(TWO, seed=2)
    mixed = [{"A": x["A"], "B": y["B"]} for x in (one, other) for y in (one, other)]
    ab, ab_, a_b, a_b_ = (made(z) for z in mixed)
    return float((ab + a_b_ - ab_ - a_b).abs().max().detach())


@ALL
def test_additive_operators_say_so_and_the_others_let_modalities_interact(name):
    made = operator(name, TWO)
    head = made.split(features_for(TWO))
    if head is not None and head.activation is None:
        assert interaction(made) < 1e-10
    else:
        assert interaction(made) > 1e-2


def test_these_and_no_others_are_additive():
    made = {n: operator(n, TWO) for n in SPLIT}
    heads = {n: operator.split(features_for(TWO)) for n, operator in made.items()}
    assert {n for n, h in heads.items() if h.activation is None} == {"additive", "late-linear"}


def test_late_linear_written_out():
    made, z = operator("late-linear", UNEQUAL), features_for(UNEQUAL)
    for i in range(5):
        row = [*z["A"][i].tolist(), *z["B"][i].tolist()]
        for c in range(CLASSES):
            weights = made.linear.weight[c].tolist()
            expected = sum(w * x for w, x in zip(weights, row, strict=True)) + made.linear.bias[c]
            assert made(z)[i, c].item() == pytest.approx(expected.item(), abs=1e-12)


def test_mid_mlp_written_out():
    made, z = operator("mid-mlp", UNEQUAL), features_for(UNEQUAL)
    first, second = made.first, made.last
    x = torch.cat([z["A"], z["B"]], dim=1)
    hidden = (x @ first.weight.T + first.bias).clamp_min(0)
    assert torch.allclose(made(z), hidden @ second.weight.T + second.bias, atol=1e-12)


# ---- squeeze and excitation ----------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_squeeze_excite_by_loops():
    rng = torch.Generator().manual_seed(5)
    x, w1, w2 = (
        torch.randn(*shape, generator=rng, dtype=torch.float64)
        for shape in ((3, 4, 2, 5), (2, 4), (4, 2))
    )
    gated = squeeze_excite(x, w1, w2)
    for b in range(3):
        mean = [sum(x[b, d].flatten().tolist()) / 10 for d in range(4)]
        hidden = [max(0.0, sum(float(w1[h, d]) * mean[d] for d in range(4))) for h in range(2)]
        for d in range(4):
            gate = sigmoid(sum(float(w2[d, h]) * hidden[h] for h in range(2)))
            assert torch.allclose(gated[b, d], x[b, d] * gate, rtol=0, atol=1e-12)


def test_the_se_gate_squeezes_vectors_by_themselves():
    """Vectors (B, D) have nothing to average over; the classifier's gate is that of (B, D, 1)."""
    made, z = operator("se-gate", {"A": 20, "B": 28}), features_for({"A": 20, "B": 28})
    x = torch.cat([z["A"], z["B"]], dim=1)
    assert made.squeeze.weight.shape == (3, 48)  # reduction 16
    assert made.squeeze.bias is None and made.excite.bias is None
    gated = squeeze_excite(x[:, :, None], made.squeeze.weight, made.excite.weight)[:, :, 0]
    assert torch.allclose(made(z), made.linear(gated), atol=1e-12)


@pytest.mark.parametrize(
    ("x", "w_squeeze", "w_excite", "error", "sentence"),
    [
        ((4,), (2, 4), (4, 2), ValueError, r"x has shape \(4,\)"),
        ((0, 4), (2, 4), (4, 2), ValueError, "an empty batch cannot be used"),
        ((3, 4), (2, 5), (4, 2), ValueError, r"w_squeeze has shape \(2, 5\); \(hidden, 4\)"),
        ((3, 4), (2, 4), (2, 4), ValueError, r"w_excite has shape \(2, 4\); \(4, 2\)"),
    ],
)
def test_squeeze_excite_refusals(x, w_squeeze, w_excite, error, sentence):
    with pytest.raises(error, match=sentence):
        squeeze_excite(torch.zeros(x), torch.zeros(w_squeeze), torch.zeros(w_excite))


# ---- non-local -----------------------------------------------------------------------------


def test_non_local_by_loops():
    rng = torch.Generator().manual_seed(6)
    x, *weights = (
        torch.randn(*shape, generator=rng, dtype=torch.float64)
        for shape in ((2, 3, 4), (2, 4), (2, 4), (2, 4), (4, 2))
    )
    attended = non_local(x, *weights)
    theta, phi, g, out = (w.tolist() for w in weights)

    def times(matrix, vector):
        return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]

    for sample in range(2):
        rows = x[sample].tolist()
        for i in range(3):
            query = times(theta, rows[i])
            keys = [times(phi, row) for row in rows]
            scores = [math.exp(sum(q * k for q, k in zip(query, key, strict=True))) for key in keys]
            mixed = [0.0, 0.0]
            for score, row in zip(scores, rows, strict=True):
                value = times(g, row)
                mixed = [m + score / sum(scores) * v for m, v in zip(mixed, value, strict=True)]
            expected = [a + b for a, b in zip(rows[i], times(out, mixed), strict=True)]
            assert attended[sample, i].tolist() == pytest.approx(expected, abs=1e-12)


def test_the_non_local_gate_starts_as_late_linear():
    made = fusion.build("non-local", TWO, CLASSES).double()
    initialise(made, seed=0)
    z = features_for(TWO)
    assert torch.allclose(made(z), made.linear(torch.cat([z["A"], z["B"]], dim=1)), atol=1e-12)
    assert interaction(made) < 1e-10


def test_non_local_refusals():
    with pytest.raises(ValueError, match=r"widths are .*'B': 3.*equal widths"):
        fusion.build("non-local", UNEQUAL, CLASSES)
    w = torch.zeros(2, 4)
    with pytest.raises(ValueError, match=r"x has shape \(3, 4\)"):
        non_local(torch.zeros(3, 4), w, w, w, w.T)
    x = torch.zeros(2, 3, 4)
    for place, sentence in enumerate(["w_query", "w_key", "w_value"]):
        weights = [w, w, w, w.T]
        weights[place] = torch.zeros(2, 5)
        with pytest.raises(ValueError, match=rf"{sentence} has shape \(2, 5\)"):
            non_local(x, *weights)
    with pytest.raises(ValueError, match=r"w_out has shape \(2, 4\); \(4, 2\) was expected"):
        non_local(x, w, w, w, w)
