"""Derive spoken_digits_synth.npz: synthesised spoken digits from espeak-ng. Nobody said them.

Needs the program espeak-ng on PATH (Debian and Ubuntu: apt install espeak-ng; version 1.51 made
the published file). Run from the repository's top folder, about a minute:

    python data/make_spoken_digits_synth.py [FOLDER]

Each voice is espeak-ng's English with one of its voice variants. It says every digit four times,
at four speeds and pitches. Left out are variants that sound exactly like one before them, the
numbered brothers of a variant (steph2 beside steph), which would be nearly the same voice on both
sides of a split, and "fast", a test of speed and not a voice.
"""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from scipy.io import wavfile

from coursekit.data.spectrogram import FLOOR_DB, word_picture

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TAKES = ((130, 40), (155, 60), (180, 45), (205, 55))  # words a minute, pitch from 0 to 99


def variants() -> list[str]:
    """Names of the voice variants to use, in alphabetical order."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit("espeak-ng is not on PATH; install it first (apt install espeak-ng).")
    listing = subprocess.run(
        ["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(r"!v/(\S+(?: \S+)*)", listing)  # a column; a name may hold one space
    brothers = {n for n in names if n[-1].isdigit() and n.rstrip("0123456789") in names}
    return sorted(set(names) - brothers - {"fast"}, key=str.lower)


def say(word: str, variant: str, speed: int, pitch: int) -> tuple[int, torch.Tensor]:
    """The word as espeak-ng says it: sampling rate in Hz and int16 samples."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        options = ["-v", f"en+{variant}", "-s", str(speed), "-p", str(pitch), "-w", str(path)]
        subprocess.run(["espeak-ng", *options, word], check=True)
        rate, samples = wavfile.read(path)
    return rate, torch.from_numpy(samples.copy())


def speak(variant: str) -> tuple[np.ndarray, np.ndarray]:
    """All words of one voice: stretched pictures (10, 4, 32, 32) uint8, seconds (10, 4)."""
    pictures = np.zeros((len(WORDS), len(TAKES), 32, 32), np.uint8)
    seconds = np.zeros((len(WORDS), len(TAKES)), np.float32)
    for i, word in enumerate(WORDS):
        for j, (speed, pitch) in enumerate(TAKES):
            rate, wave = say(word, variant, speed, pitch)
            decibels, seconds[i, j] = word_picture(wave, rate)
            pictures[i, j] = ((decibels / FLOOR_DB + 1) * 255).round().byte().numpy()
    return pictures, seconds


def distinct(names: list[str], spoken: list[tuple[np.ndarray, np.ndarray]]) -> list[int]:
    """Positions of the voices whose pictures differ from every voice before them."""
    sounds = [pictures.tobytes() for pictures, _ in spoken]
    return [i for i in range(len(names)) if sounds[i] not in sounds[:i]]


def synthesise() -> dict[str, np.ndarray]:
    """The arrays of the data file; rows are ordered by voice, digit and take."""
    names = variants()
    with ThreadPoolExecutor() as pool:
        spoken = list(pool.map(speak, names))
    kept = distinct(names, spoken)
    words, takes = len(WORDS), len(TAKES)
    return {
        "log_mel": np.concatenate([spoken[i][0].reshape(-1, 32, 32) for i in kept]),
        "seconds": np.concatenate([spoken[i][1].reshape(-1) for i in kept]),
        "voice": np.repeat(np.arange(len(kept), dtype=np.uint8), words * takes),
        "digit": np.tile(np.repeat(np.arange(words, dtype=np.uint8), takes), len(kept)),
        "take": np.tile(np.arange(takes, dtype=np.uint8), len(kept) * words),
        "voice_name": np.array([names[i] for i in kept]),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the pool already uses every core
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    arrays = synthesise()
    np.savez_compressed(target / "spoken_digits_synth.npz", **arrays)
    print(target / "spoken_digits_synth.npz", len(arrays["voice_name"]), "voices")
