"""Figures of the study of aligning: what scores that know everything or nothing come to."""

import pandas as pd
import pytest
import torch

from coursekit.data.files import open_checked
from coursekit.data.scenes import draw_scenes, scene_splits
from coursekit.lessons.l10_align_before_fuse import study_aligning as study
from coursekit.lessons.l10_align_before_fuse import word_maps as maps_module
from coursekit.lessons.l10_align_before_fuse.scene_training import settings_for, train_on
from coursekit.lessons.l10_align_before_fuse.study_aligning import (
    pointing_figures,
    retrieval_figures,
    row_of,
)
from coursekit.lessons.l10_align_before_fuse.word_maps import (
    KINDS,
    layers_of,
    map_of,
    pointing_by_map,
    pointing_with_wrong_captions,
    word_maps,
)
from coursekit.training.alignment import build
from coursekit.training.alignment.pair_batch import same_text

ALIGNED = {"attention 1", "attention 2", "gradient 1", "gradient 2", "transport", "occlusion"}


@pytest.fixture(scope="module")
def splits():
    return scene_splits(3, (64, 64, 64))


@pytest.fixture(scope="module")
def models(splits):
    """Both networks after one step, which has taught them nothing."""
    return {
        name: train_on(splits, build(name), 1, settings_for(1))
        for name in ("align-before-fuse", "single-stream")
    }


# Retrieval


def scored_as(monkeypatch, matching, contrast=None):
    """Give every pool these scores, whatever the model."""
    monkeypatch.setattr(study, "all_matching_scores", lambda _, pool: matching(pool))
    monkeypatch.setattr(study, "contrast_scores", lambda _, pool: (contrast or matching)(pool))


def perfect(pool):
    ids = same_text(pool.text)
    return (ids[:, None] == ids).float()


def test_perfect_scores_are_one_in_everything(splits, models, monkeypatch):
    scored_as(monkeypatch, perfect)
    figures = retrieval_figures(models["align-before-fuse"], splits["test"])
    assert set(figures) == {"R@1 matching", "R@1 contrast", "R@1 reranked", "AUC"}
    assert set(figures.values()) == {1.0}
    assert set(retrieval_figures(models["single-stream"], splits["test"])) == {
        "R@1 matching",
        "AUC",
    }


def test_level_scores_are_chance_and_reversed_ones_nothing(splits, models, monkeypatch):
    model, scenes = models["align-before-fuse"], splits["test"]
    share = float(perfect(scenes).mean(1).mean())  # 1/64, and a little for equal captions
    scored_as(monkeypatch, lambda pool: torch.zeros(len(pool), len(pool)))
    figures = retrieval_figures(model, scenes)
    assert figures["AUC"] == 0.5
    assert figures["R@1 matching"] == pytest.approx(share)
    assert figures["R@1 contrast"] == pytest.approx(share)
    scored_as(monkeypatch, lambda pool: -perfect(pool))
    assert set(retrieval_figures(model, scenes).values()) == {0.0}


def test_reranking_takes_the_best_of_one_and_the_order_of_the_other(splits, models, monkeypatch):
    model, scenes = models["align-before-fuse"], splits["test"]
    scored_as(monkeypatch, perfect, lambda pool: torch.eye(len(pool)).roll(1, 1))
    figures = retrieval_figures(model, scenes)
    assert figures["R@1 matching"] == 1 and figures["R@1 contrast"] < 0.05
    assert 0 < figures["R@1 reranked"] < 1  # the right one is among the best eight by luck only


def test_a_pool_that_is_not_full_is_left_out(models, monkeypatch):
    sizes = []
    scored_as(monkeypatch, lambda pool: sizes.append(len(pool)) or perfect(pool))
    retrieval_figures(models["single-stream"], draw_scenes(150, 0))
    assert sizes == [64, 64]


# Maps


def right_maps(scenes):
    """Maps with all the weight where the thing is that the word names."""
    cells = scenes.word_cells
    return torch.nn.functional.one_hot(cells.clamp(min=0), 9).float() * (cells >= 0)[..., None]


