"""The diagnosis games: fair cases, evidence that costs, an answer, and nothing given away."""

import asyncio
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from coursekit.course import record
from coursekit.course.games import CASES, Case, Evidence, Scale, game, games
from coursekit.course.plots.display import png
from coursekit.course.plots.game import GameView, Played
from coursekit.course.widgets.game import GAMES, GameCard
from coursekit.course.widgets.game_answer import full_score
from coursekit.data.synthetic import ceiling
from coursekit.lessons.l03_emap.game import SHARES, estimate
from coursekit.lessons.l03_emap.interaction import ADDITIVE
from coursekit.lessons.l05_more_can_be_worse.game import ILLNESSES, NEITHER
from coursekit.utils.stepwise import drive

NAMES = tuple(games())
each_game = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_RECORD", str(tmp_path))
    return tmp_path


def evidence(probe_of_a=0.4, joint=0.76):
    """What a case of lesson 05 might show; numbers that no other number equals."""
    history = pd.DataFrame(
        {"model": m, "epoch": e, "split": "valid", "accuracy": base + e / 100}
        for m, base in (("A", 0.411), ("B", 0.512), ("joint", 0.613))
        for e in range(1, 21)
    )
    pairs = {"A": (0.81, probe_of_a), "B": (0.74, 0.73)}
    probes = pd.DataFrame(
        {"modality": m, "trained": how, "accuracy": x}
        for m, pair in pairs.items()
        for how, x in zip(("alone", "joint"), pair, strict=True)
    )
    return Evidence({"A": 0.83, "B": 0.77, "joint": joint, "ensemble": 0.91}, history, probes)


def stub(truth="starvation", **shown):
    """A game of lesson 05 that trains nothing: all of its cases look alike."""

    def train(case):
        yield
        return evidence(**shown)

    made = game("illness")
    recipe = made.case(1).recipe
    return replace(made, train=train, draw=lambda rng, number: Case(number, truth, recipe))


def card(truth="starvation", case=None, **shown):
    return GameCard(stub(truth, **shown), case)


def texts(widget):
    """All that the page is told of a widget and its children."""
    state = {k: v for k, v in widget.get_state().items() if not k.startswith("_")}
    state.pop("layout", None), state.pop("style", None)
    children = state.pop("children", [])
    states = [re.sub(r"ck-[0-9a-f]{8}", "ck", json.dumps(state, default=str, sort_keys=True))]
    for child in getattr(widget, "children", []):
        states += texts(child)
    assert len(children) == len(getattr(widget, "children", []))
    return states


# The decks.


@each_game
def test_a_deck_is_the_same_everywhere_and_knows_every_answer(name):
    played = game(name)
    cases = [played.case(n) for n in range(1, CASES + 1)]
    assert cases == [played.case(n) for n in range(1, CASES + 1)]
    truths = [case.truth for case in cases]
    if isinstance(played.answers, Scale):
        assert min(truths) == played.answers.low and max(truths) == played.answers.high
        assert all(case.recipe.synergistic == case.truth for case in cases)
    else:
        assert set(truths) == set(played.answers)
        assert max(truths.count(t) for t in set(truths)) <= 0.45 * CASES


def test_the_truth_follows_from_the_recipe_alone():
    """Slow = no linear signal, in nuisance; noisy = many distractors, trained boldly."""
    for n in range(1, CASES + 1):
        case = game("illness").case(n)
        slow = [m for m, x in case.recipe.modalities.items() if x.nuisance_std > 0]
        assert bool(slow) == ("starvation" in case.truth)
        assert (case.settings.optimizer == "adam") == (case.truth == ILLNESSES[2])
        gains = min(case.recipe.unique.values()) > 0
        assert gains == (case.truth in ("hidden starvation", "none"))
        case = game("modality").case(n)
        slow = [m for m, x in case.recipe.modalities.items() if x.nuisance_std > 0]
        assert case.truth == (slow[0] if slow else NEITHER)


def test_the_modalities_change_places():
    slow = [
        m
        for n in range(1, CASES + 1)
        for m, x in game("illness").case(n).recipe.modalities.items()
        if x.nuisance_std > 0
    ]
    assert 0.35 < slow.count("A") / len(slow) < 0.65
    assert all(list(game("illness").case(n).recipe.modalities) == ["A", "B"] for n in (1, 2, 3))


