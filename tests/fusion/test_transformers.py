"""The two transformer fusions: attention written out, positions, tokens, and torch's fast path."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import fusion
from coursekit.fusion.early_transformer import MultiModalTransformer
from coursekit.fusion.transformer import Transformer
from coursekit.layers.initialise import initialise
from coursekit.layers.tokens import LearnedTokens, encoder_stack, mark, sinusoidal_positions

TWO = {"video": 5, "audio": 3}
KINDS = pytest.mark.parametrize("kind", [Transformer, MultiModalTransformer])


def made(kind, widths=TWO, classes=4, **options):
    """An operator in float64 with every parameter away from its first value."""
    model = kind(widths, classes, **{"width": 8, "heads": 2, "layers": 2, **options}).double()
    rng = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=rng, dtype=p.dtype))
    return model


def features(batch=6, seed=0, **shapes):
    rng = torch.Generator().manual_seed(seed)
    sizes = shapes or {m: (d,) for m, d in TWO.items()}
    return {m: torch.randn(batch, *s, generator=rng, dtype=torch.float64) for m, s in sizes.items()}


# ---- written out by loops ------------------------------------------------------------------


def affine(weight, bias, x):
    return [
        sum(w * v for w, v in zip(row, x, strict=True)) + b
        for row, b in zip(weight.tolist(), bias.tolist(), strict=True)
    ]


def norm(layer, x):
    mean = sum(x) / len(x)
    variance = sum((v - mean) ** 2 for v in x) / len(x)
    scale, shift = layer.weight.tolist(), layer.bias.tolist()
    root = math.sqrt(variance + layer.eps)
    return [(v - mean) / root * a + b for v, a, b in zip(x, scale, shift, strict=True)]


def add(x, y):
    return [a + b for a, b in zip(x, y, strict=True)]


def attend(attention, tokens):
    """Multi-head self-attention of one sample, number by number."""
    width, heads = len(tokens[0]), attention.num_heads
    d = width // heads
    rows = [affine(attention.in_proj_weight, attention.in_proj_bias, x) for x in tokens]
    mixed = [[] for _ in tokens]
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        queries, keys, values = (
            [r[k * width : (k + 1) * width][part] for r in rows] for k in (0, 1, 2)
        )
        for t, q in enumerate(queries):
            scores = [sum(a * b for a, b in zip(q, k, strict=True)) / math.sqrt(d) for k in keys]
            weights = [math.exp(s - max(scores)) for s in scores]
            mixed[t] += [
                sum(w / sum(weights) * v[i] for w, v in zip(weights, values, strict=True))
                for i in range(d)
            ]
    return [affine(attention.out_proj.weight, attention.out_proj.bias, x) for x in mixed]


def feed_forward(layer, x):
    hidden = [max(0.0, v) for v in affine(layer.linear1.weight, layer.linear1.bias, x)]
    return affine(layer.linear2.weight, layer.linear2.bias, hidden)


def encode(stack, tokens):
    for layer in stack.layers:
        if layer.norm_first:
            heard = attend(layer.self_attn, [norm(layer.norm1, x) for x in tokens])
            tokens = [add(x, y) for x, y in zip(tokens, heard, strict=True)]
            tokens = [add(x, feed_forward(layer, norm(layer.norm2, x))) for x in tokens]
        else:
            heard = attend(layer.self_attn, tokens)
            tokens = [norm(layer.norm1, add(x, y)) for x, y in zip(tokens, heard, strict=True)]
            tokens = [norm(layer.norm2, add(x, feed_forward(layer, x))) for x in tokens]
    return tokens if stack.norm is None else [norm(stack.norm, x) for x in tokens]


def test_transformer_fusion_by_loops():
    model, z = made(Transformer), features(batch=2)
    logits = model(z)
    for i in range(2):
        tokens = [model.tokens.class_token.tolist()]
        for m, e in zip(TWO, model.tokens.marks.tolist(), strict=True):
            p = model.projections[m]
            tokens.append(add(affine(p.weight, p.bias, z[m][i].tolist()), e))
        first = encode(model.encoder, tokens)[0]
        expected = affine(model.linear.weight, model.linear.bias, first)
        assert logits[i].tolist() == pytest.approx(expected, abs=1e-8)


def test_early_transformer_by_loops():
    model, x = made(MultiModalTransformer), features(batch=2, video=(3, 5), audio=(2, 3))
    logits = model(x)
    for i in range(2):
        tokens = []
        for m in TWO:
            p = model.projections[m]
            tokens += [affine(p.weight, p.bias, row) for row in x[m][i].tolist()]
        for t, token in enumerate(tokens):
            for j in range(8):
                angle = t / 10_000 ** (2 * (j // 2) / 8)
                token[j] += math.cos(angle) if j % 2 else math.sin(angle)
        out = encode(model.encoder, tokens)
        mean = [sum(column) / len(out) for column in zip(*out, strict=True)]
        expected = affine(model.linear.weight, model.linear.bias, mean)
        assert logits[i].tolist() == pytest.approx(expected, abs=1e-8)


# ---- torch's two paths ---------------------------------------------------------------------


@KINDS
def test_the_fast_path_of_evaluation_gives_what_training_gives(kind):
    model, z = made(kind), features()
    trained = model.train()(z).detach()
    with torch.no_grad():
        assert torch.allclose(model.eval()(z), trained, rtol=0, atol=1e-10)


@KINDS
def test_no_warning_is_given(kind, recwarn):
    with torch.no_grad():
        made(kind).eval()(features())
    assert not [w for w in recwarn if "nested" in str(w.message)]


# ---- what they treat alike -----------------------------------------------------------------


@KINDS
@pytest.mark.parametrize("widths", [{"a": 3}, {"a": 3, "b": 2, "c": 4}])
def test_one_or_three_modalities(kind, widths):
    model = made(kind, widths)
    assert model(features(**{m: (d,) for m, d in widths.items()})).shape == (6, 4)


def test_one_token_is_the_same_as_a_vector():
    model, z = made(MultiModalTransformer), features()
    longer = {m: x[:, None] for m, x in z.items()}
    assert torch.equal(model(z), model(longer))
    assert torch.equal(model(z), model({**z, "audio": longer["audio"]}))


def test_without_positions_the_order_of_tokens_would_not_matter(monkeypatch):
    """Attention and the mean are sums over tokens; only positions know the order."""
    model, x = made(MultiModalTransformer), features(video=(4, 5), audio=(3, 3))
    turned = {**x, "video": x["video"].flip(1)}
    assert not torch.allclose(model(x), model(turned), atol=1e-3)
    name = "coursekit.fusion.early_transformer.sinusoidal_positions"
    monkeypatch.setattr(name, torch.zeros)
    assert torch.allclose(model(x), model(turned), rtol=0, atol=1e-10)


def test_modality_tokens_tell_equal_features_apart():
    model = made(Transformer, {"a": 3, "b": 3})
    with torch.no_grad():
        for part in ("weight", "bias"):
            getattr(model.projections["b"], part).copy_(getattr(model.projections["a"], part))
    x, y = features(a=(3,))["a"], features(a=(3,), seed=1)["a"]
    assert not torch.allclose(model({"a": x, "b": y}), model({"a": y, "b": x}), atol=1e-3)
    with torch.no_grad():
        model.tokens.marks.zero_()
    assert torch.allclose(model({"a": x, "b": y}), model({"a": y, "b": x}), rtol=0, atol=1e-10)


@KINDS
def test_the_seed_draws_every_parameter(kind):
    first, second, other = (kind(TWO, 4) for _ in range(3))
    for model, seed in ((first, 1), (second, 1), (other, 2)):
        initialise(model, seed)
    states = [m.state_dict() for m in (first, second, other)]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not torch.equal(first.linear.weight, other.linear.weight)
    if kind is Transformer:
        assert not torch.equal(first.tokens.marks, other.tokens.marks)


# ---- positions and tokens ------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 33))
@settings(max_examples=40)
def test_positions_number_by_number(length, width):
    positions = sinusoidal_positions(length, width)
    assert positions.shape == (length, width)
    for t in (0, length - 1):
        for j in range(width):
            angle = t / 10_000 ** (2 * (j // 2) / width)
            assert positions[t, j].item() == pytest.approx(
                math.cos(angle) if j % 2 else math.sin(angle), abs=1e-12
            )


def test_a_shift_of_positions_is_one_rotation_for_all_of_them():
    """Why sines: p(t + k) is the same linear function of p(t) for every t."""
    p = sinusoidal_positions(30, 8)
    before, after = p[:-3], p[3:]
    matrix = torch.linalg.lstsq(before, after).solution
    assert torch.allclose(before @ matrix, after, atol=1e-8)


def test_mark_puts_the_class_token_first():
    x = features(batch=2, a=(1, 3), b=(2, 3))
    c, e = torch.arange(3.0).double(), {"b": torch.ones(3).double(), "a": torch.zeros(3).double()}
    marked = mark(x, c, e)
    assert marked.shape == (2, 4, 3)
    assert torch.equal(marked[:, 0], c.expand(2, 3))
    assert torch.equal(marked[:, 1:3], x["b"] + 1) and torch.equal(marked[:, 3:], x["a"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sinusoidal_positions(0, 4), "length is 0"),
        (lambda: sinusoidal_positions(3, 1.0), "width is 1.0"),
        (lambda: mark({}, torch.ones(3), {"a": torch.ones(3)}), r"sequences lacks \['a'\]"),
        (
            lambda: mark({"a": torch.ones(2, 3)}, torch.ones(3), {"a": torch.ones(3)}),
            r"sequences\['a'\] has shape \(2, 3\); \(any, any, 3\)",
        ),
        (lambda: encoder_stack(6, 4, 1, norm_first=True), "width is 6, heads 4"),
        (lambda: encoder_stack(8, 4, 0, norm_first=True), "layers is 0"),
        (lambda: Transformer(TWO, 4, heads=3), "width is 32, heads 3"),
        (
            lambda: made(MultiModalTransformer)(features(video=(0, 5), audio=(2, 3))),
            r"features\['video'\] has shape \(6, 0, 5\); an empty batch",
        ),
        (
            lambda: made(MultiModalTransformer)(features(video=(4, 5), audio=(2, 4))),
            r"features\['audio'\] has shape \(6, 2, 4\); \(6, any, 3\)",
        ),
        (
            lambda: made(Transformer)(features(video=(1, 5), audio=(1, 3))),
            r"features\['video'\] has shape \(6, 1, 5\); \(6, 5\)",
        ),
    ],
)
def test_refusals(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


def test_both_are_in_the_registry():
    assert {"transformer", "early-transformer"} <= set(fusion.names())
    assert isinstance(LearnedTokens(["a"], 4).class_token, torch.nn.Parameter)
