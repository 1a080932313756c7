"""What three scripted raters say of 40 scenes' captions by eight systems.

    python -m coursekit caption-ratings

makes ``data/caption_ratings.csv`` in seconds; then `python data/make_checksums.py`.
"""

from pathlib import Path
from typing import Annotated

import typer

from coursekit.compare.stored_tables import store
from coursekit.lessons.l15_evaluation.scripted_raters import QUESTIONS, ratings_of
from coursekit.lessons.l15_evaluation.systems import SEED, described_scenes

RATED = 40  # scenes


def caption_ratings(
    out: Annotated[Path, typer.Option(help="the CSV to write")] = Path("data/caption_ratings.csv"),
) -> None:
    """Let three scripted raters rate captions; they are rules with noise, and no people."""
    table = ratings_of(described_scenes(), RATED, SEED)
    means = table.groupby(["system", "rater"], sort=False)[list(QUESTIONS)].mean()
    store(table, means.round(2).to_string(), out)
