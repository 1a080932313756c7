"""Two towers and a single stream on the course's loop: what is learnt, and what gets a gradient."""

import copy
import math

import pytest
import torch

from coursekit.data.multimodal import Split
from coursekit.data.scene_captions import foils
from coursekit.data.scenes import as_data, draw_scenes, scene_splits
from coursekit.models import build_classifier
from coursekit.models.single_stream import SingleStream
from coursekit.models.two_tower import TwoTower
from coursekit.training import Settings, epochs, fit, predict
from coursekit.training.alignment import build
from coursekit.training.alignment.align_before_fuse import pair_contrast, same_everywhere
from coursekit.training.alignment.pair_batch import pair_batch, same_text
from coursekit.training.contrastive_losses import info_nce
from coursekit.training.loop import begin
from coursekit.training.method import Step
from coursekit.training.momentum_distillation import distilled_contrast

ENCODERS = {"picture": "patches", "text": "words"}
FEW = Settings(epochs=2, batch_size=16, optimizer="adam", lr=1e-3, clip=2.0)
NAMES = ("align-before-fuse", "single-stream")
WITH_TEACHER = {"momentum": 0.9, "queue": 24}


@pytest.fixture(scope="module")
def few():
    return as_data(scene_splits(0, (48, 16, 16)))


def relation_foils(words, generator):
    return foils(words, "relation", generator)


def model_for(data, name="align-before-fuse", seed=0):
    widths = (16,) if name == "single-stream" else (16, 16)
    return build_classifier(
        data.train.inputs, data.num_classes, encoder=ENCODERS, widths=widths, seed=seed
    )


def trained(data, objective, settings=FEW, **also):
    model = model_for(data, objective.name)
    fit(model, data.train, data.valid, settings, method=objective, **also)
    return model


def one_step(data, objective, rows=16):
    """A first step before its loss: the method, and what it sees."""
    model = model_for(data, objective.name)
    train = data.train.part(torch.arange(rows))
    run = begin(model, train, data.valid, FEW, 0)
    objective.begin(run)
    run.epoch = 1
    prediction = objective.predict(run, train.inputs)
    return Step(run, train.inputs, train.labels, prediction, 1)


def same_weights(one, other):
    pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
    return all(torch.equal(p, q) for (_, p), q in pairs)


# ---- what is learnt ------------------------------------------------------------------------


def test_networks_stay_small_and_take_the_place_of_the_fusion(few):
    for name, kind in zip(NAMES, (TwoTower, SingleStream), strict=True):
        model = trained(few, build(name), Settings(epochs=1, batch_size=16))
        assert isinstance(model.fusion, kind)
        assert sum(p.numel() for p in model.parameters()) < 1_000_000
        assert predict(model, few.test.inputs).joint.shape == (16, 4)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("align-before-fuse", {}),
        ("align-before-fuse", WITH_TEACHER),
        ("align-before-fuse", {"negatives": "random", "contrast": 0.0}),
        ("align-before-fuse", {"foil": relation_foils}),
        ("single-stream", {"transport": 0.1}),
    ],
)
def test_every_loss_reaches_every_weight_but_those_it_has_nothing_to_do_with(few, name, own):
    objective = build(name, **own)
    step = one_step(few, objective)
    objective.loss(step, {"joint": 1.0}).backward()
    model = step.run.model
    idle = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    unused = {f"heads.{m}.{part}" for m in ENCODERS for part in ("weight", "bias")}
    if own.get("contrast") == 0:
        unused |= {n for n, _ in model.named_parameters() if ".maps." in n or ".contrast." in n}
    # A row of weights for a word that the batch does not have has no gradient, the tensor has one.
    assert idle == unused


@pytest.mark.parametrize("name", NAMES)
def test_no_label_is_learnt_from(few, name):
    train = few.train
    turned = Split(train.inputs, train.labels.flip(0), train.group)
    one, other = model_for(few, name), model_for(few, name)
    fit(one, train, few.valid, FEW, method=build(name))
    fit(other, turned, few.valid, FEW, method=build(name))
    for (n, p), q in zip(one.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q) != n.startswith("fusion.probe"), n


def test_pairs_are_told_apart_by_the_contrast_after_training():
    data = as_data(scene_splits(1, (256, 8, 8)))
    settings = Settings(epochs=12, batch_size=32, optimizer="adam", lr=3e-3, clip=2.0)
    model = trained(data, build("align-before-fuse", matching=0.0, masked=0.0), settings)
    seen = data.train.part(torch.arange(32))
    places = model.fusion.places(predict(model, seen.inputs).features)
    similarity = places["picture"] @ places["text"].T
    right = similarity.argmax(1) == torch.arange(32)
    assert float(right.double().mean()) > 0.5 > 1 / 32


# ---- contrast ------------------------------------------------------------------------------


