"""Entries of the table of wrong arguments: training beside a bias, priors of answers, captions."""

import torch
from wrong_arguments import (
    Argument,
    Wrong,
    a,
    batch,
    changed,
    count,
    flag,
    labels,
    like,
    name,
    number,
    share,
    with_also,
)

from coursekit.data.question_pool import QuestionPool
from coursekit.data.scenes import draw_scenes

MODULES = (
    *("training.bias_ensembles", "training.bias_ensembles_several_answers", "training.rubi"),
    *("training.answer_prior", "training.equalizer", "data.easy_vqa", "data.shifted_priors"),
    *("data.scene_questions", "data.actor_captions"),
)

torch.manual_seed(1)
LOGITS, Y = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
LOG_BIAS = torch.randn(6, 3).log_softmax(1)
BIAS, SHARES = torch.rand(6, 3) * 0.8 + 0.1, torch.rand(6, 3)
FACTOR = torch.rand(6) + 0.1
KEYS = torch.tensor([0, 1, 0, 1, 0, 1])
WORDS = torch.randn(2, 3, 6)
TARGETS = torch.tensor([[0, 1, 3], [4, 2, 0]])
MASK = torch.ones(2, 3, dtype=torch.bool)
SETS = ([1, 3], [2, 4])
POSSIBLE = torch.tensor([[True, True, False], [True, True, True]])
POOL = QuestionPool(
    ("a?", "b?"),
    ("x", "y", "z"),
    (("one", "a"), ("two", "b")),
    torch.tensor([0, 1]),
    torch.tensor([0, 0, 1, 1, 1]),
    torch.tensor([0, 1, 0, 1, 2]),
    torch.tensor([0, 1, 2, 3, 4]),
)
RNG = torch.Generator()

# Losses that take networks in front of the batch: another rank or size is seen as unlike shapes.
ROWS = like(LOGITS, "flatter", "deeper")
LOGS = with_also(like(LOG_BIAS, "flatter", "deeper"), Wrong("probabilities", LOG_BIAS.exp()))
OWN = labels(Y, 3)
FACTORS = with_also(batch(FACTOR, "flatter"), Wrong("negative", changed(FACTOR, 0, -0.1)))
BESIDE = {"logits": ROWS, "log_bias": LOGS, "labels": OWN}

SHARE_ROWS = with_also(like(SHARES), Wrong("above one", changed(SHARES, 0, 1.5)))
CERTAIN = Wrong("certain everywhere", torch.ones(6, 3))
BIASES = with_also(like(BIAS), Wrong("above one", changed(BIAS, 0, 1.5)))
SEVERAL = {"logits": like(LOGITS), "bias": BIASES, "labels": SHARE_ROWS}
SMOOTHING = number(0.1, -0.1)

BOOLS = Argument(
    MASK,
    (
        Wrong("numbers", MASK.float()),
        Wrong("another size", MASK[:, :2]),
        Wrong("list", MASK.tolist()),
    ),
)
WORD_LIST = Argument(
    [1, 3],
    (
        Wrong("none", []),
        Wrong("a number", 1),
        Wrong("twice", [1, 1]),
        Wrong("below", [-1, 1]),
        Wrong("no target is one", [5]),
    ),
)
WORD_SETS = Argument(
    SETS,
    (
        Wrong("one set", ([1],)),
        Wrong("an empty set", ([], [1])),
        Wrong("common", ([1, 2], [2])),
        Wrong("beyond", ([1], [6])),
        Wrong("text", "words"),
    ),
)
TARGET = Argument(
    TARGETS,
    (
        Wrong("−1", changed(TARGETS, 0, -1)),
        Wrong("another size", TARGETS[:1]),
        Wrong("deeper", TARGETS[None]),
        Wrong("floats", TARGETS.float()),
        Wrong("list", TARGETS.tolist()),
    ),
)
POSSIBLES = Argument(
    POSSIBLE,
    (
        Wrong("numbers", POSSIBLE.long()),
        Wrong("one answer only", torch.eye(3, dtype=torch.bool)),
        Wrong("flatter", POSSIBLE[0]),
        Wrong("list", POSSIBLE.tolist()),
    ),
)
COUNTED = {
    "keys": labels(KEYS, 2),
    "answers": labels(Y, 3),
    "num_keys": count(2, 0),
    "num_answers": count(3, 0),
    "smoothing": number(1.0, 0.0, -1.0),
    "neutral": flag(True),
}
PRIOR = torch.tensor([[0.5, 0.5, 0], [0.2, 0.3, 0.5]])
CONTEXTS = torch.tensor([0, 0, 0, 1, 1, 1])
WHO = torch.tensor([0, 0, 1, 1, 1, 0])
PICTURES = torch.randint(0, 255, (2, 3, 9, 9), dtype=torch.uint8)

