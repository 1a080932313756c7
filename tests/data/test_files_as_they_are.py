"""Wave and video files as they come: what a player plays, or a sentence with the file's name.

``COURSEKIT_FUZZ=1000 pytest tests/data/test_files_as_they_are.py`` spoils so many files; fifty
without it. Each is read in a process of its own, forked from this one, within limits.
"""

import gc
import os
import random
import signal
import struct
import traceback
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from research_folders import FPS, picture, tone, write_jpg, write_video, write_wav
from scipy.io import wavfile

from coursekit.data import fsdd
from coursekit.data.files import DataFileError
from coursekit.data.research.decode import (
    Photo,
    Sound,
    WavPicture,
    log_mel_picture,
    read_wav,
    resampled,
)
from coursekit.data.research.video import Frames, Probe, Soundtrack
from coursekit.data.research.video_display import turned

TINY = Sound(rate=8000, seconds=1.0, mels=20, window=256, step=80)
SECONDS, MEMORY = 2, 256 * 2**20  # what one file may take
SPOILT = int(os.environ.get("COURSEKIT_FUZZ", "50"))


def header(rate=8000, channels=1, bits=16, code=1, block=None):
    block = channels * bits // 8 if block is None else block
    form = struct.pack("<HHIIHH", code, channels, rate, rate * block % 2**32, block, bits)
    return b"fmt " + struct.pack("<I", 16) + form


def wave_of(chunks, whole=None):
    body = b"WAVE" + chunks
    return b"RIFF" + struct.pack("<I", len(body) if whole is None else whole) + body


SAMPLES = np.arange(-500, 500, dtype="<i2") * 60
DATA = b"data" + struct.pack("<I", 2000) + SAMPLES.tobytes()
PLAYED = {
    "RIFF size 0": wave_of(header() + DATA, 0),
    "RIFF size of a stream": wave_of(header() + DATA, 0xFFFFFFFF),
    "length of a stream": wave_of(header() + b"data\xff\xff\xff\xff" + SAMPLES.tobytes()),
    "length 0 of a stream": wave_of(header() + b"data\0\0\0\0" + SAMPLES.tobytes(), 0),
    "a remark before": wave_of(header() + b"LIST\3\0\0\0abc\0" + DATA),
    "a cut remark behind": wave_of(header() + DATA + b"LIST\xff\0\0\0ab"),
    "half a sample behind": wave_of(header() + b"data" + struct.pack("<I", 2001)
                                    + SAMPLES.tobytes() + b"\1"),
    "any byte rate": wave_of(header()[:16] + b"\0\0\0\0" + header()[20:] + DATA),
}  # fmt: skip
REFUSED = {
    "no data chunk": (wave_of(header()), "no chunk of samples"),
    "no format": (wave_of(DATA), "before their format"),
    "0 channels": (wave_of(header(channels=0, block=2) + DATA), "0 channels"),
    "rate 0": (wave_of(header(rate=0) + DATA), "its rate is 0 Hz; 1 to 768000"),
    "rate of 4 GHz": (wave_of(header(rate=2**32 - 1) + DATA), "its rate is 4294967295 Hz"),
    "4 GiB": (wave_of(header() + b"data\xfe\xff\xff\xff" + SAMPLES.tobytes()), "cut off: 2000"),
    "13 bits in 3": (wave_of(header(bits=13, block=3) + DATA), "do not fit"),
    "other coding": (wave_of(header(code=7, bits=8, block=1) + DATA), "its coding is 7"),
    "short format": (wave_of(b"fmt \4\0\0\0abcd" + DATA), "has 4 bytes; 16 or more"),
    "empty": (b"", "does not begin with RIFF"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAYED)
def test_what_a_player_plays_is_read(tmp_path, name):
    (tmp_path / "a.wav").write_bytes(PLAYED[name])
    wave, rate = read_wav(tmp_path / "a.wav")
    assert rate == 8000
    np.testing.assert_array_equal(wave, SAMPLES.astype(np.float32) / 2**15)
    samples, _ = fsdd.read_recording(tmp_path / "a.wav")
    assert samples.tolist() == SAMPLES.tolist()


@pytest.mark.parametrize("name", REFUSED)
def test_what_none_plays_is_a_sentence(tmp_path, name):
    content, words = REFUSED[name]
    (tmp_path / "a.wav").write_bytes(content)
    for read in (read_wav, fsdd.read_recording):
        with pytest.raises(
            DataFileError, match=rf"a\.wav cannot be read as a wave file.*({words})"
        ):
            read(tmp_path / "a.wav")


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_are_what_scipy_reads(tmp_path, dtype, channels):
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 100, (50, channels)).astype(dtype)
    wavfile.write(tmp_path / "a.wav", 8000, numbers[:, 0] if channels == 1 else numbers)
    from coursekit.data.wave_file import read_samples

    ours, rate = read_samples(tmp_path / "a.wav")
    theirs_rate, theirs = wavfile.read(tmp_path / "a.wav")
    assert rate == theirs_rate and ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_24_bits_fill_the_upper_bytes(tmp_path):
    from coursekit.data.wave_file import read_samples

    raw = b"\1\0\0\xff\xff\xff\0\0\x80"
    content = wave_of(header(bits=24) + b"data" + struct.pack("<I", 9) + raw)
    (tmp_path / "a.wav").write_bytes(content)
    assert read_samples(tmp_path / "a.wav")[0].tolist() == [256, -256, -(2**31)]
    np.testing.assert_array_equal(wavfile.read(tmp_path / "a.wav")[1], [256, -256, -(2**31)])


