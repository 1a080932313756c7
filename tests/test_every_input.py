"""Every public function that computes refuses every kind of wrong argument in a sentence.

`TABLE` has an entry for each: good arguments and, by parameter, the wrong ones that its kind
brings. A function that is added without an entry fails here.
"""

import math
from pkgutil import iter_modules

import numpy as np
import pandas as pd
import pytest
import torch
import wrong_arguments_efficiency
import wrong_arguments_evaluation
import wrong_arguments_many_modalities
import wrong_arguments_objectives
import wrong_arguments_search
import wrong_arguments_unimodal_bias
from torch import nn
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    batch,
    by_name,
    call,
    cases,
    count,
    discovered,
    flag,
    free,
    good_of,
    labels,
    like,
    name,
    number,
    parameters,
    require_refused,
    scores,
    several,
    share,
    table,
    with_also,
)

from coursekit import analysis, balancing, fusion
from coursekit.data import Modality, Recipe, generate
from coursekit.data.german_credit import open_german_credit
from coursekit.data.scene_captions import WORDS, caption_words, ids_of
from coursekit.data.scenes import draw_scenes
from coursekit.lessons.l02_fusion_operators.surfaces import Target
from coursekit.models import build_classifier
from coursekit.models.captioner import TextModel
from coursekit.models.two_tower import TwoTower
from coursekit.training import Settings
from coursekit.training.evaluate import predict

MODULES = (
    *("fusion", "balancing"),
    *(f"fusion.{m.name}" for m in iter_modules(fusion.__path__)),
    *("layers.tokens", "layers.modality_dropout"),
    *(f"balancing.{m.name}" for m in iter_modules(balancing.__path__) if m.name != "taxonomy"),
    *(f"analysis.{m.name}" for m in iter_modules(analysis.__path__)),
    *("compare.seeds", "training.contrastive_losses", "training.alignment.correspondence"),
    *("training.momentum_distillation", "training.image_text_matching"),
    *("training.masked_words", "training.word_patch_alignment", "models.captioner"),
    *("training.noisy_correspondence", "training.curriculum", "training.consistency"),
    *("training.alignment.pair_batch", "training.alignment.align_before_fuse"),
    *("training.gradient_reversal", "training.adversarial_projection"),
    "layers.self_attention",
    *wrong_arguments_objectives.MODULES,
    *wrong_arguments_unimodal_bias.MODULES,
    *wrong_arguments_efficiency.MODULES,
    *wrong_arguments_search.MODULES,
    *wrong_arguments_many_modalities.MODULES,
    *("lessons.l03_emap.interaction", "lessons.l02_fusion_operators.surfaces"),
    *("lessons.l08_multi_loss_balanced.pace", "utils.checks", "utils.tensor_checks"),
    "utils.row_values",
    *(
        f"data.{m}"
        for m in (
            *("synthetic", "spectrogram", "timeline", "standardise", "preset_recipes"),
            *("reweighing", "emoji_people", "german_credit"),
            *("bag_of_words", "pair_augmentation", "picture_features"),
            *("wrong_captions", "sampling_weights"),
            *("scene_captions", "scene_combinations", "scenes"),
        )
    ),
)

# ---- good arguments ----------------------------------------------------------------------------

torch.manual_seed(0)
N, C = 6, 3
X, Z, LOGITS = torch.randn(N, 4), torch.randn(N, 4), torch.randn(N, C)
Y = torch.tensor([0, 1, 2] * 2)
S, NUMBERS = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.7, 0.9])
CLEAR = Modality(amplitude=5.0)
RECIPE = Recipe({"A": CLEAR, "B": CLEAR}, redundant=0.5, synergistic=0.5, train=32, valid=8, test=8)
DATA = generate(RECIPE)
MODEL = build_classifier(DATA.train.inputs, DATA.num_classes, widths=(4,))
PREDICTION = predict(MODEL, DATA.test.inputs)
QUICK = Settings(epochs=1)
GRID = torch.randn(4, 4, C)
PICTURES = torch.randn(3, 32, 32)
WAVE = torch.sin(torch.arange(2000.0))
INPUTS = {"A": DATA.test.inputs["A"][:3], "B": DATA.test.inputs["B"][:3]}
RNG = torch.Generator()
SCENES = draw_scenes(4)
TEXTS = SCENES.text
SAYS = caption_words(0, 1, 4, 12)
CAPTION = a(SAYS, Wrong("no caption", ("cat", "dog")), Wrong("none", ()))
ATTENTION = nn.MultiheadAttention(4, 2, batch_first=True)
TOKENS_4 = torch.randn(2, 3, 4)
TOWERS = TwoTower({"picture": 4, "text": 4}, 2, len(WORDS))
PAIR_MODEL = build_classifier(
    SCENES.inputs, 4, encoder={"picture": "patches", "text": "words"}, widths=(4,)
)
PAIR_MODEL.fusion = TwoTower({"picture": 4, "text": 4}, 4, len(WORDS))
COLOURS = torch.rand(5, 3, 8, 8)
BAGS = torch.eye(5, 7)
DRAWN = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
BYTES = Argument(
    DRAWN,
    (
        Wrong("shares", DRAWN.float()),
        Wrong("numpy", DRAWN.numpy()),
        Wrong("empty", DRAWN[:0]),
        Wrong("flatter", DRAWN[0]),
        Wrong("grey", DRAWN[:, :1]),
        Wrong("narrow", DRAWN[..., :12]),
    ),
)
PROMPTS = torch.randn(C, 2, 4)
OWN = torch.eye(N, dtype=torch.bool)
IDS = torch.tensor([3, 1, 3, 0, 5, 2])
TOKENS, PATCHES = torch.randn(2, 3, 5), torch.randn(2, 4, 5)
WORD_IDS = torch.tensor([[0, 3, 4], [0, 5, -1]])
HAS_WORD, HAS_PATCH = (torch.ones(x.shape[:2], dtype=torch.bool) for x in (TOKENS, PATCHES))
SENTENCES = torch.eye(7)[torch.randint(2, 7, (2, 3))]
PART_OF_A_BATCH = {"whole": count(9, 1), "first": count(1, -1, 9)}
PAIR_SCORES = torch.tensor([0.3, -0.1, 0.2, 0.5, 0.2])
CHANCES = torch.tensor([0.2, 0.7, 0.5])
NOT_CHANCES = (Wrong("above 1", CHANCES + 0.5), Wrong("below 0", CHANCES - 0.5))
GROUPS_OF_SAMPLES = Argument(
    ["a", "b", "b"],
    (
        Wrong("text", "abb"),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("of lists", [["a"], ["b"]]),
    ),
)
SQUARE = batch(torch.rand(4, 4), also=(Wrong("narrow", torch.rand(4, 3)),))
LOG_SCALE = Argument(
    torch.tensor(2.0),
    (
        Wrong("number", 2.0),
        Wrong("NaN", torch.tensor(math.nan)),
        Wrong("inf", torch.tensor(math.inf)),
        Wrong("deeper", torch.tensor([2.0, 1.0]), "scalar"),
        Wrong("whole", torch.tensor(2)),
    ),
)
ACCURACY = pd.DataFrame(
    {"model": ["A", "B", "joint"], "accuracy": [0.5, 0.6, 0.7], "seed": [0, 0, 0]}
)
PROBES = pd.DataFrame(
    {
        "modality": ["A", "A", "B", "B"],
        "trained": ["alone", "joint"] * 2,
        "accuracy": [0.5, 0.4, 0.6, 0.6],
        "seed": [0] * 4,
    }
)
RUN = pd.DataFrame({"epoch": [1], "batch": [0], "rows": [4], "A": [1.0], "B": [2.0]})
WORSE = (
    Wrong("NaN", ACCURACY.assign(accuracy=math.nan)),
    Wrong("lacks a model", ACCURACY[1:]),
)
WORSE_PROBES = (
    Wrong("NaN", PROBES.assign(accuracy=math.nan)),
    Wrong("never alone", PROBES[PROBES.trained == "joint"]),
)
MODALITIES = a(["A", "B"], Wrong("none", []), Wrong("strange", ["A", "C"]))
FUSIONS = a(["late-linear"], Wrong("none", []), Wrong("misspelt", ["late-linea"], "Did you mean"))
WIDTHS = Argument(
    {"A": 3, "B": 3},
    (Wrong("list", [3, 3]), Wrong("none", {}), Wrong("zero", {"A": 0, "B": 3})),
)
LOSSES = {
    "train_before": like(NUMBERS),
    "valid_before": like(NUMBERS.flip(0)),
    "train_after": like(NUMBERS / 2),
    "valid_after": like(NUMBERS / 3),
}
TEST_PROBE = {"test_features": like(Z), "test_labels": labels(Y)}
SURFACE = np.arange(6.0).reshape(2, 3)


def surface(good, *but):
    wrong = (
        Wrong("NaN", good * math.nan),
        Wrong("flat", good[0]),
        Wrong("empty", good[:0]),
        Wrong("list", good.tolist()),
        Wrong("text", "text"),
    )
    return Argument(good, tuple(w for w in wrong if w.label not in but))


def directions(x, also=()):
    """Rows that have a direction."""
    return batch(x, also=(Wrong("a row of zeros", torch.cat([x[:-1], x[-1:] * 0])), *also))


def bools(good, *also):
    """True and False of one shape; ``also``: further wrong ones."""
    wrong = (
        Wrong("numbers", good.float()),
        Wrong("another size", good[:-1]),
        Wrong("deeper", good[None]),
        Wrong("list", good.tolist()),
    )
    return Argument(good, (*wrong, *also))