@each_game
def test_evidence_is_the_same_every_time_and_can_be_abandoned(name):
    played = game(name)
    case = played.case(7)
    first, second = (drive(played.train(case)) for _ in range(2))
    assert dict(first.accuracy) == dict(second.accuracy)
    pd.testing.assert_frame_equal(first.history, second.history)
    pd.testing.assert_frame_equal(first.probes, second.probes)
    assert set(first.accuracy) == set(played.models)
    assert all(first.has(order) for order in played.orders)
    threads = torch.get_num_threads()
    work = played.train(case)
    next(work), next(work)
    work.close()
    assert torch.get_num_threads() == threads


def test_the_estimate_of_synergy_is_exact_for_the_best_models():
    """The mid-MLP at the best possible; late-linear right about one synergistic sample in C."""
    for share in (0.1, 0.3, 0.55):
        shares = {"redundant": 0.9 - share, "unique": {}, "synergistic": share}
        recipe = replace(game("synergy").case(1).recipe, **shares)
        c = recipe.num_classes
        additive = 0.9 - share + (share + 0.1) / c
        estimated = estimate(Evidence({"joint": ceiling(recipe), ADDITIVE: additive}))
        assert estimated == pytest.approx(share, abs=1e-9)


def test_unknown_games_and_cases_are_refused():
    with pytest.raises(ValueError, match="Did you mean 'illness'"):
        game("ilness")
    with pytest.raises(ValueError, match=f"number is 0; a whole number, 1 to {CASES}"):
        game("illness").case(0)
    with pytest.raises(TypeError, match=r"number is 1\.5"):
        game("illness").case(1.5)


# What the rule and the sentences say.


@pytest.mark.parametrize(
    ("probe_of_a", "joint", "illness", "modality"),
    [
        (0.4, 0.76, "starvation", "A"),
        (0.4, 0.88, "hidden starvation", "A"),
        (0.8, 0.76, "overfitting of the fusion head", "neither"),
        (0.8, 0.88, "none", "neither"),
    ],
)
def test_the_reason_names_the_evidence(probe_of_a, joint, illness, modality):
    shown = evidence(probe_of_a, joint)
    reason = game("illness").verdict(shown, illness)
    assert game("illness").rule(shown) == illness and f"Together: {illness}." in reason
    for number in (joint - 0.83, 0.91 - joint, probe_of_a - 0.81, -0.01):
        assert f"{number:+.3f}" in reason
    assert game("modality").rule(shown) == modality
    assert f"A {probe_of_a - 0.81:+.3f}, B -0.010" in game("modality").verdict(shown, modality)
    other = next(x for x in ILLNESSES if x != illness)
    assert f"they point to {illness}" in game("illness").verdict(shown, other)
    assert "mislead" not in reason


def test_two_starved_encoders_are_no_answer_of_the_game():
    probes = evidence().probes.assign(accuracy=[0.8, 0.4, 0.8, 0.4])
    shown = replace(evidence(), probes=probes)
    assert game("modality").rule(shown) == "both"
    assert "A and of B starved" in game("modality").verdict(shown, "A")


# Orders, answers, score, record.


def test_only_what_was_ordered_is_shown_and_it_costs():
    g = card()
    assert "0.910" not in g.alt and "Probe of" not in g.alt and "epochs" not in g.alt
    assert set(g.tables()) == {""} and g.tables()[""]["test accuracy"].isna().sum() == 1
    g.order("probes")
    assert "Probe of A: 0.810 alone, 0.400 in the joint model." in g.alt
    g.order("probes")  # paid once
    g.order("curves")
    assert "Not ordered: ensemble." in g.alt and set(g.tables()) == {
        "",
        "Probes",
        "Validation accuracy by epoch",
    }
    assert "worth 75 points" in g._card._status.value
    g.answer("starvation")
    assert g.score == 75 and g.orders == ["probes", "curves"]
    assert "ensemble 0.910" in g.alt  # afterwards all of it is there to learn from


