"""The priors explorer: what it shows follows from the stored table, and its words from its rule."""

import pytest

from coursekit.analysis.intervals import Interval
from coursekit.course.widgets import EXPLORERS
from coursekit.data.files import DataFileError
from coursekit.lessons.l12_unimodal_bias import explorer
from coursekit.lessons.l12_unimodal_bias.explorer import ENTROPY, METHODS, SUFFIX, answer
from coursekit.lessons.l12_unimodal_bias.explorer_view import IN_WORDS, TESTS, word_of
from coursekit.lessons.l12_unimodal_bias.prior_strengths import METHODS as STORED
from coursekit.lessons.l12_unimodal_bias.stored_strengths import accuracies
from coursekit.utils.stepwise import drive


def shown(**knobs):
    state = {"trained": 80, "tested": 80, "method": "joint", "entropy": "0"} | knobs
    return drive(answer(**state))


def test_every_method_and_weight_is_stored():
    names = {m for m in METHODS if m != "learned-mixin"}
    names |= {f"learned-mixin{SUFFIX[weight]}" for weight in ENTROPY}
    assert names == set(STORED)


def test_the_winner_turns_yes_and_no_round_and_plain_training_has_them_by_heart():
    plain, winner = shown(), shown(method="learned-mixin", entropy="0.36")
    assert word_of(plain.own["yes/no"], "yes/no") == "prior"
    assert word_of(winner.own["yes/no"], "yes/no") == "turned"
    assert winner.own["all"]["shifted prior"].mean > plain.own["all"]["shifted prior"].mean
    assert winner.own["all"]["flat prior"].mean < plain.own["all"]["flat prior"].mean
    assert winner.plain == plain.own


def test_without_a_favourite_yes_and_no_are_a_guess():
    even = shown(method="learned-mixin", entropy="0.36", trained=50, tested=50)
    assert word_of(even.own["yes/no"], "yes/no") == "guesses"


def test_a_stronger_test_changes_the_tests_with_a_prior_only():
    weak, strong = shown(method="question only"), shown(method="question only", tested=100)
    assert strong.own["all"]["same prior"].mean > weak.own["all"]["same prior"].mean
    assert strong.own["all"]["flat prior"] == weak.own["all"]["flat prior"]


@pytest.mark.parametrize(
    ("three", "word"),
    [
        ((0.7, 0.7, 0.7), "sees"),
        ((0.9, 0.7, 0.7), "sees, prior"),
        ((0.5, 0.7, 0.7), "sees, turned"),
        ((0.7, 0.3, 0.5), "prior"),
        ((0.3, 0.7, 0.5), "turned"),
        ((0.5, 0.52, 0.5), "guesses"),
    ],
)
def test_words_follow_from_three_accuracies(three, word):
    shares = {t: Interval(x, x, x, 8) for t, x in zip(TESTS, three, strict=True)}
    assert word_of(shares, "yes/no") == word and word in IN_WORDS


def test_a_missing_table_is_told_in_the_picture(monkeypatch):
    def missing(*_):
        raise DataFileError("data/priors_by_strength.csv is missing.")

    monkeypatch.setattr(explorer, "accuracies", missing)
    data = shown()
    e = EXPLORERS["priors"]()
    view = e._make_view()
    view.update(data)
    assert "missing" in view.describe(data) and len(view.table(data)) == 0


def test_an_unknown_method_or_strength_is_refused():
    with pytest.raises(ValueError, match="method is 'both'"):
        accuracies("both", 0.8, 0.8)
    with pytest.raises(ValueError, match=r"trained is 0\.55"):
        accuracies("joint", 0.55, 0.8)


def test_every_preset_draws_another_picture():
    e = EXPLORERS["priors"]()
    pictures = set()
    for values in e.presets.values():
        e.set(**values)
        pictures.add(e.picture)
    assert len(pictures) == len(e.presets) == 5
