"""Mistakes in a call are answered in a sentence that names the argument."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit import fusion
from coursekit.analysis.costs import cost, cost_table, multiply_adds
from coursekit.analysis.emap import emap, interaction_share, logit_grid, project
from coursekit.analysis.intervals import interval, summarise
from coursekit.analysis.missing_modality import dropped, filled
from coursekit.analysis.probes import probe
from coursekit.compare.tuning import best_rates
from coursekit.course.widgets.controls import Slider
from coursekit.data import Modality, Recipe, generate, load, load_preset
from coursekit.data.timeline import on_timeline
from coursekit.fusion.cross_modal_gate import CrossModalGate
from coursekit.fusion.gmu import GMU
from coursekit.fusion.hard_gate import HardGate
from coursekit.fusion.kiela_gate import KielaGate
from coursekit.fusion.mag import MAG
from coursekit.fusion.mid_mlp import MidMLP
from coursekit.fusion.multiplicative import Multiplicative
from coursekit.fusion.non_local import non_local
from coursekit.fusion.squeeze_excite import SEGate, squeeze_excite
from coursekit.layers.tokens import mark, sinusoidal_positions
from coursekit.lessons.l02_fusion_operators.explorer_view import surface_table
from coursekit.lessons.l02_fusion_operators.study_operators import row
from coursekit.lessons.l02_fusion_operators.surfaces import Target, additive_part, grid, learn
from coursekit.lessons.l04_early_or_late.study import epochs_to
from coursekit.models import build_classifier
from coursekit.models.fusion_stage import build_alone, build_depth

X, Y = torch.ones(6, 3), torch.tensor([0, 1] * 3)
NAN = torch.full((2, 3), math.nan)
PAIR = build_classifier({"A": X, "B": X}, 2, fusion="mid-mlp")
TABLE = pd.DataFrame({"model": ["A", "A"], "accuracy": [0.1, 0.2]})
TARGET = Target(0, 0, 1)
TWO = {"A": 3, "B": 3}
EARLY, BRANCHES = (build_depth(place, {"A": X, "B": X}, 2) for place in ("early", "intermediate"))
LATE = build_classifier({"A": X, "B": X}, 2, dropout=0.5)
SEQUENCES, TOKEN = {"A": torch.ones(2, 4, 3), "B": torch.ones(2, 1, 3)}, torch.ones(3)
MARKS = {"A": TOKEN, "B": TOKEN}

CALLS = [
    (lambda: load("av_digits", n="100"), "n is '100'"),
    (lambda: load("av_digits", n=100.0), "n is 100.0"),
    (lambda: load("av_digits", fold=1.5), "fold is 1.5"),
    (lambda: load("av_digits", train_speakers=1.5), "train_speakers is 1.5"),
    (lambda: load("av_digits", image_size=14.0), "image_size is 14.0"),
    (lambda: load("av_digits", seed="a"), "seed is 'a'"),
    (lambda: load("av_digits", image_noise=math.inf), "image_noise is inf"),
    (lambda: generate("starve"), "recipe is 'starve'"),
    (lambda: generate(Recipe({"A": Modality()}), seed=1.0), "seed is 1.0"),
    (lambda: Recipe({"A": Modality()}, train=10.5), "train is 10.5"),
    (lambda: Recipe({"A": Modality()}, train=1), "train is 1;"),
    (lambda: Recipe({"A": Modality()}, num_classes=3.0), "num_classes is 3.0"),
    (lambda: Recipe({"A": Modality()}, unique=["A"]), "unique is ['A']"),
    (lambda: Modality(distractors=3.5), "distractors is 3.5"),
    (lambda: Modality(gain=math.inf), "gain is inf"),
    (lambda: load_preset("starve", trian=3), "Did you mean 'train'?"),
    (lambda: build_classifier({"A": X}, 0), "num_classes is 0"),
    (lambda: build_classifier({"A": X}, "6"), "num_classes is '6'"),
    (lambda: build_classifier({"A": X}, 2, widths=32), "widths is 32"),
    (lambda: build_classifier({"A": X}, 2, widths=(0,)), "a width in widths is 0"),
    (lambda: build_classifier({"A": X.numpy()}, 2), "inputs['A'] is a ndarray"),
    (lambda: build_classifier({"A": X[:0]}, 2), "inputs['A'] has shape (0, 3)"),
    (lambda: build_classifier({"a.b": X}, 2), "modality 'a.b'"),
    (lambda: probe(X.numpy(), Y, X, Y), "features is a ndarray"),
    (lambda: probe(NAN, Y[:2], X, Y), "features contains NaN"),
    (lambda: probe(X, Y[:2], X, Y), "labels has shape (2,)"),
    (lambda: probe(X, Y, X[:, :2], Y), "test_features has shape (6, 2)"),
    (lambda: probe(X, Y * 0, X, Y), "labels holds one class"),
    (lambda: probe(X, Y, X, Y, c=0), "c is 0"),
    (lambda: interval("abc"), "values is 'abc'"),
    (lambda: summarise(TABLE, "model"), "by is 'model'"),
    (lambda: squeeze_excite(X, NAN, NAN.T), "w_squeeze contains NaN"),
    (lambda: squeeze_excite(X, np.ones((2, 3)), NAN.T), "w_squeeze is a ndarray"),
    (lambda: non_local(X[None], NAN, NAN, NAN, NAN.T), "w_query contains NaN"),
    (lambda: Slider("a", 0, math.inf, 1, 0), "high is inf"),
    (lambda: Target("1", 0, 0), "w_a is '1'"),
    (lambda: Target(1, math.nan, 0), "w_b is nan"),
    (lambda: Target(1, 0, 0, "prodct"), "Did you mean 'product'?"),
    (lambda: learn("tensr", TARGET), "Did you mean 'tensor'?"),
    (lambda: learn("tensor", "product"), "target is a str"),
    (lambda: learn("tensor", TARGET, encoder="cnn"), "encoder is 'cnn'"),
    (lambda: learn("tensor", TARGET, count=0), "count is 0"),
    (lambda: learn("tensor", TARGET, rate=-1.0), "rate is -1.0"),
    (lambda: learn("tensor", TARGET, seed=0.5), "seed is 0.5"),
    (lambda: grid(1), "side is 1"),
    (lambda: surface_table({}), "surfaces is empty"),
    (lambda: cost_table(0, 2), "width is 0"),
    (lambda: cost_table(4, 2.0), "num_classes is 2.0"),
    (lambda: cost_table(4, 2, modalities=1), "modalities is 1"),
    (lambda: cost_table(4, 2, names=[]), "names is empty"),
    (lambda: cost_table(4, 2, names=["tensr"]), "Did you mean 'tensor'?"),
    (lambda: cost("tensor"), "operator is a str"),
    (lambda: multiply_adds(cost, X), "inputs is a Tensor"),
    (lambda: best_rates(TABLE, ["model"], "valid"), "['rate', 'seed', 'valid'] are missing"),
    (lambda: row("sinergy", "mag", 0.1, 0), "Did you mean 'synergy'?"),
    (lambda: row("text", "magg", 0.1, 0), "Did you mean 'mag'?"),
    (lambda: project(torch.ones(2, 3, 1)), "grid has shape (2, 3, 1); (2, 2, 1)"),
    (lambda: project(torch.ones(3, 3, 2, 2)), "grid has shape (3, 3, 2, 2); (3, 3, 3, 2)"),
    (lambda: project(torch.ones(3, 3)), "grid has shape (3, 3); (N, N, C)"),
    (lambda: project(torch.ones(0, 0, 2)), "grid has shape (0, 0, 2); (N, N, C)"),
    (lambda: project(torch.ones(2, 2, 1).int()), "grid has dtype torch.int32"),
    (lambda: project(np.ones((2, 2, 1))), "grid is a ndarray"),
    (lambda: project(torch.full((2, 2, 1), math.nan)), "grid contains NaN"),
    (lambda: interaction_share(torch.ones(2, 3, 1)), "grid has shape (2, 3, 1); (2, 2, 1)"),
    (lambda: emap(PAIR, {"A": X}), "inputs lacks ['B']; the model reads ['A', 'B']"),
    (lambda: emap(PAIR, {"A": X, "B": X[:4]}), "inputs['B'] has shape (4, 3); as many rows as"),
    (lambda: emap(PAIR, {"A": X[:0], "B": X[:0]}), "inputs['A'] has shape (0, 3)"),
    (lambda: emap(PAIR, {"A": X, "B": X.int()}), "inputs['B'] has dtype torch.int32"),
    (lambda: emap(PAIR, {"A": X, "B": X.log() * math.nan}), "inputs['B'] contains NaN"),
    (lambda: emap(PAIR, [X, X]), "inputs is a list"),
    (lambda: emap(PAIR, {"A": X, "B": X}, block=0), "block is 0"),
    (lambda: emap(PAIR, {"A": X, "B": X}, block=2.5), "block is 2.5"),
    (lambda: emap(lambda x: x["A"], {"A": X}), "inputs read are ['A']; EMAP needs two"),
    (lambda: emap(lambda x: x["A"][:1], {"A": X, "B": X}), "model returns the shape (1, 3); (36"),
    (lambda: logit_grid(PAIR, {"A": X}), "inputs lacks ['B']"),
    (lambda: build_depth("erly", {"A": X}, 2), "Did you mean 'early'?"),
    (lambda: build_depth("late", {"A": X}, 2, budget=8000.0), "budget is 8000.0"),
    (lambda: build_depth("late", {"A": X[:, 0]}, 2), "inputs['A'] has shape (6,)"),
    (lambda: build_depth("late", {}, 2), "inputs is empty"),
    (lambda: build_alone("B", {"A": X}, 2), "modality is 'B'"),
    (lambda: epochs_to([0.1, math.nan]), "curve has shape (2,)"),
    (lambda: on_timeline(load_preset("starve"), alignment=2), "alignment is 2"),
    (lambda: on_timeline(load_preset("starve"), steps=2.0), "steps is 2.0"),
    (lambda: sinusoidal_positions(3.0, 4), "length is 3.0"),
    (lambda: filled({"A": X}, "B", "mean", {"A": X}), "lost is 'B'"),
    (lambda: filled({"A": X}, "A", "mean", {"B": X}), "train holds ['B']; 'A' was expected"),
    (lambda: filled({"A": X}, "A", "mean", {"A": X[:0]}), "train['A'] has shape (0, 3); an empty"),
    (lambda: filled({"A": X}, "A", "mean", {"A": X.int()}), "train['A'] has dtype torch.int32"),
    (lambda: filled({"A": X.int()}, "A", "mean", {"A": X}), "inputs['A'] has dtype torch.int32"),
    (lambda: dropped(LATE, {"B": X}, "B"), "inputs lacks ['A']; the model reads ['A', 'B']"),
    (lambda: dropped(LATE, {"A": X[:, :2]}, "B"), "inputs['A'] has shape (6, 2); (any, 3)"),
    (lambda: emap(PAIR, {"A": X, "B": X[:, :2]}), "inputs['B'] has shape (6, 2); (any, 3)"),
    (lambda: LATE({"A": X[:, :2], "B": X}), "inputs['A'] has shape (6, 2); (any, 3), or"),
    (lambda: LATE({"A": X, "B": X.double()}), "inputs['B'] has dtype torch.float64; torch.float32"),
    (lambda: LATE({"A": X.int(), "B": X}), "inputs['A'] has dtype torch.int32; torch.float32"),
    (lambda: LATE({"A": X, "B": X.numpy()}), "inputs['B'] is a ndarray; a torch tensor"),
    (lambda: EARLY({"A": X, "B": X * math.nan}), "inputs['B'] contains NaN"),
    (lambda: EARLY({"A": X, "B": X.int()}), "inputs['B'] has dtype torch.int32; torch.float32, as"),
    (lambda: EARLY({"A": X[:0], "B": X[:0]}), "inputs['A'] has shape (0, 3); an empty batch"),
    (lambda: EARLY({"A": X, "B": X[:, :2]}), "inputs['B'] has shape (6, 2); (any, 3) was"),
    (lambda: EARLY.fusion({"A": X}), "inputs lacks ['B']; the model reads"),
    (lambda: BRANCHES({"A": X, "B": X[:, None, :2]}), "inputs['B'] has shape (6, 1, 2); (any, any"),
    (lambda: BRANCHES({"A": X * math.nan, "B": X}), "inputs['A'] contains NaN"),
    (lambda: build_depth("early", {"A": X[:0]}, 2), "inputs['A'] has shape (0, 3); an empty"),
    (lambda: build_depth("late", {"A": X.int()}, 2), "inputs['A'] has dtype torch.int32; floating"),
    (lambda: build_depth("intermediate", {"A": X}, 0), "num_classes is 0; a whole number"),
    (lambda: build_alone("A", {"A": X}, 0), "num_classes is 0; a whole number, 1"),
    (lambda: MidMLP(TWO, 2, hidden=0), "hidden is 0"),
    (lambda: GMU(TWO, 2, width=0), "width is 0; a whole number"),
    (lambda: KielaGate(TWO, 2, width=0), "width is 0; a whole number, 1"),
    (lambda: HardGate(TWO, 2, width=0), "width is 0; a whole number, 1 or"),
    (lambda: Multiplicative(TWO, 2, width=0), "width is 0; a whole number, 1 or more"),
    (lambda: HardGate(TWO, 2, temperature=0), "temperature is 0"),
    (lambda: HardGate(TWO, 2, temperature=-1.0), "temperature is -1.0"),
    (lambda: MAG(TWO, 2, beta=-0.5), "beta is -0.5"),
    (lambda: CrossModalGate(TWO, 2, hidden=0), "hidden is 0"),
    (lambda: SEGate(TWO, 2, reduction=0), "reduction is 0"),
    (lambda: SEGate(TWO, 2, reduction=2.5), "reduction is 2.5"),
    (lambda: MidMLP([3, 3], 2), "widths is a list; a dictionary"),
    (lambda: MidMLP({"a.b": 3}, 2), "widths names a modality 'a.b'"),
    (lambda: fusion.build("gmu", {"A": 3, "": 3}, 2), "widths names a modality ''"),
    (
        lambda: MidMLP(TWO, 2)({"A": X, "B": X.double()}),
        "features['B'] has dtype torch.float64; torch.float32, as the weights, was expected",
    ),
    (
        lambda: fusion.build("early-transformer", TWO, 2)({"A": X.double(), "B": X}),
        "features['A'] has dtype torch.float64; torch.float32",
    ),
    (lambda: mark(SEQUENCES, TOKEN, {}), "marks is empty"),
    (
        lambda: mark({**SEQUENCES, "B": torch.ones(3, 1, 3)}, TOKEN, MARKS),
        "sequences['B'] has shape (3, 1, 3); (2, any, 3)",
    ),
    (
        lambda: mark({**SEQUENCES, "A": torch.ones(0, 1, 3)}, TOKEN, MARKS),
        "sequences['A'] has shape (0, 1, 3); an empty batch",
    ),
    (lambda: mark({**SEQUENCES, "A": NAN[None]}, TOKEN, MARKS), "sequences['A'] contains NaN"),
    (lambda: mark(SEQUENCES, TOKEN[:2], MARKS), "marks['A'] has shape (3,); (2)"),
    (lambda: mark(SEQUENCES, NAN[0], MARKS), "class_token contains NaN"),
    (lambda: additive_part(np.ones(3)), "surface has shape (3,); (N, K)"),
    (lambda: additive_part(np.ones((0, 3))), "surface has shape (0, 3); (N, K)"),
    (lambda: additive_part(NAN.numpy()), "surface contains NaN"),
    (lambda: cost_table(4, 2, names="tensor"), "names is 'tensor'; a list"),
]


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[words for _, words in CALLS])
def test_a_mistake_is_answered_in_a_sentence(call, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert words in str(caught.value)