@pytest.mark.parametrize(("answer", "score"), [("starvation", 90), ("none", 0)])
def test_right_and_wrong_answers(answer, score):
    g = card()
    g.order("ensemble")
    g.answer(answer)
    assert g.score == score and g.total == (score, 1)
    assert f"Your answer: {answer}. The truth: starvation." in g.alt
    status = g._card._status.value
    assert status.count("Not right") == (answer == "none") and f"{score} of 100" in status
    (entry,) = record.read()
    expected = {"kind": "game", "key": game("illness").key, "case": 1, "answer": answer}
    expected |= {"truth": "starvation", "score": score, "orders": ["ensemble"]}
    assert {k: v for k, v in entry.items() if k != "time"} == expected
    assert record.lesson_of(entry) == "05" and list(record.progress()["lesson"]) == ["05"]


@pytest.mark.parametrize(
    ("answer", "score"),
    [(0.3, 100), (0.35, 100), (0.25, 100), (0.4, 67), (0.15, 33), (0.1, 0), (0.0, 0)],
)
def test_the_score_of_a_number_falls_with_the_distance(answer, score):
    assert full_score(game("synergy"), answer, 0.3) == score


def test_costs_never_push_a_score_below_zero():
    g = card()
    for name in game("illness").orders:
        g.order(name)
    g.answer("none")
    assert g.score == 0


def test_an_answered_case_stays_answered():
    g = card()
    g.answer("starvation")
    for act in (lambda: g.answer("none"), lambda: g.order("probes")):
        with pytest.raises(ValueError, match="Case 1 is answered"):
            act()
    g.next()
    assert g.case == 2 and g.score is None and g.orders == []
    g.open(1)
    assert g.score == 100 and "The truth: starvation" in g.alt
    assert len(record.read()) == 1


def test_the_record_is_gone_on_with():
    first = card()
    first.answer("none")
    first.open(3)
    first.answer("starvation")
    record.append(
        "game", key=game("illness").key, case=3, answer="none", truth="none", score=7, orders=[]
    )
    record.append(
        "game", key=game("modality").key, case=2, answer="A", truth="A", score=50, orders=[]
    )
    again = card()
    assert again.case == 2 and again.total == (100, 2)
    again.next()
    assert again.case == 4  # 3 is answered
    again.open(CASES)
    again.next()
    assert again.case == 2


def test_entries_that_make_no_sense_are_left_alone():
    whole = {"case": 1, "answer": "none", "truth": "none", "score": 50, "orders": []}
    for wrong in ({"case": 0}, {"answer": "fever"}, {"score": "ten"}, {"orders": ["blood"]}):
        record.append("game", key=game("illness").key, **{**whole, **wrong})
    record.append("game", key=game("illness").key, case=1)
    assert card().total == (0, 0)


