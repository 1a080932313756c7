"""Derive book_reviews.csv: 300 constructed reviews that give three known regression tables.

Run from the repository's top folder:  python data/make_book_reviews.py [FOLDER]

Nobody wrote these reviews. The numbers are built so that ordinary least squares gives

    score ~ smiling                      4.63   1.20
    score ~ smiling + critic             5.29   1.19  −1.69
    score ~ smiling * critic             5.79   0.68  −2.94   1.29

to two decimals, although scores are rounded to 0.1 and smiling to 0.01. The first two tables
follow from the third once the two groups' sizes, means and spreads of smiling are fixed, so only
the third model is put in by hand. Rounding moves the coefficients a little; the first seed whose
rounded rows still give all nine is taken.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

TARGETS = ((4.63, 1.20), (5.29, 1.19, -1.69), (5.79, 0.68, -2.94, 1.29))
SIZE = {0: 185, 1: 115}  # 0 = not a critic, 1 = critic
SMILING_MEAN = {0: 0.9745, 1: 0.9650}
SMILING_SD = 0.55
CRITICS_SHARE = 0.395  # of the sum of squares of smiling within the groups
RESIDUAL_SD = 0.722  # leaves R² of .25, .635 and .703
MAX_SEED = 1000


def smiling_of_group(critic: int) -> np.ndarray:
    """Amounts of smiling in one group: gamma quantiles moved to the exact mean and spread."""
    n, mean = SIZE[critic], SMILING_MEAN[critic]
    share = CRITICS_SHARE if critic else 1 - CRITICS_SHARE
    sd = SMILING_SD * np.sqrt(share * sum(SIZE.values()) / n)
    quantiles = stats.gamma((mean / sd) ** 2).ppf((np.arange(n) + 0.5) / n)
    return mean + sd * (quantiles - quantiles.mean()) / quantiles.std()


def score_of_group(critic: int, smiling: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scores on the third model's line, with a residual that moves neither level nor slope."""
    w0, w1, w2, w3 = TARGETS[2]
    design = np.column_stack([np.ones_like(smiling), smiling])
    noise = rng.standard_normal(len(smiling))
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    return (w0 + w2 * critic) + (w1 + w3 * critic) * smiling + RESIDUAL_SD * noise / noise.std()


def reviews(seed: int) -> pd.DataFrame:
    """300 rounded and shuffled rows for one seed."""
    rng = np.random.default_rng(seed)
    groups = []
    for critic in SIZE:
        smiling = smiling_of_group(critic)
        score = score_of_group(critic, smiling, rng)
        groups.append(
            pd.DataFrame({"score": score.round(1), "smiling": smiling.round(2), "critic": critic})
        )
    rows = pd.concat(groups, ignore_index=True)
    return rows.iloc[rng.permutation(len(rows))].reset_index(drop=True)


def coefficients(rows: pd.DataFrame) -> list[tuple[float, ...]]:
    """Least-squares coefficients of the three models, rounded to two decimals."""
    one, x, c = np.ones(len(rows)), rows["smiling"].to_numpy(), rows["critic"].to_numpy()
    tables = []
    for columns in ([one, x], [one, x, c], [one, x, c, x * c]):
        w = np.linalg.lstsq(np.column_stack(columns), rows["score"].to_numpy(), rcond=None)[0]
        tables.append(tuple(float(v) for v in w.round(2)))
    return tables


def plausible(rows: pd.DataFrame) -> bool:
    """True if scores lie on a scale from 1 to 10 and nobody smiles less than never."""
    return bool(rows["score"].between(1, 10).all() and (rows["smiling"] >= 0).all())


def first_that_fits() -> tuple[int, pd.DataFrame]:
    """The first seed whose rounded rows give all nine coefficients, and those rows."""
    for seed in range(MAX_SEED):
        rows = reviews(seed)
        if coefficients(rows) == list(TARGETS) and plausible(rows):
            return seed, rows
    raise RuntimeError(f"None of the seeds 0 to {MAX_SEED - 1} gives the nine coefficients.")


def write(folder: Path) -> Path:
    """Write book_reviews.csv into ``folder``; the same bytes every time."""
    path = folder / "book_reviews.csv"
    _, rows = first_that_fits()
    rows.to_csv(path, index=False, lineterminator="\n")
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
