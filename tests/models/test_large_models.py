"""ResNet-18, Conformer and Conformer fusion, each against a forward pass written differently."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from coursekit import fusion
from coursekit.analysis.costs import cost
from coursekit.fusion.conformer import ConformerFusion
from coursekit.layers.batch_norm import BatchNorm2d
from coursekit.layers.conformer import ConformerLayer
from coursekit.layers.initialise import initialise
from coursekit.layers.sequential_blocks import Blocks, call
from coursekit.models import CNN, MLP, Conformer, ResNet18, build_classifier

TWO = {"video": 5, "audio": 3}


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def shaken(model, seed=7):
    """The model in float64, every parameter away from its first value."""
    model = model.double()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            noise = torch.randn(p.shape, generator=rng, dtype=p.dtype)
            p.add_(0.3 * noise if p.ndim == 1 else 0.02 * noise)
    return model


@pytest.fixture(scope="module")
def resnet():
    """One ResNet-18 for all tests that leave it as it is, with statistics of some pictures."""
    model = ResNet18()
    initialise(model, 1)
    shaken(model)(drawn(8, 3, 40, 40, seed=5))
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):  # of that one batch as if it were all there is
            norm.running_mean *= 10
            norm.running_var.sub_(0.9).mul_(10)
    return model


# ---- ResNet-18: written from the names of its weights --------------------------------------


def normed(x, s, name, training):
    """Batch norm by its formula (Ioffe and Szegedy 2015, algorithm 1)."""
    if training:
        flat = x.transpose(0, 1).flatten(1)
        mean, variance = flat.mean(1), flat.var(1, unbiased=False)
    else:
        mean, variance = s[f"{name}.running_mean"], s[f"{name}.running_var"]
    column = (slice(None), None, None)
    scaled = (x - mean[column]) / (variance[column] + 1e-5) ** 0.5
    return scaled * s[f"{name}.weight"][column] + s[f"{name}.bias"][column]


def by_names(s, x, training):
    """Features from a state dictionary alone: 7×7/2, pooling, then 2 blocks in each of 4 stages."""
    x = normed(F.conv2d(x, s["conv1.weight"], stride=2, padding=3), s, "bn1", training).clamp(min=0)
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-math.inf), 3, 2)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            at = f"layer{stage}.{block}"
            stride = 2 if block == 0 and stage > 1 else 1
            h = F.conv2d(x, s[f"{at}.conv1.weight"], stride=stride, padding=1)
            h = F.conv2d(
                normed(h, s, f"{at}.bn1", training).clamp(min=0),
                s[f"{at}.conv2.weight"],
                padding=1,
            )
            if stride == 2:
                x = torch.einsum(  # a 1×1 convolution, without a convolution
                    "oi,bihw->bohw", s[f"{at}.downsample.0.weight"][:, :, 0, 0], x[:, :, ::2, ::2]
                )
                x = normed(x, s, f"{at}.downsample.1", training)
            x = (normed(h, s, f"{at}.bn2", training) + x).clamp(min=0)
    return x.flatten(2).mean(2)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [(32, 32), (37, 50)])
def test_resnet_is_what_its_weights_say(resnet, training, size):
    model, x = copy.deepcopy(resnet).train(training), drawn(3, 3, *size)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    features = model(x)
    assert features.std() > 0.1
    assert torch.allclose(features, by_names(before, x, training), rtol=0, atol=1e-10)


def test_resnet_has_as_many_parameters_as_the_published_one():
    count = {c: sum(p.numel() for p in ResNet18(c).parameters()) for c in (1, 2, 3)}
    assert count[3] == 11_689_512 - (512 + 1) * 1000 == 11_176_512
    assert count[3] - count[2] == count[2] - count[1] == 64 * 7 * 7


def published_names():
    """Names and shapes of the usual state dictionary, counted out."""

    def norm(name, width):
        shapes = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (width,))
        return {f"{name}.{k}": v for k, v in shapes.items()} | {f"{name}.num_batches_tracked": ()}

    shape_of = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        for block in (0, 1):
            at = f"layer{stage}.{block}"
            into = width // 2 if block == 0 and stage > 1 else width
            shape_of |= {f"{at}.conv1.weight": (width, into, 3, 3), **norm(f"{at}.bn1", width)}
            shape_of |= {f"{at}.conv2.weight": (width, width, 3, 3), **norm(f"{at}.bn2", width)}
            if into != width:
                shape_of |= {f"{at}.downsample.0.weight": (width, into, 1, 1)}
                shape_of |= norm(f"{at}.downsample.1", width)
    return shape_of


def test_resnet_has_the_published_names_and_shapes(resnet):
    state = {k: tuple(v.shape) for k, v in resnet.state_dict().items()}
    assert state == published_names() and list(state) == list(published_names())


@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (1, 3, 1, 1), (2, 3, 33, 64), (2, 3, 3, 40, 8)])
def test_resnet_gives_512_numbers_for_any_size(resnet, shape):
    features = resnet.eval()(drawn(*shape))
    assert features.shape == (shape[0], resnet.out_features) == (shape[0], 512)
    assert (features >= 0).all()


def test_frames_are_averaged_pictures(resnet):
    model, x = resnet.eval(), drawn(2, 3, 3, 32, 32)
    one_by_one = torch.stack([model(x[:, t]) for t in range(3)]).mean(0)
    assert torch.allclose(model(x), one_by_one, rtol=0, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_gradient_of_resnet_is_that_of_finite_differences(resnet, training):
    model, x = copy.deepcopy(resnet).train(training), drawn(2, 3, 32, 32)
    weights = drawn(2, 512, seed=3)
    (model(x) * weights).sum().backward()
    for name in (
        "conv1.weight",
        "layer1.0.conv1.weight",
        "layer2.0.downsample.0.weight",
        "layer3.1.bn1.bias",
        "layer4.1.bn2.weight",
    ):
        p, step, sums = model.get_parameter(name), 1e-7, []
        place = p.grad.abs().argmax()
        for sign in (1, -1):
            with torch.no_grad():
                p.view(-1)[place] += sign * step
                sums.append((model(x) * weights).sum().item())
                p.view(-1)[place] -= sign * step
        slope = (sums[0] - sums[1]) / (2 * step)
        assert abs(slope) > 0.01, name
        assert p.grad.view(-1)[place].item() == pytest.approx(slope, rel=1e-4), name


# ---- ResNet-18: published weights ----------------------------------------------------------


def test_published_weights_are_taken_over(resnet):
    head = {"fc.weight": torch.ones(1000, 512), "fc.bias": torch.ones(1000)}
    old = {k: v for k, v in resnet.state_dict().items() if "num_batches" not in k}
    for state in (old | head, dict(resnet.state_dict())):
        model = ResNet18()
        model.load_published(state)
        x = drawn(2, 3, 32, 32)
        expected = resnet.eval()(x)
        assert torch.allclose(model.eval()(x.float()).double(), expected, rtol=1e-4, atol=1e-4)


def test_one_channel_takes_the_mean_of_three(resnet):
    model, grey = ResNet18(1).double(), drawn(2, 1, 32, 32)
    model.load_published(resnet.state_dict())
    three = resnet.conv1(grey.expand(2, 3, 32, 32))
    assert torch.allclose(3 * model.conv1(grey), three, rtol=0, atol=1e-10)
    again = ResNet18(1).double()
    again.load_published(model.state_dict())
    assert torch.equal(again.conv1.weight, model.conv1.weight)


@pytest.mark.parametrize(
    ("change", "channels", "words"),
    [
        ({"bn1.weight": None}, 3, r"state lacks 'bn1\.weight'; all of ResNet-18's names"),
        (
            {"layer5.0.conv1.weight": torch.ones(1)},
            3,
            r"state has 'layer5\.0\.conv1.*only",
        ),
        ({"bn1.bias": torch.ones(65)}, 3, r"state\['bn1\.bias'\] has shape \(65,\); \(64,\)"),
        ({"bn1.bias": torch.full((64,), math.nan)}, 3, r"state\['bn1\.bias'\] contains NaN"),
        ({"bn1.bias": torch.ones(64, dtype=torch.int64)}, 3, r"state\['bn1\.bias'\] has dtype"),
        ({"bn1.bias": [0.0] * 64}, 3, r"state\['bn1\.bias'\] is a list"),
        ({}, 2, r"state\['conv1\.weight'\] has shape \(64, 3, 7, 7\); \(64, 2, 7, 7\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_change_nothing(resnet, change, channels, words):
    state = {k: v for k, v in (dict(resnet.state_dict()) | change).items() if v is not None}
    model = ResNet18(channels)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises((ValueError, TypeError), match=words):
        model.load_published(state)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_weights_that_are_no_mapping_or_of_another_network_are_refused():
    with pytest.raises(TypeError, match=r"state is a list; tensors by name"):
        ResNet18().load_published([])
    words = r"state lacks 'conv1\.weight', 'bn1\.weight', 'bn1\.bias' and \d+ more"
    with pytest.raises(ValueError, match=words):
        ResNet18().load_published(CNN(3).state_dict())


# ---- Conformer: written out ----------------------------------------------------------------


def layer_norm(x, s, name):
    centred = x - x.mean(-1, keepdim=True)
    root = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centred / root * s[f"{name}.weight"] + s[f"{name}.bias"]


def affine(x, s, name):
    return x @ s[f"{name}.weight"].T + s[f"{name}.bias"]


def swish(x):
    return x / (1 + torch.exp(-x))


def feed_forward(x, s, name):
    hidden = affine(layer_norm(x, s, f"{name}.0"), s, f"{name}.1")
    return affine(swish(hidden), s, f"{name}.4")


def attend(x, s, name, heads):
    """softmax(Q Kᵀ/√d) V, head by head."""
    width = x.shape[-1]
    d = width // heads
    rows = x @ s[f"{name}.in_proj_weight"].T + s[f"{name}.in_proj_bias"]
    mixed = []
    for h in range(heads):
        at = [slice(k * width + h * d, k * width + (h + 1) * d) for k in range(3)]
        q, k, v = (rows[..., part] for part in at)
        scores = torch.exp(q @ k.transpose(1, 2) / math.sqrt(d))
        mixed.append(scores / scores.sum(-1, keepdim=True) @ v)
    return affine(torch.cat(mixed, -1), s, f"{name}.out_proj")


def convolve(x, s, name):
    width, steps = x.shape[-1], x.shape[1]
    wide = affine(layer_norm(x, s, f"{name}.norm"), s, f"{name}.widen")
    gated = wide[..., :width] / (1 + torch.exp(-wide[..., width:]))
    weight = s[f"{name}.depthwise.weight"][:, 0]  # (W, K)
    half = weight.shape[1] // 2
    h = s[f"{name}.depthwise.bias"].repeat(*x.shape[:2], 1)
    for t in range(steps):
        for k in range(-half, half + 1):
            if 0 <= t + k < steps:
                h[:, t] += gated[:, t + k] * weight[:, half + k]
    return affine(swish(layer_norm(h, s, f"{name}.middle")), s, f"{name}.mix")


def layer_by_hand(x, s, heads, at=""):
    x = x + 0.5 * feed_forward(x, s, f"{at}before")
    x = x + attend(layer_norm(x, s, f"{at}norm"), s, f"{at}attention", heads)
    x = x + convolve(x, s, f"{at}convolution")
    return layer_norm(x + 0.5 * feed_forward(x, s, f"{at}after"), s, f"{at}last")


def positions(length, width):
    rows = [
        [
            (math.cos if j % 2 else math.sin)(t / 10_000 ** (2 * (j // 2) / width))
            for j in range(width)
        ]
        for t in range(length)
    ]
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("kernel", [1, 3, 31])
def test_conformer_layer_written_out(kernel):
    layer, x = shaken(ConformerLayer(12, 3, kernel=kernel, expansion=2)), drawn(2, 5, 12)
    actual = layer(x)
    expected = layer_by_hand(x, layer.state_dict(), 3)
    assert torch.allclose(actual, expected, rtol=0, atol=1e-10)
    with torch.no_grad():  # torch's attention takes another way there
        assert torch.allclose(layer.eval()(x), expected, rtol=0, atol=1e-10)


def test_conformer_written_out():
    model, x = shaken(Conformer(7, 12, heads=3, layers=2, kernel=3)), drawn(2, 6, 7)
    s = model.state_dict()
    h = affine(x, s, "projection") + positions(6, 12)
    for i in (0, 1):
        h = layer_by_hand(h, s, 3, at=f"layers.{i}.")
    assert torch.allclose(model(x), h.mean(1), rtol=0, atol=1e-10)


def test_conformer_reads_spectrograms_and_vectors_as_sequences():
    model, x = shaken(Conformer(7, 12, heads=3)), drawn(2, 6, 7)
    assert torch.equal(model(x.transpose(1, 2)[:, None]), model(x))
    assert torch.equal(model(x[:, 0]), model(x[:, :1]))
    assert model.out_features == 12 and Conformer(3).out_features == 144


def test_gradient_of_a_conformer_layer_is_that_of_finite_differences():
    layer = shaken(ConformerLayer(4, 2, kernel=3, expansion=1))
    assert torch.autograd.gradcheck(layer, drawn(1, 3, 4).requires_grad_())


def test_gradient_reaches_every_weight_of_the_encoders(resnet):
    pairs = [(copy.deepcopy(resnet).train(), drawn(3, 3, 32, 32))]
    pairs += [(Conformer(7, 12, heads=3, kernel=3).double(), drawn(4, 6, 7))]
    for model, x in pairs:
        model(x).square().sum().backward()
        for name, p in model.named_parameters():
            assert p.grad is not None and p.grad.abs().sum() > 0, name


def test_rows_of_a_batch_do_not_meet_in_a_conformer():
    model, x = shaken(Conformer(7, 12, heads=3)).train(), drawn(5, 6, 7)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert torch.allclose(model(x[order]), model(x)[order], rtol=0, atol=1e-12)
    assert torch.allclose(model(x[:1]), model(x)[:1], rtol=0, atol=1e-12)


def test_only_positions_and_convolution_know_the_order(monkeypatch):
    x = drawn(3, 6, 7)
    short, long = (shaken(Conformer(7, 12, heads=3, kernel=k)) for k in (1, 3))
    assert not torch.allclose(short(x), short(x.flip(1)), atol=1e-3)
    monkeypatch.setattr("coursekit.models.conformer.sinusoidal_positions", torch.zeros)
    assert torch.allclose(short(x), short(x.flip(1)), rtol=0, atol=1e-10)
    assert not torch.allclose(long(x), long(x.flip(1)), atol=1e-3)


def test_dropout_works_in_training_only_and_follows_torch_s_seed():
    layer, x = shaken(ConformerLayer(12, 3, kernel=3, dropout=0.5)), drawn(2, 5, 12)
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(layer.train()(x))
    assert torch.equal(outputs[0], outputs[1]) and not torch.allclose(
        outputs[0], outputs[2], atol=0.1
    )
    expected = layer_by_hand(x, layer.state_dict(), 3)
    assert torch.allclose(layer.eval()(x), expected, rtol=0, atol=1e-10)


# ---- Conformer fusion ----------------------------------------------------------------------


def fused(**options):
    return shaken(ConformerFusion(TWO, 4, **{"width": 12, "heads": 3, **options}))


@pytest.mark.parametrize("shapes", [((5,), (3,)), ((4, 5), (3,)), ((4, 5), (2, 3))])
def test_conformer_fusion_written_out(shapes):
    model = fused()
    x = {m: drawn(2, *shape, seed=i) for i, (m, shape) in enumerate(zip(TWO, shapes, strict=True))}
    s = model.state_dict()
    tokens = [s["tokens.class_token"].expand(2, 1, 12)]
    for i, m in enumerate(TWO):
        steps = x[m] if x[m].ndim == 3 else x[m].unsqueeze(1)
        token = affine(steps, s, f"projections.{m}") + s["tokens.marks"][i]
        ordered = steps.shape[1] > 1
        tokens.append(token + positions(steps.shape[1], 12) if ordered else token)
    h = torch.cat(tokens, 1)
    for i in (0, 1):
        h = layer_by_hand(h, s, 3, at=f"layers.{i}.")
    assert torch.allclose(model(x), affine(h[:, 0], s, "linear"), rtol=0, atol=1e-10)


def test_one_token_is_the_same_as_a_vector():
    model, z = fused(), {m: drawn(4, d) for m, d in TWO.items()}
    assert torch.equal(model(z), model({m: x[:, None] for m, x in z.items()}))


def test_conformer_fusion_is_found_by_its_name():
    operator = fusion.build("conformer", TWO, 4)
    assert isinstance(operator, ConformerFusion)
    assert [tuple(layer.attention.in_proj_weight.shape) for layer in operator.layers] == [
        (96, 32)
    ] * 2
    assert {m: len(parts) for m, parts in operator.slices().items()} == dict.fromkeys(TWO, 2)


def test_conformer_fusion_costs_what_its_formula_says():
    """16 features, 2 modalities, 6 classes; a class token, width 32, kernel 3, 2 layers."""
    tokens, w, kernel = 3, 32, 3
    linear = (2 * 8 + 4 + 3) * w**2 + kernel * w  # feed-forward twice, attention, convolution
    attention = 2 * tokens**2 * w + 2 * tokens * w  # scores, sums of values; scaling of q and k
    expected = 2 * 16 * w + 2 * (tokens * linear + attention) + w * 6
    assert cost(fusion.build("conformer", {"A": 16, "B": 16}, 6)).multiply_adds == expected


# ---- blocks --------------------------------------------------------------------------------


WITH_BLOCKS = {
    "resnet18": (ResNet18, drawn(2, 3, 32, 32), 8),
    "conformer": (lambda: Conformer(7, 12, heads=3, layers=3, kernel=3), drawn(2, 6, 7), 3),
    "fusion": (
        lambda: ConformerFusion(TWO, 4, width=12, heads=3),
        {m: drawn(2, d) for m, d in TWO.items()},
        2,
    ),
}
BLOCKS = pytest.mark.parametrize(("make", "x", "count"), WITH_BLOCKS.values(), ids=WITH_BLOCKS)


@BLOCKS
def test_every_block_is_run_by_run_block_in_order(make, x, count):
    model, seen = make().double(), []

    def remember(block, h):
        seen.append(block)
        return block(h)

    expected = model(x)
    assert isinstance(model, Blocks) and model.run_block is call
    model.run_block = remember
    assert torch.equal(model(x), expected)
    assert seen == model.blocks() and len(seen) == count
    model.run_block = lambda block, h: 0 * block(h)  # what it gives is what goes on
    assert not torch.equal(model(x), expected)


@BLOCKS
def test_blocks_may_be_computed_again_in_the_backward_pass(make, x, count):
    model, grads = make().double(), []
    for run in (call, lambda block, h: checkpoint(block, h, use_reentrant=False)):
        copied = copy.deepcopy(model)
        copied.run_block = run
        copied(x).square().sum().backward()
        grads.append([p.grad for p in copied.parameters()])
    assert all(torch.equal(p, q) for p, q in zip(*grads, strict=True))


@BLOCKS
def test_a_deep_copy_runs_its_own_blocks(make, x, count):
    model = make().double()
    expected = model(x)
    copied = copy.deepcopy(model)
    assert torch.equal(copied(x), expected)
    with torch.no_grad():
        for p in copied.blocks()[0].parameters():
            p.zero_()
    assert not torch.equal(copied(x), expected)
    assert torch.equal(model(x), expected)


def test_a_row_of_blocks_has_to_be_named():
    with pytest.raises(NotImplementedError):
        Blocks().through(torch.ones(1))


# ---- first weights -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ResNet18, lambda: Conformer(7, 12, heads=3)])
def test_the_seed_alone_draws_every_weight(make):
    models = []
    for seed, other in ((4, 1), (4, 2), (5, 2)):
        torch.manual_seed(other)
        models.append(make())
        initialise(models[-1], seed)
    one, two, three = (m.state_dict() for m in models)
    assert all(torch.equal(one[k], two[k]) for k in one)
    matrices = [k for k, v in one.items() if v.ndim > 1]
    assert matrices and not any(torch.equal(one[k], three[k]) for k in matrices)


def test_resnet_starts_as_he_and_colleagues_say():
    model = ResNet18()
    model.train()(drawn(2, 3, 32, 32, dtype=torch.float32))  # moves the running statistics
    initialise(model, 2)
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            out, _, k, _ = module.weight.shape
            n = module.weight.numel()
            assert module.bias is None
            std = math.sqrt(2 / (k * k * out))
            assert module.weight.std().item() == pytest.approx(std, rel=5 / math.sqrt(2 * n)), name
            assert abs(module.weight.mean().item()) < 5 * std / math.sqrt(n), name
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and (module.bias == 0).all(), name
            assert (module.running_mean == 0).all() and (module.running_var == 1).all(), name
            assert module.num_batches_tracked == 0, name


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(40, 40, 5, groups=40),
        nn.Conv1d(8, 30, 3),
        nn.Conv2d(40, 40, 3, groups=40),
        nn.Conv2d(8, 30, 3),
    ],
)
def test_convolutions_fill_their_bounds(layer):
    initialise(layer, 0)
    reads = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    for p in (layer.weight, layer.bias):
        assert 0.8 / math.sqrt(reads) < p.abs().max() <= 1 / math.sqrt(reads)


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm1d(3), nn.BatchNorm2d(3), nn.GroupNorm(1, 3), nn.LayerNorm(3)]
)
def test_norms_start_as_ones_and_zeros(norm):
    first = copy.deepcopy(norm.state_dict())
    with torch.no_grad():
        for v in norm.state_dict().values():
            v.add_(1)
    initialise(norm, 0)
    assert all(torch.equal(v, first[k]) for k, v in norm.state_dict().items())
    assert (norm.weight == 1).all() and (norm.bias == 0).all()


# ---- the builder ---------------------------------------------------------------------------


PICTURES = {
    "video": torch.zeros(2, 2, 3, 32, 32),
    "audio": torch.zeros(2, 1, 20, 9),
    "text": torch.zeros(2, 7, 4),
}


def test_every_modality_has_the_encoder_that_is_named_for_it():
    named = {"text": "mlp", "audio": "conformer", "video": "resnet18"}
    model = build_classifier(PICTURES, 5, encoder=named, fusion="conformer", widths=(16, 8))
    assert {m: type(e) for m, e in model.encoders.items()} == {
        "video": ResNet18,
        "audio": Conformer,
        "text": MLP,
    }
    prediction = model(PICTURES)
    assert prediction.joint.shape == (2, 5)
    shapes = {m: tuple(x.shape) for m, x in prediction.features.items()}
    assert shapes == {"video": (2, 512), "audio": (2, 8), "text": (2, 8)}


@pytest.mark.parametrize(
    ("shape", "reads"), [((2, 6), 6), ((2, 3, 6), 6), ((2, 1, 6, 3), 6), ((2, 1, 9, 3), 9)]
)
def test_the_builder_finds_what_a_conformer_reads(shape, reads):
    model = build_classifier({"a": torch.ones(shape)}, 3, encoder="conformer", dropout=0.2)
    assert model.encoders["a"][0].in_features == reads
    assert model({"a": torch.ones(shape)}).features["a"].shape == (2, 32)


@pytest.mark.parametrize("shape", [(2, 4, 32, 32), (2, 3, 4, 32, 32)])
def test_the_builder_finds_the_channels_of_pictures_and_frames(shape):
    model = build_classifier({"a": torch.zeros(shape)}, 3, encoder="resnet18", widths=(5,))
    assert model.encoders["a"].channels == 4
    assert model({"a": torch.zeros(shape)}).joint.shape == (2, 3)


def built(encoder, **shapes):
    return build_classifier({m: torch.zeros(2, *s) for m, s in shapes.items()}, 3, encoder=encoder)


@pytest.mark.parametrize(
    ("call_it", "words"),
    [
        (lambda: built("resnet", a=(4,)), r"encoder is 'resnet'.*Did you mean 'resnet18'\?"),
        (
            lambda: built({"a": "confomer"}, a=(4,)),
            r"encoder\['a'\] is 'confomer'.*Did you mean 'conformer'\?",
        ),
        (lambda: built({"b": "mlp"}, b=(4,), c=(4,)), r"encoder lacks \['c'\]; .* \['b'\]"),
        (lambda: built({"b": "mlp", "c": "mlp"}, b=(4,)), r"encoder names \['c'\]; .* \['b'\]"),
        (
            lambda: built("cnn", a=(4, 4)),
            r"inputs\['a'\] has shape \(2, 4, 4\); \(B, channels, H, W\) was expected by .*'cnn'",
        ),
        (lambda: built("resnet18", a=(4,)), r"inputs\['a'\] has shape \(2, 4\); .*'resnet18'"),
        (lambda: built("conformer", a=(1, 1, 1, 1)), r"has shape \(2, 1, 1, 1, 1\); .*'conformer'"),
    ],
)
def test_encoders_that_cannot_be_are_refused(call_it, words):
    with pytest.raises(ValueError, match=words):
        call_it()


# ---- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((2, 1, 32, 32), r"\(2, 1, 32, 32\); \(any, 3, any, any\), or \(any, any, 3, any, any\)"),
        ((3, 32, 32), r"x has shape \(3, 32, 32\)"),
        ((2, 3, 0, 32), r"x has shape \(2, 3, 0, 32\)"),
        ((2, 0, 3, 32, 32), r"x has shape \(2, 0, 3, 32, 32\)"),
        ((1, 3, 32, 32), r"\(1, 3, 32, 32\); two or more pictures, or one above 32×32"),
        ((1, 1, 3, 32, 9), r"\(1, 1, 3, 32, 9\); two or more pictures"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(resnet, shape, words):
    with pytest.raises(ValueError, match=words):
        resnet.train()(drawn(*shape))


@pytest.mark.parametrize("shape", [(1, 3, 33, 1), (1, 2, 3, 8, 8), (2, 3, 1, 1)])
def test_two_values_a_channel_are_enough_to_train(resnet, shape):
    assert copy.deepcopy(resnet).train()(drawn(*shape)).shape == (shape[0], 512)


def test_a_shared_batch_may_leave_a_process_one_picture_or_none():
    model = ResNet18().train()
    norms = [m for m in model.modules() if isinstance(m, BatchNorm2d)]
    for norm in norms:
        norm.total = lambda x: 2 * x  # as of two processes with the same rows
    for rows in (0, 1):
        assert model(torch.ones(rows, 3, 32, 32)).shape == (rows, 512)
    assert len(norms) == 20
    assert all(m.running_var.isfinite().all() and (m.running_var < 1).any() for m in norms)


@pytest.mark.parametrize("shape", [(3, 6), (3, 5, 6), (3, 2, 7, 5), (3, 1, 6, 5), (3, 0, 7), (7,)])
def test_sequences_that_do_not_fit_are_refused(shape):
    words = r"x has shape \(.*\); \(any, any, 7\), \(any, 1, 7, any\) or \(any, 7\) was expected"
    with pytest.raises(ValueError, match=words):
        Conformer(7, 12, heads=3).double()(drawn(*shape))


@pytest.mark.parametrize("make", [lambda: ResNet18(3), lambda: Conformer(32, 12, heads=3)])
def test_another_dtype_is_refused_and_no_row_gives_no_row(make):
    model = make()
    with pytest.raises(TypeError, match=r"inputs\['a'\] has dtype torch.float64; torch.float32"):
        model.check_input("inputs['a']", torch.zeros(2, 3, 32, 32, dtype=torch.float64))
    shape = (0, 3, 32, 32) if isinstance(model, ResNet18) else (0, 5, 32)
    assert model.eval()(torch.zeros(shape)).shape == (0, model.out_features)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: ResNet18(0), ValueError, "channels is 0; a whole number, 1 or more"),
        (lambda: ConformerLayer(10, 4), ValueError, "width is 10, heads 4; width / heads"),
        (lambda: ConformerLayer(8, 4, kernel=4), ValueError, "kernel is 4; an odd number"),
        (lambda: ConformerLayer(8, 4, expansion=0), ValueError, "expansion is 0"),
        (lambda: ConformerLayer(8.0, 4), TypeError, r"width is 8\.0; a whole number"),
        (lambda: ConformerLayer(8, 4, dropout=1), ValueError, r"dropout is 1; a rate in \[0, 1\)"),
        (lambda: ConformerLayer(8, 4, dropout="1"), TypeError, "dropout is '1'; a number"),
        (lambda: Conformer(0), ValueError, "in_features is 0"),
        (lambda: Conformer(3, layers=0), ValueError, "layers is 0"),
        (lambda: Conformer(3, 10), ValueError, "width is 10, heads 4"),
        (lambda: ConformerFusion(TWO, 4, layers=0), ValueError, "layers is 0"),
        (lambda: ConformerFusion(TWO, 4, heads=3), ValueError, "width is 32, heads 3"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
