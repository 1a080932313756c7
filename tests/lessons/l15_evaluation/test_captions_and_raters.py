"""Sentences and what is right of them, systems, scripted raters, the rating card, the studies."""

import numpy as np
import pandas as pd
import pytest

from coursekit.analysis.bleu import marked_ngrams
from coursekit.course import record
from coursekit.course.plots.style import new_figure
from coursekit.data.files import DataFileError, open_checked
from coursekit.lessons.l15_evaluation import explorer, study_robustness
from coursekit.lessons.l15_evaluation.explorer import captions_explorer, judge
from coursekit.lessons.l15_evaluation.explorer_view import CaptionView
from coursekit.lessons.l15_evaluation.plots import damage_curves, metric_rows
from coursekit.lessons.l15_evaluation.rating_card import RatingCard, own_ratings, units_of
from coursekit.lessons.l15_evaluation.scene_sentences import (
    Shown,
    as_sentence,
    described,
    facts_of,
)
from coursekit.lessons.l15_evaluation.scripted_raters import (
    as_matrix,
    coherence,
    correctness,
    ratings_of,
    stored_ratings,
)
from coursekit.lessons.l15_evaluation.study_ratings import RATED
from coursekit.lessons.l15_evaluation.systems import (
    SEED,
    SYSTEMS,
    described_scenes,
    repeated,
    turned,
)
from coursekit.lessons.l15_evaluation.tau_intervals import tau_intervals

# A heart at the left of a square in the first row, a cat below it.
SCENE = Shown({("red", "heart"): 0, ("blue", "square"): 2, ("cat",): 8}, "left")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("sentence", "right", "relation", "repeated_objects", "broken"),
    [
        ("a red heart is left of a blue square and there is a cat", 3, True, 0, 0),
        ("a blue square to the right of a red heart with a cat elsewhere", 3, True, 0, 0),
        ("a red heart right of a blue square and a cat", 3, False, 0, 0),
        ("a cat below a blue square and a red heart", 3, True, 0, 0),
        ("a cat below a red heart and a blue square", 3, False, 0, 0),  # not in one column
        ("a kitten beneath a navy box", 2, True, 0, 0),
        ("a cat and a cat and a cat", 1, None, 2, 0),
        ("a dog left of a blue square", 1, False, 0, 0),
        ("red heart left of a blue square", 2, True, 0, 1),
        ("a red left of a blue square", 1, None, 0, 2),
        ("a a a", 0, None, 0, 2),
        ("", 0, None, 0, 0),
    ],
)
def test_facts(sentence, right, relation, repeated_objects, broken):
    facts = facts_of(sentence, SCENE)
    assert (facts.right, facts.relation) == (right, relation)
    assert (facts.repeated, facts.broken) == (repeated_objects, broken)


def test_describers_say_what_is_true_and_nothing_twice():
    sentences = described(SCENE, 6, np.random.default_rng(0))
    assert len(set(sentences)) == 6
    for sentence in sentences:
        facts = facts_of(sentence, SCENE)
        assert (facts.named, facts.right, facts.relation, facts.broken) == (3, 3, True, 0)


def test_articles_are_added_by_rule():
    assert as_sentence("cat left red heart and apple") == "a cat left of a red heart and an apple"
    assert as_sentence("red and and cat") == "a red and and a cat"
    assert repeated("a cat left of a dog and an apple", 2) == "an apple and an apple"


def test_systems_are_what_the_lesson_says():
    data = described_scenes()
    assert tuple(data.captions) == SYSTEMS and len(data) == 150
    judged = {
        name: [facts_of(c, s) for c, s in zip(captions, data.shown, strict=True)]
        for name, captions in data.captions.items()
    }
    for name in ("a describer", "other words", "turned round"):
        assert all(f.right == 3 for f in judged[name])
        assert all(f.relation is (name != "turned round") for f in judged[name])
    assert len(set(data.captions["template"])) == 1
    for own, last in zip(data.references, data.captions["a describer"], strict=True):
        assert last not in own and len(set(own)) == 5


def test_turning_a_caption_changes_one_word_of_it():
    data = described_scenes()
    for true, false in zip(data.words("a describer"), data.words("turned round"), strict=True):
        assert sum(one != other for one, other in zip(true, false, strict=True)) == 1
    assert turned("a cat over a dog and a bus") == "a cat under a dog and a bus"


def test_rows_of_metrics_say_their_intervals():
    scores = pd.DataFrame({
        "condition": ["a", "b"], "measure": "CIDEr-D", "value": [5.0, 1.0], "low": [4.8, 0.9],
        "high": [5.2, 1.2],
    })  # fmt: skip
    _, axes = new_figure(columns=2)
    assert metric_rows(axes[:1], scores, {"a": 1.0, "b": 0.0}) == (
        "CIDEr-D: a 5.00 [4.80, 5.20], b 1.00 [0.90, 1.20]."
    )


