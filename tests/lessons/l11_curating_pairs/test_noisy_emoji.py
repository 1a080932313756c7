"""The pairs to curate: what is wrong is known, families stay together, tests stay apart."""

import numpy as np
import pytest
import torch

from coursekit.lessons.l11_curating_pairs.noisy_emoji import (
    KNOWN,
    POOL,
    SIZE,
    emoji_to_curate,
    noisy_pairs,
    user_pairs,
)


@pytest.fixture(scope="module")
def noisy():
    return noisy_pairs(3, 0.4)


def test_the_share_is_exact_among_open_pairs_and_known_ones_are_right(noisy):
    still_open = ~noisy.known
    assert int(noisy.known.sum()) == KNOWN and not noisy.wrong[noisy.known].any()
    assert int(noisy.wrong.sum()) == int(0.4 * int(still_open.sum()))


def test_captions_are_the_true_ones_but_for_the_wrong_pairs(noisy):
    same = (noisy.captions == noisy.true_captions).all(1)
    assert torch.equal(same | noisy.wrong, torch.ones(len(noisy), dtype=torch.bool))
    assert same[~noisy.wrong].all()
    assert same[noisy.wrong].float().mean() < 0.02  # other words, of which none is known
    emoji, _ = emoji_to_curate()
    own = emoji.captions()
    for i in range(0, len(noisy), 97):
        assert (noisy.texts[i] == tuple(own[noisy.rows[i]])) == (not noisy.wrong[i])


def test_no_flags_and_no_family_on_both_sides(noisy):
    emoji, _ = emoji_to_curate()
    assert "Flags" not in set(emoji.table["group"])
    assert len(noisy.test_rows) == POOL and len(noisy) + POOL == len(emoji.table)
    family = emoji.table["family"].to_numpy()
    both = set(family[noisy.rows.numpy()]) & set(family[noisy.test_rows.numpy()])
    assert len(both) <= 1  # the one at the border


def test_vectors_have_the_spread_one_by_which_noise_is_measured(noisy):
    assert noisy.pictures.shape == (len(noisy), SIZE) and noisy.test_captions.shape == (POOL, SIZE)
    assert float(noisy.pictures.std()) == pytest.approx(1, abs=1e-4)
    assert float(noisy.true_captions.std()) == pytest.approx(1, abs=1e-4)


def test_a_seed_draws_families_and_exchanges_and_the_share_does_not_move_the_test(noisy):
    again, other = noisy_pairs(3, 0.4), noisy_pairs(4, 0.4)
    assert torch.equal(again.captions, noisy.captions)
    assert not torch.equal(other.test_rows, noisy.test_rows)
    none = noisy_pairs(3, 0.0)
    assert not none.wrong.any() and torch.equal(none.captions, noisy.true_captions)
    assert torch.equal(none.test_captions, noisy.test_captions)


def test_templates_are_alike_in_a_subgroup(noisy):
    emoji, _ = emoji_to_curate()
    names = emoji.table["subgroup"].to_numpy()[noisy.rows.numpy()]
    for name in np.unique(names)[::20]:
        rows = noisy.template_captions[torch.from_numpy(names == name)]
        assert torch.equal(rows, rows[:1].expand_as(rows))


def test_users_words_stand_beside_pictures_that_nobody_has_checked():
    pairs = user_pairs(3)
    emoji, _ = emoji_to_curate()
    own, users = emoji.captions(), emoji.captions("user keywords")
    for i in range(0, len(pairs), 61):
        row = int(pairs.rows[i])
        assert pairs.texts[i] == tuple(own[row] if pairs.known[i] else users[row])
        shares_none = not set(pairs.texts[i]) & set(own[row])
        assert bool(pairs.wrong[i]) == shares_none
    assert 0.03 < pairs.wrong.float().mean() < 0.12
    assert torch.equal(pairs.captions[pairs.known], pairs.true_captions[pairs.known])
