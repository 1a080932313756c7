"""Waveforms, pictures and frames against files whose content is known."""

import builtins
import pickle

import av
import numpy as np
import pytest
import torch
from PIL import Image
from research_folders import COLOURS, edited, tone, write_jpg, write_video, write_wav
from scipy.io import wavfile
from scipy.signal import stft

from coursekit.data.files import DataFileError
from coursekit.data.research import video
from coursekit.data.research.decode import (
    QUIET,
    Photo,
    Scale,
    Sound,
    WavPicture,
    fitted,
    log_mel_picture,
    read_wav,
    resampled,
    squared,
)
from coursekit.data.research.video import Frames, Probe, Soundtrack, read_sound
from coursekit.data.spectrogram import hz_to_mel, mel_filters

SMALL = Sound(rate=16000, seconds=1.0, mels=40, window=400, step=160)


def loudest_hz(mel_picture, sound):
    """Centre, in Hz, of the loudest band in the middle of a picture."""
    band = int(mel_picture[:, mel_picture.shape[1] // 2].argmax())
    mel = hz_to_mel(sound.rate / 2) * (band + 1) / (sound.mels + 1)
    return 700 * (10 ** (mel / 2595) - 1)


def band_width(hz, sound):
    step = hz_to_mel(sound.rate / 2) / (sound.mels + 1)
    return 700 * (10 ** ((hz_to_mel(hz) + step) / 2595) - 1) - hz


@pytest.mark.parametrize(
    ("dtype", "full"), [(np.int16, 2**15), (np.int32, 2**31), (np.uint8, 128), (np.float32, 2)]
)
def test_a_wave_file_of_any_type_becomes_the_same_floats(tmp_path, dtype, full):
    wave = tone(300, 0.1, 8000)
    stored = wave * (full - 1) + (128 if dtype == np.uint8 else 0)
    wavfile.write(tmp_path / "a.wav", 8000, stored.astype(dtype))
    samples, rate = read_wav(tmp_path / "a.wav")
    assert rate == 8000
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, wave, atol=2.1 / 128 if dtype == np.uint8 else 2e-4)


def test_channels_are_averaged(tmp_path):
    left, right = tone(300, 0.1, 8000), tone(900, 0.1, 8000)
    wavfile.write(tmp_path / "a.wav", 8000, np.stack([left, right], 1).astype(np.float32))
    np.testing.assert_allclose(read_wav(tmp_path / "a.wav")[0], (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("length", [0, 2, 10, 30, 43, 44, 1000, 1001])
def test_a_wave_file_that_is_cut_off_is_refused(tmp_path, length):
    path = write_wav(tmp_path / "a.wav")
    edited(path, lambda content: content[:length])
    with pytest.raises(DataFileError, match=r"a\.wav"):
        read_wav(path)


def test_a_wave_file_without_samples_or_with_nan_is_refused(tmp_path):
    wavfile.write(tmp_path / "empty.wav", 8000, np.zeros(0, np.int16))
    wavfile.write(tmp_path / "nan.wav", 8000, np.array([0, np.nan], np.float32))
    with pytest.raises(DataFileError, match="no sample"):
        read_wav(tmp_path / "empty.wav")
    with pytest.raises(DataFileError, match="NaN"):
        read_wav(tmp_path / "nan.wav")


def test_resampling_keeps_the_tone_and_drops_what_is_too_high():
    low = resampled(tone(440, 1.0, 22050).astype(np.float32), 22050, 16000)
    assert len(low) == 16000
    np.testing.assert_allclose(low[500:-500], tone(440, 1.0, 16000)[500:-500], atol=2e-3)
    high = resampled(tone(7000, 1.0, 22050).astype(np.float32), 22050, 8000)
    assert np.abs(high[500:-500]).max() < 2e-3


def test_a_short_wave_is_repeated_and_a_long_one_cut():
    np.testing.assert_array_equal(fitted(np.arange(3), 8), [0, 1, 2, 0, 1, 2, 0, 1])
    np.testing.assert_array_equal(fitted(np.arange(9), 4), [0, 1, 2, 3])


@pytest.mark.parametrize("hz", [400.0, 1000.0, 3000.0])
@pytest.mark.parametrize("rate", [16000, 22050])
def test_a_tone_lands_in_its_mel_band(hz, rate):
    made = log_mel_picture(tone(hz, 0.4, rate).astype(np.float32), rate, SMALL)
    assert made.shape == (40, SMALL.frames) == (40, 101)
    assert abs(loudest_hz(made, SMALL) - hz) <= band_width(hz, SMALL)


def test_the_mel_picture_is_what_scipy_says():
    """scipy's STFT on the same padding, and its scaling by the window's sum undone."""
    wave = np.random.default_rng(0).normal(size=16000).astype(np.float32) * 0.1
    made = log_mel_picture(wave, 16000, SMALL)
    window = np.hanning(401)[:-1]
    padded = np.pad(window, (SMALL.fft - 400) // 2)
    _, _, spectrum = stft(
        np.pad(wave.astype(np.float64), SMALL.fft // 2),
        window=padded,
        nperseg=SMALL.fft,
        noverlap=SMALL.fft - 160,
        boundary=None,
        padded=False,
    )
    power = np.abs(spectrum * window.sum()) ** 2
    filters = mel_filters(40, SMALL.fft, 16000).double().numpy()
    np.testing.assert_allclose(made, np.log(filters @ power + QUIET), rtol=1e-4, atol=1e-4)


def test_silence_is_the_floor():
    made = log_mel_picture(np.zeros(100, np.float32), 16000, SMALL)
    np.testing.assert_allclose(made, np.log(QUIET))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rate": 0}, "rate is 0"),
        ({"mels": 2.5}, r"mels is 2\.5"),
        ({"step": 0}, "step is 0"),
        ({"mels": 400}, "mels is 400: some bands hold no frequency"),
        ({"seconds": 0.001}, r"seconds is 0\.001"),
        ({"seconds": float("nan")}, "seconds is nan"),
    ],
)
def test_sound_settings_that_make_no_picture_are_refused(change, sentence):
    settings = {"rate": 16000, "seconds": 1.0, "mels": 40, "window": 400, "step": 160}
    with pytest.raises((ValueError, TypeError), match=sentence):
        Sound(**(settings | change))


def test_a_jpg_is_resized_and_its_centre_cut_out():
    """Three stripes of a wide picture: only the middle one is left of a square."""
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, :20], wide[:, 20:40], wide[:, 40:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    cut = squared(Image.fromarray(wide), 10)
    assert cut.shape == (3, 10, 10)
    assert cut.dtype == np.uint8
    assert (cut[1, :, 1:-1] == 255).all()
    assert (cut[[0, 2]][..., 1:-1] == 0).all()


def test_shrinking_averages():
    board = np.indices((40, 40)).sum(0) % 2 * 255
    cut = squared(Image.fromarray(board.astype(np.uint8)), 10)
    assert np.abs(cut.astype(float) - 127.5).max() < 16


def test_a_photo_has_its_colour_between_0_and_1(tmp_path):
    photo = Scale().pixels(Photo(16)(write_jpg(tmp_path / "a.jpg", "green")))
    assert photo.dtype == torch.float32
    want = torch.tensor(COLOURS["green"])[:, None, None] / 255
    torch.testing.assert_close(photo, want.expand(3, 16, 16), atol=0.02, rtol=0)


@pytest.mark.parametrize("content", [b"", b"no picture at all", "half"])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, content):
    path = write_jpg(tmp_path / "a.jpg", size=(200, 200))
    edited(path, lambda whole: whole[: len(whole) // 2] if content == "half" else content)
    with pytest.raises(DataFileError, match=r"a\.jpg cannot be read as a picture"):
        Photo(16)(path)


def test_scales_are_applied_and_checked():
    scale = Scale(audio=(2.0, 4.0), video=((0.5, 0, 1), (0.5, 1, 2)))
    assert scale.sound(np.full((1, 1), 10, np.float32)).item() == 2
    bright = scale.pixels(np.full((2, 3, 1, 1), 255, np.uint8))
    torch.testing.assert_close(bright[0].flatten(), torch.tensor([1.0, 1, 0]))
    with pytest.raises(ValueError, match="audio std is 0"):
        Scale(audio=(0, 0))
    with pytest.raises(ValueError, match="video mean is nan"):
        Scale(video=((float("nan"), 0, 0), (1, 1, 1)))


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """The same three seconds as mp4 and as avi."""
    root = tmp_path_factory.mktemp("videos")
    tones = (500.0, 1000.0, 2000.0)
    return {e: write_video(root / f"a.{e}", tones=tones) for e in ("mp4", "avi")}


def colour_of(frame):
    """The name of the nearest colour of a frame's lower half, (3, H, W) bytes."""
    mean = frame[:, frame.shape[1] // 2 :].reshape(3, -1).mean(1)
    return min(COLOURS, key=lambda name: np.abs(mean - COLOURS[name]).max())


@pytest.mark.parametrize("kind", ["mp4", "avi"])
def test_frames_are_those_of_their_seconds(videos, kind):
    seconds = (2.5, 0.0, 0.95, 1.0, 1.9, 2.0, 2.9, 0.0)
    frames = Frames(seconds, 32)(videos[kind])
    assert frames.shape == (8, 3, 32, 32)
    want = ["blue", "red", "red", "green", "green", "blue", "blue", "red"]
    assert [colour_of(f) for f in frames] == want


@pytest.fixture(scope="module")
def reordered(tmp_path_factory):
    """H.264, whose frames are stored in another order than shown, with one key frame in all."""
    path = tmp_path_factory.mktemp("reordered") / "a.mp4"
    return write_video(path, coding="libx264")


@pytest.mark.parametrize("kind", ["mp4", "avi", "reordered"])
def test_every_frame_is_the_one_that_decoding_from_the_start_gives(videos, reordered, kind):
    path = reordered if kind == "reordered" else videos[kind]
    with av.open(str(path)) as container:
        whole = [squared(f.to_image(), 32) for f in container.decode(video=0)]
    assert len(whole) == 30
    sought = Frames(tuple(i / 10 for i in range(30)), 32)(path)
    np.testing.assert_array_equal(sought, np.stack(whole))


@pytest.mark.parametrize("kind", ["mp4", "avi"])
def test_sound_is_that_of_its_seconds(videos, kind):
    sound = Sound(rate=16000, seconds=0.5, mels=40, window=400, step=160)
    for start, hz in ((0.2, 500), (1.2, 1000), (2.2, 2000)):
        made = Soundtrack(start, start + 0.5, sound)(videos[kind])
        assert abs(loudest_hz(made, sound) - hz) <= band_width(hz, sound)


def test_plain_samples_come_back_to_the_sample(videos):
    wave = np.concatenate([tone(hz, 1.0, 16000) for hz in (500, 1000, 2000)])
    for start, end in ((0.0, 3.0), (0.5, 1.25), (1.99, 2.01)):
        samples, rate = read_sound(videos["avi"], start, end)
        assert rate == 16000
        want = wave[round(start * rate) : round(end * rate)]
        np.testing.assert_allclose(samples, want, atol=1e-4)


def test_coded_sound_is_where_it_belongs(videos):
    """Also at the very beginning, where the coder had nothing before it."""
    wave = np.concatenate([tone(hz, 1.0, 16000) for hz in (500, 1000, 2000)])
    for start, end in ((0.0, 3.0), (0.3, 0.8), (0.9, 1.1), (1.99, 2.2)):
        samples, _ = read_sound(videos["mp4"], start, end)
        want = wave[round(start * 16000) : round(end * 16000)]
        np.testing.assert_allclose(samples, want, atol=0.02)


def test_pictures_may_begin_after_the_sound(tmp_path):
    """Half a second late: before that the first frame stands, and colours change at 1.5 and 2.5."""
    path = write_video(tmp_path / "a.mp4", tones=(500.0, 1000.0, 2000.0, 500.0), late=5)
    frames = Frames((0.0, 0.3, 1.4, 1.5, 2.4, 2.5), 16)(path)
    want = ["red", "red", "red", "green", "green", "blue"]
    assert [colour_of(f) for f in frames] == want
    sound = Sound(rate=16000, seconds=0.5, mels=40, window=400, step=160)
    made = Soundtrack(1.2, 1.7, sound)(path)
    assert abs(loudest_hz(made, sound) - 1000) <= band_width(1000, sound)


def test_only_what_is_wanted_is_decoded(tmp_path, monkeypatch):
    """Of 20 seconds at 10 frames a second, at most what lies behind a key frame every 12."""
    path, counts = write_video(tmp_path / "long.avi", ("red",) * 20, tones=()), []
    real = video._last_until

    def counted(frames, wanted, or_first):
        def each():
            for frame in frames:
                counts.append(frame)
                yield frame

        return real(each(), wanted, or_first)

    monkeypatch.setattr(video, "_last_until", counted)
    Frames((0.0, 10.0, 19.0), 8)(path)
    assert 3 <= len(counts) <= 3 * 14


def test_a_probe_counts_frames_and_finds_sound(tmp_path, videos):
    for path in videos.values():
        frames, pictures, sound = Probe()(path)
        assert frames == 30
        assert pictures == pytest.approx(3.0, abs=0.05)
        assert sound == pytest.approx(3.0, abs=0.15)
    mute = write_video(tmp_path / "mute.avi", tones=(), frames=3)
    assert Probe()(mute)[[0, 2]].tolist() == [3, 0]
    with pytest.raises(DataFileError, match=r"mute\.avi has no sound"):
        Soundtrack(0, 1, SMALL)(mute)


def test_what_lies_past_the_end_is_refused(videos):
    for path in videos.values():
        assert (
            colour_of(Frames((3.5,), 16)(path)[0]) == "blue"
        )  # less than a second: the last stays
        with pytest.raises(DataFileError, match="breaks off: its pictures end"):
            Frames((4.5,), 16)(path)
        with pytest.raises(DataFileError, match="breaks off: its sounds end"):
            read_sound(path, 1.0, 6.0)
        with pytest.raises(DataFileError, match="no sound between 5 s and 6 s"):
            read_sound(path, 5.0, 6.0)


@pytest.mark.parametrize("content", [b"", b"no video" * 100, "front"])
@pytest.mark.parametrize("kind", ["mp4", "avi"])
def test_a_broken_video_is_named(tmp_path, videos, kind, content):
    path = tmp_path / f"b.{kind}"
    whole = videos[kind].read_bytes()
    path.write_bytes(whole[: len(whole) // 4] if content == "front" else content)
    with pytest.raises(DataFileError, match=rf"b\.{kind}"):
        Frames((2.5,), 16)(path)


def test_without_pyav_a_sentence_says_what_to_install(monkeypatch, videos):
    real = builtins.__import__

    def without(name, *rest):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'coursekit\[research\]'"):
        Probe()(videos["mp4"])


@pytest.mark.parametrize("decode", [WavPicture(SMALL), Photo(8), Frames((0.0,), 8), Probe()])
def test_decodings_can_be_handed_to_another_process(decode):
    assert pickle.loads(pickle.dumps(decode)) == decode
