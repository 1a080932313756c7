"""The retrieval explorer: what it ranks, what it names, and a training that is done once."""

import asyncio
import warnings

import numpy as np
import pytest
import torch

from coursekit.course.widgets import EXPLORERS
from coursekit.data.emoji import ARTISTS, training_vocabulary
from coursekit.lessons.l09_contrastive_alignment import explorer_retrieval as module
from coursekit.lessons.l09_contrastive_alignment.emoji_training import (
    emoji,
    new_model,
    places,
    train_stepwise,
)
from coursekit.lessons.l09_contrastive_alignment.explorer_retrieval import (
    QUERIES,
    TrainedPath,
    retrieve,
    trained_path,
)
from coursekit.lessons.l09_contrastive_alignment.explorer_retrieval_view import (
    SHOWN,
    RetrievalView,
    drawable,
)
from coursekit.utils.stepwise import drive

HOSTILE = (
    "",
    "   \n ",
    "<script>alert('x')</script>",
    "$\\frac{animal}{0}$ ** `x` _y_",
    "שלום العربية \u202eanimal",
    "🙂👩‍🚀 中文 animal",
    " ".join(["animal", *(f"zebu{i}" for i in range(499))]),
    "W" * 3000,
    " ".join(f"{'W' * n}" for n in range(10, 40)),
)


@pytest.fixture
def path(monkeypatch):
    """A training that is begun anew, in place of the shared one."""
    fresh = TrainedPath()
    monkeypatch.setattr(module, "trained_path", lambda: fresh)
    return fresh


def shown(query="animal", epoch=1, temperature=0.07, artist="google"):
    return drive(retrieve(query, epoch, temperature, artist))


def test_pictures_are_ranked_by_the_models_own_cosine_and_shares_add_up(path):
    data = shown(epoch=2, temperature=0.05)
    training = train_stepwise(new_model(emoji()), emoji().train, emoji().valid)
    model = [next(training), next(training)][1]
    bag = training_vocabulary().bags([["animal"]])
    lie = places(model, picture=emoji().test.inputs["picture"], text=bag)
    cosine = (lie["picture"] @ lie["text"].T)[:, 0]
    order = cosine.argsort(descending=True)
    assert data.cosines == pytest.approx(cosine[order].numpy(), abs=1e-6)
    share = torch.softmax(cosine[order] / 0.05, 0)
    assert data.probabilities == pytest.approx(share.numpy(), abs=1e-6)
    assert data.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert len(data.names) == data.pool == 403 and len(data.pictures) == SHOWN


def test_epoch_nought_is_the_model_before_its_first_step(path):
    start = path.epochs[0]
    path.train_one_epoch()
    assert start.temperature == pytest.approx(0.07)
    assert path.epochs[1].temperature != start.temperature
    for artist in ARTISTS:
        length = start.pictures[artist].norm(dim=1)
        assert length.tolist() == pytest.approx([1] * len(emoji(artist).test))
    begun = new_model(emoji()).encoders["text"].state_dict()
    kept = start.texts[0].state_dict()
    assert all(torch.equal(kept[name], x) for name, x in begun.items())


def test_it_learns_what_it_is_asked_for():
    before, after = (shown(epoch=epoch) for epoch in (0, 25))
    chance = SHOWN * after.fits.sum() / after.pool
    assert before.right_shown < 3 * chance and after.right_shown > 5 * chance
    assert shown(epoch=25, artist="twemoji").right_shown < after.right_shown


def test_the_temperature_changes_shares_and_no_order():
    cold, warm = (shown(temperature=t) for t in (0.01, 0.5))
    assert cold.names == warm.names and np.array_equal(cold.cosines, warm.cosines)
    assert cold.probabilities[0] > 2 * warm.probabilities[0]


def test_an_unknown_word_is_named_and_changes_nothing_else():
    one, other = shown("animal"), shown("quokka animal")
    assert other.unknown == ("quokka",) and other.known == ("animal",)
    assert one.names == other.names
    assert "Not known, and left out: quokka." in RetrievalView().describe(other)


