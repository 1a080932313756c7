"""The checklist: a sound table passes, and each fault is caught by its own condition alone."""

import numpy as np
import pandas as pd
import pytest

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


FAULTS = {
    "the same rivals everywhere": [
        lambda r, t: (r[~is_(r, data="two", method="mlb")], t),
        lambda r, t: (pd.concat([r, r[:1]]), t),
    ],
    "equal budget": [
        lambda r, t: (
            r,
            pd.concat([t, t[is_(t, data="one", method="joint")].iloc[3:6].assign(trial="lr=0.15")]),
        ),
        lambda r, t: (r, t[~is_(t, data="two", method="mlb")]),
        lambda r, t: (r, t[~(is_(t, data="one", method="mlb") & (t["seed"] == 2))]),
    ],
    "ensemble row": [lambda r, t: (r[r["method"] != "ensemble"], t)],
    "ten seeds": [
        lambda r, t: (r[~is_(r, method="mlb", seed=109)], t),
        lambda r, t: (r.assign(test=r["test"].where(~is_(r, method="mlb", seed=109))), t),
    ],
    "choice not on test": [
        lambda r, t: (r, t.assign(test=0.5)),
        lambda r, t: (r.assign(seed=r["seed"] - 98), t),
        lambda r, t: (r, t.assign(valid=t["valid"] + (t["trial"] == "lr=0.05"))),
    ],
    "cost column": [
        lambda r, t: (r.drop(columns="seconds"), t),
        lambda r, t: (r.assign(seconds=r["seconds"].where(r["method"] != "mlb")), t),
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
        "data": "CREMA-D", "fusion": "late", "method": ["joint", "better"], "test": [0.6, 0.7],
    })  # fmt: skip
    holds = checklist(published).set_index("condition")["holds"]
    assert list(holds[holds].index) == ["the same rivals everywhere"]


def test_what_cannot_be_checked_is_refused():
    results, trials = sound()
    with pytest.raises(ValueError, match="test"):
        checklist(results.drop(columns="test"), trials)
    with pytest.raises(ValueError, match="results has no rows"):
        checklist(results[:0], trials)
    with pytest.raises(ValueError, match="a condition in excused is 'edge'"):
        require_reliable(results, trials, excused=["edge"])