def test_long_recordings_and_odd_rates_cost_no_more_than_what_is_heard():
    wave = np.random.default_rng(0).normal(size=60_000).astype(np.float32).clip(-1, 1)
    for rate in (8000, 16000, 22050, 44100, 44101):
        whole = resampled(wave, rate, 8000)[:8000]
        if len(whole) == 8000:
            picture_of = log_mel_picture(whole, 8000, TINY)
            np.testing.assert_array_equal(log_mel_picture(wave, rate, TINY), picture_of)
    assert len(resampled(wave[:100], 767_999, 8000)) <= 2


# ---- videos --------------------------------------------------------------------------------


def dominant(frames, second):
    """The channel that is strongest in the lower half of each frame, (T, 3, H, W)."""
    return [int(f[:, f.shape[1] // 2 :].mean((1, 2)).argmax()) for f in frames][second]


def test_a_title_that_is_no_utf_8_does_no_harm(tmp_path):
    path = tmp_path / "a.avi"
    write_video(path)
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as target:
        target.metadata["title"] = "Xenon"
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    spoilt = tmp_path / "b.mkv"
    spoilt.write_bytes(spoilt.read_bytes().replace(b"Xenon", b"X\xe9n\xff\xfe"))
    frames = Frames((0.5, 1.5, 2.5), 16)(spoilt)
    assert [dominant(frames, i) for i in range(3)] == [0, 1, 2]


MATRICES = {  # a, b, u, c, d, v of a track header: how a player turns the stored picture
    90: (0, 1, 0, -1, 0, 0), 180: (-1, 0, 0, 0, -1, 0), 270: (0, -1, 0, 1, 0, 0),
    "mirrored": (-1, 0, 0, 0, 1, 0),
}  # fmt: skip


@pytest.mark.parametrize("turn", MATRICES)
def test_videos_are_turned_as_a_player_turns_them(tmp_path, turn):
    """The corner with the white square goes where the track's matrix sends it."""
    path = write_video(tmp_path / "a.mp4", ("red",), ())
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    content[at : at + 24] = struct.pack(">6i", *(m << 16 for m in MATRICES[turn]))
    path.write_bytes(bytes(content))
    plain = write_video(tmp_path / "b.mp4", ("red",), ())
    with av.open(str(plain)) as container:
        stored = next(container.decode(video=0)).to_image()
    a, b, _, c, d, _ = MATRICES[turn]
    width, height = stored.size if turn in (180, "mirrored") else stored.size[::-1]
    want = np.zeros((height, width, 3), np.uint8)
    pixels = np.asarray(stored)
    for y in range(stored.height):
        for x in range(stored.width):
            right, down = a * x + c * y, b * x + d * y
            want[down % height, right % width] = pixels[y, x]
    # x' = −x of a picture from 0 to w − 1 ends at 1 − w … 0: the edge is moved by one pixel.
    shift = (-1 if a + c < 0 else 0), (-1 if b + d < 0 else 0)
    want = np.roll(want, (shift[1], shift[0]), (0, 1))
    np.testing.assert_array_equal(np.asarray(turned(stored, (a, b, c, d))), want)
    from coursekit.data.research.decode import squared

    got = Frames((0.0,), 16)(path)[0].astype(int)
    assert np.abs(got - squared(Image.fromarray(want), 16)).max() <= 2
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation in (-turn % 360 - 360, -turn % 360, 180, 0)\
            if turn != "mirrored" else True  # fmt: skip


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 32, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 1)
        half = np.full((48, 32, 3), (220, 30, 30), np.uint8)
        half[:, 16:] = (30, 30, 220)
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(half, format="rgb24")))
        container.mux(stream.encode(None))
    red, _, blue = Frames((0.2,), 48)(path)[0]
    # 96 × 48 on the screen, of which the middle 48 columns: red to the left, blue to the right.
    assert red[:, :20].mean() > 150 > 90 > red[:, 28:].mean()
    assert blue[:, 28:].mean() > 150 > 90 > blue[:, :20].mean()


