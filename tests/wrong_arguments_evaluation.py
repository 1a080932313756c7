"""Wrong arguments of measures of captions, of answers, and of the people who rate them."""

import math

import numpy as np
import pandas as pd
import torch
from wrong_arguments import (
    Argument,
    Wrong,
    batch,
    count,
    flag,
    free,
    name,
    number,
    optional,
    table,
    with_also,
)

from coursekit.analysis.cider import document_frequencies
from coursekit.analysis.evaluation_suite import Measure, Suite
from coursekit.analysis.retrieval import both_ways

CANDIDATES = [["a", "red", "dog"], ["a", "cat"]]
REFERENCES = [[["a", "dog"], ["one", "red", "dog"]], [["the", "cat"]]]
RATINGS = np.array([[1.0, 2, 3, 3], [1, 2, 3, 2], [2, 2, 3, math.nan]])
COMPLETE = RATINGS[:2]
HUMAN = ["red"] * 6 + ["dark red"] * 4
SCORED = pd.DataFrame(
    {"system": list("xxyy"), "metric": [0.1, 0.4, 0.3, 0.5], "human": [1, 2, 4, 3]}
)


def replaced(good, place, value):
    """A copy of a list with something else at one place."""
    return [*good[:place], value, *good[place + 1 :]]


TOKENS = Argument(
    ["a", "red", "dog"],
    (Wrong("text", "a red dog"), Wrong("numbers", [1, 2]), Wrong("number", 7), Wrong("None", None)),
)
TEXT = Argument("Two dogs.", (Wrong("number", 7), Wrong("None", None), Wrong("words", ["dogs"])))
EACH_CANDIDATE = Argument(
    CANDIDATES,
    (
        Wrong("text", "a dog"),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("texts", ["a red dog", "a cat"], "tokens_of"),
        Wrong("numbers", replaced(CANDIDATES, 1, [1, 2])),
        Wrong("another size", CANDIDATES[:1]),
    ),
)
EACH_SYSTEM = Argument(
    [CANDIDATES, CANDIDATES[::-1]],
    (
        Wrong("text", "a dog"),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("flatter", CANDIDATES, "tokens_of"),
        Wrong("another size", [CANDIDATES, CANDIDATES[:1]]),
    ),
)
OF_ONE_IMAGE = Argument(
    REFERENCES[0],
    (
        Wrong("text", "a dog"),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("texts", ["a dog", "a cat"]),
    ),
)
EACH_REFERENCE = Argument(
    REFERENCES,
    (
        *OF_ONE_IMAGE.wrong,
        Wrong("flatter", CANDIDATES),
        Wrong("an image without", replaced(REFERENCES, 1, [])),
        Wrong("numbers", replaced(REFERENCES, 1, [[1]])),
    ),
)
BOTH = {
    "candidates": EACH_CANDIDATE,
    "references": with_also(EACH_REFERENCE, Wrong("another size", REFERENCES[:1])),
}
FREQUENCIES = Argument(
    document_frequencies(REFERENCES),
    (
        Wrong("dictionary", {("a",): 2}),
        Wrong("number", 7),
        Wrong("of one image", document_frequencies(REFERENCES[:1])),
        Wrong("of shorter ones", document_frequencies(REFERENCES, 2)),
    ),
)
PEOPLE = Argument(
    HUMAN,
    (
        Wrong("text", "red"),
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("numbers", [1] * 10),
        Wrong("one without", [*HUMAN[:9], None]),
        Wrong("too few", HUMAN[:3]),
    ),
)


def ratings(good, *also):
    """Raters by units."""
    wrong = (
        Wrong("text", "text"),
        Wrong("texts", [["a", "b"], ["a", "c"]]),
        Wrong("ragged", [[1, 2], [1]]),
        Wrong("none", []),
        Wrong("flatter", good[0]),
        Wrong("deeper", good[None]),
        Wrong("one rater", good[:1]),
        Wrong("no unit", good[:, :0]),
        Wrong("None", [[1, None], [1, 2]]),
        Wrong("inf", np.where(good == 3, math.inf, good)),
        Wrong("never two", [[1, math.nan], [math.nan, 2]]),
        Wrong("all equal", np.ones((2, 3))),
    )
    return Argument(good, (*wrong, *also))


