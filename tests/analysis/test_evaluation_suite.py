"""An evaluation: figures as their own functions give them, intervals by hand, what it refuses."""

import numpy as np
import pytest

from coursekit.analysis.bleu import bleu_parts
from coursekit.analysis.cider import cider_d, document_frequencies
from coursekit.analysis.evaluation_suite import (
    Measure,
    Suite,
    bleu_measure,
    cider_measure,
    evaluate,
)

WORDS = [text.split() for text in (
    "a cat on a red mat", "two dogs run in the park", "a bus", "the sun is up now",
)]  # fmt: skip
REFERENCES = [
    [["a", "cat", "on", "a", "mat"], ["the", "cat", "is", "on", "a", "red", "mat"]],
    [["two", "dogs", "run", "in", "a", "park"]],
    [["a", "red", "bus"], ["the", "bus", "stops"]],
    [["now", "the", "sun", "is", "up"]],
]


def suite(**conditions):
    measures = {"BLEU-2": bleu_measure(REFERENCES, 2), "CIDEr-D": cider_measure(REFERENCES)}
    return Suite(conditions or {"all": WORDS}, measures)


def test_values_are_those_of_the_functions():
    table = evaluate(list, suite(), draws=10).table.set_index("measure")
    assert table.loc["BLEU-2", "value"] == pytest.approx(
        bleu_parts(WORDS, REFERENCES, 2).corpus()[1]
    )
    assert table.loc["CIDEr-D", "value"] == pytest.approx(cider_d(WORDS, REFERENCES).corpus)
    assert (table["low"] <= table["high"]).all() and (table["units"] == 4).all()


def test_a_bootstrap_of_bleu_is_bleu_of_the_drawn_corpus():
    measure = bleu_measure(REFERENCES, 2)
    rows = [0, 0, 2, 3]
    times = np.bincount(rows, minlength=4).astype(float)[None]
    value = measure.combined(times @ measure.per_unit(WORDS), 4)[0]
    drawn = bleu_parts([WORDS[i] for i in rows], [REFERENCES[i] for i in rows], 2).corpus()[1]
    assert value == pytest.approx(drawn)


def test_a_bootstrap_of_cider_keeps_the_document_frequencies():
    measure, rows = cider_measure(REFERENCES), [1, 1, 2, 3]
    times = np.bincount(rows, minlength=4).astype(float)[None]
    value = measure.combined(times @ measure.per_unit(WORDS)[:, None], 4)[0]
    drawn = [WORDS[i] for i in rows], [REFERENCES[i] for i in rows]
    frequencies = document_frequencies(REFERENCES)
    assert value == pytest.approx(cider_d(*drawn, frequencies=frequencies).corpus)


def test_the_interval_of_a_mean_is_near_students():
    x = np.random.default_rng(0).normal(size=200)
    one = Suite({"x": x}, {"mean": Measure(lambda y: y), "twice": Measure(lambda y: 2 * y)})
    row = evaluate(lambda y: y, one, draws=4000).table.iloc[0]
    half = 1.97 * x.std(ddof=1) / np.sqrt(200)
    assert row["low"] == pytest.approx(x.mean() - half, abs=0.02)
    assert row["high"] == pytest.approx(x.mean() + half, abs=0.02)


def test_conditions_see_the_same_draws():
    both = evaluate(list, suite(one=WORDS, other=WORDS), draws=50).table
    assert both.iloc[0, 2:].tolist() == both.iloc[2, 2:].tolist()
    again = evaluate(list, suite(one=WORDS, other=WORDS), draws=50).table
    assert both.equals(again)


def test_it_is_no_number_and_has_no_order():
    evaluation = evaluate(list, suite(), draws=5)
    for number in (float, int):
        with pytest.raises(TypeError, match="no single number"):
            number(evaluation)
    with pytest.raises(TypeError, match="no order"):
        sorted([evaluation, evaluation])
    with pytest.raises(ValueError, match="measures has one, BLEU"):
        Suite({"all": WORDS}, {"BLEU": bleu_measure(REFERENCES)})
    assert "<table" in evaluation._repr_html_()


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="3 units under 'fewer', 4"):
        ones = {"a": Measure(lambda x: np.ones(len(x))), "b": Measure(lambda x: np.ones(len(x)))}
        evaluate(list, Suite({"all": WORDS, "fewer": WORDS[:3]}, ones), draws=3)
    with pytest.raises(ValueError, match="finite"):
        evaluate(list, Suite({"all": [1.0, np.nan]}, {k: Measure(list) for k in "ab"}), draws=3)
    with pytest.raises(TypeError, match="measures"):
        Suite({"all": WORDS}, {"a": 3, "b": 4})
    with pytest.raises(TypeError, match="per_unit"):
        Measure(3)
