"""Slips made in the right answers of all exercises: `python tests/exercise_mutants.py [KEY …]`.

Each slip has to be refused with each of thirty seeds, or to stand in
``tests/course/mutants/equivalents.toml`` with the reason; what is said of it has to hold with all
seeds; and every answer of ``answers.py`` gets the same verdict with all of them. The
table beside that file gets the rows of those without a fault. Ten minutes on two cores.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent / "course"))

from mutants.stored import write_row
from mutants.trial import SEEDS, Finding, Trial, tried_exercises
from mutants.verdicts import unsteady


def tried(key: str, seeds: tuple[int, ...]) -> tuple[Finding, float]:
    """What came of one exercise, and the seconds of CPU it took."""
    begun = time.process_time()
    trial = Trial(key, seeds)
    finding = trial.run()
    finding.faults += unsteady(trial)
    return finding, time.process_time() - begun


def main() -> int:
    """Print a line per exercise and its faults; 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", help="exercises or lessons; all without them")
    parser.add_argument("--seeds", nargs="*", type=int, default=SEEDS)
    chosen = parser.parse_args()
    every = tried_exercises()
    keys = [k for k in every if not chosen.keys or any(k.startswith(c) for c in chosen.keys)]
    faults = 0
    with ProcessPoolExecutor() as pool:
        for finding, seconds in pool.map(tried, keys, [tuple(chosen.seeds)] * len(keys)):
            faults += len(finding.faults)
            if not finding.faults and tuple(chosen.seeds) == SEEDS:
                write_row(finding)  # at once, so that a run that is cut off keeps what it has
            counts = f"{finding.mutants:4} slips, {finding.equivalent:3} equivalent"
            print(
                f"{finding.key:24}{counts}, {len(finding.faults):3} faults {seconds:6.1f} s",
                flush=True,
            )
            for fault in finding.faults:
                print(f"    {fault}", flush=True)
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
