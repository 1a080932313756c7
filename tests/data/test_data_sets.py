"""load(): shapes, disjoint splits, scaling, determinism, refusals; and the spectrogram below it."""

import cmath
import math

import numpy as np
import pytest
import torch

from coursekit.data import LOADERS, load
from coursekit.data import spectrogram as sp
from coursekit.data.av_digits import PLANS, speaker_splits, synthesised_words
from coursekit.data.files import open_checked
from coursekit.data.uci_views import VIEWS


def same(a, b):
    """Bit for bit the same data."""
    return (
        a.modalities == b.modalities
        and all(torch.equal(a.inputs[m], b.inputs[m]) for m in a.modalities)
        and torch.equal(a.labels, b.labels)
        and torch.equal(a.group, b.group)
        and all(torch.equal(a.splits[s], b.splits[s]) for s in a.splits)
    )


# ---- load ----------------------------------------------------------------------------------


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'uci_views'"):
        load("uci_view")


def test_options_of_another_data_set_are_refused():
    with pytest.raises(ValueError, match=r"an option of uci_views is 'fold'.*'n_train'"):
        load("uci_views", fold=1)
    with pytest.raises(ValueError, match="Did you mean 'image_noise'"):
        load("av_digits", image_nois=1)
    with pytest.raises(ValueError, match="book_reviews takes no options; 'seed' came"):
        load("book_reviews", seed=1)


@pytest.mark.parametrize("name", ["av_digits", "book_reviews", "uci_views"])
def test_loading_twice_gives_the_same_bits(name):
    assert name in LOADERS
    assert same(load(name), load(name))


# ---- book_reviews --------------------------------------------------------------------------


def test_book_reviews():
    data = load("book_reviews")
    assert data.modalities == ("smiling", "critic")
    assert data.num_classes == 0
    assert [len(data.train), len(data.valid), len(data.test)] == [180, 60, 60]
    frame = data.frame()
    assert list(frame.columns) == ["smiling", "critic", "label"]
    slope = np.polyfit(frame["smiling"], frame["label"], 1)
    assert slope.round(2).tolist() == [1.20, 4.63]


# ---- uci_views -----------------------------------------------------------------------------


def test_uci_views_shapes_and_splits():
    data = load("uci_views", views=VIEWS)
    widths = {view: x.shape[1] for view, x in data.inputs.items()}
    assert widths == {"fou": 76, "fac": 216, "kar": 64, "pix": 240, "zer": 47, "mor": 6}
    assert [len(data.train), len(data.valid), len(data.test)] == [1000, 400, 600]
    for split, each in ((data.train, 100), (data.valid, 40), (data.test, 60)):
        assert torch.bincount(split.labels).tolist() == [each] * 10


def test_uci_views_are_scaled_with_training_rows_only():
    data = load("uci_views", views=("pix", "mor"))
    for view in data.modalities:
        x = data.train.inputs[view].double()
        sd = x.std(0, correction=0)
        assert x.mean(0).abs().max() < 1e-5
        assert (sd[sd > 0] - 1).abs().max() < 1e-4
    assert data.test.inputs["pix"].mean(0).abs().max() > 0.05
    with np.load(open_checked("uci_views.npz")) as arrays:
        raw = torch.from_numpy(arrays["mor"].astype(np.float64))[:, 3]
    train = raw[data.splits["train"]]
    expected = (raw - train.mean()) / train.std(correction=0)
    assert torch.allclose(data.inputs["mor"][:, 3].double(), expected, atol=1e-6)


def test_a_smaller_uci_training_set_keeps_valid_and_test():
    whole, small = load("uci_views"), load("uci_views", n_train=200)
    assert torch.equal(small.splits["train"], whole.splits["train"][:200])
    assert torch.bincount(small.train.labels).tolist() == [20] * 10
    for split in ("valid", "test"):
        assert torch.equal(small.splits[split], whole.splits[split])


