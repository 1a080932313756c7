"""How a model of scenes is tested: by scores that are known, on networks that know one thing."""

import pandas as pd
import pytest
import torch
from torch import nn

from coursekit.data.scenes import as_data, draw_scenes, scene_splits
from coursekit.lessons.l10_align_before_fuse.scene_training import (
    contrast_scores,
    encoded,
    guessed_words,
    new_model,
    preference,
    recall_at_1,
    reranked,
    reranked_recall_at_1,
    settings_for,
    train_stepwise,
)
from coursekit.lessons.l10_align_before_fuse.study_aligning import (
    ARMS,
    all_figures,
    masked_figures,
    matching_auc,
    plan,
    retrieval_figures,
    summary,
)
from coursekit.lessons.l10_align_before_fuse.word_maps import map_of
from coursekit.models.pair_network import PairNetwork
from coursekit.models.single_stream import SingleStream
from coursekit.models.token_encoders import no_token
from coursekit.models.two_tower import TwoTower
from coursekit.training.alignment import build


@pytest.fixture(scope="module")
def splits():
    return scene_splits(3, (64, 64, 64))


class Knowing(PairNetwork):
    """Words as they are; matching asks whether picture and text carry the same numbers."""

    def fuse(self, patches, words, weights=False):
        seen = patches.mean(1, keepdim=True)
        return torch.cat([seen - words.sum(1, keepdim=True), words[:, 1:]], 1), []

    def match_logits(self, fused):
        likeness = -fused[:, 0].abs().sum(1)
        return torch.stack([-likeness, likeness], 1)

    def word_logits(self, fused):
        return fused[..., :28]


class Given(nn.Module):
    """What is given for every row of the batch, for pictures; words as they are."""

    def __init__(self, rows, given=None):
        super().__init__()
        self.out_features, self.rows, self.given = 28, rows, given

    def forward(self, x):
        return x if self.given is None else self.given[: len(x), None].expand(-1, 9, -1)


def knowing(scenes):
    """A model whose pictures say the bag of their captions' words, and nothing of the order."""
    model = new_model(as_data(dict.fromkeys(("train", "valid", "test"), scenes)))
    bags = scenes.text.sum(1)
    model.encoders = nn.ModuleDict(
        {"picture": Given(len(scenes), bags), "text": Given(len(scenes))}
    )
    model.fusion = Knowing({"picture": 28, "text": 28}, 4, 28)
    return model


def test_a_bag_of_words_retrieves_and_sees_no_order(splits):
    scenes = splits["test"]
    model = knowing(scenes)
    figures = retrieval_figures(model, scenes)
    assert figures["AUC"] > 0.98 and figures["R@1 matching"] > 0.85
    assert "R@1 contrast" not in figures
    assert float(preference(model, scenes, "object", "matching").mean()) == 1
    for kind, count in (("relation", 64), ("colour", 32)):
        asked = preference(model, scenes, kind, "matching")
        assert asked.tolist() == [0.5] * count  # the same score: nobody's merit


def test_the_mask_hides_one_word(splits):
    scenes = splits["test"]
    model = knowing(scenes)
    places = torch.full((64,), 1)
    assert not guessed_words(model, scenes, places).any()  # it says what stands there: [mask]
    assert set(masked_figures(model, scenes).values()) == {0.0}


def test_reranking_orders_the_best_by_the_second_score():
    first = torch.tensor([[3.0, 2.0, 1.0], [0.0, 5.0, 4.0], [1.0, 2.0, 3.0]])
    second = torch.tensor([[0.1, 0.9, 5.0], [7.0, 0.2, 0.3], [0.0, 0.4, 0.5]])
    scores = reranked(first, second, k=2)
    assert scores.argsort(1, descending=True)[:, :2].tolist() == [[1, 0], [2, 1], [2, 1]]
    assert (scores.argmin(1) == torch.tensor([2, 0, 0])).all()
    torch.testing.assert_close(reranked(first, second, k=3), second)
    with pytest.raises(ValueError, match="k is 4"):
        reranked(first, second, k=4)