def whole(good, beyond):
    """Ids of words, one per place; ``beyond``: one that there is not."""
    wrong = (
        Wrong("beyond", torch.full_like(good, beyond)),
        Wrong("another size", good[:-1]),
        Wrong("not whole", good + 0.5),
        Wrong("list", good.tolist()),
    )
    return Argument(good, wrong)


TRAINING = {"data": a(DATA), "settings": a(QUICK), "seed": count(0, -1)}
OPERATORS = {
    "operator": name("tensor"),
    "encoder": name("none"),
    "seed": count(0, -1),
}

EVIDENCE = batch(LOGITS.abs(), also=(Wrong("negative", LOGITS),))
EVIDENCES = several([LOGITS.abs(), LOGITS.exp()], like)
EVIDENCES = with_also(EVIDENCES, Wrong("negative", [LOGITS.exp(), LOGITS]))

TABLE: dict[str, dict[str, Argument]] = {
    # fusion
    "fusion.build": {
        "name": name("late-linear", says="fusion"),
        "widths": WIDTHS,
        "num_classes": count(2, 0),
    },
    "fusion.additive.additive": {"terms": several([X, Z], like)},
    "fusion.multiplicative.multiplicative": {"factors": several([X, Z], like)},
    "fusion.tensor.tensor_product": {"features": several([X, Z], like)},
    "fusion.base.require_modalities": {
        "name": free("widths"),
        "widths": Argument({"A": 1, "B": 1}, (Wrong("one", {"A": 1}),)),
        "least": count(2, 0),
    },
    "fusion.base.require_vectors": {
        "name": free("parts"),
        "parts": several([X, Z], like),
    },
    "fusion.bilinear.bilinear": {
        "features": several([X, Z], like),
        "weight": batch(torch.randn(C, 4, 4)),
        "bias": like(torch.randn(C)),
    },
    "fusion.cross_modal_gate.cross_modal_gates": {
        "features": several([X, Z], lambda x: like(x, "deeper")),
        "squeeze_weight": like(torch.randn(3, 8)),
        "squeeze_bias": with_also(
            like(torch.randn(3)), Wrong("another dtype", torch.randn(3).double(), "dtype")
        ),
        "gate_weights": several([torch.randn(4, 3), torch.randn(4, 3)], like),
        "gate_biases": with_also(
            several([torch.randn(4), torch.randn(4)], like),
            Wrong("another dtype", [torch.randn(4), torch.randn(4).double()], "dtype"),
        ),
    },
    "fusion.cross_modal_gate.through_gate": {
        "x": batch(X, "deeper"),
        "gate": like(X, "flatter"),
    },
    "fusion.evidential.opinion": {"evidence": EVIDENCE},
    "fusion.evidential.combined_evidence": {"evidences": EVIDENCES},
    "fusion.evidential.log_concentrations": {"evidences": EVIDENCES},
    "fusion.film.film": {
        "x": batch(X, "deeper"),
        "gamma": like(X),
        "beta": like(X),
    },
    "fusion.gmu.gmu": {
        "visual": batch(X),
        "text": like(X),
        "gate_weight": like(torch.randn(4, 8)),
    },
    "fusion.hard_gate.straight_through": {
        "logits": batch(LOGITS),
        "temperature": number(1.0, 0, -1.0),
        "hard": free(True),
    },
    "fusion.kiela_gate.gated": {"x": batch(X), "gate_logits": like(X)},
    "fusion.low_rank.low_rank": {
        "features": several([X, Z], like),
        "factors": several([torch.randn(2, 5, C), torch.randn(2, 5, C)], batch),
        "weights": like(torch.randn(2)),
        "bias": like(torch.randn(C)),
    },
    "fusion.mag.modality_shift": {
        "primary": batch(X, "deeper", "flatter"),
        "displacement": like(X),
        "beta": number(1.0, -0.1),
    },
    "fusion.non_local.non_local": {
        "x": batch(torch.randn(2, 3, 4)),
        **{w: batch(torch.randn(2, 4)) for w in ("w_query", "w_key", "w_value")},
        "w_out": like(torch.randn(4, 2)),
    },
    "fusion.squeeze_excite.squeeze_excite": {
        "x": batch(X, "deeper"),
        "w_squeeze": batch(torch.randn(2, 4)),
        "w_excite": like(torch.randn(4, 2)),
    },
    "layers.tokens.sinusoidal_positions": {"length": count(3, 0), "width": count(4, 0)},
    "layers.tokens.mark": {
        "sequences": by_name({"A": X[:, None], "B": Z[:, None]}, like),
        "class_token": batch(X[0]),
        "marks": by_name({"A": X[0], "B": Z[0]}, batch),
    },
    "layers.tokens.encoder_stack": {
        "width": count(4, 0, 3),
        "heads": count(2, 0, 3),
        "layers": count(1, 0),
        "norm_first": free(True),
    },
    # balancing
    "balancing.build": {"name": name("multi-loss", says="method")},
    "balancing.agm.shapley": {
        "values": by_name({frozenset(s): torch.randn(N, C) for s in ("a", "b", "ab")}, like)
    },
    "balancing.agm.coefficients": {
        "scores": batch(S),
        "running": like(S),
        "alpha": number(1.0, -0.1),
    },
    "balancing.ensemble.mean_of_heads": {
        # NaN of one replica must not stop the others, which are computed along with it.
        "logits": several([LOGITS, LOGITS + 1], lambda x: like(x, "NaN", "inf")),
        "classes": count(-1, 2, -3),
    },
    "balancing.certainty_ensemble.certainties": {"logits": several([LOGITS, LOGITS + 1], like)},
    "balancing.certainty_ensemble.fuse_by_certainty": {
        "logits": several([LOGITS, LOGITS + 1], like)
    },
    "balancing.functional_entropy.noisy_copies": {
        "features": batch(X, also=(Wrong("another size", X[:-1]),)),
        "noise": batch(torch.randn(3 * N, 4), also=(Wrong("one each", torch.randn(N, 4)),)),
    },
    "balancing.functional_entropy.disagreement": {
        "logits": batch(torch.randn(2 * N, C), also=(Wrong("not all", torch.randn(N + 1, C)),)),
        "clean": batch(LOGITS, also=(Wrong("another size", LOGITS[:-1]),)),
    },
    "balancing.functional_entropy.information_scores": {
        "gradients": several([X, Z], like),
        "loss": Argument(
            torch.tensor(0.7),
            (
                Wrong("number", 0.7),
                Wrong("NaN", torch.tensor(math.nan)),
                Wrong("negative", torch.tensor(-0.1)),
                Wrong("deeper", torch.tensor([0.7]), "scalar"),
            ),
        ),
    },
    "balancing.functional_entropy.inverse_information": {
        "scores": batch(S, also=(Wrong("negative", -S),)),
    },
    "balancing.gblend.weights": {**LOSSES, "rule": name("paper")},
    "balancing.gblend.ogr_parts": LOSSES,
    "balancing.gblend.head_loss": {
        "model": a(MODEL),
        "split": a(DATA.test),
        "head": name("joint", near=False),
    },
    "balancing.gblend.loss_of": {
        "prediction": a(PREDICTION),
        "labels": labels(DATA.test.labels, DATA.num_classes),
        "head": name("joint", near=False),
    },
    "balancing.gblend.divide": {
        "train": a(DATA.train),
        "held": number(0.25, 0, 1, -0.1),
        "generator": a(RNG),
    },
    "balancing.gradnorm.targets": {
        "norms": batch(NUMBERS),
        "losses": like(NUMBERS),
        "initial_losses": like(NUMBERS),
        "alpha": number(1.5, -0.1),
    },
    "balancing.mcr.jensen_shannon": {"first": batch(LOGITS), "second": like(LOGITS + X[:, :C])},
    "balancing.mcr.pulls": {
        "permuted": Argument(
            [[X, Z], [Z, X]],
            (
                Wrong("one tensor", X),
                Wrong("none", []),
                Wrong("one row", [[X, Z]]),
                Wrong("another size", [[X, Z], [Z[:-1], X[:-1]]]),
                Wrong("short", [[X, Z], [Z]]),
                Wrong("other shapes", [[X, Z], [Z[:, :2], X]]),
                Wrong("NaN", [[X, Z], [Z, X * math.nan]]),
                Wrong("numbers", [[1.0, 2.0], [3.0, 4.0]]),
            ),
        ),
        "whole": several([X, Z], like),
        "strategy": name("greedy"),
    },
    "balancing.mlb.coefficients": {
        "scores": scores(S),
        "alpha": number(2.0, -0.1),
        "beta_max": number(8.0, 0.9),
    },
    "balancing.mmpareto.cosine": {"multimodal": batch(X[0]), "unimodal": like(Z[0])},
    "balancing.mmpareto.min_norm_weights": {"multimodal": batch(X[0]), "unimodal": like(Z[0])},
    "balancing.mmpareto.pareto_weights": {
        "multimodal": batch(X[0]),
        "unimodal": like(Z[0]),
        "conflict": number(0.0, -1.1, 1.1),
    },
    "balancing.mmpareto.integrated": {
        "multimodal": batch(X[0]),
        "unimodal": like(Z[0]),
        "weights": with_also(
            like(torch.tensor([0.25, 0.75])),
            Wrong("below 1", torch.tensor([0.25, 0.25])),
            Wrong("above 1", torch.tensor([0.75, 0.75])),
        ),
        "gamma": number(1.5, 0, -1.0),
    },
    "balancing.greedy.learning_speed": {
        "gradients": several([X, S], lambda x: like(x, "deeper", "flatter")),
        "weights": several([X, S], lambda x: batch(x, "deeper", "flatter")),
    },
    "balancing.greedy.speed_difference": {"bypass": scores(S), "main": scores(S)},
    "balancing.greedy.next_curation": {
        "whose": Argument(0, (Wrong("2", 2), Wrong("text", "A"))),
        "left": count(2, -1),
        "difference": number(0.5),
        "tolerance": Argument(0.01, (Wrong("NaN", math.nan), Wrong("negative", -0.1))),
        "steps": count(5, 0),
    },
    "balancing.mla.next_projection": {
        "projection": like(torch.eye(4)),
        "features": batch(X),
        "alpha": number(0.1, 0, -1.0),
    },
    "balancing.mla.project": {"grad": batch(LOGITS), "projection": like(torch.eye(C))},
    "balancing.mla.damping_at": {
        "batch": count(1, -1, 4),
        "batches": count(4, 0),
        "base": number(0.1, 0, -1.0),
    },
    "balancing.mmcosine.logits": {
        "features": several([X, Z], like),
        "weights": several([torch.randn(C, 4), torch.randn(C, 4)], like),
        "scale": number(10.0, 0, -1.0),
    },
    "layers.modality_dropout.masks": {
        "n": count(5, 0),
        "modalities": count(2, 0),
        "p": share(0.5),
        "generator": free(RNG),
    },
    "balancing.mslr.ratios": {
        "accuracies": batch(torch.rand(7, 2) + 0.1),
        "memory": count(5, 0),
    },
    "balancing.ogm.coefficients": {"scores": scores(S), "alpha": number(0.8, -0.1)},
    "balancing.ogm.noise_std": {"grad": batch(X, "deeper", "flatter")},
    "balancing.opm.drop_rates": {
        "scores": scores(S),
        "q_base": share(0.5),
        "strength": number(0.5, -0.1),
    },
    "balancing.opm.lost_share": {
        "q": batch(torch.tensor([0.25, 0.5]), also=(Wrong("ones", torch.ones(2)),)),
        "widths": Argument([4, 2], (Wrong("one", [4]), Wrong("zero", [4, 0]), Wrong("7", 7))),
    },
    "balancing.opm.thinned": {
        "features": several([X, Z], like),
        "keep": bools(torch.rand(N, 2) > 0.5),
        "theta": Argument(
            torch.tensor(0.5),
            (
                Wrong("one", torch.tensor(1.0)),
                Wrong("below 0", torch.tensor(-0.1)),
                Wrong("NaN", torch.tensor(math.nan)),
                Wrong("number", 0.5),
                Wrong("deeper", torch.tensor([0.5])),
            ),
        ),
    },
    "balancing.relearning.purity": {"labels": labels(Y), "clusters": labels(Y.flip(0))},
    "balancing.relearning.clusters_of": {"features": batch(X), "num_clusters": count(C, 0)},
    "balancing.relearning.reset_shares": {
        "train": batch(NUMBERS, also=(Wrong("above 1", NUMBERS + 0.5),)),
        "valid": like(NUMBERS / 2),
        "strength": number(3.0, -0.1),
    },
    "balancing.relearning.partly_reset": {
        "initial": batch(X, "deeper", "flatter", "empty"),
        "now": batch(Z, "empty", also=(Wrong("another size", Z[:-1]),)),
        "share": share(0.5),
    },
    "balancing.pcgrad.project": {"grads": batch(X), "generator": free(RNG)},
    "balancing.pcgrad.merge": {"grads": batch(X), "generator": free(RNG)},
    "balancing.pmr.prototypes": {
        "features": batch(X),
        "labels": labels(Y, C),
        "num_classes": count(C, 0),
    },
    "balancing.pmr.present": {"labels": labels(Y, C, "another size"), "num_classes": count(C, 0)},
    "balancing.pmr.similarities": {"features": batch(X), "centres": batch(torch.randn(C, 4))},
    "balancing.pmr.coefficients": {"prototype_scores": scores(S)},
    "balancing.sample_valuation.contributions": {
        "right": by_name({frozenset(s): OWN[0] for s in ((0,), (1,), (0, 1))}, bools),
    },
    "balancing.sample_valuation.extra_copies": {
        "contribution": batch(
            torch.tensor([[0.5, 0.0], [-0.5, 1.5]]),
            also=(Wrong("too large", torch.tensor([[3.0, 0.0]])),),
        ),
    },
    "balancing.sample_valuation.resampled": {
        "copies": Argument(
            torch.tensor([[1, 0], [0, 3]]),
            (
                Wrong("negative", torch.tensor([[1, 0], [0, -1]])),
                Wrong("not whole", torch.tensor([[1.0, 0.0]])),
                Wrong("empty", torch.zeros(0, 2).long()),
                Wrong("flatter", torch.tensor([1, 0])),
                Wrong("list", [[1, 0]]),
            ),
        ),
    },
    "balancing.unimodal_teachers.alone": {"model": a(MODEL), "modality": name("A", near=False)},
    "balancing.remix.bits_from_uniform": {
        "probs": batch(
            LOGITS.softmax(1),
            also=(Wrong("no shares", LOGITS), Wrong("too small", LOGITS.softmax(1) * 0.995)),
        ),
    },
    "balancing.remix.least_sure": {"logits": several([LOGITS, LOGITS + 1], like)},
    "balancing.random_scale.random_scales": {
        "modalities": count(2, 0),
        "spread": number(0.5, -0.1),
        "beta_max": number(8.0, 0.9),
        "generator": free(RNG),
    },
    "balancing.reconboost.boosting_losses": {
        "logits": batch(LOGITS),
        "rest": like(LOGITS + 1),
        "labels": labels(Y, C),
        "label_weight": number(5.0, -0.1),
        "residual_weight": number(1.0, -0.1, 5.5),
    },
    "balancing.reconboost.agreement": {"logits": batch(LOGITS), "previous": like(LOGITS + 1)},
    "balancing.reconboost.stage_at": {
        "epoch": count(3, 0),
        "boosting": count(2, 0),
        "rectifying": count(1, -1),
    },
    "balancing.g2d.priorities": {"scores": scores(S)},
    "balancing.pdmp.leader": {
        "accuracies": Argument(
            [0.5, 0.7],
            (
                Wrong("none", []),
                Wrong("number", 0.5),
                Wrong("text", "0.5"),
                Wrong("NaN", [0.5, math.nan]),
                Wrong("above 1", [0.5, 1.1]),
                Wrong("percent", [50, 70]),
            ),
        ),
    },
    **{
        f"balancing.tmc.{name}": {"evidence": EVIDENCE, "labels": labels(Y, C)}
        for name in ("expected_cross_entropies", "wrong_evidence")
    },
    "balancing.tmc.annealing_at": {"epoch": count(3, 0), "annealing": count(10, -1)},
    "balancing.unimodal_scores.true_class_scores": {
        "logits": several([LOGITS, LOGITS + 1], like),
        "labels": labels(Y, C),
    },
    "balancing.unimodal_scores.require_scores": {"name": free("scores"), "scores": scores(S)},
    # what is measured on models
    "analysis.emap.project": {"grid": batch(GRID)},
    "analysis.emap.interaction_share": {"grid": batch(GRID)},
    "analysis.emap.emap": {
        "model": a(MODEL),
        "inputs": by_name(INPUTS, lambda x: like(x, "deeper", "flatter")),
        "block": count(64, 0),
        "label": free(""),
    },
    "analysis.emap.logit_grid": {
        "model": a(MODEL),
        "inputs": by_name(INPUTS, lambda x: like(x, "deeper", "flatter")),
        "block": count(64, 0),
        "label": free(""),
    },
    "analysis.calibration.reliability": {
        "probs": batch(LOGITS.softmax(1)),
        "labels": labels(Y, C),
        "bins": count(15, 0),
    },
    "analysis.calibration.ece": {
        "probs": batch(LOGITS.softmax(1), also=(Wrong("no shares", LOGITS),)),
        "labels": labels(Y, C),
        "bins": count(15, 0),
    },
    "analysis.probes.probe": {
        "features": batch(X),
        "labels": labels(Y),
        **TEST_PROBE,
        "c": number(1.0, 0, -1.0),
    },
    "analysis.probes.quick_probe": {"features": batch(X), "labels": labels(Y), **TEST_PROBE},
    "analysis.probes.probe_encoders": {
        "model": a(MODEL),
        "train": a(DATA.train),
        "test": a(DATA.test),
        "c": number(1.0, 0, -1.0),
    },
    "analysis.modality_gap.modality_gap": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another width", torch.randn(N, 5)),)),
    },
    "analysis.modality_gap.cone": {"features": directions(X, also=(Wrong("one row", X[:1]),))},
    "analysis.modality_gap.shift": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another width", torch.randn(N, 5)),)),
        "distance": number(0.5),
    },
    "analysis.modality_gap.matched_cosine": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
    },
    "analysis.mutual_neighbours.nearest": {
        "features": directions(X, also=(Wrong("one row", X[:1]),)),
        "k": count(2, 0, N),
    },
    "analysis.mutual_neighbours.mutual_neighbours": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "k": count(2, 0, N),
    },
    "analysis.similarity_filter.pair_cosines": {
        "pictures": directions(X),
        "captions": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
    },
    "analysis.similarity_filter.keep_share": {"scores": batch(PAIR_SCORES), "share": share(0.4)},
    "analysis.similarity_filter.chance_to_be_kept": {
        "scores": batch(PAIR_SCORES),
        "share": share(0.4),
    },
    "analysis.similarity_filter.keep_as_released": {
        "scores": batch(PAIR_SCORES),
        "share": with_also(share(0.4), Wrong("all", 1.0)),
    },
    "analysis.similarity_filter.passes_basic_rules": {
        "text": Argument("a red dog", (Wrong("number", 7), Wrong("none", None))),
        "width": count(300, 0),
        "height": count(300, -1),
        "language": Argument("en", (Wrong("number", 7), Wrong("none", None))),
    },
    "analysis.similarity_filter.clip_score": {
        "pictures": directions(X),
        "captions": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "weight": number(2.5, 0, -1),
    },
    "analysis.similarity_filter.reference_score": {
        "captions": directions(Z),
        "references": several([X[:2], X[2:3], X[3:], X[:1], X[:2], X[:3]], batch),
    },
    "analysis.similarity_filter.reference_clip_score": {
        "pictures": directions(X),
        "captions": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "references": several([X[:2], X[2:3], X[3:], X[:1], X[:2], X[:3]], batch),
        "weight": number(2.5, 0, -1),
    },
    "analysis.clean_mixture.scaled_losses": {
        "losses": batch(PAIR_SCORES, also=(Wrong("all equal", torch.ones(3)),))
    },
    "analysis.clean_mixture.clean_mixture": {
        "losses": batch(PAIR_SCORES, also=(Wrong("all equal", torch.ones(3)),))
    },
    "analysis.clean_mixture.clean_part": {
        "probability": batch(CHANCES, also=NOT_CHANCES),
        "threshold": share(0.5),
    },
    "analysis.checking_order.entropy": {
        "probabilities": batch(
            LOGITS.softmax(1),
            also=(Wrong("not scaled", 2 * LOGITS.softmax(1)), Wrong("logits", LOGITS)),
        )
    },
    "analysis.checking_order.margin": {
        "scores": batch(LOGITS, also=(Wrong("one column", LOGITS[:, :1]),))
    },
    "analysis.checking_order.lowest_first": {
        "scores": batch(PAIR_SCORES),
        "count": count(2, -1, 6),
    },
    "analysis.checking_order.nearest_cut_first": {
        "scores": batch(PAIR_SCORES),
        "cut": number(0.2),
        "count": count(2, -1, 6),
    },
    "analysis.checking_order.k_centres": {
        "features": batch(X),
        "count": count(2, -1, N + 1),
        "first": count(1, -1, N),
    },
    "training.noisy_correspondence.hinges": {
        "similarity": SQUARE,
        "margins": like(torch.rand(4)),
        "row_margin": flag(),
    },
    "training.noisy_correspondence.hardest_loss": {
        "similarity": SQUARE,
        "margins": like(torch.rand(4)),
        "row_margin": flag(),
    },
    "training.noisy_correspondence.per_pair_loss": {
        "similarity": SQUARE,
        "margin": number(0.2, 0, -1),
    },
    "training.noisy_correspondence.warm_up_loss": {
        "similarity": SQUARE,
        "margin": number(0.2, 0, -1),
    },
    "training.noisy_correspondence.predicted_labels": {
        "similarity": SQUARE,
        "margin": number(0.2, 0, -1),
    },
    "training.noisy_correspondence.relative_labels": {
        "similarity": SQUARE,
        "margin": number(0.2, 0, -1),
    },
    "training.noisy_correspondence.soft_margins": {
        "labels": batch(CHANCES, also=NOT_CHANCES),
        "margin": number(0.2, 0, -1),
        "form": name("linear"),
    },
    "training.curriculum.paced_share": {
        "step": count(1, -1),
        "steps": count(10, 0),
        "start": with_also(share(0.3), Wrong("nothing", 0)),
    },
    "training.curriculum.learning_order": {
        "difficulty": batch(PAIR_SCORES),
        "order": name("easy first"),
        "generator": a(RNG),
    },
    "training.curriculum.small_losses": {"losses": batch(PAIR_SCORES), "share": share(0.4)},
    "training.curriculum.self_paced": {"losses": batch(PAIR_SCORES), "largest": number(0.4)},
    "training.consistency.point_consistency": {"clean": batch(X), "changed": like(Z)},
    "training.consistency.answer_consistency": {"clean": batch(X), "changed": like(Z)},
    "training.consistency.spread": {"features": batch(X)},
    "data.wrong_captions.exchange_captions": {
        "captions": Argument(
            ["a", "b", "c", "d"],
            (
                Wrong("text", "abcd"),
                Wrong("none", []),
                Wrong("number", 7),
                Wrong("all alike", ["a"] * 4),
            ),
        ),
        "share": with_also(share(0.5), Wrong("one only", 0.25)),
        "generator": a(RNG),
    },
    "data.wrong_captions.wrong_pairs": {
        "owner": Argument(
            torch.tensor([1, 0, 2]),
            (
                Wrong("beyond", torch.tensor([1, 3, 2])),
                Wrong("−1", torch.tensor([1, -1, 2])),
                Wrong("another size", torch.tensor([1, 0])),
                Wrong("not whole", torch.ones(3)),
                Wrong("list", [1, 0, 2]),
            ),
        ),
        "captions": Argument(
            ["a", "b", "c"], (Wrong("text", "abc"), Wrong("none", []), Wrong("number", 7))
        ),
    },
    "data.sampling_weights.group_sizes": {"groups": GROUPS_OF_SAMPLES},
    "data.sampling_weights.inverse_count_weights": {"groups": GROUPS_OF_SAMPLES},
    "data.sampling_weights.sampling_weights": {
        "groups": GROUPS_OF_SAMPLES,
        "exponent": number(0.5, -1),
    },
    "data.sampling_weights.group_shares": {
        "groups": GROUPS_OF_SAMPLES,
        "exponent": number(0.5, -1),
    },
    "analysis.retrieval.chance_recall": {
        "k": count(5, 0),
        "candidates": count(10, 0),
        "own": count(2, 0, 11),
    },
    "analysis.retrieval.rank": {
        "scores": batch(torch.randn(N, N)),
        "belongs": Argument(
            OWN,
            (
                Wrong("nothing of one's own", torch.zeros_like(OWN)),
                Wrong("numbers", OWN.float()),
                Wrong("another size", OWN[:-1]),
                Wrong("list", OWN.tolist()),
            ),
        ),
    },
    "analysis.retrieval.both_ways": {
        "similarity": batch(torch.randn(N, N)),
        "owner": Argument(
            torch.arange(N),
            (
                Wrong("beyond", torch.arange(N) + 1),
                Wrong("−1", torch.arange(N) - 1),
                Wrong("another size", torch.arange(N - 1)),
                Wrong("not whole", torch.arange(N) + 0.5),
                Wrong("list", list(range(N))),
            ),
        ),
    },
    "analysis.zero_shot.class_weights": {
        "prompts": batch(PROMPTS, also=(Wrong("zeros", PROMPTS * 0),)),
    },
    "analysis.zero_shot.class_probabilities": {
        "pictures": directions(X),
        "weights": directions(Z[:C], also=(Wrong("another width", torch.randn(C, 5)),)),
        "log_scale": number(2.0),
    },
    "training.contrastive_losses.unit": {"name": free("features"), "features": directions(X)},
    "training.contrastive_losses.cosines": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another width", torch.randn(N, 5)),)),
    },
    "training.contrastive_losses.info_nce": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "log_scale": LOG_SCALE,
    },
    "training.contrastive_losses.siglip": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "log_scale": LOG_SCALE,
        "bias": LOG_SCALE,
    },
    "training.contrastive_losses.info_nce_in_parts": {
        "encode_first": a(nn.Linear(4, 2)),
        "encode_second": a(nn.Linear(4, 2)),
        "first": batch(X, "deeper", "flatter"),
        "second": like(Z, "deeper", "flatter"),
        "log_scale": LOG_SCALE,
        "parts": count(2, 0, N + 1),
    },
    "training.contrastive_losses.cosine_factor": {
        "log_scale": LOG_SCALE._replace(
            wrong=(*LOG_SCALE.wrong, Wrong("infinite factor", torch.tensor(100.0)))
        )
    },
    "training.contrastive_losses.clamp_log_scale": {"log_scale": LOG_SCALE},
    "models.captioner.next_words": {
        "words": whole(WORD_IDS, 7)._replace(
            wrong=(Wrong("beyond", WORD_IDS + 7), Wrong("list", WORD_IDS.tolist()))
        ),
        "end": count(7, 0),
    },
    "models.captioner.caption_loss": {
        "logits": like(torch.randn(2, 3, 8)),
        "words": whole(WORD_IDS, 7),
    },
    "models.captioner.write_captions": {
        "logits_of": a(TextModel(7, 5, 8)),
        "start": Argument(
            WORD_IDS,
            (
                Wrong("flatter", WORD_IDS[0]),
                Wrong("not whole", WORD_IDS + 0.5),
                Wrong("list", WORD_IDS.tolist()),
                Wrong("too long", torch.cat([WORD_IDS, WORD_IDS], 1)),
            ),
        ),
        "length": count(5, 0),
        "generator": free(RNG),
        "temperature": number(1.0, 0, -1.0),
    },
    "training.momentum_distillation.follow": {
        "teacher": a(nn.Linear(3, 2), Wrong("another shape", nn.Linear(2, 3))),
        "student": a(nn.Linear(3, 2), Wrong("another shape", nn.Linear(2, 3))),
        "momentum": share(0.995),
    },
    "training.momentum_distillation.share_at": {
        "step": count(3, -1),
        "steps": count(10, 0),
        "share": share(0.4),
    },
    "training.momentum_distillation.distilled_contrast": {
        **{key: like(x) for key, x in (("first", X), ("second", Z))},
        **{f"teacher_{key}": like(x) for key, x in (("first", Z), ("second", X))},
        # A queue may be empty, and has a length of its own, which only its ids must have too.
        **{f"queue_{key}": like(X[:5], "empty") for key in ("first", "second")},
        "temperature": with_also(LOG_SCALE, Wrong("zero", torch.tensor(0.0))),
        "share": share(0.4),
        "ids": labels(IDS),
        "queue_ids": with_also(labels(IDS[:5], None, "−1"), Wrong("none", None)),
    },
    "training.image_text_matching.hard_negative_weights": {
        "similarity": like(torch.randn(N, N)),
        "ids": with_also(labels(IDS), Wrong("all alike", IDS * 0)),
    },
    "training.image_text_matching.random_negative_weights": {
        "rows": count(N, 0),
        "ids": with_also(labels(IDS), Wrong("all alike", IDS * 0)),
    },
    "training.image_text_matching.matching_loss": {
        "logits": like(torch.randn(N, 2)),
        "matched": bools(IDS > 2),
    },
    "training.masked_words.mask_words": {
        "words": batch(SENTENCES, also=(Wrong("several ones", SENTENCES * 0 + 1),)),
        "share": share(0.3),
        "mask_id": count(1, -1, 7),
        "special": Argument([0], (Wrong("beyond", [7]), Wrong("text", "0"), Wrong("half", [0.5]))),
        "generator": a(RNG),
    },
    "training.masked_words.masked_word_loss": {
        "logits": like(torch.randn(2, 3, 7)),
        "words": whole(SENTENCES.argmax(2), 7),
        "masked": bools(torch.tensor([[True, False, True]] * 2)),
        "teacher_logits": like(torch.randn(2, 3, 7)),
        "share": share(0.4),
    },
    "training.word_patch_alignment.cosine_costs": {
        "words": like(TOKENS),
        "patches": with_also(like(PATCHES), Wrong("another width", PATCHES[..., 1:])),
    },
    "training.word_patch_alignment.transport_plan": {
        "cost": like(torch.rand(2, 3, 4)),
        "word_mask": bools(HAS_WORD, Wrong("nothing", ~HAS_WORD & HAS_WORD)),
        "patch_mask": bools(HAS_PATCH, Wrong("nothing", ~HAS_PATCH & HAS_PATCH)),
        "beta": number(0.5, 0, -1.0),
        "steps": count(50, 0),
    },
    "training.word_patch_alignment.transport_distance": {
        "words": like(TOKENS),
        "patches": with_also(like(PATCHES), Wrong("another width", PATCHES[..., 1:])),
        "word_mask": bools(HAS_WORD, Wrong("nothing", ~HAS_WORD & HAS_WORD)),
        "patch_mask": bools(HAS_PATCH, Wrong("nothing", ~HAS_PATCH & HAS_PATCH)),
        "beta": number(0.5, 0, -1.0),
        "steps": count(50, 0),
    },
    "training.word_patch_alignment.word_patch_loss": {
        "distances": like(torch.rand(N)),
        "matched": bools(IDS > 2),
    },
    "training.alignment.correspondence.match_logits": {
        "first": batch(X),
        "second": batch(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "weight": LOG_SCALE,
        "bias": LOG_SCALE,
    },
    "training.alignment.correspondence.match_loss": {
        "first": batch(X),
        "second": batch(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "weight": LOG_SCALE,
        "bias": LOG_SCALE,
        "step": count(1, 0, N),
    },
    "analysis.intervals.interval": {
        "values": Argument(
            [1.0, 2.0],
            (
                Wrong("one", [1.0]),
                Wrong("none", []),
                Wrong("NaN", [1.0, math.nan]),
                Wrong("text", "text"),
                Wrong("deeper", [[1.0, 2.0]]),
            ),
        ),
        "level": number(0.95, 0, 1),
        "one": free(False),
    },
    "analysis.intervals.summarise": {
        "table": a(pd.concat([ACCURACY] * 2)),
        "by": Argument(
            ["model"], (Wrong("text", "model"), Wrong("misspelt", ["mode"], "'model'?"))
        ),
        "value": name("accuracy"),
    },
    "analysis.costs.parameters": {"model": a(MODEL)},
    "analysis.costs.multiply_adds": {"model": a(MODEL), "inputs": by_name(INPUTS)},
    "analysis.costs.cost": {"operator": a(MODEL.fusion)},
    "analysis.costs.cost_table": {
        "width": count(2, 0),
        "num_classes": count(2, 0),
        "modalities": count(2, 1),
        "names": FUSIONS,
    },
    "analysis.agreement.agreement": {
        "answers": labels(Y),
        "alone": several([Y, Y], labels),
        "labels": labels(Y),
    },
    "analysis.missing_modality.filled": {
        # What is lost may be NaN: it is replaced.
        "inputs": by_name({"A": X, "B": Z}, lambda x: batch(x, "NaN", "inf", "flatter", "deeper")),
        "lost": name("A", near=False),
        "how": name("mean"),
        "train": by_name({"A": X, "B": Z}, batch),
    },
    "analysis.missing_modality.dropped": {
        "model": a(MODEL, Wrong("not additive", build_classifier(INPUTS, 2, fusion="mid-mlp"))),
        "inputs": by_name(INPUTS, batch),
        "lost": name("B", near=False),
    },
    "lessons.l03_emap.interaction.projected": {"model": a(MODEL), "split": a(DATA.test)},
    "lessons.l03_emap.interaction.compare_stepwise": {**TRAINING, "fusions": FUSIONS},
    "lessons.l03_emap.interaction.compare": {**TRAINING, "fusions": FUSIONS},
    "lessons.l03_emap.interaction.with_synergy": {
        "share": share(0.5),
        "noise": number(1.0, -1.0),
        "train": count(10, 1),
        "valid": count(10, 0),
        "test": count(10, 0),
    },
    "lessons.l02_fusion_operators.surfaces.additive_part": {"surface": surface(SURFACE)},
    "lessons.l02_fusion_operators.surfaces.share": {
        "part": surface(SURFACE, "flat"),
        "whole": surface(SURFACE, "flat"),
    },
    "lessons.l02_fusion_operators.surfaces.grid": {"side": count(2, 1)},
    "lessons.l02_fusion_operators.surfaces.build_model": OPERATORS,
    "lessons.l02_fusion_operators.surfaces.learn_stepwise": {
        **OPERATORS,
        "target": a(Target(1, 1, 0)),
        "rate": number(0.01, 0, -1.0),
        "count": count(1, 0),
    },
    "lessons.l02_fusion_operators.surfaces.learn": {
        "operator": name("tensor"),
        "target": a(Target(1, 1, 0)),
    },
    "analysis.diagnosis.drop_by_seed": {
        "accuracy": with_also(table(ACCURACY, "model", "accuracy", "seed"), *WORSE),
        "modalities": MODALITIES,
    },
    "analysis.diagnosis.probe_change_by_seed": {
        "probes": with_also(
            table(PROBES, "modality", "trained", "accuracy", "seed"), *WORSE_PROBES
        ),
    },
    "analysis.diagnosis.diagnose": {
        "accuracy": with_also(table(ACCURACY, "model", "accuracy"), *WORSE),
        "probes": with_also(table(PROBES, "modality", "trained", "accuracy"), *WORSE_PROBES),
    },
    "lessons.l08_multi_loss_balanced.pace.run_scores": {
        **TRAINING,
        "alpha": number(2.0, -1.0),
        "beta_max": number(8.0, 0.5),
        "fusion": name("mid-mlp"),
    },
    "lessons.l08_multi_loss_balanced.pace.paces": {
        "scores": with_also(
            table(RUN, "epoch", "batch", "rows"),
            Wrong("one modality", RUN.drop(columns="B")),
            Wrong("NaN", RUN.assign(A=math.nan)),
            Wrong("zero", RUN.assign(A=0.0)),
        ),
        "alpha": number(2.0, -1.0),
        "beta_max": number(8.0, 0.5),
    },
    "compare.seeds.compare_stepwise": {
        **TRAINING,
        "variants": a(None, Wrong("list", ["joint"]), Wrong("no Variant", {"joint": 1})),
        "widths": a((4,), Wrong("zero", (0,))),
        "encoder": name("mlp", near=False),
    },
    "compare.seeds.probe_rows": {
        "model": a(MODEL),
        "train": a(DATA.train),
        "test": a(DATA.test),
        "trained": name("alone"),
    },
    "compare.seeds.over_seeds": {
        "make_data": a(lambda seed: generate(RECIPE, seed)),
        "settings": a(QUICK),
        "seeds": a([0], Wrong("none", []), Wrong("not whole", [0.5])),
        "variants": a(None, Wrong("list", ["joint"])),
        "widths": a((4,), Wrong("zero", (0,))),
        "encoder": name("mlp", near=False),
        "jobs": count(1, 0),
        "label": free(""),
    },
    # data
    "data.bag_of_words.words_of": {
        "text": Argument("A red heart", (Wrong("number", 7), Wrong("none", None)))
    },
    "data.bag_of_words.vocabulary": {
        "texts": Argument(
            [("red", "heart"), ("red", "car")],
            (
                Wrong("none", []),
                Wrong("rare", [("red",)]),
                Wrong("number", 7),
                Wrong("sentences", ["red heart", "red car"]),
            ),
        ),
        "least": count(2, 0),
    },
    "data.pair_augmentation.shifted": {
        "pictures": batch(COLOURS),
        "most": count(2, -1, 9),
        "generator": a(RNG),
    },
    "data.pair_augmentation.brightened": {
        "pictures": batch(COLOURS),
        "spread": number(0.2, -0.1, 1),
        "generator": a(RNG),
        **PART_OF_A_BATCH,
    },
    "data.pair_augmentation.mirrored": {
        "pictures": batch(COLOURS),
        "allowed": Argument(
            torch.ones(5, dtype=torch.bool),
            (
                Wrong("numbers", torch.ones(5)),
                Wrong("another size", torch.ones(4, dtype=torch.bool)),
                Wrong("list", [True] * 5),
            ),
        ),
        "generator": a(RNG),
        **PART_OF_A_BATCH,
    },
    "data.pair_augmentation.without_words": {
        "bags": batch(BAGS),
        "share": number(0.3, -0.1, 1),
        "generator": a(RNG),
        **PART_OF_A_BATCH,
    },
    "data.picture_features.picture_features": {"pictures": BYTES},
    "data.picture_features.principal_components": {
        "train": batch(X),
        "others": batch(Z, also=(Wrong("another width", torch.randn(N, 5)),)),
        "size": count(2, 0, 5),
    },
    "data.synthetic.shown_classes": {
        "kind": name("synergistic"),
        "label": count(1, -1, 6),
        "others": Argument((1,), (Wrong("number", 1), Wrong("C", (6,)), Wrong("too many", (1, 1)))),
        "recipe": a(RECIPE),
    },
    "data.synthetic.ceiling": {
        "recipe": a(RECIPE),
        "seen": Argument(("A",), (Wrong("strange", ("C",)), Wrong("number", 7))),
    },
    "data.synthetic.generate": {"recipe": a(RECIPE), "seed": count(0, -1), "name": free("x")},
    "data.spectrogram.hz_to_mel": {"hz": number(440.0, -1.0)},
    "data.spectrogram.mel_filters": {
        "mels": count(4, 0),
        "fft": count(512, 0, 1),
        "rate": count(8000, 0),
    },
    "data.spectrogram.log_mel": {
        "wave": batch(WAVE, "whole numbers", also=(Wrong("silent", WAVE * 0),)),
        "mels": count(4, 0),
    },
    "data.spectrogram.at_8_khz": {
        "wave": batch(WAVE, "whole numbers"),
        "rate": count(16000, 0),
    },
    "data.spectrogram.trim_silence": {
        "wave": batch(WAVE, "whole numbers", also=(Wrong("silent", WAVE * 0),)),
        "below_db": number(40.0, -1.0),
    },
    "data.spectrogram.resize": {
        "pictures": batch(PICTURES),
        "height": count(4, 0),
        "width": count(4, 0),
    },
    "data.spectrogram.word_picture": {
        "wave": batch(WAVE, "whole numbers", also=(Wrong("silent", WAVE * 0),)),
        "rate": count(8000, 0),
    },
    "data.spectrogram.lay_out": {
        "words": batch(PICTURES),
        "seconds": like(torch.ones(3)),
        "size": count(8, 1, 33)._replace(says="mel_size"),
        "stretch": free(False),
        "window": number(1.0, 0, -1.0),
    },
    "data.timeline.moments": {
        "n": count(5, 0),
        "modalities": count(2, 0),
        "steps": count(3, 1),
        "alignment": share(0.5),
        "rng": a(RNG),
    },
    "data.timeline.on_timeline": {
        "data": a(DATA),
        "steps": count(3, 1),
        "alignment": share(0.5),
        "seed": count(0, -1),
    },
    "data.standardise.standardise_features": {
        "x": batch(X, "deeper"),
        "train": Argument(
            torch.arange(4),
            (
                Wrong("none", torch.arange(0)),
                Wrong("beyond", torch.tensor([N])),
                Wrong("−1", torch.tensor([-1])),
                Wrong("not whole", torch.tensor([0.5])),
                Wrong("list", [0, 1]),
            ),
        ),
    },
    "data.preset_recipes.preset": {"name": name("starve", says="preset")},
    "data.preset_recipes.load_preset": {
        "name": name("starve", says="preset"),
        "seed": count(0, -1),
    },
    # the checks themselves, of an argument that is called as here
    "utils.checks.require": {
        "condition": Argument(True, (Wrong("broken", False),), says="n is 3"),
        "sentence": free("n is 3; 4 was expected."),
    },
    "utils.checks.require_count": {
        "name": free("value"),
        "value": count(3, 0),
        "least": free(1),
        "most": free(5),
    },
    "utils.checks.require_finite": {"name": free("value"), "value": number(1.0)},
    "utils.checks.require_share": {"name": free("value"), "value": share(0.5)},
    "utils.checks.require_positive": {"name": free("value"), "value": number(0.5, 0, -1.0)},
    "utils.checks.require_not_negative": {"name": free("value"), "value": number(0.5, -0.1)},
    "utils.checks.require_seeds": {
        "seeds": Argument(
            [0, 1],
            (
                Wrong("text", "01"),
                Wrong("number", 7),
                Wrong("none", []),
                Wrong("−1", [-1]),
                Wrong("a half", [0.5]),
            ),
        ),
    },
    "utils.checks.choose": {
        "name": free("value"),
        "value": name("red"),
        "options": free(["red", "blue"]),
    },
    "utils.tensor_checks.require_floats": {
        "name": free("x"),
        "x": batch(X, "NaN", "inf", "empty", "deeper", "flatter"),
    },
    "utils.tensor_checks.require_dtype": {
        "name": free("x"),
        "x": Argument(X, (Wrong("double", X.double()), Wrong("list", X.tolist()))),
        "module": free(nn.Linear(1, 1)),
    },
    "utils.checks.require_modality": {
        "name": free("modality"),
        "modality": Argument("A", tuple(Wrong(repr(m), m) for m in ("", "a.b", 7, None))),
    },
    "utils.tensor_checks.require_weights": {
        "name": free("x"),
        "x": batch(X, "empty", "deeper", "flatter"),
    },
    "utils.tensor_checks.require_batch": {
        "name": free("x"),
        "x": batch(X),
        "shape": free((None, 4)),
    },
    "utils.tensor_checks.require_module_names": {
        "name": free("operators"),
        "modules": Argument(
            {"a": nn.Linear(1, 1)},
            tuple(Wrong(repr(k), {k: nn.Linear(1, 1)}) for k in ("", "a.b", "add_module", 7)),
            says="operators",
        ),
    },
    "utils.tensor_checks.require_scalar": {"name": free("x"), "x": LOG_SCALE},
    "utils.tensor_checks.require_pairs": {"first": batch(X), "second": like(Z)},
    "utils.tensor_checks.require_one_shape": {
        "first_name": free("first"),
        "first": batch(X),
        "second_name": free("second"),
        "second": like(Z),
    },
    "utils.tensor_checks.require_one_width": {
        "first_name": free("first"),
        "first": batch(X),
        "second_name": free("second"),
        "second": batch(Z, also=(Wrong("another width", torch.randn(N, 5)),)),
    },
    "utils.tensor_checks.require_bools": {
        "name": free("x"),
        "x": Argument(
            OWN,
            (
                Wrong("numbers", OWN.float()),
                Wrong("another size", OWN[:-1]),
                Wrong("list", OWN.tolist()),
            ),
        ),
        "shape": free((N, N)),
    },
    "utils.tensor_checks.require_labels": {
        "name": free("labels"),
        "labels": labels(Y, C),
        "rows": free(N),
        "num_classes": free(C),
    },
    "utils.checks.require_instance": {
        "name": free("value"),
        "value": a(QUICK),
        "kind": free(Settings),
    },
    "utils.checks.require_callable": {
        "name": free("value"),
        "value": Argument(print, (Wrong("text", "print"), Wrong("nothing", None))),
    },
    "utils.checks.require_flag": {"name": free("value"), "value": flag()},
    "utils.checks.require_mapping": {
        "name": free("value"),
        "value": Argument({"A": 1}, (Wrong("none", {}), Wrong("list", ["A"]), Wrong("number", 7))),
        "what": free("numbers"),
    },
    "utils.checks.require_list": {
        "name": free("value"),
        "value": Argument([1], (Wrong("none", []), Wrong("text", "A"), Wrong("number", 7))),
        "what": free("numbers"),
    },
    "utils.tensor_checks.require_tensors": {
        "name": free("tensors"),
        "tensors": Argument(
            [X, X], (Wrong("none", []), Wrong("number", 7), Wrong("whole numbers", [X.long()]))
        ),
    },
    "utils.checks.require_by_modality": {
        "name": free("value"),
        "value": Argument({"A": 1}, (Wrong("list", ["A"]), Wrong("number", 7))),
    },
    "utils.checks.require_present": {
        "name": free("value"),
        "value": Argument({"A": 1, "B": 2}, (Wrong("one less", {"A": 1}, "['B']"),)),
        "wanted": free(["A", "B"]),
        "reader": free("the model reads"),
    },
    "utils.checks.require_columns": {
        "name": free("table"),
        "table": table(ACCURACY, "model"),
        "columns": free(["model"]),
    },
}
TABLE["data.standardise.standardise_whole"] = {
    **TABLE["data.standardise.standardise_features"],
    "x": batch(X, "deeper", "flatter"),
}
TABLE |= {
    "data.scene_captions.caption_words": {
        **{key: count(3, -1, 26) for key in "ab"},
        "relation": count(2, -1, 4),
        "c": Argument(5, (Wrong("half", 0.5), Wrong("text", "5"), Wrong("beyond", 26))),
    },
    "data.scene_captions.parsed": {"words": CAPTION},
    "data.scene_captions.foil_words": {
        "words": CAPTION,
        "kind": name("colour"),
        "generator": a(RNG),
    },
    "data.scene_captions.ids_of": {
        "captions": a([SAYS], Wrong("a strange word", [("cart",)]), Wrong("too long", [SAYS * 3])),
        "length": count(9, 0),
    },
    "data.scene_captions.one_hot": {
        "ids": Argument(
            ids_of([SAYS]),
            (
                Wrong("beyond", ids_of([SAYS]) + 20),
                Wrong("−2", ids_of([SAYS]) - 1),
                Wrong("empty", ids_of([SAYS])[:0]),
                Wrong("deeper", ids_of([SAYS])[None]),
                Wrong("floats", ids_of([SAYS]).float()),
                Wrong("list", ids_of([SAYS]).tolist()),
            ),
        ),
    },
    "data.scene_captions.words_in": {"text": batch(TEXTS)},
    "data.scene_captions.foils": {
        "text": batch(TEXTS),
        "kind": name("colour"),
        "generator": a(RNG),
    },
    "data.scene_combinations.combinations": {
        "part": name("train"),
        "seed": count(3, -1),
        "axis": name("vertical"),
    },
    "data.scenes.draw_scenes": {
        "count": count(3, 0),
        "seed": count(3, -1),
        "part": name("train"),
        "objects": count(2, 1, 4),
        "axis": name("vertical"),
    },
    "data.scenes.with_wrong_captions": {
        "scenes": a(SCENES),
        "share": share(0.5),
        "seed": count(3, -1),
    },
    "data.scenes.scene_splits": {
        "seed": count(3, -1),
        "sizes": a((4, 2, 2), Wrong("two", (4, 2)), Wrong("zero", (4, 0, 2))),
        "objects": count(2, 1, 4),
        "axis": name("vertical"),
        "wrong": share(0.5),
    },
    "data.scenes.as_data": {
        "parts": a(
            dict.fromkeys(("train", "valid", "test"), SCENES),
            Wrong("one less", {"train": SCENES}),
            Wrong("none", {}),
            Wrong("other things", dict.fromkeys(("train", "valid", "test"), X)),
        ),
        "axis": name("both"),
    },
    "data.scenes.load_scenes": {
        "seed": count(3, -1),
        **{key: count(4, 0)._replace(says="sizes") for key in ("train", "valid", "test")},
        "objects": count(2, 1, 4),
        "axis": name("vertical"),
        "wrong": share(0.5),
    },
    "layers.self_attention.attend": {
        "attention": a(ATTENTION),
        "query": batch(TOKENS_4, "empty"),
        "keys": batch(TOKENS_4, "empty"),
        "padding": bools(torch.zeros(2, 3, dtype=torch.bool)),
    },
    "training.alignment.pair_batch.same_text": {"words": batch(TEXTS)},
    "training.alignment.align_before_fuse.same_everywhere": {"words": batch(TEXTS)},
    "training.alignment.align_before_fuse.pair_contrast": {
        "first": directions(X),
        "second": directions(Z, also=(Wrong("another size", torch.cat([Z, Z])),)),
        "temperature": with_also(LOG_SCALE, Wrong("zero", torch.tensor(0.0))),
        "ids": labels(IDS),
    },
    **{
        f"analysis.grounding.{key}": {
            "network": a(TOWERS),
            "patches": batch(TOKENS_4),
            "words": like(TOKENS_4),
            "layer": count(1, -1, 2),
        }
        for key in ("attention_map", "gradient_weighted_attention")
    },
    "analysis.grounding.transport_map": {
        "network": a(TOWERS),
        "patches": batch(TOKENS_4),
        "words": like(TOKENS_4),
        "beta": number(0.1, 0, -1.0),
        "steps": count(5, 0),
    },
    "analysis.grounding.occlusion_map": {
        "model": a(PAIR_MODEL, Wrong("another fusion", MODEL, "PairNetwork")),
        "pictures": batch(SCENES.pictures),
        "words": like(SCENES.text),
        "which": bools(SCENES.words == 6),
        "mask": count(1, -1, len(WORDS)),
    },
    "analysis.grounding.blanked": {
        "pictures": batch(SCENES.pictures),
        "cell": count(16, 0, 10),
    },
    "analysis.grounding.pointing": {
        "maps": batch(torch.rand(2, 3, 4)),
        "cells": Argument(
            torch.tensor([[1, -1, 0], [3, 2, -1]]),
            (
                Wrong("beyond", torch.tensor([[1, -1, 0], [4, 2, -1]])),
                Wrong("no word", torch.full((2, 3), -1)),
                Wrong("another size", torch.zeros(3, 3, dtype=torch.int64)),
                Wrong("floats", torch.zeros(2, 3)),
                Wrong("list", [[1, -1, 0], [3, 2, -1]]),
            ),
        ),
        "among": bools(
            torch.ones(2, 4, dtype=torch.bool),
            Wrong("without its own", torch.zeros(2, 4, dtype=torch.bool)),
        ),
    },
    **wrong_arguments_evaluation.TABLE,
    **wrong_arguments_objectives.TABLE,
    **wrong_arguments_unimodal_bias.TABLE,
    **wrong_arguments_efficiency.TABLE,
    **wrong_arguments_search.TABLE,
    **wrong_arguments_many_modalities.TABLE,
}

ZEROS_ONES = [1, 0, 1, 1, 0, 0]
MEMBERS = ["a", "a", "a", "b", "b", "b"]
CREDIT = open_german_credit()
BYTES = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)


