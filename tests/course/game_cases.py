"""All cases of the games, trained once: `python tests/course/game_cases.py` makes them again.

Half a minute per game is too long for every run of the tests, so what the cases show stands in
`game_cases.csv`. `digest` of each case's recipe and settings says whether it is still the case that
was trained; `test_games.py` compares that for all cases, and the numbers for those that it trains.
"""

import hashlib
from pathlib import Path

import pandas as pd

from coursekit.course.games import CASES, Evidence, game, games
from coursekit.utils.stepwise import drive

TABLE = Path(__file__).with_name("game_cases.csv")
COLUMNS = ("game", "case", "digest", "kind", "name", "value")


def digest(case):
    """Eight letters that change with what is drawn for a case."""
    drawn = repr((case.truth, case.recipe, case.settings))
    return hashlib.sha256(drawn.encode()).hexdigest()[:8]


def rows_of(name, case, evidence):
    """The accuracies and the probes as rows of the table; curves are left out."""
    numbers = [("accuracy", model, value) for model, value in evidence.accuracy.items()]
    for row in evidence.probes.itertuples(index=False):
        numbers.append(("probe", f"{row.modality} {row.trained}", row.accuracy))
    head = (name, case.number, digest(case))
    return pd.DataFrame([(*head, *row) for row in numbers], columns=COLUMNS)


def trained(name, numbers):
    """The rows of these cases, trained now."""
    cases = [game(name).case(number) for number in numbers]
    return pd.concat([rows_of(name, c, drive(game(name).train(c))) for c in cases])


def stored(name):
    """The stored rows of a game."""
    table = pd.read_csv(TABLE)
    return table[table["game"] == name].drop(columns="game")


def evidence_of(rows):
    """The evidence of one case, without curves, from its rows."""
    accuracy = rows[rows["kind"] == "accuracy"].set_index("name")["value"]
    probes = rows[rows["kind"] == "probe"]
    named = probes["name"].str.split(" ", expand=True)
    if not probes.empty:
        probes = pd.DataFrame(
            {"modality": named[0], "trained": named[1], "accuracy": probes["value"]}
        )
    return Evidence({str(model): float(x) for model, x in accuracy.items()}, probes=probes)


if __name__ == "__main__":
    made = pd.concat([trained(name, range(1, CASES + 1)) for name in games()])
    made.round(6).to_csv(TABLE, index=False, lineterminator="\n")
