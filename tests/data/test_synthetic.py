"""The generator: what it says about its data is true of the data."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from coursekit.data import Modality, Recipe, ceiling, generate
from coursekit.data.synthetic import shown_classes

CLEAR = Modality(amplitude=50.0, noise=0.0)
TWO = {"A": CLEAR, "B": CLEAR}
SMALL = {"train": 60, "valid": 30, "test": 40}


def points_of(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The distinct points of noise-free features (N, D), and which of them each row is, (N,)."""
    points, number = torch.unique((x.double() * 1000).round(), dim=0, return_inverse=True)
    return points, number


def same(one, other):
    return (
        all(torch.equal(one.inputs[m], other.inputs[m]) for m in one.modalities)
        and torch.equal(one.labels, other.labels)
        and torch.equal(one.kind, other.kind)
    )


shares = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda x: sum(x) > 0.01)


def recipe_of(parts, modality=CLEAR, **changes):
    """A recipe whose five shares are proportional to ``parts``; the last one is absent."""
    r, a, b, s, _ = (p / sum(parts) for p in parts)
    known = {"redundant": r, "unique": {"A": a, "B": b}, "synergistic": s}
    return Recipe({"A": modality, "B": modality}, **known, **changes)


# ---- seeds and sizes -----------------------------------------------------------------------