def bits(good=ZEROS_ONES):
    """Zeros and ones, one per row."""
    wrong = (
        Wrong("a two", [2, *good[1:]]),
        Wrong("a half", [0.5, *good[1:]]),
        Wrong("NaN", [math.nan, *good[1:]]),
        Wrong("another size", good[1:]),
        Wrong("none", []),
        Wrong("deeper", [good]),
        Wrong("letters", MEMBERS),
    )
    return Argument(good, wrong)


def members(good=MEMBERS):
    """A group per row."""
    wrong = (
        Wrong("another size", good[1:]),
        Wrong("text", "aaabbb"),
        Wrong("number", 7),
        Wrong("none", []),
        Wrong("one without", [*good[1:], None]),
    )
    return Argument(good, wrong)


ROW_WEIGHTS = Argument(
    [1.0] * 6,
    (
        Wrong("negative", [-1.0] * 6),
        Wrong("NaN", [math.nan] * 6),
        Wrong("another size", [1.0] * 5),
        Wrong("text", "text"),
    ),
)
RATES_OF_GROUPS = Argument(
    [0.2, 0.5],
    (Wrong("none", []), Wrong("text", "text"), Wrong("deeper", [[0.2, 0.5]])),
)
APART = {"groups": members(), "weights": ROW_WEIGHTS, "to_overall": flag()}
BOOTSTRAP = {
    "labels": bits(),
    "predictions": bits(),
    "groups": members(),
    "rate": name("accuracy"),
    "draws": count(20, 0),
    "level": number(0.9, 0, 1),
    "seed": count(0, -1),
}
TABLE |= {
    "analysis.group_rates.group_rates": {
        "labels": bits(),
        "predictions": bits(),
        "groups": members(),
        "weights": ROW_WEIGHTS,
    },
    "analysis.group_rates.zeros_and_ones": {
        "name": free("values"),
        "values": bits()._replace(
            wrong=tuple(w for w in bits().wrong if w.label != "another size")
        ),
    },
    "analysis.group_rates.overall_rates": {
        "labels": bits(),
        "predictions": bits(),
        "weights": ROW_WEIGHTS,
    },
    "analysis.group_rates.intersections": {
        "attributes": Argument(
            [MEMBERS, ZEROS_ONES],
            (
                Wrong("none", []),
                Wrong("number", 7),
                Wrong("numbers", [7, 7]),
                Wrong("two lengths", [MEMBERS, MEMBERS[1:]]),
            ),
        ),
    },
    **{
        f"analysis.group_metrics.rate_{kind}": {
            "rates": RATES_OF_GROUPS,
            "overall": number(0.3)._replace(wrong=()),
        }
        for kind in ("difference", "ratio")
    },
    **{
        f"analysis.group_metrics.demographic_parity_{kind}": {"predictions": bits(), **APART}
        for kind in ("difference", "ratio")
    },
    **{
        f"analysis.group_metrics.equal_opportunity_{kind}": {
            "labels": bits(),
            "predictions": bits(),
            **APART,
            "undefined": free(math.nan),
        }
        for kind in ("difference", "ratio")
    },
    **{
        f"analysis.group_metrics.equalized_odds_{kind}": {
            "labels": bits(),
            "predictions": bits(),
            **APART,
            "combine": name("worst"),
            "undefined": free(math.nan),
        }
        for kind in ("difference", "ratio")
    },
    "analysis.group_metrics.signed_differences": {
        "labels": bits(),
        "predictions": bits(),
        "groups": members(),
        "unprivileged": Argument("a", (Wrong("strange", "c"),)),
        "privileged": Argument("b", (Wrong("strange", "c"),)),
        "weights": ROW_WEIGHTS,
    },
    "analysis.group_intervals.bootstrap_rates": BOOTSTRAP,
    "analysis.group_intervals.bootstrap_difference": BOOTSTRAP,
    "analysis.group_calibration.group_calibration": {
        "labels": bits(),
        "probabilities": Argument(
            [0.1, 0.9, 0.5, 0.4, 1.0, 0.0],
            (
                Wrong("above one", [1.1] * 6),
                Wrong("NaN", [math.nan] * 6),
                Wrong("another size", [0.5] * 5),
                Wrong("text", "text"),
            ),
        ),
        "groups": members(),
        "bins": count(5, 0),
    },
    "analysis.fresh_probes.fresh_probes": {
        "features": batch(X),
        "attribute": labels(Y),
        "test_features": like(Z)._replace(
            wrong=tuple(w for w in like(Z).wrong if w.label != "another size")
        ),
        "test_attribute": labels(Y),
        "sizes": Argument([4], (Wrong("none", []), Wrong("number", 4), Wrong("−1", [-1]))),
        "seed": count(0, -1),
    },
    "analysis.fresh_probes.flipped": {
        "labels": labels(Y, C, "another size"),
        "accuracy": share(0.5),
        "classes": count(C, 1),
        "seed": count(0, -1),
    },
    "analysis.fresh_probes.answer_leakage": {
        "answers": labels(Y, C),
        "attribute": labels(Y),
        "labels": labels(Y, C),
        "classes": count(C, 1),
        "seed": count(0, -1),
    },
    "training.gradient_reversal.reverse_gradient": {
        "features": batch(X, "empty", "deeper", "flatter", "NaN", "inf"),
        "strength": number(1.0, -1.0),
    },
    "training.gradient_reversal.reversal_strength": {
        "progress": share(0.5),
        "gamma": number(10.0, 0, -1.0),
    },
    "training.adversarial_projection.project_away": {
        "task": batch(X, "empty", "deeper", "flatter"),
        "adversary": like(Z, "empty"),
        "alpha": number(1.0, -1.0),
    },
    "training.adversarial_projection.projected_gradients": {
        "task": by_name({"w": X}, lambda x: batch(x, "empty", "deeper", "flatter")),
        "adversary": by_name({"w": Z}, lambda x: batch(x, "deeper")),
        "alpha": number(1.0, -1.0),
        "whole_vector": flag(True),
    },
    "data.reweighing.reweighing_weights": {
        "groups": members(),
        "labels": Argument(
            ZEROS_ONES,
            (
                Wrong("another size", ZEROS_ONES[1:]),
                Wrong("none", []),
                Wrong("number", 7),
                Wrong("an empty cell", [1, 1, 1, 0, 0, 0], "empty cell"),
                Wrong("one without", [*ZEROS_ONES[1:], None]),
            ),
        ),
    },
    "data.emoji_people.jittered": {
        "pictures": Argument(
            BYTES,
            (
                Wrong("floats", BYTES.float()),
                Wrong("flatter", BYTES[0]),
                Wrong("none", BYTES[:0]),
                Wrong("list", BYTES.tolist()),
            ),
        ),
        "times": count(2, 0),
        "seed": count(0, -1),
    },
    "data.emoji_people.draw_people": {
        "number_of_roles": count(4, 3, 1, 70),
        "share": number(0.9, 0.4, 1.1),
        "per_role": count(10, 0, 99),
        "jitters": count(6, 0),
        "of_roles": count(65, 1),
        "seed": count(0, -1),
    },
    "data.german_credit.open_german_credit": {"young": count(25, 0)},
    "data.german_credit.credit_features": {
        "table": table(CREDIT, "age", "sex"),
        "protected": flag(),
    },
}
NAMES_OF_ROWS = {
    "name": free("values"),
    "values": members()._replace(
        wrong=(
            *(w for w in members().wrong if w.label != "another size"),
            Wrong("of lists", [["a"], ["b"]]),
        )
    ),
}
TABLE |= {
    "utils.row_values.names_of": NAMES_OF_ROWS,
    "utils.row_values.require_names": {
        "name": free("entries"),
        "entries": Argument(
            MEMBERS, (Wrong("of lists", [["a"], ["b"]]), Wrong("one without", ["a", None]))
        ),
    },
    "utils.row_values.numbers_of": {
        "name": free("values"),
        "values": Argument(
            [0.5, 1.0],
            (Wrong("text", "text"), Wrong("None", [None]), Wrong("ragged", [[1.0], [1.0, 2.0]])),
        ),
    },
}
TABLE["data.reweighing.balancing_weights"] = {
    **TABLE["data.reweighing.reweighing_weights"],
    "gamma": share(0.5),
}