def test_maps_that_point_right_are_one_level_ones_chance(splits):
    scenes = splits["test"]
    maps = {"right": right_maps(scenes), "level": torch.zeros(64, 9, 9)}
    figures = pointing_by_map(maps, scenes)
    assert figures["right"] == figures["right, occupied"] == 1
    assert figures["level"] == pytest.approx(1 / 9)
    assert figures["level, occupied"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["align-before-fuse", "single-stream"])
def test_maps_of_a_network_that_knows_nothing_point_no_better_than_at_things(splits, models, name):
    model = models[name]
    figures = pointing_figures(model, splits["test"])
    kinds = ALIGNED if name == "align-before-fuse" else ALIGNED | {"attention 3", "gradient 3"}
    assert set(figures) == {f"{k}{where}" for k in kinds for where in ("", ", occupied")}
    # Things that stand out draw the eye of a network that has learnt nothing: it may point at one
    # of the three things every time, but at no more than one in three of the right ones.
    chance = 1 / 3 + 3 * (2 / 9 / (3 * len(splits["test"]))) ** 0.5  # and three standard errors
    assert max(figures.values()) < chance
    last = f"gradient {layers_of(model)}"  # all cells level: exactly chance
    assert figures[last] == pytest.approx(1 / 9)


@pytest.mark.parametrize("name", ["align-before-fuse", "single-stream"])
def test_one_map_is_its_row_of_all_maps(splits, models, name):
    scenes, model = splits["test"].part(torch.arange(6)), models[name]
    every = word_maps(model, scenes.pictures, scenes.text, scenes.noun_cells >= 0)
    for row, place in ((scenes.noun_cells >= 0).nonzero().tolist())[::5]:
        one = scenes.pictures[row : row + 1], scenes.text[row : row + 1], place
        for kind in KINDS:
            layers = range(1, layers_of(model) + 1) if kind in ("attention", "gradient") else [1]
            for layer in layers:
                key = f"{kind} {layer}" if kind in ("attention", "gradient") else kind
                torch.testing.assert_close(
                    map_of(model, *one, kind, layer), every[key][row, place], atol=1e-5, rtol=1e-4
                )
    with pytest.raises(ValueError, match="Did you mean 'attention'"):
        map_of(model, *one, "atention", 1)
    with pytest.raises(ValueError, match="layer is"):
        map_of(model, *one, "attention", 0)


def test_the_control_looks_for_the_words_of_the_next_caption(splits, models, monkeypatch):
    scenes = splits["test"].part(torch.arange(20))
    asked = []

    def maps_of_the_right_things(_, pictures, text, which):
        asked.append((pictures, text, which))
        return {"own": right_maps(scenes), "other": right_maps(scenes).roll(1, 0)}

    monkeypatch.setattr(maps_module, "word_maps", maps_of_the_right_things)
    figures = pointing_with_wrong_captions(models["single-stream"], scenes)
    ((pictures, text, which),) = asked
    assert torch.equal(pictures, scenes.pictures)
    nouns = scenes.noun_cells >= 0
    for row in range(20):
        assert torch.equal(text[row], scenes.text[row - 1])  # another scene's caption
        assert torch.equal(which[row], nouns[row] & nouns[row - 1])
    assert figures["own"] == 1  # a map that knows the own cells regardless of the caption
    both = nouns & nouns.roll(1, 0)
    same = (scenes.noun_cells == scenes.noun_cells.roll(1, 0))[both].double().mean()
    assert figures["other"] == pytest.approx(float(same))


# A row


def test_a_row_has_every_figure_of_a_small_training(monkeypatch):
    monkeypatch.setattr(study, "scenes_of", lambda seed, wrong: scene_splits(seed, (64, 16, 64)))
    monkeypatch.setattr(
        study, "train_on", lambda scenes, how, seed: train_on(scenes, how, seed, settings_for(1))
    )
    rows = [row_of(arm, 0.2, 5) for arm in ("momentum, random negatives", "single stream")]
    stored = pd.read_csv(open_checked("aligning.csv"))
    for row in rows:
        assert set(row) <= set(stored.columns)
        assert row["wrong"] == 0.2 and row["pool"] == 64 and row["weights"] < 1_000_000
    assert set(rows[0]) == set(stored.columns) - {"attention 3", "gradient 3"} - {
        "attention 3, occupied",
        "gradient 3, occupied",
    }
    assert "R@1 contrast" not in rows[1] and "colour contrast" not in rows[1]
