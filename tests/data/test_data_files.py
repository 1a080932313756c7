"""The data files: whole, described, and derived again where that is cheap."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import statsmodels.formula.api as smf

from coursekit.data import book_reviews
from coursekit.data.files import (
    DATA_FOLDER,
    DataFileError,
    check_all,
    extra_folder,
    open_checked,
    read_checksums,
    renew_checksums,
    sha256_of,
    write_checksums,
)

NAMES = [
    "actors.csv",
    "aligning.csv",
    "alignment.csv",
    "av_fsdd_folds.csv",
    "blend_optimizers.csv",
    "book_reviews.csv",
    "caption_ratings.csv",
    "captioner_weights.npz",
    "captioners.csv",
    "clip_cures.csv",
    "correspondence.csv",
    "curating.csv",
    "curating_grid.csv",
    "curating_scores.npz",
    "cures.csv",
    "depth_curves.csv",
    "depth_results.csv",
    "depth_trials.csv",
    "easy_vqa.npz",
    "efficiency.csv",
    "efficiency_networks.npz",
    "emap.csv",
    "emoji.csv",
    "emoji_google.npz",
    "emoji_people.csv",
    "emoji_people_pictures.npz",
    "emoji_twemoji.npz",
    "fairness.csv",
    "fairness_grid.csv",
    "fusion_space.csv",
    "german_credit.csv",
    "judged_mysteries.csv",
    "many_modalities.csv",
    "methods.csv",
    "methods_costs.csv",
    "methods_rates.csv",
    "methods_rates_trials.csv",
    "methods_trials.csv",
    "mnist_5k.npz",
    "modality_transfer.csv",
    "mysteries.csv",
    "operators.csv",
    "priors.csv",
    "priors_by_strength.csv",
    "relations.csv",
    "robustness.csv",
    "scene_captions.csv",
    "scene_networks.npz",
    "spoken_digits_synth.npz",
    "surfaces.csv",
    "uci_views.npz",
]
ARCHIVES = sorted(p.relative_to(DATA_FOLDER).as_posix() for p in DATA_FOLDER.glob("web_states/*"))


@pytest.fixture
def copy(tmp_path):
    """A folder with a copy of two data files and their checksums, free to be damaged."""
    for name in ("book_reviews.csv", "mnist_5k.npz"):
        shutil.copy(DATA_FOLDER / name, tmp_path)
    write_checksums(tmp_path)
    return tmp_path


def script(name):
    """A derive script as a module."""
    spec = importlib.util.spec_from_file_location(name, DATA_FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_every_published_file_is_as_published():
    reports = check_all()
    assert [r.name for r in reports] == [*NAMES, *ARCHIVES]
    assert all(r.ok for r in reports), [r.line for r in reports]
    for report in reports:
        assert (
            report.name in report.line and sha256_of(DATA_FOLDER / report.name)[:12] in report.line
        )


def test_the_list_names_every_data_file_and_each_is_small():
    names = sorted(p.name for p in DATA_FOLDER.iterdir() if p.suffix in (".csv", ".npz"))
    assert [*names, *ARCHIVES] == list(read_checksums())
    assert all((DATA_FOLDER / name).stat().st_size < 4_000_000 for name in (*names, *ARCHIVES))
    assert not list(DATA_FOLDER.rglob("*.wav"))


@pytest.mark.parametrize("name", NAMES)
def test_every_data_file_has_a_card_with_its_size_and_checksum(name):
    card = (DATA_FOLDER / name).with_suffix(".md").read_text(encoding="utf-8")
    facts = read_checksums()[name]
    assert f"`{name}`, {facts['bytes']} bytes, SHA-256 `{facts['sha256']}`" in card
    for part in ("- Content:", "- Source:", "- Licence:", "- Derived by:"):
        assert part in card
    assert f"({Path(name).stem}.md)" in (DATA_FOLDER / "README.md").read_text(encoding="utf-8")


def test_all_archives_have_one_card():
    card = (DATA_FOLDER / "web_states.md").read_text(encoding="utf-8")
    for part in ("- Content:", "- Source:", "- Licence:", "- Derived by:"):
        assert part in card
    assert "(web_states.md)" in (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    assert ARCHIVES and all(name.endswith(".zip") for name in ARCHIVES)


def test_a_good_file_is_opened(copy):
    assert open_checked("book_reviews.csv", copy) == copy / "book_reviews.csv"


def test_a_missing_file_is_refused(copy):
    (copy / "book_reviews.csv").unlink()
    facts = read_checksums(copy)["book_reviews.csv"]
    with pytest.raises(DataFileError) as error:
        open_checked("book_reviews.csv", copy)
    for part in (
        str(copy / "book_reviews.csv"),
        "missing",
        f"{facts['bytes']} bytes",
        facts["sha256"][:12],
        "git checkout -- data/book_reviews.csv",
    ):
        assert part in str(error.value)


def test_a_truncated_file_is_refused(copy):
    whole = (copy / "mnist_5k.npz").read_bytes()
    (copy / "mnist_5k.npz").write_bytes(whole[:1000])
    with pytest.raises(DataFileError, match=f"truncated: it has 1000 bytes; {len(whole)} bytes"):
        open_checked("mnist_5k.npz", copy)


def test_a_file_that_grew_is_refused(copy):
    with (copy / "mnist_5k.npz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataFileError, match="too long"):
        open_checked("mnist_5k.npz", copy)


def test_a_damaged_file_of_the_right_length_is_refused(copy):
    data = bytearray((copy / "mnist_5k.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "mnist_5k.npz").write_bytes(data)
    digest = sha256_of(copy / "mnist_5k.npz")
    with pytest.raises(DataFileError, match=f"damaged: its SHA-256 is {digest[:12]}") as error:
        open_checked("mnist_5k.npz", copy)
    assert "git checkout -- data/mnist_5k.npz" in str(error.value)


def test_the_check_reports_bad_files_beside_good_ones(copy):
    (copy / "mnist_5k.npz").unlink()
    good, bad = check_all(copy)
    assert good.ok and good.name == "book_reviews.csv"
    assert not bad.ok and "missing" in bad.line


def test_an_unknown_file_is_refused_with_the_nearest_name(copy):
    with pytest.raises(ValueError, match=r"Did you mean 'book_reviews.csv'"):
        open_checked("book_review.csv", copy)


def test_a_missing_or_broken_list_is_refused(copy):
    (copy / "checksums.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataFileError, match=r"cannot be read.*git checkout"):
        read_checksums(copy)
    (copy / "checksums.json").unlink()
    with pytest.raises(DataFileError, match=r"is missing.*git checkout"):
        read_checksums(copy)


def test_an_archive_is_checked_as_other_files_are(copy):
    name = "web_states/x.zip"
    (copy / "web_states").mkdir()
    (copy / name).write_bytes(b"one")
    with pytest.raises(ValueError, match=name):
        open_checked(name, copy)
    before = read_checksums(copy)
    (copy / "mnist_5k.npz").write_bytes(b"damaged")
    renew_checksums([name], copy)
    assert open_checked(name, copy) == copy / name
    assert {key: facts for key, facts in read_checksums(copy).items() if key != name} == before
    (copy / name).write_bytes(b"two")
    with pytest.raises(DataFileError, match=r"damaged.*git checkout -- data/web_states/x.zip"):
        open_checked(name, copy)


def test_checksums_are_written_as_published(tmp_path):
    (tmp_path / "web_states").mkdir()
    for name in (*NAMES, *ARCHIVES):
        shutil.copy(DATA_FOLDER / name, tmp_path / name)
    assert write_checksums(tmp_path) == json.loads(
        (DATA_FOLDER / "checksums.json").read_text(encoding="utf-8")
    )


def test_the_extra_folder_is_what_the_environment_names(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSEKIT_DATA", raising=False)
    assert extra_folder() is None
    monkeypatch.setenv("COURSEKIT_DATA", str(tmp_path))
    assert extra_folder() == tmp_path


def test_book_reviews_are_derived_again_byte_for_byte(tmp_path):
    written = script("make_book_reviews").write(tmp_path)
    assert written.read_bytes() == (DATA_FOLDER / "book_reviews.csv").read_bytes()


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("score ~ smiling", [4.63, 1.20]),
        ("score ~ smiling + critic", [5.29, 1.19, -1.69]),
        ("score ~ smiling * critic", [5.79, 0.68, -2.94, 1.29]),
    ],
)
def test_book_reviews_give_the_published_tables(model, published):
    fit = smf.ols(model, book_reviews.table()).fit()
    assert fit.params.round(2).tolist() == published


def test_book_reviews_look_like_reviews():
    rows = book_reviews.table()
    assert list(rows.columns) == ["score", "smiling", "critic"]
    assert rows["critic"].value_counts().to_dict() == {0: 185, 1: 115}
    assert rows["score"].between(1, 10).all() and (rows["smiling"] >= 0).all()
    assert np.allclose(rows["score"] * 10, (rows["score"] * 10).round())
    assert np.allclose(rows["smiling"] * 100, (rows["smiling"] * 100).round())
    assert (
        not rows["critic"].is_monotonic_increasing and not rows["smiling"].is_monotonic_increasing
    )


def test_scripts_that_read_a_wheel_refuse_another_file(tmp_path):
    other = tmp_path / "other.whl"
    other.write_bytes(b"not the wheel")
    with pytest.raises(ValueError, match="was expected"):
        script("make_uci_views").read_views(other)
    with pytest.raises(ValueError, match="was expected"):
        script("make_mnist_5k").read_digits(other)


def test_numbers_are_stored_without_loss_in_the_smallest_type():
    compact = script("make_uci_views").compact
    assert compact(np.array([0.0, 255.0])).dtype == np.uint8
    assert compact(np.array([0.0, 256.0])).dtype == np.uint16
    assert compact(np.array([-1.0, 3.0])).dtype == np.float32
    assert compact(np.array([0.5])).dtype == np.float32


def test_the_speech_script_says_that_it_needs_espeak(monkeypatch):
    module = script("make_spoken_digits_synth")
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="espeak-ng is not on PATH"):
        module.variants()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_one_synthesised_voice_is_derived_again():
    module = script("make_spoken_digits_synth")
    listed = module.subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True)
    if " 1.51 " not in listed.stdout:
        pytest.skip(f"the published file was made with espeak-ng 1.51, here is {listed.stdout}")
    with np.load(DATA_FOLDER / "spoken_digits_synth.npz") as stored:
        name = str(stored["voice_name"][10])
        rows = stored["voice"] == 10
        pictures, seconds = module.speak(name)
        # Another processor may round a cell to the neighbouring one of 256 levels.
        gap = np.abs(pictures.reshape(-1, 32, 32).astype(int) - stored["log_mel"][rows].astype(int))
        assert gap.max() <= 1
        assert np.array_equal(seconds.reshape(-1), stored["seconds"][rows])
        assert name in module.variants()


def test_whoever_is_stopped_while_writing_keeps_the_list_as_it_was(tmp_path, monkeypatch):
    write_checksums(tmp_path)
    before = (tmp_path / "checksums.json").read_bytes()
    (tmp_path / "new.csv").write_text("a", encoding="utf-8")

    def stopped(path, text, encoding):
        path.write_bytes(text.encode(encoding)[:9])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_checksums(tmp_path)
    assert (tmp_path / "checksums.json").read_bytes() == before