def test_stored_ratings_are_those_of_the_scripts():
    stored = stored_ratings()
    again = ratings_of(described_scenes(), RATED, SEED)
    pd.testing.assert_frame_equal(stored, again)
    assert all(name.startswith("scripted") for name in stored["rater"].unique())
    assert as_matrix(stored, "coherence").shape == (3, RATED * len(SYSTEMS))


def test_rules_of_the_raters():
    true = facts_of("a red heart left of a blue square and a cat", SCENE)
    assert correctness(true) == 5 and coherence(true) == 5
    false = facts_of("a red heart right of a blue square and a cat", SCENE)
    assert correctness(false) == pytest.approx(3.4)
    twice = facts_of("a cat and a cat", SCENE)
    assert coherence(twice) == 3 and correctness(twice) == pytest.approx(1.8)


def test_the_card_keeps_ratings_blind_and_in_a_drawn_order(kept):
    units = units_of(described_scenes(), (3,), SYSTEMS)
    card, other = RatingCard(units, 1), RatingCard(units, 1)
    assert card.caption == other.caption
    orders = {tuple(u.system for u in RatingCard(units, seed)._units) for seed in range(5)}
    assert len(orders) > 3
    shown = repr(card) + str(card._repr_mimebundle_()["text/html"]) + card._shown.value
    assert not any(system in shown for system in SYSTEMS)
    card.rate(4, 5)
    card.rate(2, 3)
    card.back()
    card.rate(1, 1)
    mine = own_ratings()
    assert mine[["correctness", "coherence"]].to_numpy().tolist() == [[4, 5], [1, 1]]
    assert set(mine["rater"]) == {"you"}
    entry = record.read()[-1]
    assert entry["kind"] == "rating" and entry["seed"] == 1 and entry["place"] == 1
    with pytest.raises(ValueError, match="correctness"):
        card.rate(6, 1)


def test_the_card_asks_for_both_and_ends(kept):
    card = RatingCard(units_of(described_scenes(), (0,), ("template", "repeats")))
    card._keep.click()
    assert "both questions" in card._status.value and own_ratings().empty
    for _ in range(2):
        for radio in card._radios.values():
            assert radio.value is None
            radio.value = 3
        card._keep.click()
    assert card.done and card.caption == "" and len(own_ratings()) == 2
    with pytest.raises(ValueError, match="All captions are rated"):
        card.rate(1, 1)
    card.back()
    assert not card.done


def test_what_the_explorer_marks_is_what_bleu_counts():
    data = judge(2, "a blue heart over a red a a square", 1)
    references = [text.split() for text in data.references]
    assert list(data.marked) == [m for _, m in marked_ngrams(data.words, references, 1)]
    assert sum(data.covered) == sum(data.marked)
    assert judge(2, "a blue heart", 2).covered == [True, True, True]
    for caption in ("", "$x$ <b>", "a " * 100):
        view, other = CaptionView(), judge(0, caption, 4)
        view.update(other)
        assert view.describe(other) and len(view.table(other)) == 8


def test_presets_stand_on_the_explorer_and_a_damaged_file_is_said(monkeypatch):
    made = captions_explorer()
    assert {"turned round", "in other words", "repeats"} <= set(made.presets)

    def damaged(*_):
        raise DataFileError("scene_captions.csv is damaged.")

    monkeypatch.setattr(explorer, "described_scenes", damaged)
    view, data = CaptionView(), judge(0, "a cat", 1)
    view.update(data)
    assert view.describe(data) == "scene_captions.csv is damaged."


def test_taus_of_a_metric_that_is_the_rating_are_one():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "scene": np.repeat(range(10), 3), "system": list("abc") * 10, "human": rng.random(30),
    })  # fmt: skip
    table["same"], table["turned"] = table["human"], -table["human"]
    taus = tau_intervals(table, ("same", "turned"), draws=20).set_index(["metric", "level"])
    for metric, tau in (("same", 1), ("turned", -1)):
        assert np.allclose(taus.loc[metric, ["tau", "low", "high"]].astype(float), tau)


def test_two_trainings_give_their_stored_rows():
    stored = pd.read_csv(open_checked("robustness.csv"))
    for method in ("joint", "ensemble"):
        rows = pd.DataFrame(study_robustness.rows_of(method, 100))
        mine = stored[(stored["method"] == method) & (stored["seed"] == 100)].reset_index(drop=True)
        assert (rows[["modality", "damage"]] == mine[["modality", "damage"]]).all(axis=None)
        assert np.abs(rows["accuracy"] - mine["accuracy"]).max() < 0.02


def test_damage_is_as_strong_as_it_says():
    clean = {"a": np.zeros(1)}
    with pytest.raises(ValueError, match="modality"):
        study_robustness.noisy(clean, "b", 1.0, 0)
    table = pd.read_csv(open_checked("robustness.csv"))
    _, axes = new_figure(columns=2)
    assert "MLB: 0 0.97" in damage_curves(axes, table)
