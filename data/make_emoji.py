"""Derive emoji.csv, emoji_google.npz and emoji_twemoji.npz: pictures of two artists, and words.

Needs NumPy, Pillow and resvg-py. Get the packages (they are only read, never installed), then run
from the repository's top folder:

    npm pack --pack-destination build emoji-datasource-google@16.0.0 @twemoji/svg@15.0.0 \
        emojibase-data@17.0.0 emojilib@4.0.3
    python data/make_emoji.py build [FOLDER]
"""

import csv
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

PACKAGES = {
    "google": (
        "emoji-datasource-google-16.0.0.tgz",
        "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    ),
    "twemoji": (
        "twemoji-svg-15.0.0.tgz",
        "1d2907557a422c7c4e3feca50ef915c39da1db3d76b4a4d7e73fb59bce4403c3",
    ),
    "words": (
        "emojibase-data-17.0.0.tgz",
        "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
    ),
    "users": (
        "emojilib-4.0.3.tgz",
        "7f9a6b43cff31d18985b7d65d11faba5bd971cbcc60020cf6d09322fbaaaf303",
    ),
}
LANGUAGES = ("en", "de", "es", "fr", "zh")
SIZE = 32  # pixels of a picture's side
SHARES = {"test": 0.21, "valid": 0.08}  # of all families; the rest is train
HELD_OUT, SMALLEST, LARGEST = 24, 10, 50  # subgroups for zero-shot, and how many pictures each has
SEED = 0
PERSON = {"1F9D1", "1F468", "1F469"}  # person, man, woman
SIGNS = {"2640", "2642", "FE0F", "200D", "27A1"}  # woman, man, no content, joiner, facing right


def opened(folder: Path, name: str) -> tarfile.TarFile:
    """One package.  Errors: ValueError if its bytes are not those of the version named here."""
    file, expected = PACKAGES[name]
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    if digest != expected:
        raise ValueError(f"{file} has SHA-256 {digest}; {expected} was expected.")
    return tarfile.open(folder / file)


def content(archive: tarfile.TarFile, name: str) -> bytes:
    """The bytes of one file of a package."""
    member = archive.extractfile(f"package/{name}")
    assert member is not None, name
    return member.read()


def small(png: bytes) -> np.ndarray:
    """A picture of 2·SIZE on white ground, as (SIZE, SIZE, 3): means of blocks of four pixels."""
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), dtype=np.float64)
    if rgba.shape != (2 * SIZE, 2 * SIZE, 4):
        raise ValueError(f"a picture is {rgba.shape}; {(2 * SIZE, 2 * SIZE, 4)} was expected.")
    opaque = rgba[..., 3:] / 255
    on_white = rgba[..., :3] * opaque + 255 * (1 - opaque)
    blocks = on_white.reshape(SIZE, 2, SIZE, 2, 3)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8)


def plain(code: str) -> str:
    """A code without the sign that asks for colour, by which the packages differ."""
    return "-".join(part for part in code.upper().split("-") if part != "FE0F")


def family(code: str) -> str:
    """The same for what differs in the person's sex or direction only: one picture, nearly."""
    first, *rest = code.split("-")
    role = [part for part in rest if part not in SIGNS | PERSON]
    first = "1F9D1" if first in PERSON and role else first
    return "-".join([first, *role])


def google(folder: Path) -> tuple[list[dict], np.ndarray]:
    """The records of the emoji without skin tones, in their usual order, and the pictures."""
    with opened(folder, "google") as archive:
        records = json.loads(content(archive, "emoji.json"))
        records.sort(key=lambda record: record["sort_order"])
        pictures = [small(content(archive, f"img/google/64/{r['image']}")) for r in records]
    return records, np.stack(pictures)


def twemoji(folder: Path, codes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``codes`` that the second artist has drawn too, and the pictures."""
    with opened(folder, "twemoji") as archive:
        names = [Path(n).stem for n in archive.getnames() if n.endswith(".svg")]
        files = {plain("-".join(part.zfill(4) for part in n.split("-"))): n for n in names}
        rows = [row for row, code in enumerate(codes) if code in files]
        drawings = [content(archive, f"{files[codes[row]]}.svg").decode() for row in rows]
    sides = {"width": 2 * SIZE, "height": 2 * SIZE}
    pngs = [resvg_py.svg_to_bytes(svg_string=drawing, **sides) for drawing in drawings]
    return np.array(rows), np.stack([small(bytes(png)) for png in pngs])


def words(folder: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Language → code → name and keywords, the keywords joined by bars."""
    known = {}
    with opened(folder, "words") as archive:
        for language in LANGUAGES:
            records = json.loads(content(archive, f"{language}/data.json"))
            known[language] = {
                plain(r["hexcode"]): (r["label"], "|".join(r.get("tags", []))) for r in records
            }
    return known


def user_words(folder: Path) -> dict[str, str]:
    """Code → keywords that users proposed, joined by bars; the first, the name, is left out."""
    with opened(folder, "users") as archive:
        table = json.loads(content(archive, "dist/emoji-en-US.json"))
    code = {emoji: plain("-".join(f"{ord(sign):04X}" for sign in emoji)) for emoji in table}
    return {code[emoji]: "|".join(keywords[1:]) for emoji, keywords in table.items()}


def splits(families: list[str]) -> list[str]:
    """The split of every row: a family is never divided."""
    rng = np.random.default_rng(SEED)
    different = rng.permutation(sorted(set(families)))
    ends = np.cumsum([round(share * len(different)) for share in SHARES.values()])
    parts = np.split(different, ends)
    names = (*SHARES, "train")
    of_family = {f: name for name, part in zip(names, parts, strict=True) for f in part}
    return [of_family[f] for f in families]


def held_out(subgroups: list[str]) -> set[str]:
    """Subgroups that zero-shot classification keeps from training: of middle size, drawn."""
    sizes = {name: subgroups.count(name) for name in sorted(set(subgroups))}
    middle = [name for name, size in sizes.items() if SMALLEST <= size <= LARGEST]
    return set(np.random.default_rng(SEED).choice(middle, HELD_OUT, replace=False).tolist())


def main(folder: Path, to: Path) -> None:
    """Write the three files."""
    records, pictures = google(folder)
    codes = [plain(record["unified"]) for record in records]
    rows, others = twemoji(folder, codes)
    known, proposed = words(folder), user_words(folder)
    families = [family(code) for code in codes]
    split = splits(families)
    zero_shot = held_out([record["subcategory"] for record in records])
    header = ["code", "emoji", "group", "subgroup", "family", "split", "held_out", "user_keywords"]
    header += [f"{language}_{part}" for language in LANGUAGES for part in ("name", "keywords")]
    with (to / "emoji.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for i, (record, code) in enumerate(zip(records, codes, strict=True)):
            emoji = "".join(chr(int(part, 16)) for part in record["unified"].split("-"))
            named = [text for language in LANGUAGES for text in known[language][code]]
            group, subgroup = record["category"], record["subcategory"]
            row = [code, emoji, group, subgroup, families[i], split[i], int(subgroup in zero_shot)]
            writer.writerow([*row, proposed.get(code, ""), *named])
    np.savez_compressed(to / "emoji_google.npz", pictures=pictures)
    np.savez_compressed(to / "emoji_twemoji.npz", rows=rows.astype(np.int16), pictures=others)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
