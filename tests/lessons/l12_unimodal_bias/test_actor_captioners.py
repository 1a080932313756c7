"""Captioners of persons and things: their losses, and figures by captioners that know a rule."""

import pytest
import torch

from coursekit.data.actor_captions import ACTORS, WORDS, draw_actor_scenes
from coursekit.lessons.l12_unimodal_bias import actor_captioners as module
from coursekit.lessons.l12_unimodal_bias.actor_captioners import (
    TRAININGS,
    Training,
    amplification_of,
    caption_loss,
    figures_of,
    train_captioners,
)
from coursekit.lessons.l12_unimodal_bias.plots import actor_picture, caption_of


@pytest.fixture(scope="module")
def scenes():
    return [draw_actor_scenes(64, seed, "train", 0.9) for seed in (1, 2)]


def logits_for(captions):
    """Sure of these captions, (K, N, 2) → (K, N, 2, V)."""
    return 20 * torch.nn.functional.one_hot(captions, len(WORDS)).float()


class Rule:
    """In place of networks: writes captions by a rule of the pictures' scenes."""

    def __init__(self, scenes, who):
        self.scenes, self.who = scenes, who

    def __call__(self, pictures):
        captions = torch.stack([s.captions for s in self.scenes])
        captions[..., 0] = torch.stack([self.who(s) for s in self.scenes])
        return logits_for(captions)


def test_who_sees_makes_no_error_and_who_knows_the_thing_is_wrong_in_half():
    test = [draw_actor_scenes(400, seed, "test") for seed in (1, 2)]
    seeing = figures_of(Rule(test, lambda s: s.captions[:, 0]), test)
    by_thing = figures_of(Rule(test, lambda s: torch.where(s.leaning[s.things], 0, 2)), test)
    for one, other in zip(seeing, by_thing, strict=True):
        assert one["error"] == 0 and one["stereotyped"] == pytest.approx(0.5, abs=0.08)
        assert other["stereotyped"] == 1 and other["error"] == pytest.approx(0.5, abs=0.08)
        assert one["thing wrong"] == other["thing wrong"] == 0


def test_a_caption_by_the_thing_amplifies_by_what_was_missing(scenes):
    by_thing = Rule(scenes, lambda s: torch.where(s.leaning[s.things], 0, 2))
    for rise in amplification_of(by_thing, scenes, scenes):
        assert rise == pytest.approx(0.1, abs=0.08)
    same = Rule(scenes, lambda s: s.captions[:, 0])
    assert amplification_of(same, scenes, scenes) == pytest.approx([0, 0])


def test_empty_masks_add_nothing_and_full_ones_do(scenes):
    captions = torch.stack([s.captions for s in scenes])
    logits, hidden = torch.randn(2, 64, 2, len(WORDS)), torch.randn(2, 64, 2, len(WORDS))
    released = caption_loss(logits, hidden, captions, TRAININGS["Equalizer, masks as released"])
    only_hidden = caption_loss(logits, hidden, captions, TRAININGS["hidden pictures"])
    whole = caption_loss(logits, hidden, captions, TRAININGS["Equalizer"])
    assert torch.isclose(released, only_hidden) and whole > released + 1
    per_word = torch.nn.functional.cross_entropy(
        logits.reshape(-1, len(WORDS)), captions.flatten(), reduction="sum"
    )
    assert torch.isclose(caption_loss(logits, None, captions, Training()), per_word / 64)


@pytest.mark.parametrize("name", TRAININGS)
def test_every_training_runs_a_few_steps(scenes, name, monkeypatch):
    monkeypatch.setattr(module, "STEPS", 3)
    networks = train_captioners(scenes, (1, 2), TRAININGS[name])
    for figures in figures_of(networks, scenes):
        assert 0 <= figures["error"] <= 1 and 0 <= figures["reason"] <= 1


def test_pictures_and_captions_are_shown_as_they_are(scenes):
    clear = draw_actor_scenes(3, 4, noise=0.0)
    picture = actor_picture(clear.pictures[0])
    assert picture.shape == (3, 48, 48) and picture.dtype == torch.uint8
    assert (picture == 255).double().mean() > 0.7  # most cells are white
    who, _, thing = caption_of(clear.captions[0]).split()
    assert who in ACTORS and thing in WORDS