def test_the_contrast_of_different_captions_is_info_nce():
    torch.manual_seed(0)
    u, v = torch.randn(6, 5).double(), torch.randn(6, 5).double()
    tau = torch.tensor(0.2, dtype=torch.float64)
    got = pair_contrast(u, v, tau, torch.arange(6))
    torch.testing.assert_close(got, info_nce(u, v, (1 / tau).log()))
    empty = u[:0]
    whole = distilled_contrast(u, v, u, v, empty, empty, tau, 0.0, torch.arange(6))
    torch.testing.assert_close(got, whole)


def test_equal_captions_share_the_target():
    u = torch.eye(3).double()[[0, 0, 1]]
    tau = torch.tensor(0.01, dtype=torch.float64)
    loss = pair_contrast(u, u, tau, torch.tensor([7, 7, 2]))
    assert float(loss) == pytest.approx(2 / 3 * math.log(2))  # the entropy of the target
    assert float(pair_contrast(u, u, tau, torch.arange(3))) == pytest.approx(2 / 3 * math.log(2))
    far = torch.eye(3).double()
    assert float(pair_contrast(far, far, tau, torch.tensor([7, 7, 2]))) > 10


def test_equal_texts_have_one_number_in_every_batch():
    text = draw_scenes(60, objects=2, axis="horizontal").text
    repeated = torch.cat([text, text[:10]])
    ids = same_text(repeated)
    equal = (repeated[:, None] == repeated).flatten(2).all(2)
    assert torch.equal(ids[:, None] == ids, equal)
    numbers = same_everywhere(repeated)
    assert torch.equal(numbers[:, None] == numbers, equal)
    assert torch.equal(same_everywhere(text[5:9]), numbers[5:9])
    assert (same_everywhere(draw_scenes(60).text) >= 0).all()


def test_an_equal_caption_is_drawn_as_nobodys_wrong_partner(few):
    for own in ({}, {"negatives": "random"}):
        objective = build("align-before-fuse", **own)
        step = one_step(few, objective)
        step.inputs["text"][1] = step.inputs["text"][0]
        batch = pair_batch(step)
        for weights in objective.partners(batch):
            assert weights[0, 1] == weights[1, 0] == 0 == weights.diag().sum()
            torch.testing.assert_close(weights.sum(1), torch.ones_like(weights[0]))


# ---- the teacher ---------------------------------------------------------------------------


def test_the_teacher_follows_before_the_gradient_of_the_step_and_gets_none(few):
    objective = build("align-before-fuse", **WITH_TEACHER)
    step = one_step(few, objective)
    model, teacher = step.run.model, objective.teacher.model
    assert same_weights(model, teacher)  # a copy that followed itself
    objective.loss(step, {"joint": 1.0}).backward()
    assert all(p.grad is None and not p.requires_grad for p in teacher.parameters())
    before = copy.deepcopy(teacher)
    with torch.no_grad():
        for p in model.parameters():
            p.sub_(0.1 if p.grad is None else 0.1 * p.grad)
    assert same_weights(before, teacher)  # what the step changes reaches it in the next one
    objective.predict(step.run, step.inputs)
    for old, new, now in zip(
        before.parameters(), model.parameters(), teacher.parameters(), strict=True
    ):
        torch.testing.assert_close(now, 0.9 * old + 0.1 * new)


def test_the_teachers_share_rises_and_the_queue_goes_round(few):
    objective = build("align-before-fuse", **WITH_TEACHER)
    step = one_step(few, objective)
    shares = []
    for batch in (1, 2):
        shares.append(objective.share(Step(step.run, {}, step.labels, step.prediction, batch)))
    assert shares == [0.0, 0.4]  # two steps, the ramp is one of them
    batch = pair_batch(step)
    queue = objective.teacher.queue
    for n in (16, 32):
        objective.aligned(step, batch)
        assert int((queue.ids >= 0).sum()) == min(n, 24)
    assert set(queue.ids.tolist()) == set(same_everywhere(batch.words).tolist())


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("align-before-fuse", WITH_TEACHER),
        ("align-before-fuse", {"negatives": "random", "foil": relation_foils}),
        ("single-stream", {"transport": 0.1}),
    ],
)
def test_a_training_goes_on_where_it_was_stopped(few, tmp_path, name, own):
    settings = Settings(epochs=3, batch_size=16, optimizer="adam", lr=1e-3)
    straight, stopped, again = (model_for(few, name) for _ in range(3))
    methods = [build(name, **own) for _ in range(3)]
    split = few.train, few.valid
    list(epochs(straight, *split, settings, method=methods[0]))
    begun = epochs(stopped, *split, settings, method=methods[1], checkpoints=tmp_path)
    next(begun)
    begun.close()
    list(epochs(again, *split, settings, method=methods[2], checkpoints=tmp_path))
    assert same_weights(straight, again)
    if "momentum" in own:
        assert same_weights(methods[0].teacher.model, methods[2].teacher.model)
        assert same_weights(methods[0].teacher.queue, methods[2].teacher.queue)
        assert not same_weights(straight, methods[0].teacher.model)