TABLE = {
    "training.bias_ensembles.reweighted_loss": {
        **BESIDE,
        "log_bias": with_also(LOGS, Wrong("certain everywhere", torch.zeros(6, 3))),
    },
    "training.bias_ensembles.product_loss": BESIDE,
    "training.bias_ensembles.mixin_loss": {
        **BESIDE,
        "factor": FACTORS,
        "entropy_weight": number(0.3, -0.1),
    },
    "training.bias_ensembles.bias_entropy": {"log_bias": LOGS, "factor": FACTORS},
    "training.bias_ensembles_several_answers.plain_loss": {
        "logits": like(LOGITS),
        "labels": SHARE_ROWS,
    },
    "training.bias_ensembles_several_answers.reweighted_loss": {
        **SEVERAL,
        "bias": with_also(BIASES, CERTAIN),
    },
    "training.bias_ensembles_several_answers.product_loss": {**SEVERAL, "smoothing": SMOOTHING},
    "training.bias_ensembles_several_answers.mixin_loss": {
        **SEVERAL,
        "factor": with_also(batch(FACTOR), Wrong("negative", changed(FACTOR, 0, -0.1))),
        "smoothing": SMOOTHING,
        "entropy_weight": number(0.3, -0.1),
    },
    "training.rubi.rubi_loss": {
        "masked": ROWS,
        "question": like(LOGITS, "flatter", "deeper"),
        "labels": OWN,
        "question_weight": number(1.0, -1.0),
    },
    "training.answer_prior.answer_prior": COUNTED,
    "training.answer_prior.cross_fitted_prior": {**COUNTED, "folds": count(3, 1)},
    "training.answer_prior.inverse_count_weights": {"keys": labels(KEYS), "answers": labels(Y)},
    "training.equalizer.where_any": {
        "targets": TARGET,
        "words": WORD_LIST,
        "mask": BOOLS,
        "allow_none": flag(),
    },
    "training.equalizer.appearance_confusion": {
        "logits": batch(WORDS),
        "targets": TARGET,
        "words": WORD_SETS,
        "mask": BOOLS,
        "allow_none": flag(),
    },
    "training.equalizer.confusion_per_position": {"logits": batch(WORDS), "words": WORD_SETS},
    "training.equalizer.confident_loss": {
        "logits": batch(WORDS),
        "targets": TARGET,
        "words": WORD_SETS,
        "mask": BOOLS,
        "smallest": number(1e-5, 0.0, -1.0),
        "allow_none": flag(),
    },
    "data.easy_vqa.question_key": {
        "text": a("is there a circle?")._replace(wrong=(Wrong("number", 7), Wrong("nothing", None)))
    },
    "data.easy_vqa.outlines_and_colours": {
        "pictures": Argument(
            PICTURES,
            (
                Wrong("floats", PICTURES.float()),
                Wrong("flatter", PICTURES[0]),
                Wrong("one channel", PICTURES[:, :1]),
                Wrong("empty", PICTURES[:0]),
                Wrong("list", PICTURES.tolist()),
            ),
        )
    },
    "data.shifted_priors.draw_preferences": {"possible": POSSIBLES, "generator": a(RNG)},
    "data.shifted_priors.prior_with_share": {
        "possible": POSSIBLES,
        "preferred": with_also(
            labels(torch.tensor([0, 2]), 3), Wrong("impossible", torch.tensor([2, 2]))
        ),
        "share": share(0.8),
    },
    "data.shifted_priors.flat_prior": {"possible": POSSIBLES},
    "data.shifted_priors.draw_questions": {
        "pool": a(POOL),
        "prior": with_also(like(PRIOR), Wrong("impossible", torch.full((2, 3), 1 / 3))),
        "count": count(4, 0),
        "generator": a(RNG),
    },
    "data.shifted_priors.draw_splits": {
        **{
            split: a(
                POOL.part(torch.arange(5))
                if split == "train"
                else QuestionPool(
                    POOL.texts,
                    POOL.answers,
                    POOL.keys,
                    POOL.key_of_text,
                    POOL.text,
                    POOL.answer,
                    POOL.picture + 5 * place,
                )
            )
            for place, split in enumerate(("train", "valid", "test"))
        },
        "seed": count(3, -1),
        "share": share(0.8),
        "counts": a((4, 4), Wrong("one", (4,)), Wrong("zero", (4, 0))),
    },
    "data.scene_questions.scene_questions": {"scenes": a(draw_scenes(4)), "seed": count(3, -1)},
    "data.actor_captions.draw_actor_scenes": {
        "count": count(3, 0),
        "seed": count(3, -1),
        "part": name("train"),
        "share": share(0.9),
        "noise": number(0.1, -0.1),
    },
    "analysis.amplification.stereotypes": {
        "contexts": labels(CONTEXTS, 2),
        "attributes": labels(WHO),
        "num_contexts": count(2, 0),
    },
    "analysis.amplification.stereotyped_share": {
        "contexts": labels(CONTEXTS, 2),
        "predicted": labels(WHO),
        "stereotype": Argument(
            torch.tensor([0, 1]),
            (
                Wrong("none", torch.tensor([-1, -1])),
                Wrong("below", torch.tensor([-2, 1])),
                Wrong("floats", torch.tensor([0.0, 1.0])),
                Wrong("list", [0, 1]),
            ),
        ),
    },
    "analysis.amplification.error_rate": {"predicted": labels(WHO), "truth": labels(WHO)},
    "analysis.amplification.count_ratio": {
        "attributes": labels(WHO, None, "another size"),
        "first": count(0, -1, 1),
        "second": count(1, -1, 0),
    },
    "analysis.amplification.amplification": {
        "train_contexts": labels(CONTEXTS),
        "train_attributes": with_also(labels(WHO), Wrong("even", torch.tensor([0, 1, 2, 0, 1, 2]))),
        "contexts": labels(CONTEXTS),
        "attributes": labels(WHO),
    },
}

EXEMPT = {
    "data.scene_questions.key_of": "on the questions that `scene_questions` has written",
    "training.bias_ensembles.cross_entropy": "inside losses, on what they have checked",
    "training.bias_ensembles.require_logits_and_labels": "a check itself, of logits and labels",
}
