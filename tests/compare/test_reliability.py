"""The checklist: a sound table passes, and each fault is caught by its own condition alone."""

import numpy as np
import pandas as pd
import pytest

from coursekit.compare.protocol import is_single
from coursekit.compare.ranks import ranking
from coursekit.compare.reliability import CONDITIONS, Unreliable, checklist, require_reliable

METHODS = ["joint", "ensemble", "unimodal A", "unimodal B", "mlb"]
RATES = [0.05, 0.1, 0.2]


def sound():
    """Two data sets, five methods, ten seeds; the middle rate is best on validation."""
    rng = np.random.default_rng(3)
    places = [
        (data, "none" if m.startswith(("ens", "uni")) else "late-linear", m)
        for data in ("one", "two")
        for m in METHODS
    ]
    trials = pd.DataFrame(
        [
            (*place, f"lr={rate:g}", seed, 0.7 + 0.1 * (rate == 0.1) + 0.01 * seed)
            for place in places
            for rate in RATES
            for seed in range(3)
        ],
        columns=["data", "fusion", "method", "trial", "seed", "valid"],
    )
    results = pd.DataFrame(
        [
            (*place, seed, 0.8, 0.7 + 0.1 * rng.random(), 1.0, "lr=0.1")
            for place in places
            for seed in range(100, 110)
        ],
        columns=["data", "fusion", "method", "seed", "valid", "test", "seconds", "trial"],
    )
    return results, trials


def failed(results, trials):
    verdicts = checklist(results, trials)
    assert list(verdicts["condition"]) == list(CONDITIONS)
    return list(verdicts.loc[~verdicts["holds"], "condition"])


def test_a_sound_table_passes_and_is_ranked():
    results, trials = sound()
    assert failed(results, trials) == []
    require_reliable(results, trials)
    ranks = ranking(results, trials)
    assert set(ranks["method"]) == {"joint", "ensemble", "best unimodal", "mlb"}


def is_(table, **what):
    mask = pd.Series(True, index=table.index)
    for column, value in what.items():
        mask &= table[column] == value
    return mask


def mlb(table, column, value, **what):
    """The column of a table with another value in some rows of one method."""
    return table.assign(**{column: table[column].mask(is_(table, method="mlb", **what), value)})


def mlb_only(table, value):
    """A column that one method alone has."""
    return np.where(is_(table, method="mlb"), value, np.nan)


FAULTS = {
    "the same rivals everywhere": [
        lambda r, t: (r[~is_(r, data="two", method="mlb")], t),
        lambda r, t: (pd.concat([r, r[:1]]), t),
        lambda r, t: (r[r["data"] == "one"], t),
        lambda r, t: (r[r["method"] != "joint"], t),
    ],
    "equal budget": [
        lambda r, t: (
            r,
            pd.concat([t, t[is_(t, data="one", method="joint")].iloc[3:6].assign(trial="lr=0.15")]),
        ),
        lambda r, t: (r, t[~(is_(t, data="one", method="mlb") & (t["seed"] == 2))]),
        lambda r, t: (r, pd.concat([t, t[is_(t, method="mlb")]])),
    ],
    "tuned single models": [
        lambda r, t: (r.drop(columns="valid"), t),
        lambda r, t: (r.assign(valid=r["valid"].mask(is_(r, method="unimodal A", seed=103))), t),
    ],
    "ensemble row": [lambda r, t: (r[r["method"] != "ensemble"], t)],
    "ten seeds": [
        lambda r, t: (r[~is_(r, method="mlb", seed=109)], t),
        lambda r, t: (r.assign(test=r["test"].where(~is_(r, method="mlb", seed=109))), t),
        lambda r, t: (mlb(r, "seed", r["seed"] + 100), t),
        lambda r, t: (mlb(r, "test", 0.75, data="one"), t),
    ],
    "choice not on test": [
        lambda r, t: (r, t.assign(test=0.5)),
        lambda r, t: (r.assign(seed=r["seed"] - 98), t),
        lambda r, t: (r, t.assign(valid=t["valid"] + (t["trial"] == "lr=0.05"))),
        lambda r, t: (r, t.assign(Test=0.5)),
        lambda r, t: (r, t.assign(test_accuracy=0.5)),
        lambda r, t: (r, mlb(t, "valid", np.nan, trial="lr=0.1", seed=1)),
        lambda r, t: (mlb(r, "trial", "lr=0.15"), t.assign(valid=t["valid"] - 5)),
    ],
    "cost column": [
        lambda r, t: (r.drop(columns="seconds"), t),
        lambda r, t: (r.assign(seconds=r["seconds"].where(r["method"] != "mlb")), t),
        *(lambda r, t, x=x: (r.assign(seconds=x), t) for x in ("fast", "", "-", 0, -1, np.inf)),
        lambda r, t: (mlb(r, "seconds", np.nan).assign(parameters=mlb_only(r, 9)), t),
    ],
    "edge of the range not chosen": [
        lambda r, t: (
            r.replace({"trial": {"lr=0.1": "LR=0.1"}}),
            t.assign(trial=t["trial"].str.upper()),
        ),
        lambda r, t: (r.assign(trial="0.1"), t.assign(trial=t["trial"].str[3:])),
        lambda r, t: (r.assign(trial="lr=0,1"), t.assign(trial=t["trial"].str.replace(".", ","))),
        lambda r, t: (r, t[t["trial"] != "lr=0.2"]),
    ],
}
CASES = [(name, i) for name, faults in FAULTS.items() for i in range(len(faults))]