def test_the_same_seed_gives_the_same_training(few):
    one, same = (trained(few, build("align-before-fuse", **WITH_TEACHER)) for _ in range(2))
    assert same_weights(one, same)


# ---- what cannot be ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_one_pair_has_no_wrong_partner(few, name):
    for rows, size, batches in ((17, 16, 1), (3, 2, 1), (33, 16, 2)):  # the last would have one
        part = few.train.part(torch.arange(rows))
        settings = Settings(epochs=1, batch_size=size)
        runs = []
        steps = epochs(model_for(few, name), part, part, settings, method=build(name),
                       watch=runs.append)  # fmt: skip
        assert len(list(steps)) == 1 and runs[0].batches == batches
    part = few.train.part(torch.arange(4))
    with pytest.raises(ValueError, match="train has 4 rows and batch_size is 1; two or more"):
        fit(model_for(few, name), part, part, Settings(batch_size=1), method=build(name))


def test_a_queue_holds_a_batch():
    data = as_data(scene_splits(0, (33, 4, 4)))
    for queue, fits in ((16, False), (17, True)):  # the last batch is joined to another one
        objective = build("align-before-fuse", momentum=0.9, queue=queue)
        if fits:
            trained(data, objective, Settings(epochs=1, batch_size=16))
        else:
            with pytest.raises(ValueError, match="queue is 16; 0, or 17 and more"):
                trained(data, objective, Settings(epochs=1, batch_size=16))


def test_something_is_learnt():
    nothing = {"matching": 0.0, "masked": 0.0}
    with pytest.raises(ValueError, match="contrast, matching and masked are all 0"):
        build("align-before-fuse", contrast=0.0, **nothing)
    with pytest.raises(ValueError, match="matching, masked and transport are all 0"):
        build("single-stream", **nothing)
    build("align-before-fuse", **nothing)
    build("single-stream", transport=0.1, **nothing)


def test_the_temperature_ends_within_its_bounds(few):
    steep = Settings(epochs=1, batch_size=48, optimizer="adam", lr=10.0, clip=None)
    model = trained(few, build("align-before-fuse", matching=0.0, masked=0.0), steep)
    assert 0.001 - 1e-9 <= float(model.fusion.contrast.value.detach()) <= 0.5


@pytest.mark.parametrize("name", NAMES)
def test_nothing_masked_is_no_nan(few, name):
    model = trained(few, build(name, mask_share=0.0))
    assert all(p.isfinite().all() for p in model.parameters())
    objective = build(name, mask_share=0.0)
    step = one_step(few, objective)
    assert float(objective.guessed(step, pair_batch(step)).detach()) == 0


def test_the_foil_is_asked_about_where_there_is_one(few):
    asked = []

    def colours(words, generator):
        wrong, there = foils(words, "colour", generator)
        asked.append(int(there.sum()))
        return wrong, there

    trained(few, build("align-before-fuse", foil=colours), Settings(epochs=1, batch_size=16))
    assert len(asked) == 3 and 0 < sum(asked) == 24  # half of the scenes have one


def test_other_models_and_settings_are_refused(few):
    pairs = {"A": torch.randn(8, 3), "B": torch.randn(8, 3)}
    split = Split(pairs, torch.tensor([0, 1] * 4), torch.zeros(8, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"model reads \['A', 'B'\]; 'picture' and 'text'"):
        fit(build_classifier(pairs, 2), split, split, FEW, method=build("single-stream"))
    flat = build_classifier(few.train.inputs, 4, widths=(16,))
    with pytest.raises(TypeError, match=r"the encoder of .* is a MLP; encoders 'patches'"):
        fit(flat, few.train, few.valid, FEW, method=build("single-stream"))
    for own, error, sentence in (
        ({"queue": 8}, ValueError, "queue is 8 and momentum None"),
        ({"momentum": 1.5}, ValueError, "momentum is 1.5"),
        ({"negatives": "hart"}, ValueError, "Did you mean 'hard'"),
        ({"contrast": -1.0}, ValueError, "contrast is -1.0"),
        ({"mask_share": 2}, ValueError, "mask_share is 2"),
        ({"foil": 3}, TypeError, "foil is 3; a function was expected"),
        ({"layers": 0}, ValueError, "layers is 0"),
    ):
        with pytest.raises(error, match=sentence):
            build("align-before-fuse", **own)
    with pytest.raises(ValueError, match="transport is -1"):
        build("single-stream", transport=-1)