# Function → why it looks at nothing.
EXEMPT = {
    **wrong_arguments_evaluation.EXEMPT,
    **wrong_arguments_objectives.EXEMPT,
    **wrong_arguments_unimodal_bias.EXEMPT,
    **wrong_arguments_efficiency.EXEMPT,
    **wrong_arguments_search.EXEMPT,
    **wrong_arguments_many_modalities.EXEMPT,
    "data.scene_captions.may_exchange_colours": "on objects as words, inside what has parsed them",
    "layers.self_attention.require_sequence": "a check itself, on a block's own attention",
    "layers.self_attention.require_padding": "a check itself, on keys that have been checked",
    "training.momentum_distillation.require_temperature": "a check itself, of a temperature",
    "data.bag_of_words.require_words": "a check itself, of a text's words",
    "layers.self_attention.require_block": "a check itself, of what a block is made with",
    "layers.self_attention.feed_forward": "inside blocks, whose sizes are checked",
    "layers.self_attention.either_way": "inside blocks, on what they have checked",
    "training.alignment.pair_batch.pair_batch": "on the step that is running",
    "training.alignment.pair_batch.network_of": "on the run that is going on, as its objective is",
    "lessons.l03_emap.interaction.train_together": "replicas.epochs checks what it hands on",
    "layers.modality_dropout.without_some": "on inputs or features that a model has in hand",
    "fusion.base.batched_linear": "inside `Fusion.stacked`, on the operator's own weights",
    "fusion.base.columns": "on an operator's own layer, once its widths are checked",
    "fusion.base.owned": "on an operator's own modules, once its widths are checked",
    "fusion.base.with_one": "inside operators, on features that they have checked",
    "balancing.greedy.speeds_of": "on the model of the step that is running",
    **{
        f"balancing.unimodal_teachers.{name}": "on the run that is going on, and models of it"
        for name in ("train_alone", "validation_accuracy")
    },
    "balancing.ensemble.answer_by": "on the model of the run that is going on",
    "balancing.mlb.pace": "`coefficients` without its checks, for many runs at once",
    "balancing.ogm.brake": "`coefficients` without its checks, for many runs at once",
    "balancing.pcgrad.unit_rows": "inside rules, on gradients that they have checked",
    "balancing.opm.rates": "`drop_rates` without its checks, for scores that may be 0",
    "balancing.unimodal_signals.logits_of": "on what the step that is running has",
    "balancing.sample_valuation.answers": "on the run that is going on, as its method is",
    "layers.modality_dropout.what_is_kept": "on inputs or features that a model has in hand",
    "balancing.unimodal_scores.rivals": "inside `pace` and `brake`",
    "balancing.unimodal_scores.in_range": "inside `pace` and `brake`",
    "balancing.unimodal_scores.all_equal": "inside `pace` and `brake`",
    "balancing.unimodal_scores.ratio": "inside `pace` and `brake`",
    "balancing.unimodal_signals.is_additive": "on what the step that is running has",
    "balancing.unimodal_signals.own_logits": "on what the step that is running has",
    "utils.tensor_checks.not_finite": "makes the error of a failed check, and checks nothing",
    **{
        f"analysis.emap_blocks.{name}": "inside `emap`, on inputs and blocks that it has checked"
        for name in (
            *("combinations", "blocks_of", "logits_in_blocks", "grid_means", "split_means"),
            *("broadcast_sums", "relu_sums"),
        )
    },
    "analysis.probes.quick_probes": "`quick_probe` without its checks, for many encoders at once",
}


# ---- the tests ---------------------------------------------------------------------------------

FUNCTIONS = dict(discovered(MODULES))


def test_every_public_function_has_an_entry_or_a_reason():
    assert len(FUNCTIONS) > 80
    new = set(FUNCTIONS) - set(TABLE) - set(EXEMPT)
    assert not new, f"{new} are in no table: TABLE says what is wrong with each of their arguments."
    assert set(FUNCTIONS) == set(TABLE) | set(EXEMPT)
    assert not set(TABLE) & set(EXEMPT) and all(len(why) > 20 for why in EXEMPT.values())


@pytest.mark.parametrize("key", TABLE)
def test_every_parameter_has_a_kind_and_good_arguments_pass(key):
    assert sorted(TABLE[key]) == sorted(parameters(FUNCTIONS[key]))
    call(FUNCTIONS[key], good_of(TABLE[key]))


@pytest.mark.parametrize(("key", "parameter", "wrong"), cases(TABLE))
def test_a_wrong_argument_is_refused_by_its_name(key, parameter, wrong):
    require_refused(FUNCTIONS[key], TABLE[key], parameter, wrong)