def test_another_seed_draws_another_uci_split():
    a, b = load("uci_views", seed=0), load("uci_views", seed=1)
    assert not torch.equal(a.splits["test"], b.splits["test"])
    assert same(b, load("uci_views", seed=1))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"views": ("pix", "fuo")}, "Did you mean 'fou'"),
        ({"views": "pix"}, "names in a list"),
        ({"views": ("pix", "pix")}, "different views"),
        ({"views": ()}, "views is empty"),
        ({"n_train": 1001}, "10 to 1000"),
    ],
)
def test_uci_refusals(options, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        load("uci_views", **options)


# ---- av_digits with synthesised speech -----------------------------------------------------


@pytest.fixture(scope="module")
def synth():
    return load("av_digits")


def test_av_digits_are_the_same_with_one_thread_and_with_two():
    before = torch.get_num_threads()
    try:
        made = []
        for count in (1, 2):
            torch.set_num_threads(count)
            made.append(load("av_digits", seed=0))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)
    for m in made[0].modalities:
        assert torch.equal(made[0].inputs[m], made[1].inputs[m])


def test_av_digits_shapes(synth):
    assert "synthesised" in synth.name
    assert synth.modalities == ("image", "audio")
    assert synth.inputs["image"].shape == (2500, 1, 14, 14)
    assert synth.inputs["audio"].shape == (2500, 1, 16, 16)
    assert [len(synth.train), len(synth.valid), len(synth.test)] == [1000, 500, 1000]
    for split, each in ((synth.train, 100), (synth.valid, 50), (synth.test, 100)):
        assert torch.bincount(split.labels).tolist() == [each] * 10
    small = load("av_digits", n=50, image_size=7, mel_size=32)
    assert small.train.inputs["image"].shape == (50, 1, 7, 7)
    assert small.train.inputs["audio"].shape == (50, 1, 32, 32)


@pytest.mark.parametrize("fold", range(6))
def test_synthetic_voices_do_not_straddle_the_splits(fold):
    data = load("av_digits", fold=fold, n=100)
    voices = [set(s.group.tolist()) for s in (data.train, data.valid, data.test)]
    assert not (voices[0] & voices[1] or voices[0] & voices[2] or voices[1] & voices[2])
    assert (len(voices[1]), len(voices[2])) == (13, 26)


@pytest.mark.parametrize("speech", sorted(PLANS))
def test_speakers_are_shared_out_in_every_fold(speech):
    number = {"fsdd": 6, "synth": 78}[speech]
    trained = []
    for fold in range(6):
        for train in range(1, PLANS[speech].most + 1):
            parts = speaker_splits(speech, number, train, fold)
            assert len(parts["train"]) == train and len(parts["test"]) >= 1
            assert torch.cat(list(parts.values())).sort().values.tolist() == list(range(number))
        trained.append(speaker_splits(speech, number, 1, fold)["train"].item())
    assert len(set(trained)) == 6


def image_rows(data, size=28):
    """Which MNIST row each clean, full-size image is."""
    with np.load(open_checked("mnist_5k.npz")) as arrays:
        known = {image.tobytes(): row for row, image in enumerate(arrays["image"])}
    x = data.inputs["image"][:, 0].double()
    pixels = (x - x.amin((1, 2), keepdim=True)) / (x.max() - x.min()) * 255
    return [known[image.round().byte().numpy().tobytes()] for image in pixels]


def test_images_do_not_straddle_the_splits_and_show_the_label():
    data = load("av_digits", n=3000, image_noise=0, image_size=28)
    rows = image_rows(data)
    assert len(set(rows)) == len(rows) == 4500
    with np.load(open_checked("mnist_5k.npz")) as arrays:
        assert arrays["digit"][rows].tolist() == data.labels.tolist()


def test_recordings_say_the_label_and_belong_to_the_group():
    words = synthesised_words()
    data = load("av_digits", n=200, mel_size=32, stretch=True)
    flat = words.words.flatten(1)
    x = data.inputs["audio"].flatten(1)[:60]
    # The standardised picture is a·dB + b: recover dB from its own extremes (0 dB is always there).
    scale = flat.std() / data.inputs["audio"].std()
    decibels = (x - x.amax(1, keepdim=True)) * scale
    nearest = torch.cdist(decibels, flat).argmin(1)
    assert torch.equal(words.digit[nearest], data.labels[:60])
    assert torch.equal(words.speaker[nearest], data.group[:60])