@pytest.mark.parametrize(("condition", "i"), CASES)
def test_each_fault_is_caught_by_its_own_condition(condition, i):
    results, trials = FAULTS[condition][i](*sound())
    assert failed(results, trials) == [condition]
    with pytest.raises(Unreliable, match=f"does not carry a ranking. {condition}: "):
        ranking(results, trials)


def test_an_end_of_the_range_is_no_choice():
    results, trials = sound()
    best = is_(trials, method="mlb", trial="lr=0.2")
    trials["valid"] += 0.5 * best
    results["trial"] = results["trial"].where(results["method"] != "mlb", "lr=0.2")
    assert failed(results, trials) == ["edge of the range not chosen"]
    why = checklist(results, trials).set_index("condition")["why"]["edge of the range not chosen"]
    assert why.startswith("one late-linear mlb chose 0.2, an end of its range; two late-linear")
    require_reliable(results, trials, excused=["edge of the range not chosen"])


def test_single_models_that_are_missing_or_were_not_tuned():
    results, trials = sound()
    lacking = results[results["method"] != "unimodal B"]
    assert failed(lacking, trials) == ["tuned single models"]
    once = trials[~trials["method"].str.startswith("unimodal") | (trials["trial"] == "lr=0.1")]
    assert "tuned single models" in failed(results, once)


def test_without_trials_nobody_can_tell():
    results, _ = sound()
    assert failed(results, None) == [
        "equal budget",
        "tuned single models",
        "choice not on test",
        "edge of the range not chosen",
    ]


def test_a_published_table_of_means_has_little_to_show():
    published = pd.DataFrame({
        "data": ["CREMA-D"] * 3 + ["AVE"] * 3, "fusion": "as published",
        "method": ["joint", "better", "ensemble"] * 2, "test": [60.1, 70, 71, 50, 55.5, 0],
    })  # fmt: skip
    holds = checklist(published).set_index("condition")["holds"]
    assert list(holds[holds].index) == ["the same rivals everywhere", "ensemble row"]


def test_what_cannot_be_checked_is_refused():
    results, trials = sound()
    with pytest.raises(ValueError, match="test"):
        checklist(results.drop(columns="test"), trials)
    with pytest.raises(ValueError, match="results has no rows"):
        checklist(results[:0], trials)
    with pytest.raises(ValueError, match="a condition in excused is 'edge'"):
        require_reliable(results, trials, excused=["edge"])


def why(results, trials, condition):
    return checklist(results, trials).set_index("condition")["why"][condition]


def test_what_has_no_trials_is_excused_from_nothing_else():
    results, trials = sound()
    without = trials[~is_(trials, method="mlb")]
    lacking = ["equal budget", "choice not on test", "edge of the range not chosen"]
    assert failed(results, without) == lacking
    for condition in lacking[1:]:
        assert "mlb has no trials, so nobody can tell" in why(results, without, condition)
    assert len(failed(results, trials[:0])) == 4


def spelled(table):
    table = table.assign(trial="alpha=2 " + table["trial"])
    return mlb(mlb(table, "trial", " lr=1e-1 alpha=2.0", trial="alpha=2 lr=0.1"), "seed",
               table["seed"].astype(float))  # fmt: skip


