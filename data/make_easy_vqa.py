"""Derive easy_vqa.npz: pictures of one shape each, and questions about them with their answers.

Needs NumPy and Pillow. Get the package (it is only read, never installed), then run from the
repository's top folder:

    pip download --no-deps --dest build easy-vqa==1.0
    python data/make_easy_vqa.py build/easy_vqa-1.0-py3-none-any.whl [FOLDER]
"""

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

DIGEST = "fcb51b309b78c7b00f97b64cdbcbcf5c105f94da1b39c0796cee5a787c4f650f"
SIZE = 32  # pixels of a picture's side
SPLITS = {"train": 4000, "test": 1000}  # pictures of each


def small(png: bytes) -> np.ndarray:
    """A picture of 2·SIZE pixels as (SIZE, SIZE, 3): means of blocks of four pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float64)
    if pixels.shape != (2 * SIZE, 2 * SIZE, 3):
        raise ValueError(f"a picture is {pixels.shape}; {(2 * SIZE, 2 * SIZE, 3)} was expected.")
    return pixels.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)


def main(wheel: Path, to: Path) -> None:
    """Write the file."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != DIGEST:
        raise ValueError(f"{wheel} has SHA-256 {digest}; {DIGEST} was expected.")
    pictures, asked = [], []
    with zipfile.ZipFile(wheel) as archive:
        answers = archive.read("easy_vqa/data/answers.txt").decode().split()
        for split, count in SPLITS.items():
            before = len(pictures)
            folder = f"easy_vqa/data/{split}"
            pictures += [small(archive.read(f"{folder}/images/{i}.png")) for i in range(count)]
            for text, answer, picture in json.loads(archive.read(f"{folder}/questions.json")):
                asked.append((text, answer, before + picture))
    texts, answers = sorted({text for text, _, _ in asked}), sorted(answers)
    columns = (
        [texts.index(text) for text, _, _ in asked],
        [answers.index(answer) for _, answer, _ in asked],
        [picture for _, _, picture in asked],
    )
    question, answer, picture = (np.array(column) for column in columns)
    np.savez_compressed(
        to / "easy_vqa.npz",
        pictures=np.stack(pictures),
        texts=np.array(texts),
        answers=np.array(answers),
        question=question.astype(np.uint8),
        answer=answer.astype(np.uint8),
        picture=picture.astype(np.uint16),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