@settings(max_examples=20)
@given(shares, st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_bits(parts, seed):
    recipe = recipe_of(parts, Modality(distractors=3), **SMALL, label_noise=0.2)
    one = generate(recipe, seed)
    assert same(one, generate(recipe, seed))
    assert not torch.equal(one.inputs["A"], generate(recipe, seed + 1).inputs["A"])


def test_the_seed_does_not_touch_the_global_generator():
    recipe = Recipe({"A": Modality(nuisance_std=2, distractors=3)}, redundant=1.0, **SMALL)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = generate(recipe)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(2)
    assert same(first, generate(recipe))


def test_sizes_names_and_types():
    modality = Modality(nuisance_std=1, nuisance_dims=5, distractors=7)
    recipe = Recipe({"A": modality, "B": Modality()}, redundant=0.5, num_classes=4, **SMALL)
    data = generate(recipe, name="mine")
    assert (data.name, data.modalities, data.classes) == ("mine", ("A", "B"), tuple("0123"))
    assert data.inputs["A"].shape == (130, 12 + 5 + 7)
    assert data.inputs["B"].shape == (130, 12)
    assert {x.dtype for x in data.inputs.values()} == {torch.float32}
    assert [len(data.split(s)) for s in SMALL] == list(SMALL.values())
    assert data.kind_names == ("redundant", "unique A", "unique B", "synergistic", "absent")
    assert set(data.labels.tolist()) == {0, 1, 2, 3}


@settings(max_examples=15)
@given(shares, st.integers(0, 2**31))
def test_shares_are_respected_within_binomial_bounds(parts, seed):
    recipe = recipe_of(parts, train=2000, valid=1, test=1)
    counts = torch.bincount(generate(recipe, seed).kind, minlength=5)
    for count, share in zip(counts.tolist(), recipe.shares().values(), strict=True):
        # 15 examples × 5 kinds: a correct generator fails here less than once in ten million runs.
        low, high = stats.binom.ppf([5e-10, 1 - 5e-10], 2002, min(max(share, 0), 1))
        assert low <= count <= high


# ---- what is shown -------------------------------------------------------------------------


def decoded(data, recipe):
    """(N, M) shown class read off noise-free features, −1 for silence, by the codes seen in them.

    Every class is a different point; a point's class is what the generator's rule allows for its
    rows: the label of the redundant and unique rows.
    """
    columns = []
    for m in data.modalities:
        _, number = points_of(data.inputs[m])
        known = {}
        for kind in ("redundant", f"unique {m}"):
            rows = data.kind == data.kind_names.index(kind)
            for point, label in zip(number[rows].tolist(), data.labels[rows].tolist(), strict=True):
                assert known.setdefault(point, label) == label, "one point, two classes"
        others = [f"unique {o}" for o in data.modalities if o != m] + ["absent"]
        rows = torch.isin(data.kind, torch.tensor([data.kind_names.index(k) for k in others]))
        (silence,) = set(number[rows].tolist())  # all silent rows are the same point
        assert silence not in known
        known[silence] = -1
        assert sorted(known.values()) == list(range(-1, recipe.num_classes))
        columns.append([known[point] for point in number.tolist()])
    return np.array(columns).T


@pytest.mark.parametrize("num_classes", [2, 5])
@pytest.mark.parametrize("names", [("A", "B"), ("A", "B", "C")])
def test_every_kind_shows_what_it_says(num_classes, names):
    recipe = Recipe(
        dict.fromkeys(names, CLEAR),
        redundant=0.2,
        unique=dict.fromkeys(names, 0.15),
        synergistic=0.25,
        num_classes=num_classes,
        train=1200,
        valid=10,
        test=10,
    )
    data = generate(recipe, seed=3)
    shown = decoded(data, recipe)
    labels = data.labels.numpy()
    kinds = np.array(data.kind_names)[data.kind.numpy()]
    synergistic = kinds == "synergistic"
    assert (shown[synergistic] >= 0).all()
    assert (shown[synergistic].sum(1) % num_classes == labels[synergistic]).all()
    assert (shown[kinds == "redundant"] == labels[kinds == "redundant", None]).all()
    assert (shown[kinds == "absent"] == -1).all()
    for column, m in enumerate(names):
        rows = kinds == f"unique {m}"
        assert (shown[rows, column] == labels[rows]).all()
        assert (np.delete(shown[rows], column, axis=1) == -1).all()
        # One part of a sum says nothing: each class shown goes with every label.
        pairs = set(zip(shown[synergistic, column], labels[synergistic], strict=True))
        assert len(pairs) == num_classes**2


def test_shown_classes_by_hand():
    recipe = Recipe(dict.fromkeys("ABC", Modality()), redundant=1.0)
    assert shown_classes("redundant", 4, (), recipe) == (4, 4, 4)
    assert shown_classes("unique B", 4, (), recipe) == (-1, 4, -1)
    assert shown_classes("absent", 4, (), recipe) == (-1, -1, -1)
    assert shown_classes("synergistic", 1, (5, 3), recipe) == (5, 3, 5)  # 5 + 3 + 5 = 13 = 1 mod 6


# ---- ceiling -------------------------------------------------------------------------------


@settings(max_examples=40)
@given(shares, st.integers(2, 6))
def test_ceiling_of_two_modalities_in_closed_form(parts, num_classes):
    recipe = recipe_of(parts, num_classes=num_classes)
    s = recipe.shares()
    c = num_classes
    # Alone: who sees a class says it. In a synergistic row that is the label with chance 1/C.
    for m, other in (("A", "B"), ("B", "A")):
        shows = s["redundant"] + s[f"unique {m}"]
        silent = s[f"unique {other}"] + s["absent"]
        expected = shows + s["synergistic"] / c + silent / c
        assert ceiling(recipe, (m,)) == pytest.approx(expected, abs=1e-9)
    assert ceiling(recipe, ()) == pytest.approx(1 / c, abs=1e-9)
    assert ceiling(recipe) >= max(ceiling(recipe, ("A",)), ceiling(recipe, ("B",))) - 1e-9


@settings(max_examples=40)
@given(shares)
def test_ceiling_of_both_in_closed_form(parts):
    recipe = recipe_of(parts)
    s = recipe.shares()
    c = recipe.num_classes
    # (k, k) is redundant, or synergistic with label 2k; other pairs (a, b) are synergistic; only
    # the pair (0, 0) says the same by both rules.
    r, synergy = s["redundant"] / c, s["synergistic"] / c**2
    same_class = (r + synergy) + (c - 1) * max(r, synergy)
    expected = same_class + c * (c - 1) * synergy
    expected += s["unique A"] + s["unique B"] + s["absent"] / c
    assert ceiling(recipe) == pytest.approx(expected, abs=1e-9)


def test_ceiling_of_the_starving_preset_by_hand():
    recipe = Recipe(TWO, redundant=0.75, unique={"A": 0.15})
    assert ceiling(recipe, ("A",)) == pytest.approx(0.75 + 0.15 + 0.1 / 6)
    assert ceiling(recipe, ("B",)) == pytest.approx(0.75 + 0.25 / 6)
    assert ceiling(recipe) == pytest.approx(0.75 + 0.15 + 0.1 / 6)


@pytest.mark.parametrize("seen", [("A",), ("C",), ("A", "B"), ("B", "C"), ("A", "B", "C")])
def test_ceiling_of_three_modalities_against_counting(seen):
    """Bayes' rule learnt from 400 000 samples that are drawn here, without the generator."""
    recipe = Recipe(
        dict.fromkeys("ABC", Modality()),
        redundant=0.2,
        unique={"A": 0.1, "B": 0.15},
        synergistic=0.4,
        num_classes=3,
    )
    rng = np.random.default_rng(5)
    n = 400_000
    y = rng.integers(3, size=n)
    kind = rng.choice(5, p=[0.2, 0.1, 0.15, 0.4, 0.15], size=n)
    random = rng.integers(3, size=(n, 2))
    parts = np.column_stack([random, (y - random.sum(1)) % 3])
    table = np.full((n, 3), -1)
    table[kind == 0] = y[kind == 0, None]
    table[kind == 1, 0] = y[kind == 1]
    table[kind == 2, 1] = y[kind == 2]
    table[kind == 3] = parts[kind == 3]
    view = (table[:, ["ABC".index(m) for m in seen]] + 1) @ 4 ** np.arange(len(seen))
    counts = np.zeros((view.max() + 1, 3))
    np.add.at(counts, (view, y), 1)
    # Standard error .0008; the maximum over labels of noisy counts lifts it by less than that.
    assert ceiling(recipe, seen) == pytest.approx(counts.max(1).sum() / n, abs=0.004)


def test_noise_free_data_reach_the_ceiling_and_no_more():
    recipe = Recipe(
        TWO, redundant=0.3, unique={"A": 0.2, "B": 0.1}, synergistic=0.25, num_classes=3
    )
    data = generate(replace(recipe, train=20_000, valid=1, test=1), seed=9)
    a = points_of(data.inputs["A"])[1]
    b = points_of(data.inputs["B"])[1]
    for view, seen in ((a, ("A",)), (b, ("B",)), (a * 100 + b, ("A", "B"))):
        counts = np.zeros((int(view.max()) + 1, 3))
        np.add.at(counts, (view.numpy(), data.labels.numpy()), 1)
        best = counts.max(1).sum() / len(view)
        assert best == pytest.approx(ceiling(recipe, seen), abs=0.015)  # standard error .0035


# ---- how it is shown -----------------------------------------------------------------------


def class_means(data, m):
    x, y = data.inputs[m].double(), data.labels
    return torch.stack([x[y == c].mean(0) for c in range(data.num_classes)])


@pytest.mark.parametrize("linear", [0.4, 0.7, 1.0])
def test_linear_is_the_share_that_nearest_class_means_read(linear):
    """They read what carries the sign +, a share (1 + linear)/2; − points the other way."""
    modality = Modality(amplitude=9, linear=linear)
    data = generate(Recipe({"A": modality}, redundant=1.0, train=6000, valid=1, test=4000), seed=2)
    means = class_means(data, "A")
    guess = (data.test.inputs["A"].double() @ (means - means.mean(0)).T).argmax(1)
    share = float((guess == data.test.labels).double().mean())
    assert share == pytest.approx((1 + linear) / 2, abs=0.035)  # standard error below .01


def test_without_linear_no_class_mean_is_left_and_a_linear_model_learns_nothing():
    none, all_ = (
        generate(
            Recipe({"A": Modality(linear=x)}, redundant=1.0, train=12_000, valid=1, test=4000),
            seed=2,
        )
        for x in (0.0, 1.0)
    )
    error = 1 / np.sqrt(16_000 / 6)  # of a class mean, in one of the z-scored dimensions
    assert class_means(none, "A").abs().max() < 5 * error < class_means(all_, "A").abs().max()
    for data, low, high in ((none, np.log(6) - 0.01, np.log(6) + 0.01), (all_, 0, 0.3)):
        model = LogisticRegression().fit(data.train.inputs["A"], data.train.labels)
        loss = log_loss(data.test.labels, model.predict_proba(data.test.inputs["A"]))
        assert low < loss < high


def test_the_sign_is_what_hides_the_class_from_linear_readers():
    """At linear 0 the features' products still tell the class: the signal is there, unsigned."""
    recipe = Recipe({"A": Modality(amplitude=50, noise=0, linear=0)}, redundant=1.0, **SMALL)
    points, number = points_of(generate(recipe, seed=1).inputs["A"])
    assert len(points) == 2 * 6  # plus and minus each of six codes
    assert len(number.unique()) == 12
    one = replace(recipe, modalities={"A": replace(CLEAR, linear=1.0)})
    assert len(points_of(generate(one, seed=1).inputs["A"])[0]) == 6


def between_share(x, y, direction):
    """Share of the variance of x·direction that lies between classes."""
    z = x @ direction
    means = torch.stack([z[y == c].mean() for c in range(6)])[y]
    return float(means.var() / z.var())


def test_a_slow_modality_has_its_signal_in_directions_of_low_variance():
    def alignment(nuisance_std):
        modality = Modality(amplitude=4, linear=1, nuisance_std=nuisance_std)
        recipe = Recipe({"A": modality}, redundant=1.0, train=20_000, valid=1, test=1)
        data = generate(recipe, seed=4)
        x, y = data.inputs["A"].double(), data.labels
        assert torch.allclose(x[:20_000].std(0), torch.ones(x.shape[1], dtype=x.dtype), atol=1e-5)
        _, vectors = torch.linalg.eigh(torch.cov(x.T))  # ascending variance
        top, rest = vectors[:, -8:], vectors[:, :-8]
        return (
            max(between_share(x, y, v) for v in top.T),
            max(between_share(x, y, v) for v in rest.T),
        )

    strongest, weak = alignment(nuisance_std=6)
    assert strongest < 0.05 < 0.5 < weak
    strongest, weak = alignment(nuisance_std=0)  # without nuisance the order is the other way round
    assert weak < strongest


def test_distractors_carry_nothing():
    recipe = Recipe(
        {"A": Modality(amplitude=6, distractors=5)}, redundant=1.0, train=20_000, valid=1, test=1
    )
    means = class_means(generate(recipe, seed=6), "A")
    spread = (means - means.mean(0)).abs().amax(0)
    assert (spread[12:] < 5 / np.sqrt(20_000 / 6)).all()  # five standard errors
    assert (spread[:12] > 5 / np.sqrt(20_000 / 6)).sum() >= 6


def test_features_are_scaled_with_training_rows_only_and_gain_comes_last():
    recipe = Recipe({"A": Modality(gain=3.0), "B": Modality()}, redundant=1.0, **SMALL)
    data = generate(recipe, seed=7)
    train = data.train.inputs
    assert torch.allclose(train["A"].std(0), torch.full((12,), 3.0), atol=1e-4)
    assert torch.allclose(train["B"].std(0), torch.ones(12), atol=1e-5)
    assert train["A"].mean(0).abs().max() < 1e-5
    assert data.test.inputs["B"].mean(0).abs().max() > 0.01
    plain = generate(replace(recipe, modalities={"A": Modality(), "B": Modality()}), seed=7)
    assert torch.allclose(data.inputs["A"], 3 * plain.inputs["A"], atol=1e-5)
    assert torch.equal(data.inputs["B"], plain.inputs["B"])


def test_label_noise_touches_training_rows_only():
    recipe = Recipe(TWO, redundant=1.0, train=3000, valid=500, test=500)
    clean, noisy = (generate(replace(recipe, label_noise=p), seed=8) for p in (0.0, 0.3))
    assert all(torch.equal(clean.inputs[m], noisy.inputs[m]) for m in "AB")
    for split in ("valid", "test"):
        assert torch.equal(clean.split(split).labels, noisy.split(split).labels)
    wrong = int((clean.train.labels != noisy.train.labels).sum())
    # A random class is the old one in one of six cases.
    low, high = stats.binom.ppf([1e-9, 1 - 1e-9], 3000, 0.3 * 5 / 6)
    assert low <= wrong <= high


# ---- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"redundant": 0.8, "synergistic": 0.3}, "share absent is -0.1"),
        ({"redundant": -0.2}, "share redundant is -0.2"),
        ({"unique": {"A": 1.5}}, "share unique A is 1.5"),
        ({"label_noise": 1.2}, "share label_noise is 1.2"),
        ({"unique": {"Z": 0.1}}, r"unique names \['Z'\], which are not modalities"),
        ({"modalities": {}}, "modalities is empty"),
        ({"num_classes": 1}, "num_classes is 1; a whole number, 2 or more"),
        ({"num_classes": 13}, "num_classes is 13"),
        ({"train": 0}, "train is 0; a whole number, 2 or more"),
        ({"test": -5}, "test is -5"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Recipe(**{"modalities": TWO, "redundant": 0.1, **fields})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amplitude": -1.0}, "amplitude is -1.0; zero or a positive number was expected"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"nuisance_std": -2}, "nuisance_std is -2"),
        ({"gain": -1}, "gain is -1"),
        ({"amplitude": float("nan")}, "amplitude is nan"),
        ({"linear": 1.1}, r"linear is 1.1; a number in \[0, 1\] was expected"),
        ({"nuisance_dims": -1}, "nuisance_dims is -1; a whole number, 0 or more"),
        ({"distractors": -3}, "distractors is -3"),
    ],
)
def test_a_modality_that_cannot_be_is_refused(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Modality(**fields)


def test_an_unknown_modality_has_no_ceiling():
    with pytest.raises(ValueError, match="seen is 'Z'; it can be 'A', 'B'"):
        ceiling(Recipe(TWO, redundant=1.0), ("Z",))


def test_shares_that_sum_to_one_only_up_to_rounding_are_taken():
    for a, b in product([0.1, 0.2, 0.3], repeat=2):
        rest = 1 - a - b
        recipe = Recipe(TWO, redundant=rest, unique={"A": a, "B": b}, **SMALL)
        assert 4 not in generate(recipe).kind