SAME = {
    "trials in other words": lambda r, t: (spelled(r), t.assign(trial=t["trial"] + " alpha=2")),
    "seeds as text": lambda r, t: (r.astype({"seed": str}), t.astype({"seed": str})),
    "seeds as text here and there": lambda r, t: (
        r.assign(seed=[str(s) if i % 2 else s for i, s in enumerate(r["seed"])]), t,
    ),
    "trials of what has no results": lambda r, t: (r, pd.concat([
        t, t.assign(data="three", seed=t["seed"] + 100), t[:1].assign(fusion="film", trial="x"),
    ])),
    "all in one fusion": lambda r, t: (
        r.assign(fusion="late-linear"), t.assign(fusion="late-linear"),
    ),
    "categories, an index that repeats": lambda r, t: (
        r.astype({"data": "category", "method": "category", "fusion": "category"}),
        t.set_index(np.zeros(len(t), int)),
    ),
    "percent": lambda r, t: (r.assign(test=100 * r["test"]), t),
    "losses with a minus": lambda r, t: (r, t.assign(valid=t["valid"] - 5)),
    "settings that are no numbers": lambda r, t: (
        r.assign(trial="lr=0.1 opt=adam"), t.assign(trial=t["trial"] + " opt=adam"),
    ),
    "a training without anything right": lambda r, t: (mlb(r, "test", 0.0), t),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_what_means_the_same_has_the_same_verdict_and_is_ranked(case):
    results, trials = SAME[case](*sound())
    assert failed(results, trials) == []
    ours = ranking(results, trials).set_index("method")
    if case != "a training without anything right":
        assert ours.equals(ranking(*sound()).set_index("method"))


def test_seeds_are_compared_as_numbers():
    results, trials = sound()
    assert failed(results.assign(seed=(results["seed"] - 98).astype(str)), trials) == [
        "choice not on test"
    ]
    five = results[results["seed"] < 105]
    twice = pd.concat([five.astype({"seed": object}), five.astype({"seed": str})])
    assert failed(twice, trials) == ["the same rivals everywhere", "ten seeds"]


def test_more_seeds_are_no_hiding_place_for_those_that_failed():
    results, trials = sound()
    more = results[is_(results, method="mlb")]
    more = pd.concat([more.assign(seed=more["seed"] + k, test=np.nan) for k in (10, 20)])
    thirty = pd.concat([results, more])
    assert failed(thirty, trials) == ["ten seeds"]
    assert "one late-linear mlb has no test on 20 of 30 seeds" in why(thirty, trials, "ten seeds")


def test_one_method_reports_one_trial():
    results, trials = sound()
    tie = trials.assign(trial=trials["trial"].replace({"lr=0.2": "lr=0.4"}))
    tie = pd.concat([tie, tie[tie["trial"] == "lr=0.1"].assign(trial="lr=0.2")])
    mixed = results.assign(trial=results["trial"].mask(
        is_(results, method="mlb") & (results["seed"] % 2 == 0), "lr=0.2"))  # fmt: skip
    assert failed(results, tie) == []
    assert failed(mixed, tie) == ["choice not on test"]
    assert "mlb reports 2 trials, lr=0.2, lr=0.1" in why(mixed, tie, "choice not on test")


def test_two_ways_to_write_a_trial_are_one_trial():
    results, trials = sound()
    words = mlb(
        mlb(trials, "trial", "lr=1e-1", trial="lr=0.05"), "trial", "lr=0.10", trial="lr=0.2"
    )
    assert failed(results, words)[:2] == ["equal budget", "choice not on test"]
    assert "mlb had 1 trial, most others 3 trials" in why(results, words, "equal budget")


def test_an_end_that_was_never_measured_is_no_end():
    results, trials = sound()
    unmeasured = trials.assign(valid=trials["valid"].where(trials["trial"] != "lr=0.2"))
    assert failed(results, unmeasured) == ["choice not on test", "edge of the range not chosen"]
    beyond = why(mlb(results, "trial", "lr=0.9"), trials, "edge of the range not chosen")
    assert "mlb chose 0.9, outside of what was measured, 0.05 to 0.2" in beyond
    two = trials[trials["trial"] != "lr=0.2"]
    assert "only two rates were tried" in why(results, two, "edge of the range not chosen")
    nameless = why(mlb(results, "trial", np.nan), trials, "edge of the range not chosen")
    assert "names no learning rate lr" in nameless
    no_column = why(results.drop(columns="trial"), trials, "edge of the range not chosen")
    assert no_column == "results has no column trial, so nobody can tell"


def test_where_there_are_no_most_nobody_is_blamed():
    results, trials = sound()
    half = trials[~(trials["method"].isin(["mlb", "joint"]) & (trials["trial"] == "lr=0.05"))]
    assert "most others 3 trials" in why(results, half, "equal budget")
    tie = half[~(is_(half, data="one", method="ensemble") & (half["trial"] == "lr=0.05"))]
    even = why(results, tie, "equal budget")
    assert even == "one late-linear joint had 2 trials but one none unimodal A had 3 trials"


def test_rivals_are_compared_within_their_fusion():
    results, trials = sound()
    moved = mlb(results, "fusion", "film", data="two"), mlb(trials, "fusion", "film", data="two")
    assert failed(*moved) == ["the same rivals everywhere"]
    words = why(*moved, "the same rivals everywhere")
    assert words == "two with late-linear lacks mlb; two with film lacks joint"


def test_single_models_are_called_so_and_followed_by_a_name():
    assert is_single("unimodal A") and not is_single("unimodal-kd")
    results, trials = sound()
    more = pd.concat([results, results[is_(results, data="one", method="mlb")]
                      .assign(method="unimodal-kd")])  # fmt: skip
    assert failed(more, trials)[0] == "the same rivals everywhere"


def test_a_late_transformer_is_checked_where_it_is_ranked():
    results, trials = sound()
    late = [x[x["method"] == "joint"].assign(fusion="transformer") for x in (results, trials)]
    both = pd.concat([results, late[0]]), pd.concat([trials, late[1]])
    assert "late transformer" in set(ranking(*both)["method"])
    lucky = pd.concat([results, late[0][late[0]["seed"] == 100].assign(test=0.99, seconds=np.nan)])
    with pytest.raises(Unreliable, match="one transformer joint has 1 seed"):
        ranking(lucky, trials)
    of_one = pd.concat([results, late[0][late[0]["data"] == "one"]])
    assert "late transformer" not in set(ranking(of_one, trials)["method"])


UNREADABLE = {
    "column test, 'good' in row 0": lambda r, t: (r.assign(test="good"), t),
    "column test, '-' in row 3; a finite": lambda r, t: (
        r.assign(test=["-" if i == 3 else f"{x}" for i, x in enumerate(r["test"])]), t),
    "column test, inf in row 0": lambda r, t: (r.assign(test=np.inf), t),
    "column test, -1.0 in row 0": lambda r, t: (r.assign(test=-1), t),
    "column test, 101.0 in row 0": lambda r, t: (r.assign(test=101.0), t),
    r"column test, 7\d.* in row 43; shares and percent are mixed in 'one'": lambda r, t: (
        mlb(r, "test", 100 * r["test"], data="one", seed=103), t),
    "results has, in the column seed, nan in row 0": lambda r, t: (r.assign(seed=np.nan), t),
    "column seed, 100.5 in row 1": lambda r, t: (r.assign(seed=100 + (r["seed"] - 100) / 2), t),
    "column seed, 'first' in row 0": lambda r, t: (r.assign(seed="first"), t),
    "trials has, in the column seed, nan": lambda r, t: (r, mlb(t, "seed", np.nan)),
    "trials has, in the column trial, nan in row 36": lambda r, t: (r, mlb(t, "trial", np.nan)),
    "trials has, in the column trial, 0.1 in row 0": lambda r, t: (r, t.assign(trial=0.1)),
    "trials has, in the column valid, '0.70' in": lambda r, t: (
        r, t.assign(valid=t["valid"].map("{:.2f}".format))),
    "results has, in the column valid, 'x' in": lambda r, t: (r.assign(valid="x"), t),
    "column fusion, nan in row 10": lambda r, t: (
        r.assign(fusion=r["fusion"].where(r["fusion"] != "none")), t),
    "column method, nan in row 40": lambda r, t: (mlb(r, "method", np.nan), t),
    "column method, 1 in row 0": lambda r, t: (r.assign(method=1), t),
    "'one' and 'One' as data": lambda r, t: (r, t.replace({"data": {"one": "One"}})),
    "'mlb' and 'MLB' as method": lambda r, t: (mlb(r, "method", "MLB", data="two"), t),
    "'unimodal A' and 'unimodal  A'": lambda r, t: (
        r.replace({"method": {"unimodal B": "unimodal  A"}}), t),
    r"results has the columns \['data'\] twice": lambda r, t: (
        pd.concat([r, r[["data"]]], axis=1), t),
}  # fmt: skip


@pytest.mark.parametrize("sentence", UNREADABLE)
def test_what_nobody_can_read_is_refused_with_table_column_and_row(sentence):
    results, trials = UNREADABLE[sentence](*sound())
    with pytest.raises(ValueError, match=sentence):
        checklist(results, trials)
    with pytest.raises(ValueError, match=sentence):
        ranking(results, trials)


@pytest.mark.parametrize("excused", ["cost column", None, 7])
def test_what_is_excused_is_named_in_a_list(excused):
    with pytest.raises(TypeError, match=r"excused is .* conditions in a list were expected"):
        require_reliable(*sound(), excused=excused)


def test_a_ranking_of_what_is_not_there_is_refused():
    results, trials = sound()
    with pytest.raises(ValueError, match="fusion is 'late-linear'; it can be 'late'"):
        ranking(results.replace({"fusion": {"late-linear": "late"}}), trials)
    with pytest.raises(ValueError, match="the ensemble and single models only"):
        ranking(results[results["fusion"] == "none"], trials)
    with pytest.raises(TypeError, match="trials is a list"):
        ranking(results, [1])
    with pytest.raises(ValueError, match=r"trials has the columns .*\['fusion'\] are missing"):
        ranking(results, trials.drop(columns="fusion"))