def test_reranking_all_is_the_second_score_and_one_is_the_first(splits):
    scenes = splits["test"]
    torch.manual_seed(0)
    first, second = torch.randn(64, 64), torch.randn(64, 64)
    assert reranked_recall_at_1(first, second, scenes, 64) == recall_at_1(second, scenes)
    assert reranked_recall_at_1(first, second, scenes, 1) == recall_at_1(first, scenes)


def test_equal_captions_are_all_right():
    scenes = draw_scenes(4).part(torch.tensor([0, 0, 1, 2]))
    confused = torch.eye(4)[[1, 0, 2, 3]]  # takes the twin
    assert recall_at_1(confused, scenes) == 1
    assert matching_auc(torch.eye(4), scenes) == 1
    assert matching_auc(torch.zeros(4, 4), scenes) == 0.5


def test_a_training_gives_a_model_after_every_epoch(splits):
    settings = settings_for(2)
    models = list(train_stepwise(splits, build("align-before-fuse"), 0, settings))
    assert len(models) == 2
    first, second = (contrast_scores(m, splits["test"]) for m in models)
    assert first.shape == (64, 64) and not torch.equal(first, second)
    (single,) = train_stepwise(splits, build("single-stream"), 0, settings_for(1))
    assert len(single.encoders["text"].layers) == 0
    with pytest.raises(TypeError, match="a TwoTower was expected"):
        contrast_scores(single, splits["test"])


@pytest.mark.parametrize("name", ["align-before-fuse", "single-stream"])
def test_every_figure_of_an_untrained_model_is_about_chance(splits, name):
    *_, model = train_stepwise(splits, build(name), 1, settings_for(1))
    figures = all_figures(model, splits["test"])
    aligned = isinstance(model.fusion, TwoTower)
    assert ("R@1 contrast" in figures) == aligned
    assert all(0 <= value <= 1 for value in figures.values())
    assert 0.2 < figures["AUC"] < 0.8 and figures["R@1 matching"] < 0.2
    layers = 2 if aligned else 3
    for where, chance in (("", 1 / 9), (", occupied", 1 / 3)):
        for score in ("attention 1", f"attention {layers}", "transport", "occlusion"):
            assert abs(figures[f"{score}{where}"] - chance) < 0.2
    assert no_token(encoded(model, splits["test"])["text"]).any()


def test_the_plan_has_every_arm_with_right_captions_and_four_with_wrong_ones():
    rows = plan(3)
    assert len(rows) == len(set(rows)) == (len(ARMS) + 2 * 4) * 3
    assert {arm for arm, _, _ in rows} == set(ARMS)
    for name, own in ARMS.values():
        build(name, **own)


def test_the_summary_leaves_out_what_an_arm_has_not():
    scores = ["R@1 contrast", "R@1 matching", "AUC", "object matching", "relation matching"]
    rows = [
        {"arm": arm, "wrong": 0.0, "seed": seed, **dict.fromkeys(scores, 0.5)}
        for arm in ("full", "single stream")
        for seed in (100, 101)
    ]
    table = pd.DataFrame(rows)
    table.loc[table["arm"] == "single stream", "R@1 contrast"] = float("nan")
    parts = summary(table).split("\n\n")
    assert [part.splitlines()[0] for part in parts] == scores
    assert ["single stream" in part for part in parts] == [False, True, True, True, True]


def test_scores_and_places_that_there_are_not_are_refused(splits):
    few = splits["test"].part(torch.arange(3))
    one = new_model(as_data(splits), blocks=0)
    one.fusion = SingleStream({"picture": 48, "text": 48}, 4, few.text.shape[2])
    with pytest.raises(ValueError, match=r"score is 'matchin'.*Did you mean 'matching'"):
        preference(one, few, "object", "matchin")
    with pytest.raises(TypeError, match="the fusion of model is a SingleStream"):
        preference(one, few, "object", "contrast")
    pair = few.pictures[:1], few.text[:1]
    with pytest.raises(ValueError, match="place is 9; a whole number, 0 to 8"):
        map_of(one, *pair, 9, "attention", 1)
    with pytest.raises(ValueError, match="layer is 0; a whole number, 1 to 3"):
        map_of(one, *pair, 1, "attention", 0)