@pytest.mark.parametrize("format_", ["h264", "mjpeg", "m4v"])
def test_without_time_stamps_frames_are_counted(tmp_path, format_):
    coding = {"h264": "h264", "mjpeg": "mjpeg", "m4v": "mpeg4"}[format_]
    if coding not in av.codecs_available:
        pytest.skip("this ffmpeg has no such coder")
    path = tmp_path / f"a.{format_}"
    rate = 25  # what is taken of a stream that tells none
    with av.open(str(path), "w", format=format_) as container:
        stream = container.add_stream(coding, rate=rate)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if coding == "mjpeg" else "yuv420p"
        for i in range(3 * rate):
            colour = ("red", "green", "blue")[i // rate]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(colour, i), "rgb24")))
        container.mux(stream.encode(None))
    frames = Frames((0.1, 0.9, 1.1, 1.9, 2.1, 2.9), 16)(path)
    assert [dominant(frames, i) for i in range(6)] == [0, 0, 1, 1, 2, 2]
    assert Probe()(path)[0] in (75, 76)
    with pytest.raises(DataFileError, match="breaks off"):
        Frames((9.0,), 16)(path)


def test_a_frame_rate_that_changes_is_followed(tmp_path):
    path = tmp_path / "a.mkv"
    begins = [0, 50, 100, 900, 950, 2000]  # milliseconds
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, begin in enumerate(begins):
            colour = ("red", "green", "blue")[i % 3]
            frame = av.VideoFrame.from_ndarray(picture(colour, 0), "rgb24")
            frame.pts, frame.time_base = begin, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frames = Frames((0.03, 0.07, 0.5, 0.92, 1.5, 2.0), 16)(path)
    assert [dominant(frames, i) for i in range(6)] == [0, 1, 2, 0, 1, 2]


def test_a_photograph_stands_upright(tmp_path):
    image = Image.fromarray(picture("red", 30))
    tags = Image.Exif()
    tags[0x0112] = 6  # turn it a quarter to the right
    image.save(tmp_path / "a.jpg", exif=tags, quality=95)
    image.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "b.jpg", quality=95)
    got, want = (Photo(16)(tmp_path / name).astype(int) for name in ("a.jpg", "b.jpg"))
    image.save(tmp_path / "c.jpg", quality=95)
    assert np.abs(got - want).max() < 40
    assert np.abs(got - Photo(16)(tmp_path / "c.jpg")).max() > 100


# ---- spoilt files --------------------------------------------------------------------------


def limited(read, path):
    """Read in a forked process within `SECONDS` and `MEMORY`; what went wrong, "" = nothing."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        import resource

        gc.disable()  # what the parent left behind may have threads, which no fork takes along
        os.close(out)
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        signal.alarm(30 * SECONDS)
        said = ""
        try:
            read(path)
        except DataFileError as problem:
            said = "" if str(path) in str(problem) else f"no name: {problem}"
        except BaseException:
            said = traceback.format_exc()
        os.write(into, said.encode()[-4000:])
        os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return said if status == 0 else f"ended by {status} {said}"


def spoil(content, draw):
    """Cut, flip bytes, put numbers into the header, exchange stretches."""
    data = bytearray(content)
    how = draw.randrange(4)
    if how == 0:
        return bytes(data[: draw.randrange(len(data))])
    if how == 1:
        for _ in range(draw.choice([1, 4, 64])):
            data[draw.randrange(len(data))] = draw.randrange(256)
    elif how == 2:
        at = draw.randrange(min(len(data), 400))
        value = draw.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, draw.randrange(2**32)])
        data[at : at + 4] = struct.pack(draw.choice(["<I", ">I"]), value)
    else:
        size = draw.randrange(1, 64)
        a, b = (draw.randrange(max(len(data) - size, 1)) for _ in range(2))
        data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return bytes(data)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_spoilt_files_are_read_or_named_and_cost_little(tmp_path):
    wav = write_wav(tmp_path / "a.wav", 500, 0.2)
    readers = {
        ".wav": (WavPicture(TINY),),
        ".mp4": (Frames((0.2, 1.1), 16), Soundtrack(0.2, 1.2, TINY), Probe()),
        ".avi": (Frames((0.2, 1.1), 16), Soundtrack(0.2, 1.2, TINY), Probe()),
        ".jpg": (Photo(16),),
    }
    whole = {
        ".wav": wav.read_bytes(),
        ".mp4": write_video(tmp_path / "a.mp4", ("red", "blue")).read_bytes(),
        ".avi": write_video(tmp_path / "a.avi", ("red", "blue")).read_bytes(),
        ".jpg": write_jpg(tmp_path / "a.jpg").read_bytes(),
    }
    wavfile.write(tmp_path / "warm.wav", 22050, tone(300, 0.1, 22050).astype(np.float32))
    WavPicture(TINY)(tmp_path / "warm.wav")  # the parent has imported and read all kinds
    for ending, reads in readers.items():
        for read in reads:
            read(tmp_path / f"a{ending}")
    problems, draw = [], random.Random(int(os.environ.get("COURSEKIT_FUZZ_SEED", "7")))
    for number in range(SPOILT):
        ending = draw.choice([".wav", ".mp4", ".avi", ".wav", ".mp4", ".jpg"])
        path = tmp_path / f"spoilt{number}{ending}"
        path.write_bytes(spoil(whole[ending], draw))

        def read_all(path, reads=readers[ending]):
            refused = None
            for read in reads:
                try:
                    read(path)
                except DataFileError as problem:
                    refused = problem
            if refused is not None:
                raise refused

        said = limited(read_all, path)
        if said:
            problems.append(f"{path.name}: {said}")
    assert not problems, "\n".join(problems[:5]) + f"\n{len(problems)} of {SPOILT}"
