"""Re-learning: purity by loop, clusters that are there, encoders that go back by their share."""

import math
import warnings
from collections import Counter
from dataclasses import replace

import pytest
import torch
from exact_numbers import draw, tensor
from hypothesis import given
from hypothesis import strategies as st

from coursekit import balancing
from coursekit.balancing import relearning
from coursekit.data import load_preset
from coursekit.models import build_classifier
from coursekit.training import Settings, epochs, fit
from coursekit.training.loop import begin

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=30)


@given(rows=ROWS)
def test_purity_by_loop_and_by_any_name(rows):
    labels, clusters = (torch.tensor(x) for x in zip(*rows, strict=True))
    got = relearning.purity(labels, clusters)
    commonest = [
        Counter(y for y, c in rows if c == k).most_common(1)[0][1] for k in {c for _, c in rows}
    ]
    assert float(got) == pytest.approx(sum(commonest) / len(rows))
    assert relearning.purity(labels * 7, 10**12 - clusters) == got
    assert relearning.purity(labels, labels) == 1


def test_well_apart_rows_are_their_clusters_whatever_their_units():
    centres = tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * tensor([1e-6, 1e9])
    labels = torch.tensor([0, 1, 2] * 20)
    (noise,) = draw((60, 2), seed=1)
    rows = centres[labels] + 0.02 * noise * tensor([1e-6, 1e9])
    clusters = relearning.clusters_of(rows, 3)
    assert float(relearning.purity(labels, clusters)) == 1
    assert torch.equal(clusters, relearning.clusters_of(rows, 3))


def test_rows_that_are_all_alike_are_one_cluster_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alike = relearning.clusters_of(torch.ones(6, 3), 4)
        two = relearning.clusters_of(torch.eye(2).repeat(3, 1), 4)
    assert alike.tolist() == [0] * 6 and len(two.unique()) == 2


@given(a=st.floats(0, 1), b=st.floats(0, 1), strength=st.floats(0, 10))
def test_shares(a, b, strength):
    share = relearning.reset_shares(tensor([a, b]), tensor([b, a]), strength)
    assert share.tolist() == pytest.approx([math.tanh(strength * abs(a - b))] * 2)
    assert bool((share >= 0).all() and (share <= 1).all())


@given(seed=st.integers(0, 50), share=st.floats(0, 1))
def test_weights_lie_between_where_they_started_and_were(seed, share):
    start, now = draw((2, 3), (2, 3), seed=seed)
    after = relearning.partly_reset(start, now, share)
    by_loop = [share * a + (1 - share) * b for a, b in zip(
        start.flatten().tolist(), now.flatten().tolist(), strict=True)]  # fmt: skip
    assert after.flatten().tolist() == pytest.approx(by_loop)
    assert torch.equal(relearning.partly_reset(start, now, 0.0), now)
    assert torch.equal(relearning.partly_reset(start, now, 1.0), start)


# ---- in a training -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data():
    return load_preset("starve", 1, train=60, valid=40, test=20)


def encoders(model):
    return {m: [p.detach().clone() for p in e.parameters()] for m, e in model.encoders.items()}


class Watched(relearning.Relearning):
    """Keeps the weights before and after every reset, and the shares."""

    name = "watched"

    def begin(self, run):
        super().begin(run)
        self.resets = []

    def reset(self, run):
        before = encoders(run.model)
        fusion = [p.detach().clone() for p in run.model.fusion.parameters()]
        shares = super().reset(run)
        same = all(map(torch.equal, fusion, run.model.fusion.parameters()))
        self.resets.append((run.epoch, before, encoders(run.model), shares, same))
        return shares


@pytest.mark.parametrize(
    ("every", "times", "at"), [(2, 3, [3, 5]), (1, 2, [2, 3]), (5, 3, []), (1, 0, [])]
)
def test_when_it_happens_and_what_it_does(data, every, times, at):
    model, method = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2), None
    start = encoders(model)
    method = Watched(every=every, times=times)
    fit(model, data.train, data.valid, Settings(epochs=5, batch_size=30), method=method)
    assert [epoch for epoch, *_ in method.resets] == at
    for _, before, after, shares, same in method.resets:
        assert same and set(shares) == {"A", "B"} and all(0 <= s < 1 for s in shares.values())
        for m, share in shares.items():
            for p, q, r in zip(start[m], before[m], after[m], strict=True):
                assert torch.allclose(r, share * p + (1 - share) * q, atol=1e-6)


def test_an_encoder_of_two_modalities_goes_back_once(data, monkeypatch):
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2)
    model.encoders["B"] = model.encoders["A"]
    twice = dict.fromkeys("AB", data.train.inputs["A"])
    train = replace(data.train, inputs=twice)
    run, method = begin(model, train, train, Settings(), 0), balancing.build("relearning")
    method.begin(run)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1)
    shares = torch.tensor([0.2, 0.6])
    monkeypatch.setattr(relearning, "reset_shares", lambda *_: shares)
    before = [p.detach().clone() for p in model.encoders["A"].parameters()]
    assert method.reset(run) == {"A": pytest.approx(0.2), "B": pytest.approx(0.6)}
    for p, was in zip(model.encoders["A"].parameters(), before, strict=True):
        assert torch.allclose(p, was - 0.4)


def test_noise_is_purer_of_fewer_rows():
    """As the module says: of 40 rows .38, of 400 rows .23."""
    rng = torch.Generator().manual_seed(0)
    means = []
    for rows in (40, 400):
        values = [
            relearning.purity(
                torch.randint(6, (rows,), generator=rng),
                relearning.clusters_of(torch.randn(rows, 4, generator=rng), 6),
            )
            for _ in range(10)
        ]
        means.append(float(torch.stack(values).mean()))
    assert means == pytest.approx([0.38, 0.23], abs=0.02)


def test_shares_are_those_of_the_two_splits(data):
    model = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=2)
    method = Watched(every=1, times=1, strength=2.0)
    fit(model, data.train, data.valid, Settings(epochs=2, batch_size=30), method=method)
    ((_, before, _, shares, _),) = method.resets
    for m, encoder in model.encoders.items():
        for p, was in zip(encoder.parameters(), before[m], strict=True):
            p.data.copy_(was)
        pure = []
        for split in (data.train, data.valid):
            with torch.no_grad():
                clusters = relearning.clusters_of(encoder(split.inputs[m]), 6)
            pure.append(float(relearning.purity(split.labels, clusters)))
        assert shares[m] == pytest.approx(math.tanh(2 * abs(pure[0] - pure[1])))


def test_where_it_started_survives_even_another_seed_of_the_model(data, tmp_path):
    """The model of the training that goes on is another one until the checkpoint is read."""
    how = Settings(epochs=4, batch_size=30)

    def trained(folder, stop=None, seed=2):
        model = build_classifier(data.train.inputs, 6, widths=(8, 4), seed=seed)
        method = balancing.build("relearning", every=1)
        steps = epochs(
            model, data.train, data.valid, how, method=method, seed=1, checkpoints=folder
        )
        for epoch, _ in enumerate(steps, 1):
            if epoch == stop:
                steps.close()
                break
        return model

    whole = trained(tmp_path / "whole")
    trained(tmp_path / "cut", stop=2)
    gone_on = trained(tmp_path / "cut", seed=9)
    for p, q in zip(whole.parameters(), gone_on.parameters(), strict=True):
        assert torch.equal(p, q)