@pytest.mark.parametrize("query", ["", "borogove", "borogove slithy", "$ ** <>"])
def test_without_a_known_word_nothing_is_ranked(query):
    data = shown(query)
    assert data.names == () and len(data.cosines) == len(data.pictures) == 0
    text = RetrievalView().describe(data)
    assert "nothing is ranked" in text and "no known word" in text
    assert all(word in text for word in data.unknown)


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_does_any_harm(query):
    e = EXPLORERS["retrieval"]()
    e._panel._as_table.value = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        e.set(query=query, epoch=1)
    assert e._panel._warning.value == "" and e.shown == e.state
    markup = e._panel._image.value + e._panel._table.value
    assert "<script" not in markup and "\u202e" not in markup
    again = EXPLORERS["retrieval"]().open(e.code)
    assert again.state == e.state and again.picture == e.picture


def test_formulas_are_not_set_and_signs_without_a_glyph_have_a_stand_in():
    view = RetrievalView()
    view.update(shown("$animal$"))
    assert "$animal$" in view._title.get_text() and not view._title.get_parse_math()
    assert drawable("aé✓\n中🙂") == "aé✓\n▯▯"


def test_every_picture_has_its_name_below_it_and_in_the_text():
    data = shown(epoch=1)
    view = RetrievalView()
    view.update(data)
    text = view.describe(data)
    for name, caption in zip(data.names[:SHOWN], view._captions, strict=True):
        assert name in caption.get_text().replace("\n", " ") and name in text


def boxes(view):
    """Where every text stands, in pixels."""
    view.figure.canvas.draw()
    texts = [t for t in (*view._captions, *view.figure.texts) if t.get_text()]
    return [(t.get_text(), t.get_window_extent()) for t in texts]


@pytest.mark.parametrize("query", [*QUERIES, "zodiac star", *HOSTILE])
@pytest.mark.parametrize("artist", ARTISTS)
def test_no_text_touches_another_or_leaves_the_picture(query, artist):
    view = RetrievalView()
    view.update(shown(module.Text("query", ("",), "").kept(query), epoch=25, artist=artist))
    placed = boxes(view)
    frame = view.figure.bbox
    for text, box in placed:
        inside = box.x0 >= 0 and box.x1 <= frame.x1 and box.y0 >= 0 and box.y1 <= frame.y1
        assert inside, text
    for i, (one, box) in enumerate(placed):
        for other, second in placed[i + 1 :]:
            assert not box.overlaps(second), (one, other)


def test_twemoji_is_credited_where_it_is_shown():
    for artist, words in (("twemoji", "Twemoji by Twitter and contributors, CC BY 4.0"),
                          ("google", "Noto Emoji by Google, Apache-2.0")):  # fmt: skip
        data = shown(artist=artist)
        view = RetrievalView()
        view.update(data)
        assert words in view._credit.get_text() and words in view.describe(data)


# Trained once, state by state


def test_a_state_shows_every_epoch_on_the_way_and_another_query_goes_on_from_there(path):
    work = retrieve("animal", 3, 0.07, "google")
    seen = [next(work) for _ in range(2)]
    work.close()  # somebody typed another query
    assert [(data.epoch, data.asked) for data in seen] == [(0, 3), (1, 3)]
    assert "training on to 3" in RetrievalView().describe(seen[-1])
    assert path.last == 1
    again = list(retrieve("flag", 3, 0.07, "google"))
    assert [data.epoch for data in again] == [1, 2] and path.last == 3
    assert list(retrieve("hand", 2, 0.07, "twemoji")) == [] and path.last == 3


def test_stop_leaves_the_picture_and_keeps_what_is_trained(path):
    e = EXPLORERS["retrieval"]()
    first = e.alt

    async def scenario():
        e.set(epoch=25)
        while path.last < 2:
            await asyncio.sleep(0)
        e.stop()
        await e.settle()

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert e.state["epoch"] == 0 and e.alt == first and 2 <= path.last < 25


def test_all_explorers_share_one_training():
    assert trained_path() is trained_path()
    assert shown(epoch=1) is not None and trained_path().last >= 1
