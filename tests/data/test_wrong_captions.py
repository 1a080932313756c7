"""Captions exchanged between rows."""

import pytest
import torch

from coursekit.data.wrong_captions import exchange_captions, wrong_pairs


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.75, 1.0])
def test_exactly_a_share_is_wrong_and_every_caption_is_still_there(share):
    captions = [("word", str(k)) for k in range(60)]
    owner = exchange_captions(captions, share, generator())
    assert sorted(owner.tolist()) == list(range(60))
    assert int(wrong_pairs(owner, captions).sum()) == int(60 * share)


@pytest.mark.parametrize("seed", range(20))
def test_nobody_gets_an_equal_caption(seed):
    captions = ["a"] * 6 + ["b"] * 5 + ["c", "d", "e"]
    owner = exchange_captions(captions, 1.0, generator(seed))
    assert wrong_pairs(owner, captions).all()


def test_the_same_seed_gives_the_same_exchange():
    captions = [str(k) for k in range(30)]
    one, same, other = (exchange_captions(captions, 0.5, generator(k)) for k in (3, 3, 4))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_two_rows_exchange():
    assert exchange_captions(["a", "b"], 1.0, generator()).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("captions", "share", "words"),
    [
        (["a", "b", "c"], 0.4, "which is one of 3 captions"),
        (["a", "a", "a", "b"], 1.0, "captions has 2 different ones in 4 rows"),
        (["a", "a"], 1.0, "captions has 1 different ones"),
    ],
)
def test_what_cannot_be_is_said(captions, share, words):
    with pytest.raises(ValueError, match=words):
        exchange_captions(captions, share, generator())


def test_captions_that_are_lists_are_refused():
    with pytest.raises(TypeError, match=r"captions holds \['a'\]; a text, number or tuple"):
        exchange_captions([["a"], ["b"]], 1.0, torch.Generator())
