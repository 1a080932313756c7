"""A text model that sees nothing of what comes, and a captioner that begins as that model."""

import pytest
import torch

from coursekit.layers.initialise import initialise
from coursekit.models.captioner import (
    IGNORED,
    Captioner,
    TextModel,
    caption_loss,
    next_words,
    write_captions,
)

SIZE, LENGTH = 7, 6
WORDS = torch.tensor([[0, 3, 4, 2, -1, -1], [0, 5, 1, 6, 2, 3]])
PICTURES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def text_model(seed=0):
    model = TextModel(SIZE, LENGTH, 16)
    initialise(model, seed)
    return model


def captioner(opened=0.0):
    model = Captioner(text_model(), 3, 32, 32)
    for part in (model.pictures, model.gated):
        initialise(part, 1)
    with torch.no_grad():
        for block in model.gated:
            block.attention_gate.fill_(opened)
            block.feed_forward_gate.fill_(opened)
    return model


def test_no_word_sees_a_later_one():
    model = text_model()
    other = WORDS.clone()
    other[:, 3:] = 4
    torch.testing.assert_close(model(WORDS)[:, :3], model(other)[:, :3])
    assert not torch.allclose(model(WORDS)[:, 3:], model(other)[:, 3:])


def test_what_follows_each_word():
    expected = [[3, 4, 2, SIZE, IGNORED, IGNORED], [5, 1, 6, 2, 3, SIZE]]
    assert next_words(WORDS, SIZE).tolist() == expected


def test_the_loss_is_the_mean_over_words_and_ends():
    logits = torch.randn(2, LENGTH, SIZE + 1, generator=torch.Generator().manual_seed(0))
    targets, total = next_words(WORDS, SIZE), 0.0
    places = (targets >= 0).nonzero().tolist()
    for row, place in places:
        total -= float(logits[row, place].log_softmax(0)[targets[row, place]])
    assert float(caption_loss(logits, WORDS)) == pytest.approx(total / len(places))


def test_a_captioner_begins_as_its_text_model_and_then_sees_the_picture():
    model = captioner()
    torch.testing.assert_close(model(PICTURES, WORDS), model.text(WORDS), rtol=0, atol=0)
    opened = captioner(0.8)
    assert not torch.allclose(opened(PICTURES, WORDS), opened(PICTURES.flip(0), WORDS))
    torch.testing.assert_close(opened.given(PICTURES)(WORDS), opened(PICTURES, WORDS))


def test_training_leaves_the_text_model_as_it_is():
    model = captioner(0.3)
    caption_loss(model(PICTURES, WORDS), WORDS).backward()
    assert all(p.grad is None for p in model.text.parameters())
    assert all(p.grad is not None for p in model.learned())
    every = {id(p) for p in model.parameters()}
    assert every == {id(p) for p in (*model.text.parameters(), *model.learned())}


class Repeating(torch.nn.Module):
    """Says the same sentence whatever it was given: 3, 2, the end."""

    def forward(self, words):
        logits = torch.zeros(*words.shape, SIZE + 1)
        for place, word in enumerate((3, 2, SIZE, 4, 4, 4)[: words.shape[1]]):
            logits[:, place, word] = 50.0
        return logits


@pytest.mark.parametrize("generator", [None, torch.Generator().manual_seed(0)])
def test_nothing_is_written_behind_the_end(generator):
    written = write_captions(Repeating(), WORDS[:, :1], LENGTH, generator)
    assert written.tolist() == [[0, 3, 2, -1, -1, -1]] * 2


def test_greedy_takes_the_likeliest_word_each_time():
    model = captioner(0.8)
    written = write_captions(model.given(PICTURES), WORDS[:, :1], LENGTH)
    for row, words in enumerate(written.tolist()):
        for place in range(1, LENGTH):
            before = written[row : row + 1, :place]
            if words[place - 1] < 0:
                assert words[place] < 0
                continue
            best = int(model(PICTURES[row : row + 1], before)[0, -1].argmax())
            assert words[place] == (-1 if best == SIZE else best)


def test_words_are_drawn_as_often_as_the_model_says():
    model = text_model()
    start = torch.zeros(4000, 1, dtype=torch.int64)
    shares = (model(start[:1])[0, -1] / 0.5).softmax(0)
    written = write_captions(model, start, 2, torch.Generator().manual_seed(0), temperature=0.5)
    drawn = written[:, 1].where(written[:, 1] >= 0, SIZE).bincount(minlength=SIZE + 1) / 4000
    torch.testing.assert_close(drawn, shares.detach(), rtol=0, atol=0.03)


def test_captions_without_any_word_have_no_loss():
    with pytest.raises(ValueError, match="words has no word in any row"):
        caption_loss(torch.zeros(1, 2, 5), torch.full((1, 2), -1))