def test_a_record_that_cannot_be_written_says_so(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("COURSEKIT_RECORD", str(blocked))
    g = card()
    g.answer("starvation")
    assert g.score == 100 and "could not be written" in g._card._warning.value


def test_wrong_moves_are_refused_in_a_sentence():
    g = card()
    with pytest.raises(ValueError, match="Did you mean 'probes'"):
        g.order("probe")
    with pytest.raises(ValueError, match="answer is 'fever'; it can be 'starvation'"):
        g.answer("fever")
    with pytest.raises(ValueError, match=f"1 to {CASES}"):
        g.open(CASES + 1)
    with pytest.raises(ValueError, match="case is 0"):
        card(case=0)
    with pytest.raises(ValueError, match=r"Your answer is 0\.33"):
        GAMES["synergy"](1).answer(0.33)
    assert record.read() == []


# The card.


@pytest.mark.parametrize("orders", [(), ("ensemble",), ("probes", "curves", "ensemble")])
def test_nothing_gives_the_truth_away_before_the_commit(orders):
    """Only the truth differs between these cards: all that the page is told must be equal."""
    cards = [card(truth) for truth in ILLNESSES]
    for g in cards:
        for name in orders:
            g.order(name)
    on_the_card = [texts(g._card.box) for g in cards]
    assert all(card_texts == on_the_card[0] for card_texts in on_the_card)
    assert len({repr(g) for g in cards}) == 1
    assert len({g.picture for g in cards}) == 1
    assert len({repr(g._of()) for g in cards}) == 1  # a case's own repr, too
    bundles = [g._repr_mimebundle_() for g in cards]
    assert len({b["text/html"] for b in bundles}) == len({b["text/plain"] for b in bundles}) == 1
    for g in cards:
        g.answer("none")
    assert len({repr(g) for g in cards}) == len({g.picture for g in cards}) == len(ILLNESSES)


def test_the_buttons_do_what_the_methods_do():
    g = card()
    shown = g._card
    shown._orders["curves"].click()
    assert g.orders == ["curves"] and shown._orders["curves"].description.endswith("ordered (−10)")
    commit, next_ = shown.box.children[1].children[0].children[3].children
    commit.click()
    assert "Choose one of the options first" in shown._warning.value and g.score is None
    shown.answer._radio.value = "starvation"
    commit.click()
    assert g.score == 90 and shown.answer._radio.disabled and shown._warning.value == ""
    commit.click()
    assert "Case 1 is answered" in shown._warning.value and len(record.read()) == 1
    next_.click()
    assert g.case == shown._number.value == 2
    assert shown.answer._radio.value is None and not shown.answer._radio.disabled
    shown._number.value = 17
    assert g.case == 17 and "Case 17" in g.alt
    shown._as_table.value = True
    assert "<table" in shown._table.value and "0.830" in shown._table.value


def test_the_slider_of_a_number_starts_in_the_middle_and_is_committed_where_it_stands():
    g = GAMES["synergy"](3)
    assert g._card.answer.value == 0.3
    g._card.answer._knob.box.children[0].value = 0.45
    g.pressed_commit()
    (entry,) = record.read()
    assert entry["answer"] == 0.45 and entry["truth"] == game("synergy").case(3).truth
    assert g._card.answer._knob.box.children[0].disabled
    g.next()
    assert g._card.answer.value == 0.3 and not g._card.answer._knob.box.children[0].disabled


def test_names_for_those_who_hear_the_card():
    head = card()._card.box.children[0].value
    for words in ("Which illness is this?", "radiogroup", "data-lm-suppress-shortcuts", "polite"):
        assert words in head


def test_in_a_running_kernel_the_newest_case_wins_and_an_answer_needs_no_waiting():
    async def play():
        g = card()
        for number in (5, 6, 7):
            g.open(number)
        await g.settle()
        assert "Case 7" in g.alt
        g.open(8)
        g.order("probes")  # the training is brought to its end
        g.answer("starvation")
        assert g.score == 85 and "Case 8" in g.alt
        await g.settle()
        assert g.score == 85 and "The truth: starvation" in g.alt

    asyncio.run(play())


def test_a_case_that_cannot_be_trained_is_said():
    g = card()
    broken = replace(g._game, train=lambda case: iter(()))
    g._game = broken
    g.open(2)
    assert "Case 2 could not be shown" in g._card._warning.value


@each_game
def test_numbers_of_the_text_stand_in_the_tables(name):
    g = GAMES[name](4)
    for order in game(name).orders:
        g.order(order)
    answers = game(name).answers
    g.answer(SHARES.low if isinstance(answers, Scale) else answers[0])
    tables = g.tables()
    pool = np.concatenate(
        [t.select_dtypes("number").to_numpy(dtype=float).ravel() for t in tables.values()]
    )
    numbers = [float(x) for x in re.findall(r"\d\.\d{3}", g.alt)]
    assert len(numbers) >= len(game(name).models)
    assert all(np.abs(pool - x).min() <= 0.0005 + 1e-9 for x in numbers)
    assert not any(t.isna().any(axis=None) for t in tables.values())


def test_one_state_has_one_picture():
    """What was drawn before leaves nothing behind."""
    played = stub()
    bare = Played(3, evidence().only(()))
    full = Played(3, evidence(), "none", "starvation")
    view = GameView(played)
    view.update(full)
    view.update(bare)
    fresh = GameView(played)
    fresh.update(bare)
    assert png(view.figure) == png(fresh.figure)
    view.update(full)
    assert png(view.figure) != png(fresh.figure)
