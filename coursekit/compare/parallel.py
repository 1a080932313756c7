"""The trainings of a study, shared between processes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed
from tqdm.auto import tqdm

Result = TypeVar("Result")


def run_all(
    train: Callable[..., Result], plan: Sequence[Iterable[Any]], jobs: int, label: str
) -> list[Result]:
    """``train(*arguments)`` for every entry of ``plan``, in its order; ``label`` names the bar."""
    work = Parallel(n_jobs=jobs, return_as="generator")(delayed(train)(*each) for each in plan)
    return list(tqdm(work, total=len(plan), desc=label, leave=False))