def row(good):
    """One rating per unit."""
    wrong = (
        Wrong("text", "text"),
        Wrong("texts", ["a", "b", "c", "d"]),
        Wrong("none", []),
        Wrong("deeper", good[None]),
        Wrong("NaN", np.where(good == 3, math.nan, good)),
        Wrong("another size", good[:-1]),
    )
    return Argument(good, wrong)


GAPLESS = ratings(COMPLETE, Wrong("a gap", RATINGS, "Krippendorff"))
SCALE = name("ordinal")
MEAN = Measure(np.asarray)
SUITE = Suite({"clean": [0.1, 0.4, 0.3]}, {"mean": MEAN, "same": MEAN})
KS = Argument(
    [1, 5],
    (
        Wrong("none", []),
        Wrong("number", 5),
        Wrong("zero", [0]),
        Wrong("half", [1.5]),
        Wrong("text", "15"),
    ),
)
RANKINGS = Argument(
    both_ways(torch.eye(4)),
    (
        Wrong("none", []),
        Wrong("number", 7),
        Wrong("numbers", [0.5]),
        Wrong("one", both_ways(torch.eye(4))[0]),
    ),
)

TABLE = {
    "analysis.caption_ngrams.tokens_of": {"caption": TEXT},
    "analysis.caption_ngrams.ngrams": {"tokens": TOKENS, "n": count(2, 0)},
    "analysis.caption_ngrams.ngram_counts": {"tokens": TOKENS, "max_n": count(2, 0)},
    "analysis.caption_ngrams.require_tokens": {"name": free("tokens"), "tokens": TOKENS},
    "analysis.caption_ngrams.require_references": {"references": EACH_REFERENCE},
    "analysis.caption_ngrams.require_own_references": {
        "name": free("references"),
        "references": OF_ONE_IMAGE,
    },
    "analysis.caption_ngrams.require_captions": BOTH,
    "analysis.bleu.bleu_parts": {**BOTH, "max_n": count(4, 0)},
    "analysis.bleu.bleu_parts_of_each": {
        "systems": EACH_SYSTEM,
        "references": BOTH["references"],
        "max_n": count(4, 0),
    },
    "analysis.bleu.marked_ngrams": {
        "candidate": TOKENS,
        "references": OF_ONE_IMAGE,
        "n": count(2, 0),
    },
    "analysis.evaluation_suite.evaluate": {
        "model": Argument(list, (Wrong("number", 7), Wrong("None", None))),
        "suite": Argument(SUITE, (Wrong("conditions", SUITE.conditions), Wrong("None", None))),
        "draws": count(20, 0),
        "seed": count(3, -1),
    },
    "analysis.evaluation_suite.bleu_measure": {"references": EACH_REFERENCE, "n": count(4, 0)},
    "analysis.evaluation_suite.cider_measure": {
        "references": with_also(EACH_REFERENCE, Wrong("one image", REFERENCES[:1])),
    },
    "analysis.cider.document_frequencies": {"references": EACH_REFERENCE, "max_n": count(4, 0)},
    "analysis.cider.cider": {**BOTH, "max_n": count(4, 0), "frequencies": FREQUENCIES},
    "analysis.cider.cider_d": {
        **BOTH,
        "max_n": count(4, 0),
        "sigma": number(6.0, 0, -1),
        "frequencies": FREQUENCIES,
    },
    **{
        f"analysis.vqa_answers.{key}": {"answer": TEXT}
        for key in ("normalise_answer", "strip_punctuation", "trim_answer")
    },
    "analysis.vqa_accuracy.step_accuracy": {"same": count(3, -1, 11), "people": count(10, 0)},
    "analysis.vqa_accuracy.vqa_accuracy": {
        "answer": TEXT,
        "human_answers": PEOPLE,
        "as_released": flag(),
    },
    "analysis.vqa_accuracy.answer_accuracies": {"human_answers": PEOPLE},
    "analysis.vqa_accuracy.soft_targets": {
        "human_answers": Argument(
            [HUMAN, HUMAN],
            (
                Wrong("flatter", HUMAN),
                *(Wrong(f"one: {w.label}", [HUMAN, w.value]) for w in PEOPLE.wrong),
                Wrong("none", []),
                Wrong("number", 7),
            ),
        ),
        "vocabulary": Argument(
            ["red", "blue"],
            (
                Wrong("text", "red"),
                Wrong("none", []),
                Wrong("numbers", [1, 2]),
                Wrong("twice", ["red", "red"]),
                Wrong("written otherwise", ["Red"], "'red' was expected"),
            ),
        ),
    },
    "analysis.rater_agreement.raw_agreement": {
        "ratings": ratings(RATINGS)._replace(
            wrong=tuple(w for w in ratings(RATINGS).wrong if w.label != "all equal")
        )
    },
    "analysis.rater_agreement.fleiss_kappa": {"ratings": GAPLESS},
    "analysis.rater_agreement.randolph_kappa": {
        "ratings": GAPLESS._replace(
            wrong=tuple(w for w in GAPLESS.wrong if w.label != "all equal")
        ),
        "categories": optional(count(5, 2, 1)),
    },
    "analysis.rater_agreement.cohen_kappa": {
        "first": row(RATINGS[0]),
        "second": row(RATINGS[1]),
        "weights": name("linear"),
        "categories": Argument(
            [1, 2, 3, 4],
            (
                Wrong("text", "text"),
                Wrong("none", []),
                Wrong("twice", [1, 2, 2, 3]),
                Wrong("lacks one", [1, 2]),
            ),
        ),
    },
    "analysis.rater_agreement.checked_ratings": {
        "name": free("ratings"),
        "ratings": ratings(RATINGS)._replace(
            wrong=tuple(w for w in ratings(RATINGS).wrong if w.label != "all equal")
        ),
    },
    "analysis.krippendorff_alpha.krippendorff_alpha": {
        "ratings": ratings(RATINGS),
        "scale": SCALE,
    },
    "analysis.krippendorff_alpha.alpha_interval": {
        "ratings": ratings(RATINGS, Wrong("one unit", RATINGS[:, :1])),
        "scale": SCALE,
        "groups": Argument(
            list(range(RATINGS.shape[1])),
            (
                Wrong("text", "a" * RATINGS.shape[1]),
                Wrong("one too few", list(range(RATINGS.shape[1] - 1))),
                Wrong("one group", [0] * RATINGS.shape[1]),
                Wrong("None among them", [None, *range(1, RATINGS.shape[1])]),
            ),
        ),
        "draws": count(20, 0),
        "level": number(0.95, 0, 1),
        "seed": count(0, -1),
    },
    "analysis.metric_human_correlation.metric_human_correlation": {
        "table": with_also(
            table(SCORED, "metric", "human", "system"),
            Wrong("NaN", SCORED.assign(metric=math.nan)),
            Wrong("text", SCORED.assign(human="good")),
            Wrong("all equal", SCORED.assign(metric=0.5)),
            Wrong("one system", SCORED.assign(system="x")),
            Wrong("no system", SCORED.assign(system=["x", "x", "y", None])),
            Wrong("one row", SCORED[:1]),
        ),
        "metric": name("metric"),
        "human": name("human"),
        "system": name("system"),
    },
    "analysis.retrieval.recall_sum": {"rankings": RANKINGS, "ks": KS},
    "analysis.retrieval.retrieval_table": {
        "similarity": batch(torch.randn(4, 4)),
        "owner": Argument(
            torch.arange(4),
            (
                Wrong("beyond", torch.arange(4) + 1),
                Wrong("another size", torch.arange(3)),
                Wrong("list", [0, 1, 2, 3]),
            ),
        ),
        "ks": KS,
    },
}

EXEMPT = {
    "analysis.rater_agreement.counts_by_value": "on ratings that `checked_ratings` has checked",
}
