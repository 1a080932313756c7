"""Tiny folders on the layouts of the research data sets: real wav, jpg, mp4 and avi files."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image
from scipy.io import wavfile

WIDTH, HEIGHT, FPS = 64, 48, 10
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220), "grey": (99,) * 3}
BOM = "\ufeff"


def tone(hz, seconds, rate):
    """A sine of half the full loudness, float64."""
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def write_wav(path, hz=1000.0, seconds=1.0, rate=22050):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, (tone(hz, seconds, rate) * 32767).astype(np.int16))
    return path


def write_jpg(path, colour="red", size=(WIDTH, HEIGHT)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, COLOURS[colour]).save(path, quality=95)
    return path


def picture(colour, number):
    """A frame of one colour with a small white square that moves along the top edge."""
    pixels = np.full((HEIGHT, WIDTH, 3), COLOURS[colour], np.uint8)
    edge = number % (WIDTH - 4)
    pixels[:4, edge : edge + 4] = 255
    return pixels


def write_video(
    path,
    colours=("red", "green", "blue"),
    tones=None,
    frames=None,
    rate=16000,
    coding="mpeg4",
    late=0,
):
    """A second of picture for each colour, and a second of sound for each tone in Hz.

    tones: default 1000 Hz throughout; () = no sound.  frames: stop after so many.  mp4 gets AAC,
    avi plain samples, both MPEG-4 pictures with a key frame every 12, unless another coding is
    named.  late: frames by which the pictures begin after the sound.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = (1000.0,) * len(colours) if tones is None else tones
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(coding, rate=FPS)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures.bit_rate = 2_000_000
        sound = None
        if tones:
            voice = "aac" if path.suffix == ".mp4" else "pcm_s16le"
            sound = container.add_stream(voice, rate=rate, layout="mono")
        for i in range(frames or FPS * len(colours)):
            frame = av.VideoFrame.from_ndarray(picture(colours[i // FPS], i), format="rgb24")
            frame.pts, frame.time_base = i + late, Fraction(1, FPS)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if sound is not None:
            _mux_tones(container, sound, tones, rate)
    return path


def _mux_tones(container, sound, tones, rate):
    wave = np.concatenate([tone(hz, 1.0, rate) for hz in tones])
    for start in range(0, len(wave), 1024):
        piece = wave[None, start : start + 1024]
        if sound.codec_context.name == "aac":
            frame = av.AudioFrame.from_ndarray(piece.astype(np.float32), "fltp", "mono")
        else:
            frame = av.AudioFrame.from_ndarray((piece * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = rate, start
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))


def make_cremad(root, actors=5, emotions=("NEU", "ANG")):
    """Two clips an actor, with four frames each; the first actor's number is 1001."""
    for actor in range(1001, 1001 + actors):
        for i, emotion in enumerate(emotions):
            name = f"{actor}_DFA_{emotion}_XX"
            write_wav(root / "AudioWAV" / f"{name}.wav", 500 * (i + 1), 0.5)
            for number, colour in enumerate(COLOURS, 1):
                write_jpg(root / "Image-01-FPS" / name / f"{number:05d}.jpg", colour)
    return root


def write_published(root, train, test):
    """train.csv and test.csv as they are published: a mark in front, no header, CRLF."""
    for side, names in (("train", train), ("test", test)):
        lines = "".join(f"{name},{name.split('_')[2]}\r\n" for name in names)
        (root / f"{side}.csv").write_bytes((BOM + lines).encode("utf-8"))


AVE_ROWS = {
    "train": [
        "Church bell&aaaaaaaaaaa&good&0&3",
        "Church bell&aaaaaaaaaaa&good&1&2",
        "Race car, auto racing&-bbbbbbbbb_&good&0&3",
        "Race car, auto racing&sharedvalid&good&0&2",
        "Church bell&sharedtests&good&0&2",
    ],
    "val": ["Church bell&sharedvalid&good&1&3", "Church bell&ddddddddddd&bad&0&3"],
    "test": ["Race car, auto racing&sharedtests&good&0&3"],
}


def make_ave(root, rows=AVE_ROWS):
    """Videos of three seconds: red, green, blue; 500, 1000 and 2000 Hz."""
    root.mkdir(parents=True, exist_ok=True)
    for side, lines in rows.items():
        (root / f"{side}Set.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = [
        "Category&VideoID&Quality&StartTime&EndTime",
        *(line for side in rows.values() for line in side),
    ]
    (root / "Annotations.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for video in {line.split("&")[1] for line in lines[1:]}:
        write_video(root / "AVE" / f"{video}.mp4", tones=(500.0, 1000.0, 2000.0))
    return root


UCF_SILENT = "YoYo"


def make_ucf101(root):
    """Three classes of groups g01 to g05, of which g01 tests; YoYo has no sound."""
    lists = root / "ucfTrainTestlist"
    lists.mkdir(parents=True)
    actions = {"Archery": "Archery", "HandstandPushups": "HandStandPushups", UCF_SILENT: "YoYo"}
    numbered = [f"{i} {a}" for i, a in enumerate(actions, 1)]
    (lists / "classInd.txt").write_text("\r\n".join(numbered) + "\r\n")
    train, test = [], []
    for number, (action, spelled) in enumerate(actions.items(), 1):
        for group in range(1, 6):
            file = f"{action}/v_{spelled}_g{group:02d}_c01.avi"
            tones = () if action == UCF_SILENT else (1000.0, 1000.0)
            write_video(root / "UCF-101" / file, ("red", "blue"), tones)
            (test if group == 1 else train).append(file if group == 1 else f"{file} {number}")
    (lists / "trainlist01.txt").write_text("\n".join(train) + "\n")
    (lists / "testlist01.txt").write_text("\n".join(test) + "\n")
    return root


def multibench_parts(rows=(6, 3, 3), seed=0):
    """What a MultiBench pickle of MOSI holds, with a few rows."""
    rng, start, parts = np.random.default_rng(seed), 0, {}
    for split, n in zip(("train", "valid", "test"), rows, strict=True):
        parts[split] = {
            "vision": rng.normal(size=(n, 5, 4)).astype(np.float32),
            "audio": rng.normal(size=(n, 5, 3)),
            "text": rng.normal(size=(n, 5, 2)).astype(np.float32),
            "labels": np.linspace(-3, 3, n).reshape(n, 1, 1),
            "id": np.array([f"video{start + i // 2}[{i % 2}]" for i in range(n)]),
        }
        start += n
    return parts


def edited(path: Path, change) -> None:
    """Replace the file's bytes by ``change`` of them."""
    path.write_bytes(change(path.read_bytes()))
