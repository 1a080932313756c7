"""Roles, cures and their figures: small trainings whose effects are known."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from coursekit.compare.networks_at_once import at_once
from coursekit.data.files import open_checked
from coursekit.lessons.l13_fairness.role_data import (
    COMPONENTS,
    NOISY,
    Setting,
    picture_pool,
    role_data,
    with_pronouns_swapped,
)
from coursekit.lessons.l13_fairness.role_figures import amplification, changed_by_swap, figures
from coursekit.lessons.l13_fairness.role_training import (
    Cure,
    RoleNetwork,
    batches,
    new_adversary,
    projected_backward,
    row_weights,
    train,
    weighted_loss,
    with_shuffled_genders,
)

SMALL = Setting(roles=6, words="he or she", named=0.5)
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def data():
    return role_data(SMALL, SEEDS)


def test_rows_hold_pictures_and_words_and_differ_by_seed(data):
    assert data.train.inputs.shape == (2, 120, COMPONENTS + 3 + 6)
    assert data.test.inputs.shape == (2, 6 * 2 * 3 * 6, COMPONENTS + 9)
    assert not torch.equal(data.train.inputs[0], data.train.inputs[1])
    assert torch.equal(data.train.inputs, role_data(SMALL, SEEDS).train.inputs)
    pronouns = data.test.inputs[..., COMPONENTS : COMPONENTS + 3]
    assert torch.equal(pronouns.argmax(2), 1 + data.test.genders)
    named = data.test.inputs[..., COMPONENTS + 3 :].sum(2) > 0
    assert 0.3 < named.double().mean() < 0.7


def test_training_has_the_dependence_and_the_test_has_none(data):
    assert data.train.typical.double().mean() == pytest.approx(0.9)
    assert data.test.typical.double().mean() == 0.5 and data.audit.genders.double().mean() == 0.5
    assert picture_pool().shape[:4] == (65, 2, 6, 6)


def test_swapped_pronouns_are_the_others_and_all_else_stays(data):
    swapped = with_pronouns_swapped(data)
    there = data.test.inputs
    assert torch.equal(swapped[..., COMPONENTS + 1], there[..., COMPONENTS + 2])
    assert torch.equal(swapped[..., :COMPONENTS], there[..., :COMPONENTS])
    assert torch.equal(swapped[..., COMPONENTS + 3 :], there[..., COMPONENTS + 3 :])
    words = role_data(replace(SMALL, pictures=False), SEEDS)
    assert words.train.inputs.shape[2] == 9
    assert torch.equal(with_pronouns_swapped(words)[..., 1], words.test.inputs[..., 2])


def test_seeds_train_at_once_as_they_train_alone(data):
    both, alone = train(data, epochs=2), train(role_data(SMALL, (1,)), epochs=2)
    logits = [t.read(x)[0] for t, x in ((both, data.test.inputs), (alone, data.test.inputs[1:]))]
    torch.testing.assert_close(logits[0][1], logits[1][0], rtol=1e-4, atol=1e-4)


def test_weights_make_role_and_gender_independent(data):
    weights = row_weights(data.train, Cure(reweighing=True))[0]
    rows = pd.DataFrame({"r": data.train.roles[0], "g": data.train.genders[0], "w": weights})
    shares = rows.pivot_table(index="r", columns="g", values="w", aggfunc="sum")
    assert (shares[0] / shares[1]).std() < 1e-5
    assert (row_weights(data.train, Cure()) == 1).all()


def test_an_epoch_takes_every_row_once_and_sampling_levels_cells(data):
    places = torch.cat([*batches(data.train, Cure(), 1, SEEDS)], dim=1)
    assert sorted(places[0].tolist()) == list(range(120))
    drawn = torch.cat([*batches(data.train, Cure(sampling=True), 40, SEEDS)], dim=1)
    typical = data.train.typical.gather(1, drawn).double().mean(1)
    torch.testing.assert_close(typical, torch.full((2,), 0.5).double(), atol=0.03, rtol=0)


def test_shuffled_genders_are_as_many_and_know_no_role(data):
    shuffled = with_shuffled_genders(data.train)
    assert torch.equal(shuffled.genders.sum(1), data.train.genders.sum(1))
    assert not torch.equal(shuffled.genders, data.train.genders)
    weights = row_weights(shuffled, Cure(reweighing=True))
    assert weights.std() < row_weights(data.train, Cure(reweighing=True)).std() / 2


def test_every_seed_has_its_own_projected_gradient():
    networks = at_once([RoleNetwork(5, 3, seed) for seed in SEEDS])
    adversaries = at_once([new_adversary(3, seed) for seed in SEEDS])
    x, genders = torch.randn(2, 8, 5), torch.randint(2, (2, 8))
    roles, ones = torch.randint(3, (2, 8)), torch.ones(2, 8)

    def losses():
        logits, _ = networks(x)
        audit = weighted_loss(adversaries(logits), genders, ones)
        return weighted_loss(logits, roles, ones), audit

    parameters = list(networks.parameters())
    task, audit = losses()
    g = torch.autograd.grad(task, parameters, retain_graph=True)
    h = torch.autograd.grad(audit, parameters)
    projected_backward(networks, adversaries, *losses(), alpha=0.5)
    for k in range(len(SEEDS)):
        of_task, of_audit, changed = (
            torch.cat([x[k].flatten() for x in every])
            for every in (g, h, [p.grad for p in parameters])
        )
        unit = of_audit / of_audit.norm()
        expected = of_task - (of_task @ unit) * unit - 0.5 * of_audit
        assert torch.allclose(changed, expected, atol=1e-6)
    own = torch.autograd.grad(losses()[1], list(adversaries.parameters()))
    pairs = zip(own, adversaries.parameters(), strict=True)
    assert all(torch.allclose(mine, p.grad) for mine, p in pairs)


def test_figures_agree_with_each_other(data):
    trained = train(data, Cure(adversary=1.0), epochs=6)
    rows = figures(data, trained, (0, 4))
    assert rows["seed"].tolist() == [0, 1] and {"probe", "probe, 4 hidden"} <= set(rows)
    pd.testing.assert_series_equal(
        rows["accuracy"], (rows["typical"] + rows["counter"]) / 2, check_names=False
    )
    pd.testing.assert_series_equal(
        rows["accuracy"], (rows["men"] + rows["women"]) / 2, check_names=False
    )
    assert (rows["gap"] == rows["typical"] - rows["counter"]).all()
    assert all(0 <= share <= 1 for share in changed_by_swap(data, trained))


def test_right_answers_amplify_nothing_and_the_usual_ones_do(data):
    assert amplification(data, data.test.roles) == pytest.approx([0, 0])
    usual = torch.stack([
        torch.where(g == 0, lean.argmin(), lean.argmax())
        for g, lean in zip(data.test.genders, data.leaning, strict=True)
    ])  # fmt: skip
    assert amplification(data, usual) == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Setting(words="she"), "words is 'she'"),
        (lambda: Setting(noise=-1.0), "noise is -1.0"),
        (lambda: Setting(named=2.0), "named is 2.0"),
        (lambda: Cure(adversary=-1.0), "adversary is -1.0"),
        (lambda: Cure(projection=-1.0), "projection is -1.0"),
        (lambda: Cure(adversary=1.0, projection=1.0), "one of them was expected"),
        (lambda: role_data(Setting(roles=7), SEEDS), "number_of_roles is 7; an even number"),
    ],
)
def test_wrong_settings_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_rows_of_the_study_come_again():
    """Plain training of the stored table, a seed made anew: figures within rounding of machines."""
    stored = pd.read_csv(open_checked("fairness.csv"))
    stored = stored[(stored["read"] == "noisy pictures") & (stored["cure"] == "plain")]
    again = role_data(NOISY, (100,))
    made = figures(again, train(again)).iloc[0]
    row = stored[stored["seed"] == 100].iloc[0]
    for column in ("accuracy", "typical", "counter"):
        assert made[column] == pytest.approx(row[column], abs=0.03)