def test_av_digits_are_standardised_on_training_pairs(synth):
    for x in synth.train.inputs.values():
        assert abs(x.double().mean()) < 1e-5 and abs(x.double().std(correction=0) - 1) < 1e-5


def test_noise_has_the_asked_strength_and_a_fixed_pattern():
    clean, one, three = (load("av_digits", n=500, image_noise=s, image_size=28) for s in (0, 1, 3))

    def noise(data, sd):
        # standardised again after the noise: var = 1 + sd² on the training images
        return data.inputs["image"] * math.sqrt(1 + sd**2) - clean.inputs["image"]

    assert noise(one, 1).std().item() == pytest.approx(1, abs=0.02)
    assert noise(three, 3).std().item() == pytest.approx(3, abs=0.06)
    pair = torch.stack([noise(one, 1).flatten(), noise(three, 3).flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.999


def test_seed_and_fold_change_what_they_should(synth):
    other = load("av_digits", seed=1)
    assert not torch.equal(other.labels, synth.labels)
    assert set(other.test.group.tolist()) == set(synth.test.group.tolist())
    turned = load("av_digits", fold=1)
    assert set(turned.test.group.tolist()) != set(synth.test.group.tolist())
    stretched = load("av_digits", stretch=True)
    assert torch.equal(stretched.labels, synth.labels)
    assert torch.equal(stretched.inputs["image"], synth.inputs["image"])
    assert not torch.equal(stretched.inputs["audio"], synth.inputs["audio"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"speech": "sinth"}, "Did you mean 'synth'"),
        ({"n": 1005}, "multiple of 10"),
        ({"n": 3010}, "multiple of 10 to 3000"),
        ({"image_noise": -1}, "zero or a positive"),
        ({"image_noise": math.nan}, "a finite number"),
        ({"train_speakers": 0}, "1 to 52"),
        ({"train_speakers": 53}, "1 to 52"),
        ({"speech": "fsdd", "train_speakers": 5}, "1 to 4"),
        ({"fold": 6}, "0 to 5"),
        ({"image_size": 29}, "2 to 28"),
        ({"mel_size": 33}, "2 to 32"),
    ],
)
def test_av_digits_refusals(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        load("av_digits", **options)


# ---- spectrogram ---------------------------------------------------------------------------


def slow_log_mel(wave, mels):
    """The definition, written out: padded frames, a plain Fourier sum, triangles in mel, dB."""
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * i / sp.WINDOW) for i in range(sp.WINDOW)]
    top = 2595 * math.log10(1 + sp.RATE / 2 / 700)
    edges = [700 * (10 ** (top * i / (mels + 1) / 2595) - 1) for i in range(mels + 2)]
    table = [[0.0] * (len(wave) // sp.HOP + 1) for _ in range(mels)]
    for t in range(len(wave) // sp.HOP + 1):
        start = t * sp.HOP - sp.WINDOW // 2
        frame = [
            hann[i] * (wave[start + i] if 0 <= start + i < len(wave) else 0.0)
            for i in range(sp.WINDOW)
        ]
        for k in range(sp.FFT // 2 + 1):
            turn = -2j * math.pi * k / sp.FFT
            power = abs(sum(v * cmath.exp(turn * i) for i, v in enumerate(frame) if v)) ** 2
            hz = k * sp.RATE / sp.FFT
            for b in range(mels):
                low, mid, high = edges[b : b + 3]
                if low < hz < high:
                    weight = (hz - low) / (mid - low) if hz <= mid else (high - hz) / (high - mid)
                    table[b][t] += weight * power
    loudest = max(map(max, table))
    return [[max(-80.0, 10 * math.log10(p / loudest + 1e-12)) for p in row] for row in table]


def test_log_mel_agrees_with_its_definition():
    rng = np.random.default_rng(0)
    time = np.arange(300) / sp.RATE
    wave = np.sin(2 * np.pi * 440 * time) + 0.01 * rng.standard_normal(300)
    got = sp.log_mel(torch.tensor(wave), mels=8).double().numpy()
    want = np.array(slow_log_mel(wave.tolist(), 8))
    assert got.shape == want.shape == (8, 4)
    assert np.abs(got - want).max() < 0.01


def test_a_tone_lies_in_the_band_around_it():
    time = torch.arange(sp.RATE) / sp.RATE
    for hz in (300.0, 1000.0, 2500.0):
        picture = sp.log_mel(torch.sin(2 * torch.pi * hz * time), mels=32)
        edges = torch.linspace(0, sp.hz_to_mel(sp.RATE / 2), 34)
        nearest = (edges[1:-1] - sp.hz_to_mel(hz)).abs().argmin()
        assert picture.mean(1).argmax() == nearest


def test_mel_filters_are_triangles_that_add_up_to_one():
    filters = sp.mel_filters(32)
    assert filters.shape == (32, sp.FFT // 2 + 1)
    assert (filters.sum(1) > 0).all() and filters.min() >= 0 and filters.max() <= 1
    hz = torch.arange(sp.FFT // 2 + 1) * sp.RATE / sp.FFT
    centres = 700 * (10 ** (torch.linspace(0, sp.hz_to_mel(4000), 34) / 2595) - 1)
    inside = (hz >= centres[1]) & (hz <= centres[-2])
    assert torch.allclose(filters.sum(0)[inside], torch.ones(int(inside.sum())), atol=1e-4)


def test_loudness_does_not_matter_and_the_floor_holds():
    rng = torch.Generator().manual_seed(0)
    wave = torch.randn(2000, generator=rng)
    loud, quiet = sp.log_mel(wave * 1000), sp.log_mel(wave)
    assert torch.allclose(loud, quiet, atol=1e-3)
    assert loud.max() == pytest.approx(0, abs=1e-4)
    burst = torch.zeros(4000)
    burst[:400] = wave[:400]
    assert sp.log_mel(burst).min() == -sp.FLOOR_DB


def test_resampled_speech_looks_like_speech_at_8_khz():
    def chirp(rate):
        time = torch.arange(rate // 2, dtype=torch.float64) / rate
        return torch.sin(2 * torch.pi * (300 + 1500 * time) * time).float()

    assert len(sp.at_8_khz(chirp(22050), 22050)) == 4000
    a, _ = sp.word_picture(chirp(22050), 22050)
    b, _ = sp.word_picture(chirp(8000), 8000)
    loud = b > -30
    assert (a - b)[loud].abs().max() < 1.5


def test_silent_ends_are_trimmed():
    wave = torch.cat([torch.zeros(800), torch.ones(1600), torch.zeros(2400)])
    assert len(sp.trim_silence(wave)) == 1600
    with pytest.raises(ValueError, match="silent"):
        sp.log_mel(torch.zeros(100))
    with pytest.raises(ValueError, match="silent"):
        sp.trim_silence(torch.zeros(40))
    with pytest.raises(ValueError, match="one channel"):
        sp.log_mel(torch.ones(2, 100))


def test_layout_keeps_a_words_length_or_stretches_it():
    words = torch.full((3, 32, 32), -10.0)
    seconds = torch.tensor([0.16, 0.32, 1.28])
    kept = sp.lay_out(words, seconds, 16, stretch=False, window=0.64)
    assert kept.shape == (3, 16, 16)
    assert [(row > -11).all(0).sum().item() for row in kept] == [4, 8, 16]
    assert (kept[0, :, 4:] == -sp.FLOOR_DB).all()
    assert sp.lay_out(words, seconds, 16, True, 0.64).add(10).abs().max() < 1e-4


def test_a_word_longer_than_the_window_is_cut_not_squeezed():
    ramp = torch.linspace(-32, -1, 32).expand(1, 32, 32)
    cut = sp.lay_out(ramp, torch.tensor([1.28]), 16, stretch=False, window=0.64)[0, 0]
    assert torch.allclose(cut, ramp[0, 0, :16], atol=1e-4)
