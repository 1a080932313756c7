"""Derive emoji_people.csv and emoji_people_pictures.npz: people in roles by two artists.

Every role as man, woman and person, in six tones.

Needs NumPy, Pillow and resvg-py. Get the packages (they are only read, never installed), then run
from the repository's top folder:

    npm pack --pack-destination build emoji-datasource-google@16.0.0 @twemoji/svg@15.0.0
    python data/make_emoji_people.py build [FOLDER]
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import resvg_py
from make_emoji import SIZE, content, opened, plain, small

PERSON, MAN, WOMAN = "1F9D1", "1F468", "1F469"
MAN_SIGN, WOMAN_SIGN = "2642", "2640"
TONES = ("", "1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF")  # none, then from light to dark
FACING_RIGHT = "27A1"  # the same role, mirrored
# Families of three that show how somebody looks, and no role or activity.
LOOKS = {"1F9B0", "1F9B1", "1F9B2", "1F9B3", "1F471", "1F9D4"}


def families(records: dict[str, dict]) -> dict[str, dict[str, str]]:
    """Role → code of the person, the man and the woman, where all three have six tones."""
    roles = {}
    for code, record in records.items():
        parts = code.split("-")
        if FACING_RIGHT in parts or LOOKS & set(parts) or len(tones_of(record)) < len(TONES):
            continue
        if parts[0] == PERSON and len(parts) > 1:
            rest = "-".join(parts[1:])
            three = {"person": code, "man": f"{MAN}-{rest}", "woman": f"{WOMAN}-{rest}"}
        else:
            three = {
                "person": code,
                "man": f"{code}-200D-{MAN_SIGN}",
                "woman": f"{code}-200D-{WOMAN_SIGN}",
            }
        if all(len(tones_of(records.get(c, {}))) == len(TONES) for c in three.values()):
            roles[role_of(records[three["man"]]["short_name"])] = three
    return roles


def role_of(name: str) -> str:
    """What the man's name says besides that he is one: "man-golfing" → "golfing"."""
    words = name.replace("_", " ").replace("-", " ").split()
    role = " ".join(word for word in words if word not in ("man", "male"))
    return {"merman": "merperson"}.get(role, role)


def tones_of(record: dict) -> dict[str, dict]:
    """Tone → the record of the picture in it; the one without a tone first."""
    varied = record.get("skin_variations", {})
    return {"": record, **{tone: varied[tone] for tone in TONES[1:] if tone in varied}}


def people(records: list[dict]) -> list[dict]:
    """A row per role, gender and tone."""
    by_code = {plain(r["unified"]): r for r in records}
    rows = []
    for role, three in sorted(families(by_code).items()):
        for gender in ("man", "woman", "person"):
            for tone, record in tones_of(by_code[three[gender]]).items():
                code = plain(record["unified"])
                row = {"role": role, "gender": gender, "tone": TONES.index(tone), "code": code}
                rows.append({**row, "image": record["image"]})
    return rows


def drawn_by_google(folder: Path) -> tuple[list[dict], np.ndarray]:
    """The rows, and the first artist's pictures (N, SIZE, SIZE, 3)."""
    with opened(folder, "google") as archive:
        rows = people(json.loads(content(archive, "emoji.json")))
        pictures = [small(content(archive, f"img/google/64/{row['image']}")) for row in rows]
    return rows, np.stack(pictures)


def drawn_by_twemoji(folder: Path, rows: list[dict]) -> np.ndarray:
    """The second artist's pictures of the same rows.  Errors: KeyError where one is not drawn."""
    sides = {"width": 2 * SIZE, "height": 2 * SIZE}
    with opened(folder, "twemoji") as archive:
        names = [Path(n).stem for n in archive.getnames() if n.endswith(".svg")]
        files = {plain("-".join(part.zfill(4) for part in n.split("-"))): n for n in names}
        drawings = [content(archive, f"{files[row['code']]}.svg").decode() for row in rows]
    pngs = [resvg_py.svg_to_bytes(svg_string=drawing, **sides) for drawing in drawings]
    return np.stack([small(bytes(png)) for png in pngs])


def main(folder: Path, to: Path) -> None:
    """Write both files."""
    rows, pictures = drawn_by_google(folder)
    columns = ("role", "gender", "tone", "code")
    with (to / "emoji_people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    others = drawn_by_twemoji(folder, rows)
    np.savez_compressed(to / "emoji_people_pictures.npz", google=pictures, twemoji=others)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
